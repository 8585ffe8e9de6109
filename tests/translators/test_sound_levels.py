"""What comes out is as loud as what went in, and in the same form: rate, channels, length, bits."""

import os
from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

import avbgtn
from avbgtn.audio.loudness import limited, loudness
from avbgtn.config.sound import Sound
from avbgtn.data import music
from avbgtn.errors import DataError
from avbgtn.files.sound_files import write
from avbgtn.models import build
from avbgtn.translators.sounds import SoundTranslator
from examples import AVB_GTN_CONFIG

RATE = 44100


@pytest.fixture(scope="module")
def translator():
    return avbgtn.load("music-avbgtn")


@pytest.fixture(scope="module")
def phrase():
    return torch.from_numpy(music.play(music.split()["validation"][3], "piano"))


def level(x):
    return 20 * x.double().square().mean(-1).sqrt().log10()  # (channels,), dB


def alike(a, b):
    """Of two sounds, up to their loudness; 1 is the same."""
    return (a.double() * b).sum().item() / (a.double().norm() * b.double().norm()).item()


def test_a_silent_channel_stays_silent_and_lowers_nothing(translator, phrase):
    for to in translator.domains:
        mono = translator.translate(phrase[:1], to, rate=RATE)
        for side in (0, 1):
            x = torch.zeros_like(phrase)
            x[side] = phrase[0]
            y = translator.translate(x, to, rate=RATE)
            assert not y[1 - side].any() and abs(level(y)[side] - level(x)[side]) < 1.5
            assert torch.allclose(y[side], mono[0], atol=1e-5), "it is the mono sound"


@pytest.mark.parametrize("decibels", [3, 9, 15, 40])
def test_sides_that_differ_keep_their_difference(translator, phrase, decibels):
    x = phrase * torch.tensor([[1.0], [10 ** (-decibels / 20)]])
    y = translator.translate(x, rate=RATE)
    assert (level(y) - level(x)).abs().max() < 1.5


def test_more_than_two_channels_are_translated_one_by_one(translator, phrase):
    x = torch.zeros(6, phrase.shape[-1])
    x[1], x[4] = phrase[0], -0.1 * phrase[0]  # their sum is not what is heard
    y = translator.translate(x, rate=RATE)
    assert y.shape == x.shape and not y[[0, 2, 3, 5]].any()
    assert torch.allclose(y[4], -0.1 * y[1], atol=1e-5) and (level(y) - level(x))[[1, 4]].abs().max() < 1.5


@pytest.mark.parametrize("factor", [1e-25, 1e-8, 1e-3, 100.0])
def test_any_loudness_is_kept(translator, phrase, factor):
    y = translator.translate(factor * phrase, rate=RATE)
    assert torch.allclose(y / factor, translator.translate(phrase, rate=RATE), rtol=1e-2, atol=1e-3)


def test_what_is_no_music_does_not_change_how_music_is_heard(translator, phrase):
    plain = translator.translate(phrase, rate=RATE)
    offset = translator.translate(phrase * 0.1 + 0.5, rate=RATE)
    assert alike(offset, plain) > 0.999 and abs(level(offset - 0.1 * plain)[0]) > 60
    after_silence = torch.cat([torch.zeros(2, 6 * RATE), phrase], dim=1)
    late = translator.translate(after_silence, rate=RATE)[:, 6 * RATE :]
    assert alike(late, plain) > 0.9 and (level(late) - level(plain)).abs().max() < 1.5
    click = phrase * 0.01
    click[:, 60000] = 1.0
    clicked = translator.translate(click, rate=RATE)[:, :50000]
    assert alike(clicked, plain[:, :50000]) > 0.9
    assert (level(clicked) - level(0.01 * plain[:, :50000])).abs().max() < 3


def test_loudness_is_that_of_the_sounding_part():
    x = 0.1 * torch.sin(torch.arange(RATE) * 0.05)[None]
    plain = loudness(x, RATE)
    assert torch.allclose(loudness(x + 0.3, RATE), plain, rtol=0.01)
    assert torch.allclose(loudness(torch.cat([0 * x, 0 * x, x], 1), RATE), plain, rtol=0.05)
    assert loudness(0 * x, RATE) == 0 and loudness(x[:, :10], RATE) > 0
    for i in music.split()["train_a"][:6]:
        clip = torch.from_numpy(music.play(i, "piano"))
        ratio = 20 * (loudness(clip, RATE) / clip.double().square().mean(1).sqrt()).log10()
        assert ratio.abs().max() < 1, "on the music it is the root mean square"


def test_peaks_are_turned_down_where_they_are():
    x = 0.2 * torch.sin(torch.arange(8000) * 0.3).expand(2, -1)
    loud = x.clone()
    loud[0, 4000:4010] = 3.0
    y = limited(loud, 8000)
    assert (
        y.abs().max() <= 1 and torch.equal(y[:, :3900], x[:, :3900]) and torch.equal(y[:, 4100:], x[:, 4100:])
    )
    assert (y / loud)[1, 3900:4100].diff().abs().max() < 0.05, "the gain jumps"


# --- files -------------------------------------------------------------


def save(path, wave, rate=RATE, **options):
    soundfile.write(path, wave.T.numpy(), rate, **options)
    return path


