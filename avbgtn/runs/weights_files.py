"""A weights file: averaged encoders and generators in one ``.safetensors``, their config in its metadata.

Those of the package are pinned by their SHA-256 in ``weights/SHA256SUMS``, which ``sha256sum -c`` reads.
"""

import hashlib
import json
import warnings
from pathlib import Path

import torch
from safetensors.torch import save

from ..config import Config
from ..config.stored import stored_config
from ..errors import RunError
from ..models import build
from ..storage import explained, parse_json, write_atomically
from .tensor_files import (
    AGAIN,
    Shapes,
    Tensors,
    check_shapes,
    check_sum,
    damaged,
    read_header,
    read_tensors,
    sha256,
    shapes_of,
)

# The folder with the weights that come with the package.
WEIGHTS = Path(__file__).parents[1] / "weights"
SUMS = "SHA256SUMS"
SUM = "sha256"  # of the numbers, in a file's metadata


def committed() -> list[str]:
    """The names of the weights in the package."""
    return sorted(p.stem for p in WEIGHTS.glob("*.safetensors"))


def committed_file(name: str) -> Path:
    """The file of committed weights, once it was compared with its pinned sum.

    Raises:
        RunError: the file is damaged, or its sum is missing.
    """
    path = WEIGHTS / f"{name}.safetensors"
    try:
        lines = (WEIGHTS / SUMS).read_text(encoding="ascii").splitlines()
    except (OSError, ValueError) as error:
        raise RunError(f"{WEIGHTS / SUMS} cannot be read ({error}): install the package again") from error
    sums = {file: digest for digest, _, file in (line.partition("  ") for line in lines)}
    if path.name not in sums:
        raise RunError(f"{WEIGHTS / SUMS} has no sum of {path.name}: install the package again")
    check_sum(path, sums[path.name], "install the package again")
    return path


def pin() -> None:
    """Write the sums of the weights in the package anew; after they were exported there."""
    lines = [f"{sha256(path)}  {path.name}\n" for path in sorted(WEIGHTS.glob("*.safetensors"))]
    write_atomically(WEIGHTS / SUMS, "".join(lines))


def read_weights(path: Path, *, pinned: bool = False) -> tuple[Config, Tensors]:
    """The config and the weights of a file; that they belong together is known before a model is built.

    Args:
        pinned: its sum was compared already, as of the weights of the package, which hold none themselves.

    Raises:
        RunError: the file is damaged, a pickle, without a config, with one out of its limits, or with other
            tensors; or its numbers are not those of the sum that it holds.
    """
    header = read_header(path)
    text = header.metadata.get("config")
    if text is None:
        raise RunError(
            f"{path} does not say which model it belongs to (no config in its metadata); write it with"
            " avbgtn.translators.loading.export"
        )
    try:
        values = parse_json(text.encode())
    except ValueError as error:
        raise RunError(f"{path} cannot be read (the config in its metadata: {error}); {AGAIN}") from error
    config = stored_config(values, path, AGAIN)
    check_fit(config, header.shapes, path)
    tensors = read_tensors(path)
    if pinned:
        return config, tensors
    if SUM not in header.metadata:
        warnings.warn(
            f"{path} was written before weights files held a sum of their numbers, so damage to it cannot be"
            " seen",
            stacklevel=2,
        )
    elif header.metadata[SUM] != digest(tensors):
        raise RunError(damaged(path, "its numbers are not those of the sum in its metadata", AGAIN))
    return config, tensors


def digest(tensors: Tensors) -> str:
    """SHA-256 over name, type, shape and numbers of every tensor, in the order of the names."""
    found = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
        found.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return found.hexdigest()


def write_weights(path: Path, config: Config, tensors: Tensors) -> None:
    """The counterpart of :func:`read_weights`; the file is whole or not there."""
    data = save(tensors, metadata={"config": json.dumps(config.to_dict()), SUM: digest(tensors)})
    with explained(path):
        write_atomically(path, data)


def check_fit(config: Config, shapes: Shapes, source: str | Path, *, generators: bool = True) -> None:
    """Refuse tensors that are not those of the config's model, at no cost in memory: a config that asks for a
    model of a size that the file does not have is found here.

    Args:
        generators: whether the file holds the averaged encoders and generators, or the whole model.

    Raises:
        RunError: the first difference.
    """
    # before the model is laid out: its parts are counted by the config
    first = shapes.get("encoder1.layers.0.weight", (0,))[:1]
    blocks = config.private_blocks + config.shared_blocks
    if first != (config.width,) or blocks > len(shapes):
        raise RunError(
            f"{source} belongs to another architecture: the config says width={config.width} and {blocks}"
            f" blocks, and the file has width {first[0] if first else 0} and {len(shapes)} tensors; use the"
            " parameters it was trained with"
        )
    with torch.device("meta"):  # shapes without numbers
        model = build(config)
    check_shapes(
        shapes_of(model.player_parameters()["generators"] if generators else model.state_dict()),
        shapes, source,
    )  # fmt: skip
