"""IRMAS: three-second cuts of recordings, named after the instrument that leads; here piano against violin.

For research only and not to be passed on, so it cannot be packed: it is read from the reader's own disk, or
fetched through mirdata. Other instruments play along, and nobody knows the true translations here.

The training excerpts lie in one folder an instrument, ``pia/`` and ``vio/`` among them, wherever that is: up
to three folders below the data root. ``108__[pia][nod][cla]1386__2.wav`` is the second excerpt of recording
1386.
"""

import hashlib
import re
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from torch import Tensor

from ..sound import Sound
from . import sound_files
from .domains import DataError
from .sounds import SoundDomains

DOMAINS = ("piano", "violin")
FOLDERS = ("pia", "vio")  # of domains 1 and 2
ARCHIVE = "IRMAS-TrainingData.zip"
DEPTH = 3
NAME = re.compile(r"\](\d+)__\d+\.wav$", re.IGNORECASE)
SHARES = {"test": 0.15, "validation": 0.10}  # of the recordings; the rest is for training
HOW = (
    f'to get IRMAS by hand, fetch {ARCHIVE} from Zenodo (zenodo.org/records/1290750, "IRMAS: a dataset for '
    'instrument recognition in musical audio signals"), unpack it, and put its folder into {where}; or '
    "install mirdata (pip install \"avbgtn[irmas]\") and name dataset='irmas', which downloads it"
)


@dataclass(frozen=True)
class Layout:
    """What was found of IRMAS in one folder: its instruments' folders, by name, and the zip or None."""

    base: Path
    folders: dict[str, Path]
    archive: Path | None


def find(root: Path) -> Layout | None:
    """The fullest IRMAS under ``root``, whole or not; None if there is no trace of one."""
    layouts = []
    for base in _bases(root, DEPTH):
        folders = {name: base / name for name in FOLDERS if (base / name).is_dir()}
        archive = base / ARCHIVE if (base / ARCHIVE).is_file() else None
        if folders or archive:
            layouts.append(Layout(base, folders, archive))
    return max(layouts, key=lambda x: len(x.folders), default=None)  # of two equally full ones the first


def _bases(root: Path, depth: int) -> list[Path]:
    """The folders in which a layout may begin, the nearest first."""
    try:
        inside = _inside(root) if depth and root.is_dir() else []
    except DataError:
        if depth == DEPTH or "irmas" in root.name.lower():
            raise
        return []  # such as a disk's lost+found
    found = [root]
    for path in inside:
        name = path.name.lower()
        # CelebA may lie beside it: listing its 202,599 files takes a while.
        if not name.startswith(".") and "celeba" not in name and name not in FOLDERS and path.is_dir():
            found += _bases(path, depth - 1)
    return sorted(found, key=lambda p: len(p.parts))


def check(layout: Layout) -> None:
    """Refuse an IRMAS that lacks a piece, and name the piece.

    Raises:
        DataError: a folder is missing or empty, or the sounds are still in their zip.
    """
    base, archive, how = layout.base, layout.archive, HOW.format(where=layout.base)
    if not layout.folders:
        if zipfile.is_zipfile(archive):
            raise DataError(f"IRMAS is still zipped: unpack {archive} in the folder {archive.parent}")
        raise DataError(f"{archive} is no whole zip file, perhaps half a download: delete it; {how}")
    for name in FOLDERS:
        if name not in layout.folders:
            raise DataError(f"IRMAS in {base} has {', '.join(layout.folders)}, but no folder {name}; {how}")
        if not _sounds(layout.folders[name]):
            raise DataError(f"IRMAS's folder {layout.folders[name]} has no WAV files; {how}")


def _sounds(folder: Path) -> list[Path]:
    """Without the hidden ``._*.wav`` that a Mac puts into its zips."""
    return [p for p in _inside(folder) if p.suffix.lower() == ".wav" and not p.name.startswith(".")]