@pytest.mark.parametrize(
    "ending, rate, channels, subtype",
    [
        ("wav", 44100, 1, "PCM_16"),
        ("flac", 44100, 2, "PCM_24"),
        ("wav", 11025, 2, "FLOAT"),
        ("ogg", 48000, 1, "VORBIS"),
        ("wav", 96000, 3, "PCM_24"),
    ],
)
def test_the_form_of_the_source_is_kept(translator, phrase, tmp_path, ending, rate, channels, subtype):
    x = phrase.repeat(2, 1)[:channels, : rate + 37]
    path, said = save(tmp_path / f"a.{ending}", x, rate, subtype=subtype), []
    out = translator.translate_file(path, "violin", tmp_path / f"b.{ending}", say=said.append)
    info = soundfile.info(out)
    assert (info.frames, info.samplerate, info.channels, info.subtype) == (rate + 37, rate, channels, subtype)
    text = "\n".join(said)
    assert f"{rate:,} Hz" in text and "from piano to violin" in text and "dB before" in text
    assert ("above 8,000 Hz nothing is made louder" in text) == (rate > 16000)


def test_raw_is_the_networks_own_sound(translator, phrase, tmp_path):
    out = translator.translate_file(save(tmp_path / "a.wav", phrase[:1]), raw=True)
    info = soundfile.info(out)
    assert (info.samplerate, info.channels, info.frames) == (16000, 2, 48000) and out.name == "a-violin.wav"


def test_a_model_that_makes_sounds_anew_keeps_the_form_too(phrase, tmp_path):
    about = dict(dataset="music", domains=("piano", "violin"), size=32)
    config = replace(
        AVB_GTN_CONFIG, sound=Sound.of("log_magnitude_phase", rate=8000, seconds=0.1, size=32), **about
    )
    path, said = save(tmp_path / "a.wav", phrase[:1, : RATE // 2]), []
    out = SoundTranslator(build(config)).translate_file(path, say=said.append)
    assert (soundfile.info(out).samplerate, soundfile.info(out).frames) == (RATE, RATE // 2)
    assert "what is above 4,000 Hz is lost" in "\n".join(said)


def test_pieces_are_told(translator, phrase, tmp_path):
    said = []
    translator.translate_file(save(tmp_path / "a.wav", phrase[:, ::4].repeat(1, 4), 11025), say=said.append)
    assert any("cut into 2 pieces of at most 10 s" in line for line in said)


def test_a_very_quiet_file_is_kept_right_or_refused(translator, phrase, tmp_path):
    x = phrase * 1e-8
    path, said = save(tmp_path / "a.wav", x, subtype="FLOAT"), []
    y, _ = soundfile.read(translator.translate_file(path), dtype="float32", always_2d=True)
    assert (level(torch.from_numpy(y.T)) - level(x)).abs().max() < 1.5
    with pytest.raises(
        DataError, match="so quiet .*FLAC would round it to silence; choose a name that ends in .wav"
    ):
        translator.translate_file(path, output=tmp_path / "b.flac")
    assert not (tmp_path / "b.flac").exists()
    quiet = save(tmp_path / "c.wav", phrase * 1e-3, subtype="PCM_16")
    assert soundfile.info(translator.translate_file(quiet, say=said.append)).subtype == "PCM_24"
    assert "24 bits, as 16 bits would round it" in said[-1]


def test_the_source_is_never_overwritten(translator, phrase, tmp_path):
    path = save(tmp_path / "a.wav", phrase)
    before = path.read_bytes()
    (tmp_path / "link.wav").symlink_to(path)
    os.link(path, tmp_path / "hard.wav")
    (tmp_path / "d").mkdir()
    for output in (path, tmp_path / "link.wav", tmp_path / "hard.wav", tmp_path / "d" / ".." / "a.wav"):
        with pytest.raises(DataError, match="is the sound itself, which would be lost: name another file"):
            translator.translate_file(path, output=output)
    with pytest.raises(DataError, match="is the sound itself"):
        translator.translate_file(tmp_path / "link.wav", output=path)
    assert path.read_bytes() == before


def test_half_a_file_is_never_left(tmp_path, monkeypatch):
    old = write(tmp_path / "a.wav", torch.rand(2, 5000), RATE).read_bytes()

    def full(self, data):
        with self.open("wb") as file:
            file.write(data[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "write_bytes", full)
    with pytest.raises(DataError, match="No space left"):
        write(tmp_path / "a.wav", torch.rand(2, 5000), RATE)
    assert (tmp_path / "a.wav").read_bytes() == old and os.listdir(tmp_path) == ["a.wav"]


def test_what_a_format_cannot_hold_is_one_sentence(tmp_path):
    with pytest.raises(DataError, match="cannot hold 9 channels at 44,100 Hz in FLAC: choose .*wav"):
        write(tmp_path / "a.flac", torch.rand(9, 5000), RATE)
    os.mkfifo(tmp_path / "pipe.wav")
    for name, words in (
        ("pipe.wav", "is a pipe"),
        ("n" * 300 + ".wav", "cannot be written"),
        ("a\0.wav", "cannot be written"),
    ):
        with pytest.raises(DataError, match=words):
            write(tmp_path / name, torch.rand(2, 5000), RATE)
    assert np.isfinite(write(tmp_path / "b.wav", torch.rand(1, 5000), RATE).stat().st_size)
