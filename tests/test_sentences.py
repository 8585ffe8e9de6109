"""Names in sentences: one line, and nothing that a terminal acts on."""

import os

import pytest

from avbgtn.sentences import shown


@pytest.mark.parametrize(
    "name, expected",
    [
        ("me.png", "me.png"),
        ("Zoë 写真 😀.png", "Zoë 写真 😀.png"),
        ("two\nlines", r"two\nlines"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("a\u202egnp.exe", r"a\u202egnp.exe"),
        (os.fsdecode(b"caf\xe9.png"), r"caf\xe9.png"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_cannot_be_printed_is_escaped(name, expected):
    assert shown(name) == expected
    shown(name).encode("utf-8")
