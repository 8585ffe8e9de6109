"""translate on pictures: as large as the source, sharp, changed where the hair is, and refusals before the
work."""

import os
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

import avbgtn
from avbgtn.__main__ import main
from avbgtn.data.heads import Heads
from avbgtn.files.picture_files import FORMATS
from avbgtn.metrics import images as metrics
from avbgtn.translators.colour_change import carry, share_of
from avbgtn.translators.loading import Translator
from avbgtn.translators.pictures import to_picture


def tensor(image):
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 127.5 - 1


@pytest.fixture(scope="module")
def heads():
    """Sixteen held-out heads at 128 pixels, with their twins and where their hair is."""
    return Heads(128).evaluation("validation", 16)


@pytest.fixture(scope="module")
def unit():
    return avbgtn.load("heads-unit")


@pytest.fixture
def portrait(heads, tmp_path):
    to_picture(heads.x1[0]).save(tmp_path / "me.png")
    return tmp_path / "me.png"


@pytest.mark.parametrize("name", ["heads-unit", "heads-avbgtn"])
@pytest.mark.parametrize("target", [1, 2])
def test_at_full_size_the_hair_is_no_worse_and_the_rest_twice_as_good_as_enlarged(name, target, heads):
    """The bars of the issue: 64-pixel weights, 128-pixel heads with known twins (the thresholds of
    colour_change.py were chosen on this split too, where all of its heads give 0.88 to 0.92 in the
    hair and 0.21 to 0.27 outside)."""
    t = avbgtn.load(name)
    x, twin, mask = (
        (heads.x1, heads.twin12, heads.mask1) if target == 2 else (heads.x2, heads.twin21, heads.mask2)
    )
    sources = [to_picture(image) for image in x]
    to = t.domains[target - 1]
    full = torch.stack([tensor(t.translate(s, to, raw=False)) for s in sources])
    enlarged = [t.translate(s, to).resize((128, 128), Image.Resampling.BICUBIC) for s in sources]
    ours = metrics.twin_scores(full, twin, mask)
    bar = metrics.twin_scores(torch.stack([tensor(e) for e in enlarged]), twin, mask)
    for part, share in (("l1_hair", 1.0), ("l1_outside", 0.5)):
        assert ours[part] <= share * bar[part], f"{part}: {ours[part]:.4f}, enlarged {bar[part]:.4f}"


def test_small_changes_are_the_networks_blur_and_are_left_out():
    assert not share_of(torch.full((3, 8, 8), 0.1)).any()
    assert torch.equal(share_of(torch.full((3, 8, 8), 0.4)), torch.ones(1, 8, 8))


def test_a_change_keeps_to_the_edges_of_the_picture():
    """Left dark, right light, at a column that the network's pixels do not know; the dark part is to become
    lighter."""
    pixels = np.full((256, 256, 3), 40, np.uint8)
    pixels[:, 133:] = 220
    change = torch.zeros(3, 32, 32)
    change[:, :, :16], change[:, :, 16] = 0.5, 0.5 * 5 / 8
    out = np.asarray(carry(change, Image.fromarray(pixels), (0, 0, 256, 256)).picture).astype(int)
    dark, light = out[:, :133] - 40, out[:, 133:] - 220
    assert np.abs(dark[:, :120] - 64).max() <= 3, "0.5 of a range of 2 is 64 of 255"
    assert dark[:, 125:].min() > 45 and light.max() < 15, "the change is blurred across the edge"


def test_outside_the_square_nothing_changes_and_at_its_sides_no_seam_is_seen():
    noise = np.random.default_rng(0).integers(90, 110, (96, 160, 3), dtype=np.uint8)
    carried = carry(torch.full((3, 32, 32), 0.5), Image.fromarray(noise), (32, 0, 128, 96))
    out = np.asarray(carried.picture).astype(int) - noise
    assert carried.changed == 1 and not out[:, :32].any() and not out[:, 128:].any()
    profile = out.mean((0, 2))
    assert np.abs(np.diff(profile)).max() < 8, "a seam"
    assert np.abs(out[[0, -1], 80] - 64).max() <= 2, "no fade where the picture itself ends"


@pytest.mark.parametrize("size", [(500, 333), (1100, 1100)])
def test_a_large_picture_is_filtered_in_bands_without_seams(size, monkeypatch):
    draw = np.random.default_rng(0)
    image = Image.fromarray(draw.integers(0, 256, (24, 24, 3), dtype=np.uint8)).resize(size)
    change = torch.from_numpy(draw.normal(0, 0.4, (3, 32, 32))).float()
    side = min(size)
    square = (0, 0, side, side)
    whole = np.asarray(carry(change, image, square).picture).astype(int)
    monkeypatch.setattr("avbgtn.translators.colour_change.BAND", 1)
    assert np.abs(np.asarray(carry(change, image, square).picture) - whole).max() <= 2


