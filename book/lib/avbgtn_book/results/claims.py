"""What the paper and its poster claim, and what the records say of each:
the table of the results chapter, computed.

Nothing here trains or scores. A claim has its words, quoted, with their place; a function that reads the
records and writes sentences with numbers; the figure that shows them, and the command that makes them. How
sure a sentence is follows from the rule of :meth:`avbgtn_book.results.statistics.Paired.verdict`, or from a
count that the words of the verdict name; never from taste.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .compare import folded

# Some of these names are imported for the cells of the results chapter.
from .findings.causes import (  # noqa: F401
    QUIET,
    add_on,
    cause,
    error_of_the_long,
    forty_times,
    same_scores,
    sounds,
)
from .findings.finding import Evidence, Finding, load  # noqa: F401
from .findings.scores import (  # noqa: F401
    THRESHOLDS,
    faster,
    in_the_end,
    latent,
    multimodal,
    of_score,
    unseen,
)

STUDY = "make study"


@dataclass(frozen=True)
class Claim:
    """One thing that the paper or its poster says."""

    name: str
    quote: str
    place: str
    find: Callable[[Evidence], Finding]
    figure: str  # label in the results chapter, or the address of another page
    command: str = STUDY


CLAIMS = (
    Claim(
        "faster convergence",
        "our model converges in orders of magnitude less training epochs",
        "abstract",
        faster,
        "fig-results-curves",
    ),
    Claim(
        "better in the end",
        "Better results in the end",
        "poster, conclusion",
        in_the_end,
        "fig-results-final",
    ),
    Claim(
        "less deformation",
        "our result has much less deformation of the celebrity's face while "
        "maintaining good color transformation",
        "section 4.2",
        of_score("l1_outside", what="L1 to the twin outside the hair"),
        "fig-results-final",
    ),
    Claim(
        "better colour",
        "our brown hair color looks more natural",
        "section 4.2",
        of_score("21", "l1_hair", what="Blond to brown, L1 to the twin in the hair"),
        "fig-results-final",
    ),
    Claim(
        "better latent representation",
        "maintains a better latent representation of the input images",
        "section 3",
        latent,
        "fig-results-codes",
    ),
    Claim(
        "faces outside the data",
        "our model also generalizes well to faces not in the dataset",
        "section 4.2",
        unseen,
        "fig-results-unseen",
    ),
    Claim(
        "several answers",
        "Generative model as opposed to pix2pix",
        "poster, conclusion",
        multimodal,
        "fig-results-unseen",
    ),
    Claim(
        "the cause",
        "This is due to the changes we made, which enables more expressive latent space",
        "section 4.2",
        cause,
        "fig-results-controls",
    ),
    Claim(
        "a simple add-on",
        "Simple add-on to existing VAE style architectures",
        "poster, conclusion",
        add_on,
        "fig-results-time",
    ),
    Claim(
        "against a long UNIT",
        "we still get slightly better results than the original UNIT paper but with many "
        "orders of magnitude less epochs",
        "section 4.2",
        forty_times,
        "fig-results-long",
        "python -m avbgtn study --grid figure-6 --processes 2",
    ),
    Claim(
        "sounds",
        "we can recognize the mixture of different instruments but the audio quality is very poor",
        "section 4.3",
        sounds,
        "audio.html",
        "python tools/commit_music.py",
    ),
)


def answer(claim: Claim, e: Evidence) -> Finding:
    """What the records say; of a record with too few trainings, that it says nothing yet."""
    try:
        return claim.find(e)
    except ValueError as error:
        return Finding("open", f"The record does not say: {error}.")


def table(e: Evidence, claims=CLAIMS) -> str:
    """The paper says, we find: a table of two columns in Markdown, and folded below it, for each claim, the
    numbers, the figure that shows them and the command that makes them.
    """
    rows, parts = [], []
    for claim in claims:
        found = answer(claim, e)
        link = claim.figure if claim.figure.endswith(".html") else f"#{claim.figure}"
        quoted = f"**{claim.name}**: “{claim.quote}” ({claim.place})"
        rows.append(f"| {quoted} | {found.verdict[0].upper()}{found.verdict[1:]} |")
        shown = f"[The figure]({link}) shows it, and `{claim.command}` makes the record."
        parts.append(folded(f"The numbers: {claim.name}", "\n\n".join([found.text, shown])))
    head = ["| The paper says | We find |", "|:--|:--|"]
    return "\n\n".join(["\n".join([*head, *rows]), *parts])
