"""The data of the book: two unpaired domains, of images or of sounds, behind one interface.

    >>> from avbgtn import data
    >>> heads = data.load("heads", size=64)
    >>> x1, x2 = heads.batch(epoch=0, batch=1, seed=0)

``load("auto")`` takes CelebA where it finds it and the built-in heads elsewhere; :func:`resolve` says which.
With ``sound`` the images are spectrograms, and it is IRMAS and the built-in music. Which data sets there are,
and which class opens each, stands in ``config/datasets.py``.
"""

from difflib import get_close_matches
from importlib import import_module
from pathlib import Path

from ..config.datasets import PICTURES, SOUNDS, with_other_domains
from ..config.sound import Sound
from ..errors import DataError
from ..sentences import shown
from .domains import SPLITS, Domains, Evaluation
from .images import image_from_file
from .sources.roots import data_root, in_vain, unused

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

# The data sets of pictures that `load` knows by name.
DATASETS = ("auto", *PICTURES)
# The data sets of sounds that `load` knows by name, with `sound`.
SOUND_DATASETS = ("auto", *SOUNDS)


def resolve(dataset: str, root: str | Path | None = None, *, sound: bool = False) -> tuple[str, str]:
    """Which data set a name means here, and a sentence for people that says so.

    Args:
        dataset: one of :data:`DATASETS`, with ``sound`` of :data:`SOUND_DATASETS`. ``"folder"`` is two
            folders of one's own in the data root; ``"auto"`` is CelebA or IRMAS if the data root has it, else
            what is built in if the data root is empty or was not named.
        root: as for :func:`data_root`.
        sound: whether sounds are meant.

    Returns:
        The name, never ``"auto"``, and the sentence.

    Raises:
        DataError: another name; no such root; real data that are there but incomplete; a root that was named
            and holds something else.
    """
    rows = SOUNDS if sound else PICTURES
    if dataset not in ("auto", *rows):
        near = get_close_matches(str(dataset).lower(), ("auto", *rows), 1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise DataError(f"unknown dataset {dataset!r}{hint}: expected one of {', '.join(('auto', *rows))}")
    asked = rows.get(dataset)
    if asked and asked.built_in:
        return dataset, f"data: {asked.about}{unused(root)}"
    place = data_root(root)
    if asked and not asked.finder:
        return dataset, f"data: {asked.about} of {shown(place)}"
    real = asked or next(row for row in rows.values() if row.finder)
    built_in = next(row for row in rows.values() if row.built_in)
    finder = _module(real.finder)
    if (layout := finder.find(place)) is not None:
        finder.check(layout)
        return real.name, f"data: {finder.TITLE} in {shown(layout.base)}"
    others = [
        _module(row.finder) for row in (PICTURES | SOUNDS).values() if row.finder not in ("", real.finder)
    ]
    why = in_vain(root, place, finder, others, built_in=built_in.name, asked=asked is not None)
    how = finder.HOW.format(where=shown(place / real.name))
    if asked:
        return (
            dataset,
            f"data: {finder.TITLE}, which is not under {shown(place)} yet and will be downloaded; {how}",
        )
    return built_in.name, f"data: {built_in.about}, as {why}; {how}"


def load(
    dataset: str,
    *,
    root: str | Path | None = None,
    domains: tuple[str, str] | None = None,
    size: int | None = None,
    sound: Sound | None = None,
    workers: int = 0,
    cache: bool = False,
) -> Domains:
    """A data set, ready to train on and to be scored on.

    Args:
        dataset: as for :func:`resolve`; ``"auto"`` prints its choice, real data are downloaded if need be.
        root: as for :func:`data_root`; what is built in needs none.
        domains: the two attributes of CelebA, ``("Brown_Hair", "Blond_Hair")`` if None; of ``"folder"`` the
            names of the two folders, those that are there if None.
        size: side of the images of pictures; 32, 64 or 128 for the heads.
        sound: instead of ``size``: sounds are meant, and how they are seen.
        workers: threads that read or play ahead; no result depends on it.
        cache: decode CelebA's training images once, into a cache on disk, as
            ``avbgtn.data.celeba.CelebA.use_cache`` does; no result depends on it. The others have none.

    Raises:
        DataError: one sentence on what is missing or wrong, and what to do.
    """
    name, sentence = resolve(dataset, root, sound=sound is not None)
    if dataset == "auto":
        print(sentence)
    rows = PICTURES if sound is None else SOUNDS
    row = rows[name]
    module, class_ = row.opens.split(".")
    opens = getattr(_module(module), class_)
    about = {"workers": workers} | ({"size": size} if sound is None else {"sound": sound})
    if not row.fixed:
        about["domains"] = domains
    elif domains is not None and (isinstance(domains, str) or tuple(domains) != row.domains):
        raise DataError(
            f"dataset={name!r} has the domains {row.domains}, in this order, got {domains!r}: leave"
            f" domains out, or use dataset={with_other_domains(rows)!r}"
        )
    if row.built_in:
        return opens(**about)
    place = data_root(root)
    if row.finder:
        _module(module).find_or_download(place)
    loaded = opens(place, **about)
    if cache and loaded.can_cache:
        loaded.use_cache()
    return loaded


def own_domains(root: str | Path | None) -> tuple[str, str]:
    """The names of the two folders of ``dataset="folder"``, as :func:`load` finds them."""
    from .sources.two_folders import folders

    return tuple(folder.name for folder in folders(data_root(root)))


def resolve_sound(dataset: str, root: str | Path | None = None) -> tuple[str, str]:
    """:func:`resolve` for sounds."""
    return resolve(dataset, root, sound=True)


def load_sound(dataset: str, *, sound: Sound, **about) -> Domains:
    """:func:`load` for sounds."""
    return load(dataset, sound=sound, **about)


def _module(name: str):
    return import_module(f".{name}", __name__)
