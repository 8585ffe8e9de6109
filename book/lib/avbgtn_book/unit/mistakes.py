"""What usual mistakes make of the answers to the exercises of book/unit.ipynb, and the sentences that name
them: pairs for :func:`avbgtn_book.shared.answers.compare`, the likeliest first.
"""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

Named = list[tuple[Tensor | float, str]]
Map = Callable[[Tensor], Tensor]


def of_distance(x121: Tensor, x1: Tensor, lambda_3: float, lambda_4: float) -> Named:
    """Values of ``cycle`` with one mistake in its distance, where both KL terms are 0."""
    off = x121 - x1
    size, each = off.abs(), off.abs().flatten(1)
    right, n = lambda_4 * size.mean(), len(off)
    per_pixel = (
        "you sum over pixels; UNIT's L1 is the mean over all elements, so that lambda_4 means the same at "
        "every size"
    )
    squared = "you square: that is a Gaussian likelihood; the paper's is a Laplace, so take absolute values"
    each_image = "that is one value for each image: a loss is one number, the mean over the batch as well"
    no_absolute = "take the absolute value before the mean, else errors of both signs cancel"
    return [
        (
            lambda_4 * size.sum(),
            "you sum over pixels and batch; UNIT's L1 is the mean over all elements",
        ),
        (lambda_4 * each.sum(1).mean(), per_pixel),
        (lambda_4 * off.square().mean(), squared),
        (lambda_4 * off.square().sum(), squared),
        (lambda_4 * off.square().flatten(1).sum(1).mean(), squared),
        (lambda_4 * off.square().mean() / 2, squared),
        (
            lambda_4 * off.square().mean().sqrt(),
            "that is the root of the mean square, which weighs large errors more: the paper's likelihood is "
            "a Laplace, whose logarithm has the absolute values themselves",
        ),
        *(
            (
                lambda_4 * norm,
                "that is a Euclidean norm: log p of a Laplace has absolute values, no root of squares",
            )
            for norm in (torch.linalg.vector_norm(off), off.flatten(1).norm(dim=1).mean())
        ),
        (
            -right,
            "the sign is turned: log p of Eq. (6) stands with a minus, so the distance is to be minimised",
        ),
        (lambda_4 * off.mean(), no_absolute),
        (-lambda_4 * off.mean(), no_absolute),
        (lambda_4 * off.mean().abs(), no_absolute),
        (lambda_4 * off.flatten(1).mean(1).abs().mean(), no_absolute),
        (size.mean(), "lambda_4 is missing in front of the distance"),
        (lambda_3 * size.mean(), "the distance carries lambda_3; it belongs to the KL terms"),
        (
            (lambda_3 + lambda_4) * size.mean(),
            "the distance carries both weights: lambda_3 belongs to the KL terms only",
        ),
        (lambda_3 * lambda_4 * size.mean(), "lambda_3 multiplies the distance too: close the bracket sooner"),
        (
            size.mean() / lambda_4,
            "the distance is divided by lambda_4: a larger weight must make it count more",
        ),
        (right / 2, "half of the distance: a Laplace has no factor 1/2, that is the Gaussian's"),
        (
            right / n,
            "divided by the size of the batch a second time: the mean over all elements has done that",
        ),
        (lambda_4 * each.mean(1), each_image),
        (lambda_4 * each.sum(1), each_image),
        (
            lambda_4 * size,
            "that is one value for each element: take the mean over all of them",
        ),
        (lambda_4 * size.max(), "that is the largest error: the mean over all elements is asked for"),
        (lambda_4 * size.median(), "that is the median of the errors: the mean is asked for"),
        (lambda_4 * (x121 + x1).abs().mean(), "the pictures are added: their difference is the error"),
        *(
            (lambda_4 * alone.abs().mean(), "one of the two pictures is not used: the error is x121 - x1")
            for alone in (x121, x1)
        ),
        (
            lambda_4 * (x121.abs() - x1.abs()).mean(),
            "the absolute values are taken before the difference: |x121 - x1| is asked for",
        ),
        (0.0, "the distance is missing: nothing then compares x121 with x1"),
    ]


