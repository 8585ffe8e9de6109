"""Damage to files, as data: a case is JSON, so that it can be saved, repeated and made smaller.

A place in a file is ``["start", n]``, ``["end", n]`` or ``["part", p]``, p thousandths of its length: headers
and ends are where readers stumble, and hypothesis makes such cases smaller by moving towards the start.
"""

import json
import os
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

place = st.one_of(
    st.tuples(st.just("start"), st.integers(0, 400)),
    st.tuples(st.just("part"), st.integers(0, 999)),
    st.tuples(st.just("end"), st.integers(0, 100)),
)
some_bytes = st.one_of(
    st.binary(min_size=1, max_size=16).map(bytes.hex),
    st.sampled_from(
        ["00" * 4, "ff" * 4, "ff" * 8, "00" * 64, "7fffffff", "80000000", "0a", "efbbbf", "fffe"]
    ),
)
one_damage = st.one_of(
    st.fixed_dictionaries({"do": st.just("flip"), "at": place, "bit": st.integers(0, 7)}),
    st.fixed_dictionaries({"do": st.just("cut"), "at": place}),
    st.fixed_dictionaries({"do": st.just("overwrite"), "at": place, "bytes": some_bytes}),
    st.fixed_dictionaries({"do": st.just("insert"), "at": place, "bytes": some_bytes}),
    st.fixed_dictionaries({"do": st.just("remove"), "at": place, "length": st.integers(1, 64)}),
    st.fixed_dictionaries({"do": st.just("zero"), "at": place, "length": st.integers(1, 4096)}),
    st.fixed_dictionaries({"do": st.just("repeat"), "at": place, "length": st.integers(1, 256)}),
    st.fixed_dictionaries({"do": st.just("append"), "bytes": some_bytes}),
)
damages = st.lists(one_damage, min_size=1, max_size=3)
garbage = st.fixed_dictionaries(
    {
        "do": st.just("replace"),
        "bytes": st.one_of(
            st.just(""),
            st.binary(max_size=64).map(bytes.hex),
            st.sampled_from(
                [
                    b"<html>not found</html>".hex(),
                    b"null".hex(),
                    b"[]".hex(),
                    b"{}".hex(),
                    b"\x80\x04N.".hex(),
                ]
            ),
        ),
    }
)


def damaged(data: bytes, edits: list[dict[str, Any]]) -> bytes:
    """``data`` after the edits, in turn."""
    for edit in edits:
        data = _edited(data, edit)
    return data


def _edited(data: bytes, edit: dict[str, Any]) -> bytes:
    do, new = edit["do"], bytes.fromhex(edit.get("bytes", ""))
    if do == "replace":
        return new
    if do == "append":
        return data + new
    at = _offset(len(data), *edit["at"])
    if do == "flip":
        return data[:at] + bytes(b ^ (1 << edit["bit"]) for b in data[at : at + 1]) + data[at + 1 :]
    if do == "cut":
        return data[:at]
    if do == "overwrite":
        return data[:at] + new[: len(data) - at] + data[at + len(new) :]
    if do == "insert":
        return data[:at] + new + data[at:]
    end = min(len(data), at + edit["length"])
    middle = {"remove": b"", "zero": bytes(end - at), "repeat": 2 * data[at:end]}[do]
    return data[:at] + middle + data[end:]


def _offset(length: int, where: str, n: int) -> int:
    if not length:
        return 0
    return max(0, min(length - 1, {"start": n, "part": length * n // 1000, "end": length - 1 - n}[where]))


# --- JSON ---------------------------------------------------------------------------------------------------

odd_json = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from(
        [0, -1, 1, 2, 10**6, 10**9, 2**63, 2**64, 10**400, 0.5, -0.0, 1e308, float("nan"), float("inf")]
    ),
    st.text(max_size=8),
    st.sampled_from(
        ["", "unit", "avb_gtn", "32", "1e3", "../..", "/", "epoch-00000001", "a\nb", "\x1b[31m", "\udcff"]
    ),
    st.sampled_from([[], {}, [1], ["a", "a"], {"a": 1}, [[]], [None]]),
)
json_edits = st.lists(
    st.fixed_dictionaries(
        {
            "way": st.lists(st.integers(0, 60), max_size=4),
            "do": st.sampled_from(["set", "delete", "add"]),
            "value": odd_json,
        }
    ),
    min_size=1,
    max_size=2,
)


def json_edited(value: Any, edits: list[dict[str, Any]]) -> Any:
    """A copy of a JSON value after the edits; a way is a number of a child at each level, in turn."""
    for edit in edits:
        value = _json_edited(json.loads(json.dumps(value)), edit["way"], edit)
    return value


def _json_edited(value: Any, way: list[int], edit: dict[str, Any]) -> Any:
    if not way or not isinstance(value, dict | list) or not value:
        return edit["value"] if edit["do"] != "add" else [value, edit["value"]]
    key = list(value)[way[0] % len(value)] if isinstance(value, dict) else way[0] % len(value)
    if len(way) > 1 and isinstance(value[key], dict | list) and value[key]:
        value[key] = _json_edited(value[key], way[1:], edit)
    elif edit["do"] == "delete":
        del value[key]
    elif edit["do"] == "add" and isinstance(value, dict):
        value[f"{key}_"] = edit["value"]
    elif edit["do"] == "add":
        value.append(edit["value"])
    else:
        value[key] = edit["value"]
    return value


def planted(path: Path, what: str) -> Path | str:
    """Something odd where a file is expected, or nothing; where it lies."""
    match what:
        case "empty":
            path.touch()
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
        case "link to itself":
            path.symlink_to(path)
        case "link to nothing":
            path.symlink_to(path.with_name("nothing"))
        case "long name":
            return path.with_name("x" * 300)
        case "zeros":
            return "/dev/zero"
    return path
