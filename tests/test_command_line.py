"""The command line's refusals that need no training: one sentence, before the work."""

import os

import pytest
from PIL import Image

from avbgtn import translator
from avbgtn.__main__ import main


@pytest.fixture
def picture(tmp_path):
    Image.new("RGB", (64, 64), (120, 90, 60)).save(tmp_path / "me.png")
    return str(tmp_path / "me.png")


@pytest.mark.parametrize(
    "output, words",
    [
        ("missing/me.png", "missing is no folder, create it or name another"),
        ("", "is a folder: name a file in it"),
        ("me.xyz", "pictures are not written as '.xyz': choose a name that ends in .png or .jpg"),
        ("me", "pictures are not written as 'files without an ending': choose a name"),
    ],
)
def test_where_a_picture_cannot_be_written_is_said_before_the_work(
    output, words, picture, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(translator.Translator, "translate", lambda *a, **k: pytest.fail("the work was done"))
    assert main(["translate", picture, "-o", os.path.join(tmp_path, output)]) == 2
    found = capsys.readouterr().err
    assert found.startswith("error: ") and words in found and found.count("\n") == 1


def test_several_processes_train_no_study(monkeypatch, capsys):
    monkeypatch.setattr("avbgtn.__main__.stop_without_parent", lambda: None)
    for name, value in dict(RANK="0", WORLD_SIZE="2", LOCAL_WORLD_SIZE="2").items():
        monkeypatch.setenv(name, value)
    assert main(["study"]) == 2
    assert (
        "study trains a cell in one process, and the launcher started 2 processes" in capsys.readouterr().err
    )
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert main(["study"]) == 2
    assert "every machine must start as many processes, got 2 of 3 on this one" in capsys.readouterr().err


def test_patience_is_a_number(monkeypatch):
    from avbgtn.config import ConfigError
    from avbgtn.processes import patience

    assert patience().total_seconds() == 600
    monkeypatch.setenv("AVBGTN_PATIENCE", "soon")
    with pytest.raises(ConfigError, match=r"\$AVBGTN_PATIENCE must be a number above 0, got 'soon'"):
        patience()
