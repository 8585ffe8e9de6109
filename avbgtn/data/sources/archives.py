"""Zips of data sets: whether it is safe and sensible to unpack one, before anybody does.

Nothing here unpacks. A data set that is still zipped is an error that names the zip; what the zip's own
directory promises decides whether the error may ask people to unpack it.
"""

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

from ...sentences import shown

LARGEST = 100e9  # bytes unpacked; CelebA with its originals has 13 GB
DENSEST = 500  # times smaller than unpacked; pictures and sounds hardly shrink at all


def holds(path: Path, part: str) -> bool:
    """Whether a zip has a name in it that contains ``part``, in any capitalisation; False if it is no zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(part in name.lower() for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def still_zipped(path: Path, name: str) -> str:
    """The sentence about a zip that takes the place of a data set.

    Args:
        path: the zip.
        name: what is in it, such as ``"CelebA's images are"``.

    Returns:
        ``"... still zipped: unpack ..."``, or what is wrong with the zip. A zip that is cut short has no
        directory at its end; one that others have made may lead out of its folder, or be far larger than
        the disk.
    """
    zip_ = shown(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        with path.open("rb") as file:
            page = file.read(64).lstrip().startswith(b"<")
        why = "a web page, perhaps about Google's quota" if page else "perhaps half a download"
        return f"{zip_} is no whole zip file, {why}: delete it"
    except OSError as error:
        return f"{zip_} cannot be read ({error.strerror}): give yourself permission or fetch it again"
    if out := next((m.filename for m in members if _leads_out(m)), None):
        return (
            f"{zip_} is not safe to unpack, {shown(out)[:100]!r} in it leads out of its folder: delete "
            "it and fetch the data set from its own page"
        )
    size, packed = sum(m.file_size for m in members), path.stat().st_size
    if size > LARGEST or size > DENSEST * packed:
        return (
            f"{zip_} is not sensible to unpack, its {packed / 1e6:,.1f} MB promise {size / 1e9:,.1f} GB: "
            "delete it and fetch the data set from its own page"
        )
    free = shutil.disk_usage(path.parent).free
    room = "" if free > size else f", which needs {size / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free"
    return f"{name} still zipped: unpack {zip_} in the folder {shown(path.parent)}{room}"


def _leads_out(member: zipfile.ZipInfo) -> bool:
    name = member.filename
    windows = PureWindowsPath(name)
    return (
        PurePosixPath(name).is_absolute()
        or bool(windows.drive or windows.root)
        or ".." in windows.parts
        or stat.S_ISLNK(member.external_attr >> 16)
    )