def of_kl_terms(distance: Tensor, kl_z1: float, kl_z12: float, lambda_3: float, lambda_4: float) -> Named:
    """Values of ``cycle`` with one mistake in its KL terms, where the distance, weighted, is right."""
    both = kl_z1 + kl_z12
    wrong_weight = "the KL terms carry lambda_4: it belongs to the distance, theirs is lambda_3"
    one_weight = "only one of the KL terms carries lambda_3: it stands before the bracket round both"
    return [
        (
            distance + lambda_3 * kl_z12,
            "the KL of z1 is missing: read literally, Eq. (6) has it a second time (UNIT's code leaves it "
            "out)",
        ),
        (
            distance + lambda_3 * kl_z1,
            "the KL of the translation's code, z12, should enter with the weight lambda_3",
        ),
        (distance, "both KL terms are missing: Eq. (6) has those of z1 and of z12"),
        (distance + both, "lambda_3 is missing in front of the KL terms"),
        (distance + lambda_4 * both, wrong_weight),
        (distance + lambda_3 * kl_z1 + lambda_4 * kl_z12, wrong_weight),
        (distance + lambda_4 * kl_z1 + lambda_3 * kl_z12, wrong_weight),
        (distance + lambda_3 * kl_z1 + kl_z12, one_weight),
        (distance + kl_z1 + lambda_3 * kl_z12, one_weight),
        (
            distance - lambda_3 * both,
            "the KL terms have the wrong sign: they are to be small, so they are added to what is minimised",
        ),
        *(
            (
                distance + sign * lambda_3 * (kl_z1 - kl_z12),
                "the two KL terms are subtracted: both are to be small, so both are added",
            )
            for sign in (1, -1)
        ),
        (distance + lambda_3 * both / 2, "you average the KL terms: Eq. (6) adds them"),
        (distance + lambda_3 * kl_z1 * kl_z12, "you multiply the KL terms: Eq. (6) adds them"),
        (distance + 2 * lambda_3 * kl_z1, "the KL of z1 is there twice, and that of z12 is missing"),
        (distance + 2 * lambda_3 * kl_z12, "the KL of z12 is there twice, and that of z1 is missing"),
        (distance + 2 * lambda_3 * both, "the KL terms are there twice"),
        (lambda_3 * both, "the distance is lost as soon as a KL term is not 0: add the three terms"),
    ]


NAMES = ("E1", "G1", "E2", "G2")
OF_PATHS: dict[tuple[str, ...], str] = {
    ("E1", "G2", "E1", "G1"): (
        "the translation x12 looks like domain 2, but E1 encodes it: whose pictures does E1 know?"
    ),
    ("E1", "G1"): "this is x11, the reconstruction: no picture of domain 2 is ever drawn",
    ("E1", "G2"): "this is x12: the way back is missing",
    ("E2", "G2", "E1", "G1"): "x1 enters through E2, which knows domain 2 only",
    ("E2", "G1", "E1", "G2"): (
        "this is the cycle of domain 2: x1 belongs to domain 1, so exchange the roles of the domains"
    ),
    ("E1", "G2", "E2", "G2"): "the last generator must be that of domain 1: a cycle ends where it began",
    ("E1", "G1", "E2", "G2"): (
        "the two generators have changed places: the first draws the translation, so it is domain 2's"
    ),
    ("E1", "G1", "E1", "G1"): (
        "this reconstructs x1 twice: no picture of domain 2 is ever drawn, so nothing is translated"
    ),
    ("E1", "G1", "E2", "G1"): (
        "the first generator is that of domain 1, so no picture of domain 2 is drawn for E2 to read"
    ),
    ("E1", "G2", "E2"): "this is z12, the code of the translation: it still has to be drawn",
    ("E1", "G2", "E1"): "this is a code, and E1 has read a picture of domain 2: two things to repair",
    ("E1",): "this is the code z1: nothing has been drawn from it yet",
    ("E1", "G2", "G1"): (
        "a generator draws from a code, not from a picture: an encoder is missing between the generators"
    ),
    (
        "E1",
        "E2",
        "G2",
        "G1",
    ): "the maps stand in the wrong order: a picture is encoded, drawn, and encoded again",
    ("G1", "E2", "G2", "E1"): (
        "the maps are applied in reverse: in G(E(x)) the inner map acts first, so begin with an encoder"
    ),
    (): "this is x1 itself, none of the maps has touched it: follow the picture step by step",
}