def test_twelve_megapixels_in_two_gigabytes(heads, tmp_path):
    to_picture(heads.x1[0]).resize((4000, 3000)).save(tmp_path / "large.jpg", quality=95)
    # psutil has no peak on Linux, and getrusage's is that of whoever started the process, where that had more
    code = (
        "import sys, time; from avbgtn.__main__ import main; from avbgtn_book.shared.reading import "
        "peak_megabytes; code = main(['translate', sys.argv[1]]); "
        "print(peak_megabytes(), time.process_time()); sys.exit(code)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "large.jpg")]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "large-blond.png").size == (4000, 3000)
    megabytes, seconds = map(float, done.stdout.splitlines()[-1].split())
    # some 6 CPU-seconds on an idle processor, three times that on one whose memory others use;
    # the limit is for a hang
    assert megabytes < 2000 and seconds < 120, f"{megabytes:.0f} MB, {seconds:.1f} s"


def test_what_was_done_is_said(unit, portrait, capsys):
    assert main(["translate", str(portrait), "--weights", "heads-unit"]) == 0
    said = capsys.readouterr().out
    assert "know computer-rendered heads only" in said and "saw the middle 128 x 128 of 128 x 128" in said
    lines = []
    unit.translate(Image.new("RGB", (64, 64), "white"), "brown", raw=False, say=lines.append)
    assert any("% of the middle" in line for line in lines)


@pytest.mark.parametrize("name", ["me", "letter.txt", "me.wav"])
def test_a_picture_is_known_by_its_content(name, portrait, tmp_path):
    (tmp_path / name).write_bytes(portrait.read_bytes())
    assert main(["translate", str(tmp_path / name), "-o", str(tmp_path / "out.png")]) == 0
    assert Image.open(tmp_path / "out.png").size == (128, 128)


def test_a_sound_under_another_name_and_weights_of_pictures(tmp_path, capsys):
    soundfile.write(tmp_path / "song.dat", np.zeros((8000, 2)), 8000, format="WAV")
    assert main(["translate", str(tmp_path / "song.dat"), "--weights", "heads-unit"]) == 2
    assert "is a sound, and these weights translate pictures" in capsys.readouterr().err


def refused(arguments, words, capsys):
    assert main(["translate", *map(str, arguments)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and words in said and said.count("\n") == 1, said


def test_the_source_is_never_written_over(portrait, tmp_path, capsys, monkeypatch):
    before = portrait.read_bytes()
    (tmp_path / "link.png").symlink_to(portrait)
    os.link(portrait, tmp_path / "hard.png")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    for alias in ("me.png", "./me.png", "folder/../me.png", "link.png", "hard.png", portrait):
        refused(["me.png", "-o", alias], "itself, which would be lost", capsys)
        refused([alias, "-o", "me.png"], "itself, which would be lost", capsys)
    assert portrait.read_bytes() == before


def test_what_is_no_file_is_refused_before_torch_is_there(tmp_path):
    code = (
        "import sys; from avbgtn.__main__ import main; code = main(['translate', *sys.argv[1:]]); "
        "assert 'torch' not in sys.modules; sys.exit(code)"
    )
    os.mkfifo(tmp_path / "pipe")
    for name, words in (("", "is a folder"), ("none.png", "does not exist"), ("pipe", "no regular file")):
        command = [sys.executable, "-c", code, os.path.join(tmp_path, name)]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 2 and words in done.stderr and done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize("ending", [".gif", ".xbm", ".ico", ".pdf", ".eps", ".pgm", ".jp2", ".psd", ""])
def test_endings_that_cannot_hold_the_picture_are_refused(ending, portrait, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Translator, "translate", lambda *a, **k: pytest.fail("the work was done"))
    refused([portrait, "-o", tmp_path / f"out{ending}"], "choose a name that ends in .png or .jpg", capsys)


@pytest.mark.parametrize("ending", FORMATS)
def test_endings_that_work(ending, portrait, tmp_path):
    assert main(["translate", str(portrait), "-o", str(tmp_path / f"out{ending.upper()}")]) == 0
    back = Image.open(tmp_path / f"out{ending.upper()}")
    assert back.size == (128, 128) and back.mode == "RGB"


@pytest.mark.parametrize("seed", ["-1", "1.5", "x", str(2**64), "9" * 400])
def test_a_seed_that_is_none(seed, portrait, capsys):
    refused([portrait, f"--seed={seed}"], "seed must be ", capsys)


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes")
def test_a_name_that_cannot_be_printed_is_written_and_shown(portrait, capfd):
    odd = portrait.with_name(os.fsdecode(b"caf\xe9\n\x1b[31m.png"))
    portrait.rename(odd)
    assert main(["translate", str(odd)]) == 0
    assert capfd.readouterr().out.splitlines()[-1].endswith(r"caf\xe9\n\x1b[31m-blond.png")
    assert odd.with_name(f"{odd.stem}-blond.png").exists()


def test_names_that_are_too_long(portrait, tmp_path, capsys):
    refused([portrait, "-o", tmp_path / f"{'a' * 300}.png"], "cannot be written", capsys)
    long = portrait.rename(tmp_path / f"{'a' * 251}.png")
    refused([long], "cannot be written", capsys)
