"""Sounds through a trained model: any length, back as they came where nothing was changed,
and files of all kinds.
"""

from dataclasses import replace

import pytest
import soundfile
import torch

import avbgtn
from avbgtn import streams
from avbgtn.__main__ import main
from avbgtn.config.sound import Sound
from avbgtn.errors import DataError
from avbgtn.models import build
from avbgtn.runs import Run
from avbgtn.translators.loading import export
from avbgtn.translators.sounds import SoundTranslator, cut, images_of, join, translate_waves
from examples import AVB_GTN_CONFIG, UNIT_CONFIG

RATE = 8000
SOUND = Sound.of("band_gain", rate=RATE, seconds=1, size=32)
ABOUT = dict(dataset="music", domains=("piano", "violin"), size=32, sound=SOUND)
UNIT = replace(UNIT_CONFIG, **ABOUT)
AVB_GTN = replace(AVB_GTN_CONFIG, **ABOUT)


def noise(n, key="sound"):
    return 0.1 * (torch.rand((2, n), generator=streams.generator(0, f"test/{key}", n)) * 2 - 1)


@pytest.fixture(scope="module")
def translator():
    return SoundTranslator(build(AVB_GTN))


@pytest.mark.parametrize("n", [1, 999, 1000, 1001, 1951, 2500, 10_000])
def test_cut_and_join_give_the_sound_back(n):
    x = noise(n).double()
    pieces, starts = cut(x, 1000, 50)
    assert all(p.shape[-1] <= 1000 for p in pieces) and len(pieces) == len(starts)
    assert torch.allclose(join(pieces, starts, n), x, atol=1e-12)
    if n > 1000:
        lengths = [p.shape[-1] for p in pieces]
        assert min(lengths) > 450, f"a scrap was cut off: {lengths}"


def test_pieces_that_differ_are_faded_into_each_other():
    pieces, starts = cut(torch.ones(2, 1900), 1000, 100)
    out = join([pieces[0], 0 * pieces[1]], starts, 1900)[0]
    fade = out[starts[1] : starts[1] + 100]
    assert (out[: starts[1]] == 1).all() and (out[starts[1] + 100 :] == 0).all()
    assert (fade.diff() < 0).all() and fade.mean() == pytest.approx(0.5)


@pytest.mark.parametrize("n", [801, 8000, 8001, 23_456])
def test_a_translation_is_as_long_as_its_source(translator, n):
    x = noise(n)
    y = translator.translate(x)
    assert y.shape == x.shape and y.isfinite().all() and not torch.equal(y, x)
    assert torch.equal(y, translator.translate(x, "violin")) and not torch.equal(
        y, translator.translate(x, "piano")
    )


def test_long_sounds_are_cut(translator, monkeypatch):
    whole = translator.translate(noise(20_000))
    monkeypatch.setattr("avbgtn.translators.sounds.PIECE", 1.0)
    in_pieces = translator.translate(noise(20_000))
    assert in_pieces.shape == whole.shape and in_pieces.isfinite().all() and not torch.equal(whole, in_pieces)
    jump = in_pieces.diff().abs().max()
    assert jump < 2 * whole.diff().abs().max(), "a piece ends in a click"


def test_loudness_does_not_matter(translator):
    x = noise(8000)
    loud = translator.translate(3 * x)
    assert torch.allclose(loud, 3 * translator.translate(x), rtol=1e-3, atol=1e-4)


def test_the_seed_draws_the_noise(translator):
    x = noise(8000)
    assert torch.equal(translator.translate(x, seed=1), translator.translate(x, seed=1))
    assert not torch.equal(translator.translate(x, seed=1), translator.translate(x, seed=2))
    unit = SoundTranslator(build(UNIT))
    assert not torch.equal(unit.translate(x, seed=1), unit.translate(x))


def test_an_unknown_domain_is_named(translator):
    with pytest.raises(ValueError, match="to must be 'piano' or 'violin', got 'flute'"):
        translator.translate(noise(8000), "flute")


def test_a_batch_is_translated_sound_by_sound():
    model = build(AVB_GTN).eval()
    x = torch.stack([noise(8000, "a"), noise(8000, "b")])
    both = translate_waves(model, x, 1, 2, 0)
    assert torch.equal(both[:1], translate_waves(model, x[:1], 1, 2, 0)), "a sound depends on its neighbour"
    assert images_of(model, x, 1, 2, 0).shape == (2, 2, 32, 32)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    from avbgtn.data import load_sound
    from avbgtn.training.train import train

    folder = tmp_path_factory.mktemp("sound")
    music = load_sound("music", sound=SOUND)
    config = replace(AVB_GTN, data_checksum=music.checksum)
    run = train(config, music, epochs=2, run_dir=folder / "run", say=lambda text: None)
    return run.path, export(run, folder / "w.safetensors")


@pytest.mark.parametrize("ending, rate, channels", [("wav", 44100, 1), ("flac", 22050, 2), ("ogg", 8000, 2)])
def test_files_of_the_users_own(weights, tmp_path, capsys, ending, rate, channels):
    source = tmp_path / f"my.{ending}"
    soundfile.write(source, noise(rate)[:channels].T.numpy(), rate)
    assert main(["translate", str(source), "--weights", str(weights[1])]) == 0
    written = tmp_path / "my-violin.wav"
    assert capsys.readouterr().out.strip().endswith(str(written))
    y, got = soundfile.read(written)
    assert got == rate and y.shape == ((rate,) if channels == 1 else (rate, 2)) and abs(y).max() > 0
    assert (
        main(
            [
                "translate",
                str(source),
                "--weights",
                str(weights[0]),
                "--to",
                "piano",
                "-o",
                str(tmp_path / "p.wav"),
            ]
        )
        == 0
    )
    assert (tmp_path / "p.wav").exists()


def test_bad_input_is_one_sentence(weights, tmp_path, capsys):
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, torch.zeros(8000, 2).numpy(), 8000)
    for arguments, words in (
        ([str(silent)], "silen"),
        ([str(tmp_path / "none.wav")], "none.wav"),
        ([str(silent), "--to", "flute"], "flute"),
    ):
        assert main(["translate", *arguments, "--weights", str(weights[1])]) == 2
        said = capsys.readouterr().err
        assert said.startswith("error: ") and words in said and said.count("\n") == 1, said
    with pytest.raises(DataError):
        avbgtn.load(weights[1]).translate_file(silent)


def test_a_name_of_sound_alone_means_sound(capsys):
    """Not "unknown parameter 'representation'", which it is for pictures."""
    assert main(["train", "--representation", "wavelet"]) == 2
    assert "representation must be one of magnitude_phase" in capsys.readouterr().err
    assert main(["train", "--representation", "complex", "--image", "me.jpg"]) == 2
    assert "unknown parameter 'image'" in capsys.readouterr().err


def test_a_run_on_sound_resumes_from_the_command_line(weights, capsys):
    assert main(["resume", str(weights[0]), "--epochs", "3"]) == 0
    assert Run(weights[0]).latest() == 3 and avbgtn.load(weights[0]).rate == RATE
