"""Two folders of a person's own sounds, found and split by ``sources/two_folders.py``: training cuts anywhere
in them, a score hears the first three seconds of each."""

from pathlib import Path

from torch import Tensor

from ..config.sound import Sound
from ..files import sound_files
from .sounds import SoundDomains
from .sources.two_folders import dealt, folders

ENDINGS = (".aif", ".aiff", ".flac", ".mp3", ".oga", ".ogg", ".opus", ".wav")


class OwnSounds(SoundDomains):
    """Two folders of sounds.

    Args:
        root: the folder that holds the two.
        sound: how sound is seen.
        domains: the names of the two folders; those that are there if None.
        workers: threads that read sounds ahead.

    Raises:
        DataError: not two folders, fewer than eighteen sounds in one, or a first sound that cannot be read.
    """

    def __init__(self, root: Path, *, sound: Sound, domains: tuple[str, str] | None = None, workers: int = 0):
        self._folders = folders(root, domains)
        self.files, checksum = dealt(self._folders, ENDINGS, "sounds")
        super().__init__(
            sound, name="folder", domains=tuple(folder.name for folder in self._folders), checksum=checksum,
            has_twins=False, workers=workers, lengths=tuple(len(self.files["train", d]) for d in (1, 2)),
        )  # fmt: skip
        for domain in (1, 2):
            self.recording(domain, 0)

    def recording(self, domain: int, index: int) -> tuple[Tensor, int]:
        return self._read(domain, self.files["train", domain][index])

    def _clips(
        self, split: str, domain: int, limit: int | None
    ) -> tuple[list[str], list[Tensor], list[Tensor]]:
        names = self.files[split, domain][:limit]
        return names, [self.at_rate(*self._read(domain, name)) for name in names], []

    def _read(self, domain: int, name: str) -> tuple[Tensor, int]:
        return sound_files.read(self._folders[domain - 1] / name, "the sound")
