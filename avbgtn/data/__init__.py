"""The data of the book: two unpaired domains, of images or of sounds, behind one interface.

    >>> from avbgtn import data
    >>> heads = data.load("heads", size=64)
    >>> x1, x2 = heads.batch(epoch=0, batch=1, seed=0)

``load("auto")`` takes CelebA where it finds it and the built-in heads elsewhere; :func:`resolve` says which.
For sounds, :func:`load_sound` and :func:`resolve_sound` do the same with IRMAS and the built-in music.
"""

from difflib import get_close_matches
from pathlib import Path

from ..config.sound import Sound
from ..errors import DataError
from ..sentences import shown
from .domains import SPLITS, Domains, Evaluation
from .images import image_from_file
from .sources.roots import Search, data_root, in_vain, unused

__all__ = [
    "DATASETS",
    "SOUND_DATASETS",
    "SPLITS",
    "DataError",
    "Domains",
    "Evaluation",
    "data_root",
    "image_from_file",
    "load",
    "load_sound",
    "own_domains",
    "resolve",
    "resolve_sound",
]

DATASETS = ("auto", "heads", "celeba", "folder")
SOUND_DATASETS = ("auto", "music", "irmas", "folder")


def resolve(dataset: str, root: str | Path | None = None) -> tuple[str, str]:
    """Which data set a name means here, and a sentence for people that says so.

    Args:
        dataset: ``"heads"``, ``"celeba"``, ``"folder"`` (two folders of one's own pictures in the data root), or
                ``"auto"``: CelebA if the data root has it, else the heads if the data root is empty or was not named.
        root: as for :func:`data_root`.

    Returns:
        ``("heads", "celeba" or "folder", sentence)``.

    Raises:
        DataError: another name; no such root; a CelebA that is there but incomplete; a root that was named
            and holds something else.
    """
    _check_name(dataset, DATASETS)
    heads = "data: the built-in heads (computer-rendered, no real person)"
    if dataset == "heads":
        return "heads", heads + unused(root)
    place = data_root(root)
    if dataset == "folder":
        return "folder", f"data: the pictures in two folders of {shown(place)}"
    from . import celeba_layouts, irmas

    layout = celeba_layouts.find(place)
    if layout is not None:
        celeba_layouts.check(layout)
        return "celeba", f"data: CelebA in {shown(layout.base)}"
    how = celeba_layouts.HOW.format(where=shown(place / "celeba"))
    search = Search(
        name="CelebA",
        pieces="img_align_celeba/, list_attr_celeba.txt and list_eval_partition.txt (or .csv)",
        built_in="heads",
        depth=celeba_layouts.DEPTH,
        resembling=celeba_layouts.resembling,
        other=lambda path: getattr(irmas.find(path), "base", None),
    )
    why = in_vain(root, place, search, asked=dataset == "celeba")
    if dataset == "celeba":
        return "celeba", _to_download("CelebA", place, how)
    return "heads", f"{heads}, as {why}; {how}"


def load(
    dataset: str,
    *,
    root: str | Path | None = None,
    domains: tuple[str, str] | None = None,
    size: int,
    workers: int = 0,
    cache: bool = False,
) -> Domains:
    """A data set, ready to train on and to be scored on.

    Args:
        dataset: as for :func:`resolve`; ``"auto"`` prints its choice, ``"celeba"`` downloads if need be.
        root: as for :func:`data_root`; the built-in heads need none.
        domains: the two attributes of CelebA, ``("Brown_Hair", "Blond_Hair")`` if None; of ``"folder"`` the names of the
            two folders, those that are there if None.
        size: side of the images; 32, 64 or 128 for the heads.
        workers: threads that read images ahead; no result depends on it.
        cache: decode CelebA's training images once, into a cache on disk, as
            :meth:`avbgtn.data.celeba.CelebA.use_cache` does; no result depends on it. The built-in heads lie
            in memory anyway.

    Raises:
        DataError: one sentence on what is missing or wrong, and what to do.
    """
    name, sentence = resolve(dataset, root)
    if dataset == "auto":
        print(sentence)
    if name == "heads":
        from .heads import Heads

        return Heads(size, domains)
    place = data_root(root)
    if name == "folder":
        from .own_pictures import OwnPictures

        return OwnPictures(place, size=size, domains=domains, workers=workers)
    from .celeba import CelebA, find_or_download

    find_or_download(place)
    return CelebA(place, size=size, domains=domains, workers=workers, cache=cache)


