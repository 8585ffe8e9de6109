"""The data sets, a row each. What a row says of names, domains and sizes is checked before torch is imported;
the class, and for real data the module that finds them on a disk, are in ``avbgtn.data``."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """One data set.

    Attributes:
        name: as the parameter ``dataset`` calls it.
        opens: module and class in ``avbgtn.data``, such as ``"heads.Heads"``.
        finder: the module in ``avbgtn.data`` that finds real data, as ``data/sources/roots.py`` says; ``""``
            for data that are built in, and for a person's own folders.
        domains: the default; None: the names of the two folders.
        fixed: there are no other domains.
        sizes: of the images, in pixels; ``()``: any.
        about: what it is, in words.
    """

    name: str
    opens: str
    finder: str = ""
    domains: tuple[str, str] | None = None
    fixed: bool = False
    sizes: tuple[int, ...] = ()
    about: str

    @property
    def built_in(self) -> bool:
        return not self.finder and self.domains is not None


def _rows(*rows: DataSet) -> dict[str, DataSet]:
    return {row.name: row for row in rows}


# "auto" takes the first that has a finder where it is found, else the first that is built in.
PICTURES = _rows(
    DataSet(
        name="heads", opens="heads.Heads", domains=("brown", "blond"), fixed=True, sizes=(32, 64, 128),
        about="the built-in heads (computer-rendered, no real person)",
    ),
    DataSet(
        name="celeba", opens="celeba.CelebA", finder="celeba.layouts", domains=("Brown_Hair", "Blond_Hair"),
        about="CelebA, two of its attributes",
    ),
    DataSet(name="folder", opens="own_pictures.OwnPictures", about="the pictures in two folders"),
)  # fmt: skip
SOUNDS = _rows(
    DataSet(
        name="music", opens="music.Music", domains=("piano", "violin"), fixed=True,
        about="the built-in music (sampled piano and violin)",
    ),
    DataSet(
        name="irmas", opens="irmas.Irmas", finder="irmas", domains=("piano", "violin"), fixed=True,
        about="IRMAS, piano and violin",
    ),
    DataSet(name="folder", opens="own_sounds.OwnSounds", about="the sounds in two folders"),
)  # fmt: skip
