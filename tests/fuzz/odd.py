"""Odd values of every kind that people, notebooks, shells and files bring,
as JSON that :func:`made` turns into objects.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

MAKERS = {
    "$path": Path,
    "$bytes": bytes.fromhex,
    "$tuple": tuple,
    "$set": set,
    "$numpy": np.float32,
    "$whole": np.int64,
    "$tensor": torch.tensor,
    "$complex": lambda x: complex(x, 1),
    "$class": lambda name: {"object": object(), "type": int}[name],
}

whole_numbers = st.one_of(
    st.integers(-3, 40),
    st.integers(),
    st.sampled_from([2**31, 2**63 - 1, 2**63, 2**64, -(2**63), 10**18, 10**308, 10**400, -(10**400)]),
)
real_numbers = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True),
    st.sampled_from([5e4, 1e-3, 0.0, -0.0, 1e308, 1e-320, 0.1, 1.0]),
)
number_words = st.one_of(
    whole_numbers.map(str),
    real_numbers.map(str),
    st.sampled_from(
        [
            "5e4",
            "1e400",
            "-1e400",
            "1e-400",
            "0x10",
            "1_000",
            "٣",
            "²",
            "+-3",
            "--5",
            "1,5",
            "1e",
            "1" * 5000,
            " 7 ",
            "7\n",
        ]
    ),
)
words = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "yes",
            "no",
            "true",
            "True",
            "false",
            "on",
            "off",
            "none",
            "None",
            "null",
            "auto",
            "all",
            "heads",
            "celeba",
            "music",
            "irmas",
            "aligned",
            "quick",
            "reader",
            "paper",
            "unit",
            "avb_gtn",
            "unit,avb_gtn",
            "avb_gtn,avb_gtn",
            "brown,blond",
            "Brown_Hair,Blond_Hair",
            "piano,violin",
            "a,a",
            ",",
            "gaussian",
            "none",
            "code",
            "input",
            "twin",
            "cpu",
            "cuda",
            "plain",
            "fused,graph",
        ]
    ),
    st.text(max_size=12),
    st.sampled_from(
        ["\x1b[31mred", "a\nb", "a\rb", "\udcff", "\u202e", "\0", "x" * 300, "<b>", "`|*_", "%s{}%d"]
    ),
)
paths = st.sampled_from(
    [
        "~nobody",
        "~nobody/x",
        "~",
        ".",
        "..",
        "/",
        "/dev/null",
        "/dev/full",
        "/proc/self/mem",
        "missing",
        "missing/x",
        "x" * 300,
        "/".join(["y" * 200] * 30),
        "a\nb",
        "\udcff.png",
        "",
        "\0",
        "/etc/passwd",
        "file:///x",
        "http://x/y.png",
    ]
)
plain = st.one_of(st.none(), st.booleans(), whole_numbers, real_numbers, number_words, words, paths)
objects = st.one_of(
    paths.map(lambda x: {"$path": x}),
    st.binary(max_size=4).map(lambda b: {"$bytes": b.hex()}),
    st.lists(words, max_size=3).map(lambda x: {"$tuple": x}),
    st.lists(plain, max_size=3),
    st.just({"$set": []}),
    st.floats(width=32).map(lambda x: {"$numpy": x}),
    st.integers(-(2**63), 2**63 - 1).map(lambda x: {"$whole": x}),
    st.just({"$tensor": 3.0}),
    st.just({"$tensor": [1, 2]}),
    st.just({"$complex": 1}),
    st.sampled_from(["object", "type"]).map(lambda x: {"$class": x}),
    st.dictionaries(st.text(max_size=3), plain, max_size=2),
)
values = st.one_of(plain, plain, objects)


def made(value: Any) -> Any:
    """The object that a JSON value of a case stands for."""
    if isinstance(value, list):
        return [made(part) for part in value]
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in MAKERS:
        (name, inner), *_ = value.items()
        return MAKERS[name](inner)
    if isinstance(value, dict):
        return {key: made(part) for key, part in value.items()}
    return value
