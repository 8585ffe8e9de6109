"""What could be wrong with the verdicts of the results chapter: each objection, what answers it,
and how that came out.

An objection that nothing answers says so.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .findings.outcomes import (
    OPEN,
    Study,
    averaging,
    blur,
    budgets,
    checkpoints,
    choosers,
    directions,
    looks,
    many_looks,
    monitor,
    revisions,
    scoring,
    scrambling,
    shared_order,
    tuning,
    twins,
)


@dataclass(frozen=True)
class Objection:
    """One objection.

    Attributes:
        objection: what a sceptic says.
        answer: the test or the control that speaks to it.
        outcome: reads the study's record and says what came out; begins with "open" where nothing answers.
    """

    name: str
    objection: str
    answer: str
    outcome: Callable[[Study], str]

    def came_out(self, study: Study) -> str:
        """The outcome; of a record with too few trainings, that it says nothing yet."""
        try:
            return self.outcome(study)
        except ValueError as error:
            return f"{OPEN}: the record does not say: {error}."


def _says(text: str) -> Callable[[Study], str]:
    return lambda study: text


OBJECTIONS = (
    Objection(
        "twins leak",
        "The heads have true twins. If training saw any of them, the scores mean nothing.",
        "The brown and the blond heads of the training set are different heads, and none of them "
        "is in another "
        "part of the data; `tests/data/test_heads.py` checks this.",
        twins,
    ),
    Objection(
        "unequal budgets",
        "An epoch of AVB-GTN does more work than one of UNIT.",
        "The chapter also compares the models after equal CPU time.",
        budgets,
    ),
    Objection(
        "picked checkpoints",
        "The error jumps from one update to the next, so either model wins if one chooses the right update.",
        "All trainings have the same length, which was fixed before, and no checkpoint is chosen.",
        checkpoints,
    ),
    Objection(
        "averaged weights",
        "Averaging the weights may help one model more than the other.",
        "The same comparison is made with the weights of the last update and with averaged ones.",
        averaging,
    ),
    Objection(
        "blind scores",
        "The cycle loss and the accuracy of the hair accept any exchange of colours.",
        "The error is measured against the true twin, which reveals every exchange, and trainings that "
        "scrambled the colours stay in the study.",
        scrambling,
    ),
    Objection(
        "shared data order",
        "The two trainings of a pair share the order of their data and their first weights, so "
        "seeds are less "
        "independent than they look.",
        "Different seeds are independent of each other; what the two trainings of a pair share is the reason "
        "to compare them as a pair. A test without pairs stands beside the test by pairs.",
        shared_order,
    ),
    Objection(
        "only one side was tuned",
        "More effort may have gone into AVB-GTN than into UNIT, or the other way round.",
        "The comparison has one preset for both models. The search was declared with as many "
        "trials for each, "
        "and the outcome counts those that have been trained.",
        tuning,
    ),
    Objection(
        "unequal scoring",
        "UNIT is scored from its mean code, and AVB-GTN over draws of its noise.",
        "Both are also scored from one draw.",
        scoring,
    ),
    Objection(
        "one direction hides the other",
        "A mean over both directions may hide that one of them fails.",
        "Each direction is also compared by itself.",
        directions,
    ),
    Objection(
        "many looks",
        "If one tests often enough, something will be found by chance.",
        "One test takes all final scores at once, after Westfall and Young: it asks how large the largest of "
        "all differences would be by chance.",
        many_looks,
    ),
    Objection(
        "sixteen heads",
        "The curves come from only sixteen validation heads.",
        "The final scores are on all heads of a split. The outcome says how well the sixteen "
        "agree with them.",
        monitor,
    ),
    Objection(
        "the test split wears out",
        "If the test heads are used often enough, they become validation heads.",
        "Each training is scored there once, by a tool that passes over what has been scored and "
        "writes a line "
        "into `book/lib/avbgtn_book/records/test-log.jsonl` before it looks.",
        looks,
    ),
    Objection(
        "records are old",
        "The code has changed since the trainings were made.",
        "`tests/study/test_study_record.py` repeats one training of the toy grid and compares it with its "
        "record, and every training in the record names its revision.",
        revisions,
    ),
    Objection(
        "the winner judges itself",
        "The seeds with which the aligned variant was chosen are among those that score it.",
        "The same comparison is made without these seeds.",
        choosers,
    ),
    Objection(
        "L1 favours blur",
        "A blurred picture has a small mean error.",
        "Structural similarity and the signal-to-noise ratio are computed from the same translations.",
        blur,
    ),
    Objection(
        "the same heads each time",
        "The intervals are over seeds, whereas the heads of a split and the training set are fixed.",
        "Nothing in this project answers it, because another draw of heads would need a new set "
        "of renderings.",
        _says("open: what holds for these heads may not hold for others."),
    ),
    Objection(
        "too small",
        "64 pixels, 16 channels and 2,000 epochs are not the paper's 128, 64 and 50,000.",
        "The same command has grids for the larger presets (`--grid reader`, `--grid paper`), for a GPU.",
        _says("open: nothing larger was trained, and what holds here may not hold there."),
    ),
    Objection(
        "not faces",
        "Rendered heads are easier than CelebA, because they come from one family of models and have neither "
        "make-up nor blur.",
        "`-p dataset celeba` runs the experiment on CelebA, where there are no twins.",
        _says("open: CelebA may not be redistributed and was not available to us."),
    ),
)