def through(x: Tensor, maps: dict[str, Map], path: tuple[str, ...]) -> Tensor:
    """``x`` after the maps of ``path``, the first one first."""
    for step in path:
        x = maps[step](x)
    return x


def paths() -> list[tuple[str, ...]]:
    """Every path through at most four of the maps, those with a sentence of their own first."""
    every = [path for k in range(5) for path in itertools.product(NAMES, repeat=k)]
    return [*OF_PATHS, *(path for path in every if path not in OF_PATHS)]


def of_kl_weight(beta: float, scale: float, lambda_2: float, code: int, image: int) -> Named:
    """Values of ``lambda_1_for`` with one mistake."""
    right = beta * lambda_2 * scale * code / (2 * image)
    numbers = "the numbers of values are missing: both penalties are means, and the sums are what counts"
    return [
        (2 * right, "twice too large: mean(mu^2) is the KL, |mu|^2 / 2, times 2 / d"),
        (4 * right, "four times too large: mean(mu^2) is the KL times 2 / d, not divided by 2 d"),
        (right / 2, "twice too small: the 1/2 of the KL is there a second time"),
        (
            right / scale,
            "this is the weight for scale one: with scale b, how many nats are a difference of 1?",
        ),
        (
            right / scale**2,
            "the scale stands on the wrong side: a small b makes a difference worth more nats, so the L1 of "
            "fixed weight counts less for each",
        ),
        (right * scale, "the scale is squared: a Laplace has |x - x'| / b, a Gaussian its square over b^2"),
        (
            right * 2 * scale,
            "the scale is squared: a Laplace has |x - x'| / b, a Gaussian its square over b^2",
        ),
        (right / beta, "beta is missing: a heavier KL needs a larger lambda_1"),
        (
            right / beta**2,
            "beta stands on the wrong side: it is the weight of the KL, so lambda_1 grows with it",
        ),
        (right / lambda_2, "lambda_2 is missing: the weight of the KL is measured by that of the likelihood"),
        (
            right / lambda_2**2,
            "lambda_2 stands on the wrong side: where the likelihood weighs more, so must the KL",
        ),
        (beta * lambda_2 * scale, numbers),
        (beta * lambda_2 * scale / 2, numbers),
        (
            right * image,
            "the number of picture values is missing: the L1 is a mean over them, the likelihood their sum",
        ),
        (
            right / code,
            "the number of code values is missing: the penalty is a mean over them, and the KL their sum",
        ),
        (
            beta * lambda_2 * scale * image / (2 * code),
            "the two dimensions have changed places: the L1 is divided by the image's, the penalty by the "
            "code's",
        ),
        (
            2 * beta * lambda_2 * scale * image / code,
            "the two dimensions have changed places, and the 2 with them",
        ),
        (
            beta * lambda_2 * scale * code * image / 2,
            "the number of picture values multiplies: the L1 is already divided by it, so divide",
        ),
        (1 / right, "upside down: lambda_1 grows with beta"),
        *(
            (value, "solved for beta, or upside down: lambda_1 grows with beta, lambda_2 and the scale")
            for value in (
                2 * image * beta / (lambda_2 * scale * code),
                2 * beta * scale * image / (lambda_2 * code),
            )
        ),
        (
            beta * lambda_2 * scale * (code / image) ** 0.5 / 2,
            "no root: both penalties are sums divided by the number of their values",
        ),
        (
            beta * 100 * scale * 262_144 / (2 * 49_152),
            "these are UNIT's numbers, whatever the function is given: use its arguments",
        ),
        (5.33, "5.33 is the answer for one case alone: compute it from the arguments"),
        (
            2 * beta * image / (lambda_2 * code),
            "that is beta for a given lambda_1, the formula of the chapter: solve it for lambda_1, and add "
            "the scale",
        ),
        (
            beta * lambda_2 * scale * 262_144 / (2 * 49_152),
            "these are UNIT's sizes, whatever the function is given: use code_values and picture_values",
        ),
        (
            beta * 100 * scale * code / (2 * image),
            "that has UNIT's 100, whatever the function is given: use lambda_2",
        ),
    ]
