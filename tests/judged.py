"""Answers to exercises, tried on the checks: the right ones must pass, the wrong ones be refused in words.

``cases`` maps the name of a check to its right answers and its pairs of a wrong answer and words.
"""

import pytest

from avbgtn_book import checks
from avbgtn_book.checks import CheckFailed


def each_right(cases):
    """Parametrises a test with ``name`` and ``answer``."""
    tried = [(name, k, answer) for name, (right, _) in cases.items() for k, answer in enumerate(right)]
    return pytest.mark.parametrize(
        "name, answer", [(n, a) for n, _, a in tried], ids=[f"{n}-{k}" for n, k, _ in tried]
    )


def each_wrong(cases):
    """Parametrises a test with ``name``, ``answer`` and ``words``."""
    tried = [(name, k, *pair) for name, (_, wrong) in cases.items() for k, pair in enumerate(wrong)]
    return pytest.mark.parametrize(
        "name, answer, words", [(n, a, w) for n, _, a, w in tried], ids=[f"{n}-{k}" for n, k, *_ in tried]
    )


def passes(name, answer, capsys):
    getattr(checks, name)(answer)
    assert capsys.readouterr().out.startswith("ok: ")


def is_refused(name, answer, words):
    with pytest.raises(CheckFailed, match=words):
        getattr(checks, name)(answer)


def judgements(cases):
    """The two tests of a chapter's answers, for a module to take under names of its own."""

    @each_right(cases)
    def right(name, answer, capsys):
        passes(name, answer, capsys)

    @each_wrong(cases)
    def wrong(name, answer, words):
        is_refused(name, answer, words)

    return right, wrong
