"""Weights files: damaged in the bytes, or well formed and wrong in what they hold."""

import hashlib
import json

import mutate
import torch
from hypothesis import strategies as st
from outcomes import SilentDifference
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from avbgtn.config import Config
from avbgtn.runs import Run
from avbgtn.training.train import train
from avbgtn.translators import loading as translator
from examples import AVB_GTN_CONFIG, UNIT_CONFIG, RandomDomains

SHARE, QUICK = 2, 30
FILES = ("unit", "avb_gtn")
# What is done to the tensors of a file that stays well formed.
TENSORS = (
    "nan",
    "infinity",
    "half",
    "double",
    "whole numbers",
    "missing",
    "more",
    "other shape",
    "empty",
    "renamed",
)
METADATA = ("none", "no json", "null", "list", "empty", "newer", "other")

cases = st.one_of(
    st.fixed_dictionaries(
        {"file": st.sampled_from(FILES), "edits": st.one_of(mutate.damages, st.tuples(mutate.garbage))}
    ),
    st.fixed_dictionaries({"file": st.sampled_from(FILES), "header": mutate.json_edits}),
    st.fixed_dictionaries({"file": st.sampled_from(FILES), "config": mutate.json_edits}),
    st.fixed_dictionaries(
        {"file": st.sampled_from(FILES), "tensors": st.sampled_from(TENSORS), "which": st.integers(0, 30)}
    ),
    st.fixed_dictionaries({"file": st.sampled_from(FILES), "metadata": st.sampled_from(METADATA)}),
    st.fixed_dictionaries(
        {
            "odd": st.sampled_from(
                ["empty", "folder", "missing", "fifo", "link to itself", "long name", "zeros"]
            )
        }
    ),
)

SEEDS = [
    *({"file": "avb_gtn", "tensors": name, "which": 0} for name in TENSORS),
    *({"file": "avb_gtn", "metadata": name} for name in METADATA),
    *({"file": "unit", "config": [{"way": [k], "do": "set", "value": 10**6}]} for k in range(5, 13)),
    *(
        {"file": "unit", "edits": [{"do": "flip", "at": ["part", part], "bit": 6}]}
        for part in (300, 500, 700, 900)
    ),
    {"odd": "fifo"},
]


def prepare(originals):
    for name, config in (("unit", UNIT_CONFIG), ("avb_gtn", AVB_GTN_CONFIG)):
        config = Config(**(vars(config) | {"width": 2}))
        train(config, RandomDomains(), epochs=2, run_dir=originals / name, say=lambda text: None)
        translator.export(Run(originals / name), originals / f"{name}.safetensors")
        (originals / f"{name}.sum").write_text(_result(originals / f"{name}.safetensors"))


def _result(path) -> str:
    """A sum over what is used of the file, to the bit; a picture of 8 bits would hide small changes."""
    loaded = translator.load(path)
    loaded.translate(Image.linear_gradient("L").convert("RGB"))
    digest = hashlib.sha256()
    for name, p in sorted(loaded.model.player_parameters()["generators"].items()):
        digest.update(f"{name} {p.dtype} {tuple(p.shape)}".encode() + p.detach().numpy().tobytes())
    return digest.hexdigest()


def run(case, folder, originals):
    path = folder / "w.safetensors"
    if "odd" in case:
        return _result(mutate.planted(path, case["odd"]))
    original = originals / f"{case['file']}.safetensors"
    whole = (originals / f"{case['file']}.sum").read_text()
    if "edits" in case:
        path.write_bytes(mutate.damaged(original.read_bytes(), case["edits"]))
    elif "header" in case:
        path.write_bytes(_with_header(original.read_bytes(), case["header"]))
    else:
        _rewritten(original, path, case)
    result = _result(path)
    if result != whole:
        raise SilentDifference(f"weights with damaged {_part(case)} gave a model with other numbers")
    return "the same numbers"


def _part(case) -> str:
    return next(key for key in ("edits", "header", "config", "tensors", "metadata") if key in case) + (
        f" ({case['tensors']})" if "tensors" in case else ""
    )


def _with_header(data: bytes, edits) -> bytes:
    """The same tensors behind another header."""
    length = int.from_bytes(data[:8], "little")
    header = json.dumps(mutate.json_edited(json.loads(data[8 : 8 + length]), edits)).encode()
    return len(header).to_bytes(8, "little") + header + data[8 + length :]


def _rewritten(original, path, case) -> None:
    with safe_open(original, "pt") as file:
        tensors, metadata = {name: file.get_tensor(name) for name in file.keys()}, dict(file.metadata())
    if "config" in case:
        metadata["config"] = json.dumps(mutate.json_edited(json.loads(metadata["config"]), case["config"]))
    elif "metadata" in case:
        texts = {
            "no json": "{",
            "null": "null",
            "list": "[]",
            "empty": "",
            "newer": '{"format": 99}',
            "other": '"unit"',
        }
        metadata = {} if case["metadata"] == "none" else {"config": texts[case["metadata"]]}
    else:
        name = sorted(tensors)[case["which"] % len(tensors)]
        tensor = tensors.pop(name)
        changed = {
            "nan": lambda: tensor * float("nan"),
            "infinity": lambda: tensor + float("inf"),
            "half": tensor.half,
            "double": tensor.double,
            "whole numbers": tensor.long,
            "other shape": lambda: tensor[..., None],
            "empty": lambda: tensor[:0],
            "more": tensor.clone,
            "renamed": tensor.clone,
        }
        if case["tensors"] in changed:
            tensors["x" if case["tensors"] == "renamed" else name] = changed[case["tensors"]]()
        if case["tensors"] == "more":
            tensors["surplus"] = torch.zeros(1)
    save_file(tensors, path, metadata=metadata or None)