def _inside(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise DataError(
            f"the folder {folder} cannot be read ({error.strerror}): give yourself permission or name another"
        ) from None


def part(recording: int) -> str:
    """The part that a recording belongs to, by its number alone.

    So all excerpts of a recording share it, in both folders; a file that is missing moves no other one; and
    no list has to be kept. The shares are met on the average.
    """
    number = int.from_bytes(hashlib.sha256(f"irmas/{recording}".encode()).digest()[:8]) / 2**64  # in [0, 1)
    for name, share in SHARES.items():
        if number < share:
            return name
        number -= share
    return "train"


class Irmas(SoundDomains):
    """Piano (domain 1) against violin (domain 2), split by recording, without twins.

    Args:
        root: the data root; IRMAS lies in it or below it.
        sound: how sound is seen.
        domains: None or ``("piano", "violin")``.
        workers: threads that read excerpts ahead.

    Raises:
        DataError: no IRMAS, an incomplete or damaged one, files with other names, or other domains.
    """

    def __init__(self, root: Path, *, sound: Sound, domains: tuple[str, str] | None = None, workers: int = 0):
        if domains is not None and (isinstance(domains, str) or tuple(domains) != DOMAINS):
            raise DataError(
                f"IRMAS has the domains {DOMAINS} here, in this order, got {domains!r}: leave domains out"
            )
        layout = find(root)
        if layout is None:
            raise DataError(
                f"no IRMAS under {root}, no folders pia and vio up to {DEPTH} folders below it; "
                + HOW.format(where=root / "irmas")
            )
        check(layout)
        self.layout = layout
        self.files, checksum = _dealt(layout)
        super().__init__(
            sound, name="irmas", domains=DOMAINS, checksum=checksum, has_twins=False, workers=workers,
            lengths=tuple(len(self.files["train", d]) for d in (1, 2)),
        )  # fmt: skip
        for domain in (1, 2):  # a folder of something else should say so at once
            self.recording(domain, 0)

    def recording(self, domain: int, index: int) -> tuple[Tensor, int]:
        return _read(self.files["train", domain][index])

    def _clips(
        self, split: str, domain: int, limit: int | None
    ) -> tuple[list[str], list[Tensor], list[Tensor]]:
        chosen = self.files[split, domain][:limit]
        return [path.name for path in chosen], [self.at_rate(*_read(path)) for path in chosen], []

    def check(self, threads: int = 4) -> int:
        """Decode every excerpt and return how many there are: a minute well spent before a long training.

        Raises:
            DataError: names the first damaged files and counts them all.
        """

        def trouble(path: Path) -> str | None:
            try:
                _read(path)
            except DataError as error:
                return str(error)

        paths = [path for group in self.files.values() for path in group]
        with ThreadPoolExecutor(threads) as pool:
            bad = [text for text in pool.map(trouble, paths) if text]
        if bad:
            raise DataError(f"{len(bad):,} of {len(paths):,} excerpts cannot be used: " + " | ".join(bad[:3]))
        return len(paths)


def _read(path: Path) -> tuple[Tensor, int]:
    return sound_files.read(path, "the IRMAS excerpt")


def _dealt(layout: Layout) -> tuple[dict[tuple[str, int], list[Path]], str]:
    """The files by (split, domain), sorted by name, and a checksum over names, splits and file sizes."""
    dealt = {(name, domain): [] for name in ("train", *SHARES) for domain in (1, 2)}
    digest = hashlib.sha256()
    for domain, folder in enumerate(FOLDERS, 1):
        for path in _sounds(layout.folders[folder]):
            named = NAME.search(path.name)
            if named is None:
                raise DataError(
                    f"{path} is not named like an excerpt of IRMAS, such as [pia][cla]1283__1.wav: the split "
                    "needs the recording's number, move the file elsewhere"
                )
            where = part(int(named[1]))
            dealt[where, domain].append(path)
            digest.update(f"{folder}/{path.name} {where} {path.stat().st_size}\n".encode())
    for (name, domain), paths in dealt.items():
        if not paths:
            raise DataError(
                f"no recording in {layout.folders[FOLDERS[domain - 1]]} falls into the {name} part: expected "
                "hundreds, use the whole data set"
            )
    return dealt, digest.hexdigest()[:16]


def find_or_download(root: Path, say=print) -> None:
    """Fetch IRMAS through mirdata if there is no trace of it under ``root``; one process at a time.

    It grows in a hidden folder and moves to ``root/irmas`` when it is whole: half a download is never taken
    for an IRMAS.

    Raises:
        DataError: the download failed; says what to fetch by hand and where to put it.
    """
    if find(root):
        return
    growing = root / ".download-irmas"
    try:
        growing.mkdir(parents=True, exist_ok=True)
        with FileLock(growing / "lock"):
            if find(root):  # another process was faster
                return
            say(f"no IRMAS under {root}: downloading it there (3.5 GB unpacked; for research only)")
            import mirdata  # here, because it is an extra

            fetched = mirdata.initialize("irmas", data_home=str(growing / "irmas"))
            # Overwriting, as mirdata would stumble over half a zip that an attempt left behind.
            fetched.download(partial_download=["training_data"], force_overwrite=True, cleanup=True)
            whole = find(growing / "irmas")
            if whole is None:
                raise FileNotFoundError("no folders pia and vio came")
            check(whole)
            (growing / "irmas").replace(root / "irmas")
            shutil.rmtree(growing, ignore_errors=True)
    except Exception as error:  # whatever the network, mirdata or the zip may raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DataError(
            f"there is no IRMAS under {root}, and the download failed ({reason}); "
            + HOW.format(where=root / "irmas")
        ) from error
