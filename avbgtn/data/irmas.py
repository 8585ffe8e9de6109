"""IRMAS: three-second cuts of recordings, named after the instrument that leads; here piano against violin.

For research only and not to be passed on, so it cannot be packed: it is read from the reader's own disk, or
fetched through mirdata. Other instruments play along, and nobody knows the true translations here.

The training excerpts lie in one folder an instrument, ``pia/`` and ``vio/`` among them, in any capitalisation
and wherever that is: up to six folders below the data root, or beside it where it is one of them.
``108__[pia][nod][cla]1386__2.wav`` is the second excerpt of recording 1386.
"""

import hashlib
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ..config.datasets import SOUNDS
from ..config.sound import Sound
from ..errors import DataError
from ..files import sound_files
from ..sentences import shown
from .sounds import SoundDomains
from .sources import archives, download
from .sources.folders import Folder, look, regular, walk

TITLE = "IRMAS"
PIECES = "the folders pia/ and vio/ of IRMAS-TrainingData"
DOMAINS = SOUNDS["irmas"].domains
FOLDERS = ("pia", "vio")  # of domains 1 and 2
ARCHIVE = "IRMAS-TrainingData.zip"
DEPTH = 6  # kagglehub's cache: datasets/owner/name/versions/1/IRMAS-TrainingData
INSTRUMENTS = ("cel", "cla", "flu", "gac", "gel", "org", "pia", "sax", "tru", "vio", "voi")  # IRMAS's folders
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
    """The fullest IRMAS under ``root``, whole or not; None if there is no trace of one.

    Raises:
        DataError: a folder that must be looked into cannot be read.
    """
    root = Path(root)
    if not root.is_dir():
        return None
    # CelebA may lie beside it: listing its 202,599 files takes a while.
    visited = walk(
        root,
        DEPTH,
        enter=lambda name: "celeba" not in name and name not in INSTRUMENTS,
        ours=lambda name: "irmas" in name,
    )
    here = root.resolve()
    if here.name.lower() in FOLDERS:  # the folder of one instrument was named
        visited = [*visited, *walk(here.parent, 0)]
    layouts = [layout for layout in map(_layout, visited) if layout.folders or layout.archive]
    # Of two equally full ones the first.
    return max(layouts, key=lambda x: sum(bool(_sounds(f)) + 1 for f in x.folders.values()), default=None)


def resembling(root: Path) -> str:
    """Words about a near miss, for an error about a folder without IRMAS; ``""`` where nothing is near."""
    for folder in walk(root, DEPTH, enter=lambda name: "celeba" not in name, most=200):
        if name := next((n for n in folder.folders if "testingdata" in n.lower()), None):
            return f" ({shown(name)!r} looks like IRMAS's testing data, and the training data are needed)"
        if found := [n for n in folder.folders if n.lower() in INSTRUMENTS]:
            return f" ({', '.join(found)} look like IRMAS without pia and vio)"
    return ""


def _layout(folder: Folder) -> Layout:
    here = {name.lower(): folder.path / name for name in folder.folders}
    zips = (name for name in folder.files if _is_archive(folder.path / name))
    return Layout(
        folder.path,
        {name: here[name] for name in FOLDERS if name in here},
        next((folder.path / name for name in zips), None),
    )


def _is_archive(path: Path) -> bool:
    """IRMAS's own zip, its copies, and Kaggle's, which is called after nothing."""
    name = path.name.lower()
    if not name.endswith(".zip") or "testing" in name:
        return False
    return "irmas" in name or (name.startswith("archive") and archives.holds(path, "irmas"))


def check(layout: Layout) -> None:
    """Refuse an IRMAS that lacks a piece, and name the piece.

    Raises:
        DataError: a folder is missing or empty, or the sounds are still in their zip.
    """
    base, how = shown(layout.base), HOW.format(where=shown(layout.base))
    if not layout.folders:
        raise DataError(f"{archives.still_zipped(layout.archive, 'IRMAS is')}; {how}")
    for name in FOLDERS:
        if name not in layout.folders:
            raise DataError(f"IRMAS in {base} has {', '.join(layout.folders)}, but no folder {name}; {how}")
        if not _sounds(layout.folders[name]):
            raise DataError(f"IRMAS's folder {shown(layout.folders[name])} has no WAV files; {how}")


def _sounds(folder: Path) -> list[Path]:
    """Without the hidden ``._*.wav`` that a Mac puts into its zips."""
    inside = look(folder, most=sys.maxsize)
    names = sorted((*inside.folders, *inside.files, *inside.others))
    return [folder / name for name in names if name.lower().endswith(".wav")]


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
        workers: threads that read excerpts ahead.

    Raises:
        DataError: no IRMAS, an incomplete or damaged one, or files with other names.
    """

    def __init__(self, root: Path, *, sound: Sound, workers: int = 0):
        layout = find(root)
        if layout is None:
            raise DataError(
                f"no IRMAS under {shown(root)}, no folders pia and vio up to {DEPTH} folders below it; "
                + HOW.format(where=shown(root / "irmas"))
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
                    f"{shown(path)} is not named like an excerpt of IRMAS, such as "
                    "[pia][cla]1283__1.wav: the split "
                    "needs the recording's number, move the file elsewhere"
                )
            about = regular(path, "the IRMAS excerpt")
            where = part(int(named[1]))
            dealt[where, domain].append(path)
            digest.update(f"{folder}/{path.name} {where} {about.st_size}\n".encode())
    for (name, domain), paths in dealt.items():
        if not paths:
            raise DataError(
                f"no recording in {shown(layout.folders[FOLDERS[domain - 1]])} falls into the {name} "
                "part: expected "
                "hundreds, use the whole data set"
            )
    return dealt, digest.hexdigest()[:16]


def find_or_download(root: Path, say=print) -> None:
    """Fetch IRMAS through mirdata if there is no trace of it under ``root``, as
    :func:`avbgtn.data.sources.download.fetch` does.

    Raises:
        DataError: the download failed; says what to fetch by hand and where to put it.
    """

    def get(folder: Path) -> Path:
        import mirdata  # here, because it is an extra

        fetched = mirdata.initialize("irmas", data_home=str(folder / "irmas"))
        # Overwriting, as mirdata would stumble over half a zip that an attempt left behind.
        fetched.download(partial_download=["training_data"], force_overwrite=True, cleanup=True)
        whole = find(folder / "irmas")
        if whole is None:
            raise FileNotFoundError("no folders pia and vio came")
        check(whole)
        return folder / "irmas"

    download.fetch(root, name=TITLE, size=3.5, find=find, get=get, how=HOW, say=say)
