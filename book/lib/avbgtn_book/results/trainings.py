"""The record of a study, read: its trainings by seed, one of their scores, one of their curves.

The record is JSON, made by ``tools/gather_study.py`` from the cells of ``python -m avbgtn study``;
a wrong name ends in an error with the nearest right one.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from .curve import at, check_curve, is_finite


def cells_of(study: Mapping, variant: str) -> dict[int, Mapping]:
    """The cells of a variant by seed, from a record of ``python -m avbgtn study``.

    Raises:
        ValueError: a variant that the record lacks; the nearest name is in the error.
    """
    found = {cell["seed"]: cell for cell in study["cells"].values() if cell["variant"] == variant}
    if not found:
        known = list(dict.fromkeys(cell["variant"] for cell in study["cells"].values()))
        raise ValueError(f"the record has no variant {variant!r}: {_nearest(variant, known)}")
    return dict(sorted(found.items()))


def by_seed(study: Mapping, variant: str, *path: str) -> dict[int, float]:
    """One number a seed: ``by_seed(study, "unit", "validation", "l1_whole")`` is
    ``{0: 0.061, 1: 0.058, ...}``.

    Raises:
        ValueError: a variant or a key that the record lacks, or what is there is not a finite number.
    """
    numbers = {}
    for seed, cell in cells_of(study, variant).items():
        value: Any = cell
        for key in path:
            if not isinstance(value, Mapping) or key not in value:
                known = list(value) if isinstance(value, Mapping) else []
                raise ValueError(
                    f"{variant}, seed {seed}, has no {key!r} on the way {path}: {_nearest(key, known)}"
                )
            value = value[key]
        if not is_finite(value):
            what = f"{value!r}" if isinstance(value, float) or value is None else f"a {type(value).__name__}"
            raise ValueError(
                f"{variant}, seed {seed}, has {what} at {path}, expected a finite number: go on to "
                "one, or leave the variant out"
            )
        numbers[seed] = float(value)
    return numbers


def curve_of(cell: Mapping, key: str, against: str = "cpu_seconds") -> tuple[list[float], list[float]]:
    """What a cell measured along its training: x and y, of equal length, x rising.

    Args:
        key: which score, such as "l1_whole".
        against: what x is, "epoch" or "cpu_seconds" (summed up from the start).

    Raises:
        ValueError: a key that the curve lacks, values that are not finite, or x that do not rise.
    """
    who = f"the curve of {cell['variant']}, seed {cell['seed']},"
    for name in (against, key):
        if name not in cell["curve"]:
            raise ValueError(f"{who} has no {name!r}: {_nearest(name, list(cell['curve']))}")
    xs, ys = list(cell["curve"][against]), list(cell["curve"][key])
    try:
        check_curve(xs, ys, least=1)
    except ValueError as error:
        raise ValueError(f"{who} cannot be read for {key!r} against {against!r}: {error}") from None
    return xs, ys


def equal_time(
    cells_a: Mapping[int, Mapping], cells_b: Mapping[int, Mapping], key: str
) -> tuple[dict[int, float], dict[int, float]]:
    """A score of both variants after the same CPU-seconds: where the shorter of the two curves ends,
    seed by seed.

    Args:
        cells_a, cells_b: by seed, from :func:`cells_of`; seeds that only one has are left out.
        key: of the curve.

    Returns:
        the scores of a and of b by seed, for :func:`paired`.

    Raises:
        ValueError: one curve begins only after the other has ended, or as :func:`curve_of`.
    """
    a, b = {}, {}
    for seed in sorted(cells_a.keys() & cells_b.keys()):
        both = curve_of(cells_a[seed], key), curve_of(cells_b[seed], key)
        until = min(xs[-1] for xs, _ in both)
        a[seed], b[seed] = (at(xs, ys, until) for xs, ys in both)
    return a, b


def _nearest(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, 1, 0.4)
    return f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'nothing there'}"