def own_domains(root: str | Path | None, domains: tuple[str, str] | None = None) -> tuple[str, str]:
    """The names of the two folders of ``dataset="folder"``, as :func:`load` finds them."""
    from .sources.two_folders import folders

    return tuple(folder.name for folder in folders(data_root(root), domains))


def resolve_sound(dataset: str, root: str | Path | None = None) -> tuple[str, str]:
    """As :func:`resolve`, for sounds.

    Args:
        dataset: ``"music"``, ``"irmas"``, ``"folder"`` (two folders of one's own sounds in the data root), or ``"auto"``:
                IRMAS if the data root has it, else the music if the data root is empty or was not named.
        root: as for :func:`data_root`.

    Returns:
        ``("music", "irmas" or "folder", sentence)``.

    Raises:
        DataError: another name; no such root; an IRMAS that is there but incomplete; a root that was named
            and holds something else.
    """
    _check_name(dataset, SOUND_DATASETS)
    music = "data: the built-in music (sampled piano and violin)"
    if dataset == "music":
        return "music", music + unused(root)
    place = data_root(root)
    if dataset == "folder":
        return "folder", f"data: the sounds in two folders of {shown(place)}"
    from . import celeba_layouts, irmas

    layout = irmas.find(place)
    if layout is not None:
        irmas.check(layout)
        return "irmas", f"data: IRMAS in {shown(layout.base)}"
    how = irmas.HOW.format(where=shown(place / "irmas"))
    search = Search(
        name="IRMAS",
        pieces="the folders pia/ and vio/ of IRMAS-TrainingData",
        built_in="music",
        depth=irmas.DEPTH,
        resembling=irmas.resembling,
        other=lambda path: getattr(celeba_layouts.find(path), "base", None),
    )
    why = in_vain(root, place, search, asked=dataset == "irmas")
    if dataset == "irmas":
        return "irmas", _to_download("IRMAS", place, how)
    return "music", f"{music}, as {why}; {how}"


def _to_download(name: str, place: Path, how: str) -> str:
    return f"data: {name}, which is not under {shown(place)} yet and will be downloaded; {how}"


def load_sound(
    dataset: str,
    *,
    sound: Sound,
    root: str | Path | None = None,
    domains: tuple[str, str] | None = None,
    workers: int = 0,
) -> Domains:
    """As :func:`load`, for sounds.

    Args:
        dataset: as for :func:`resolve_sound`; ``"auto"`` prints its choice, ``"irmas"`` downloads if need be.
        sound: how sound is seen.
        root: as for :func:`data_root`; the built-in music needs none.
        domains: None or ``("piano", "violin")``; of ``"folder"`` the names of the two folders, those that are there if None.
        workers: threads that read or play ahead; no result depends on it.

    Raises:
        DataError: one sentence on what is missing or wrong, and what to do.
    """
    name, sentence = resolve_sound(dataset, root)
    if dataset == "auto":
        print(sentence)
    if name == "music":
        from .music import Music

        return Music(sound, domains, workers=workers)
    place = data_root(root)
    if name == "folder":
        from .own_sounds import OwnSounds

        return OwnSounds(place, sound=sound, domains=domains, workers=workers)
    from .irmas import Irmas, find_or_download

    find_or_download(place)
    return Irmas(place, sound=sound, domains=domains, workers=workers)


def _check_name(dataset: str, names: tuple[str, ...]) -> None:
    if dataset not in names:
        near = get_close_matches(str(dataset).lower(), names, 1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise DataError(f"unknown dataset {dataset!r}{hint}: expected one of {', '.join(names)}")
