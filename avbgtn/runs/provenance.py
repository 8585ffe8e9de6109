"""Where a result comes from: code revision, versions, machine. Nothing identifies a person or a network."""

import platform
import subprocess
import time
from importlib import metadata
from pathlib import Path

import torch

PACKAGES = ("avbgtn", "torch", "torchvision", "numpy", "lightning-fabric", "torchmetrics", "pillow")


def provenance(device: torch.device | str = "cpu") -> dict:
    """A JSON-safe record of the code and the machine, now."""
    return {
        "revision": revision(),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES},
        "device": (
            torch.cuda.get_device_name(device)
            if torch.device(device).type == "cuda"
            else f"cpu ({platform.machine()})"
        ),
        "threads": torch.get_num_threads(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def revision() -> str:
    """The git revision of the package's checkout, with ``+changes`` if files of the library or the book's
    package differ from it; its version where it was installed without a checkout."""
    here = Path(__file__).resolve().parents[1]
    try:
        commit = _git(here, "rev-parse", "--short=12", "HEAD")
        book = here.parent / "book" / "lib"  # beside a checkout's library
        places = [str(place) for place in (here, book) if place.is_dir()]
        return commit + ("+changes" if _git(here, "status", "--porcelain", "--", *places) else "")
    except (OSError, subprocess.CalledProcessError):
        return f"avbgtn {_version('avbgtn')}"


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    ).stdout.strip()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
