"""A person's own sounds: read, written and resampled faithfully, or refused in one sentence."""

import os
import struct
import warnings
from io import BytesIO

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

from avbgtn.errors import DataError
from avbgtn.files.sound_files import check_target, read, to_rate, write

RATE = 22050


def tone(frequency=440.0, *, rate=RATE, seconds=0.5, amplitude=0.5):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)


def stereo(**options):
    return np.stack([tone(440, **options), tone(660, **options)], axis=1)  # (n, 2)


def save(path, samples, rate=RATE, **options):
    soundfile.write(path, samples, rate, **options)
    return path


def refuses(path, match, **options):
    with pytest.raises(DataError, match=match) as caught:
        read(path, **options)
    text = str(caught.value)
    assert "\n" not in text and str(path) in text, f"one sentence that names the file, got: {text}"


# --- reading -------------------------------------------------------------


@pytest.mark.parametrize(
    "name, options, error",
    [
        ("a.wav", dict(subtype="PCM_16"), 2**-15),
        ("a.wav", dict(subtype="PCM_24"), 2**-22),
        ("a.wav", dict(subtype="FLOAT"), 1e-7),
        ("a.wav", dict(subtype="PCM_U8"), 2**-6),
        ("a.flac", dict(subtype="PCM_16"), 2**-15),
        ("a.ogg", dict(subtype="VORBIS"), 0.1),
        ("no ending", dict(format="WAV", subtype="PCM_16"), 2**-15),
    ],
)
def test_every_kind_of_file_is_read(tmp_path, name, options, error):
    x = stereo()
    wave, rate = read(save(tmp_path / name, x, **options))
    assert rate == RATE and wave.shape == (2, len(x)) and wave.dtype == torch.float32
    assert wave.is_contiguous() and wave.abs().max() <= 1
    assert np.abs(wave.numpy().T - x).max() <= error, "left and right swapped, or scaled?"


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000, 96000])
def test_any_rate_is_told(tmp_path, rate):
    assert read(save(tmp_path / "a.wav", stereo(rate=rate), rate))[1] == rate


def test_a_path_may_be_a_string(tmp_path):
    assert read(str(save(tmp_path / "a.wav", stereo())))[0].shape == (2, RATE // 2)


def test_mono_goes_to_both_sides(tmp_path):
    wave, _ = read(save(tmp_path / "a.wav", tone(), subtype="FLOAT"))
    assert torch.equal(wave[0], wave[1]) and np.abs(wave[0].numpy() - tone()).max() < 1e-7


def test_the_mean_of_more_than_two_channels_goes_to_both_sides(tmp_path):
    x = np.stack([tone(200 * k) for k in range(1, 7)], axis=1)
    wave, _ = read(save(tmp_path / "a.wav", x, subtype="FLOAT"))
    assert torch.equal(wave[0], wave[1]) and np.abs(wave[0].numpy() - x.mean(1)).max() < 1e-6


def test_what_is_beyond_full_scale_is_scaled_down_and_says_so(tmp_path):
    path = save(tmp_path / "loud.wav", 4 * stereo(), subtype="FLOAT")
    with pytest.warns(UserWarning, match=r"loud\.wav goes up to 2 times full scale: scaled down"):
        wave, _ = read(path)
    assert wave.abs().max() == 1 and np.abs(wave.numpy().T - 2 * stereo()).max() < 1e-3


# --- files that are none -------------------------------------------------------------


def test_a_file_that_does_not_exist_is_named(tmp_path):
    refuses(tmp_path / "gone.wav", r"gone\.wav does not exist: check the path, relative paths start at")


def test_a_folder_is_named(tmp_path):
    refuses(tmp_path, "is a folder: expected one sound file")


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "empty.wav").write_bytes(b"")
    refuses(tmp_path / "empty.wav", r"the clip .*empty\.wav is empty \(0 bytes\)", what="the clip")


def test_a_file_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    path = save(tmp_path / "a.wav", stereo())

    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", forbidden)  # file modes do not stop an administrator
    refuses(path, "may not be read: give yourself read permission")


@pytest.mark.parametrize("kind", ["picture", "letter", "zeros", "noise"])
def test_what_is_not_a_sound_is_named(tmp_path, kind):
    buffer = BytesIO()
    Image.effect_noise((64, 64), 90).save(buffer, "PNG")
    content = {
        "picture": buffer.getvalue(),
        "letter": b"Dear reader\n" * 50,
        "zeros": bytes(5000),
        "noise": np.random.default_rng(0).bytes(5000),
    }[kind]
    (tmp_path / "a.wav").write_bytes(content)
    refuses(tmp_path / "a.wav", "is not a sound that libsndfile can read: expected a WAV, FLAC or OGG file")


@pytest.mark.parametrize("keep", [0.999, 0.9, 0.5, 0.1, 0.01])
@pytest.mark.parametrize(
    "name, options",
    [
        ("a.wav", dict(subtype="PCM_16")),
        ("a.wav", dict(subtype="FLOAT")),
        ("a.flac", {}),
        ("a.ogg", {}),
    ],
)
def test_a_file_cut_short_is_named(tmp_path, name, options, keep):
    noise = np.random.default_rng(0).normal(size=(RATE, 2)) * 0.1
    whole = save(tmp_path / name, noise, **options).read_bytes()
    read(tmp_path / name)
    (tmp_path / name).write_bytes(whole[: int(len(whole) * keep)])
    refuses(tmp_path / name, "is cut short")


def test_an_ogg_file_cut_between_two_pages_is_named(tmp_path):
    noise = np.random.default_rng(0).normal(size=(RATE, 2)) * 0.1
    whole = save(tmp_path / "a.ogg", noise).read_bytes()
    (tmp_path / "a.ogg").write_bytes(whole[: whole.rfind(b"OggS")])
    refuses(tmp_path / "a.ogg", "is cut short")


def wav(data_bytes, promised, riff=0, tail=b""):
    """A WAV file by hand: 16 bit, mono."""
    form = struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    head = b"RIFF" + struct.pack("<I", riff) + b"WAVEfmt " + form + b"data" + struct.pack("<I", promised)
    return head + data_bytes + tail


@pytest.mark.parametrize(
    "promised, riff, tail",
    [
        (0xFFFFFFFF, 0xFFFFFFFF, b""),  # written into a pipe
        (0x7FFFF000, 0x7FFFF024, b""),  # by SoX
        (2 * RATE, 0, b""),  # the size of the whole was never filled in
        (2 * RATE, 99_999_999, b""),
        (2 * RATE, 2 * RATE + 48, b"LIST\4\0\0\0abcd"),  # something after the sound
    ],
)
def test_a_whole_file_with_an_odd_header_is_read(tmp_path, promised, riff, tail):
    samples = (32767 * tone(seconds=1)).astype("<i2")
    (tmp_path / "a.wav").write_bytes(wav(samples.tobytes(), promised, riff, tail))
    wave, _ = read(tmp_path / "a.wav")
    assert np.array_equal((wave[0] * 32768).numpy(), samples)


def test_a_file_that_ends_in_its_header_is_named(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(b"", 1000)[:30])
    refuses(tmp_path / "a.wav", "is cut short or damaged")


@pytest.mark.parametrize("samples", [0, 1, 2204])
def test_a_sound_too_short_is_refused(tmp_path, samples):
    save(tmp_path / "a.wav", stereo(seconds=1)[:samples])
    refuses(tmp_path / "a.wav", rf"lasts {samples / RATE:.3f} s: expected at least 0\.1 s, take a longer one")


def test_a_tenth_of_a_second_is_enough(tmp_path):
    assert read(save(tmp_path / "a.wav", stereo(seconds=0.1)))[0].shape == (2, 2205)


def test_silence_is_refused(tmp_path):
    refuses(save(tmp_path / "a.wav", np.zeros((RATE, 2))), "is silent, all of its samples are 0")


def test_one_silent_side_is_fine(tmp_path):
    wave, _ = read(save(tmp_path / "a.wav", np.stack([tone(), 0 * tone()], 1)))
    assert not wave[1].any() and wave[0].any()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_samples_that_are_no_numbers_are_counted_and_placed(tmp_path, bad, channels):
    x = np.stack([tone()] * channels, axis=1)
    x[RATE // 4 : RATE // 4 + 3, 0] = bad
    path = save(tmp_path / "a.wav", x, subtype="DOUBLE")
    with np.errstate(over="ignore"):
        refuses(path, r"has 3 samples that are NaN or infinite, the first at 0\.250 s")


# --- the rate -------------------------------------------------------------


def measured(x, rate):
    """Frequency and amplitude of a tone, from its middle."""
    x = x[len(x) // 4 : -len(x) // 4] * np.hanning(len(x) - len(x) // 4 + (-len(x) // 4))
    strength = np.abs(np.fft.rfft(x, 1 << 18))
    return strength.argmax() * rate / (1 << 18), strength.max() * 4 / len(x)


@pytest.mark.parametrize(
    "rates", [(44100, 16000), (16000, 44100), (48000, 8000), (11025, 16000), (44101, 16000)]
)
def test_a_tone_keeps_its_frequency_and_amplitude(rates):
    rate, new_rate = rates
    x = torch.from_numpy(tone(440, rate=rate, seconds=1, amplitude=0.7)).float().expand(2, -1)
    y = to_rate(x, rate, new_rate)
    assert y.dtype == torch.float32 and abs(y.shape[-1] - new_rate) <= 1 and torch.equal(y[0], y[1])
    frequency, amplitude = measured(y[0].numpy(), new_rate)
    assert abs(frequency - 440) < 0.3 and abs(amplitude / 0.7 - 1) < 0.01, (frequency, amplitude)


def test_what_the_new_rate_cannot_hold_is_filtered_out():
    x = torch.from_numpy(tone(7000, rate=44100, seconds=1)).float()[None]
    y = to_rate(x, 44100, 8000)[0, 400:-400]
    assert y.abs().max() < 0.5 * 10 ** (-40 / 20), "7 kHz came back as an alias"


def test_there_and_back_is_what_was_there():
    noise = np.random.default_rng(0).normal(size=4000)
    low = np.convolve(
        noise, np.hanning(31) / np.hanning(31).sum(), "same"
    )  # nothing above a quarter of the rate
    x = torch.from_numpy(low).float()[None]
    y = to_rate(to_rate(x, 8000, 44100), 44100, 8000)
    assert y.shape == x.shape
    error = 20 * ((x - y)[0, 100:-100].norm() / x[0, 100:-100].norm()).log10().item()
    assert error < -40, f"{error:.0f} dB"


def test_the_same_rate_changes_nothing():
    x = torch.rand(2, 100)
    assert to_rate(x, 8000, 8000) is x


def test_an_odd_pair_of_rates_neither_fills_the_memory_nor_is_heard():
    x = torch.from_numpy(tone(440, rate=47999, seconds=1)).float()[None]
    y = to_rate(x, 47999, 16001)
    assert abs(y.shape[-1] / 16001 - 1) < 1 / 4000
    cents = 1200 * np.log2(measured(y[0].numpy(), 16001)[0] / 440)
    assert abs(cents) < 0.5, f"{cents:.2f} cents off"


# --- writing -------------------------------------------------------------


def test_what_is_written_is_what_is_read(tmp_path):
    grid = torch.from_numpy(np.random.default_rng(0).integers(-32768, 32768, (2, 5000)) / 32768).float()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert write(tmp_path / "a.wav", grid, 16000) == tmp_path / "a.wav"
        wave, rate = read(tmp_path / "a.wav")
    assert rate == 16000 and torch.equal(wave, grid), "16 bits came back changed"
    info = soundfile.info(tmp_path / "a.wav")
    assert (info.format, info.subtype, info.channels) == ("WAV", "PCM_16", 2)


def test_full_scale_is_written_without_wrapping(tmp_path):
    x = torch.from_numpy(tone(amplitude=1.0)).float()[None]
    x[0, :5] = torch.tensor([1.0, -1.0, 1.0, -1.0, 0.0])
    wave, _ = read(write(tmp_path / "a.wav", x, RATE))
    assert (wave[0] - x[0]).abs().max() <= 2**-15


def test_a_sound_that_would_clip_is_scaled_down_and_says_so(tmp_path):
    x = torch.from_numpy(stereo(amplitude=2.0).T).float()
    with pytest.warns(UserWarning, match=r"a\.wav would clip: scaled down by 6\.0 dB"):
        write(tmp_path / "a.wav", x, RATE)
    wave, _ = read(tmp_path / "a.wav")
    peak = x.abs().max()
    assert (wave - x / peak).abs().max() < 2**-14, "the shape of the sound changed"


@pytest.mark.parametrize("name", ["a.mp3", "a.m4a", "a", "wav"])
def test_another_ending_is_refused(tmp_path, name):
    with pytest.raises(DataError, match="choose a name that ends in .wav"):
        check_target(tmp_path / name)


def test_a_place_that_cannot_be_written_to_is_refused_before_any_work(tmp_path, monkeypatch):
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "file").write_text("")
    for path, match in (
        (tmp_path / "folder.wav", "is a folder: name a file in it"),
        (tmp_path / "gone" / "a.wav", "gone is no folder, create it or name another"),
        (tmp_path / "file" / "a.wav", "file is no folder"),
    ):
        with pytest.raises(DataError, match=match):
            check_target(path)
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # modes do not stop an administrator
    with pytest.raises(DataError, match="may not be written: give yourself permission"):
        check_target(tmp_path / "a.wav")
    assert not (tmp_path / "a.wav").exists(), "checking left a file"


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "write_bytes", full)
    with pytest.raises(DataError, match=r"a\.wav cannot be written \(No space left on device\)"):
        write(tmp_path / "a.wav", torch.rand(2, 5000), RATE)


@pytest.mark.parametrize("shape", [(5000,), (5000, 3), (1, 2, 5000), (2, 0)])
def test_another_shape_is_refused(tmp_path, shape):
    with pytest.raises(DataError, match=r"must be \(2, n\) or \(1, n\), got"):
        write(tmp_path / "a.wav", torch.zeros(shape), RATE)


def test_nan_is_not_written(tmp_path):
    x = torch.rand(2, 5000)
    x[1, 7] = float("nan")
    with pytest.raises(DataError, match=r"a\.wav was not written: the sound has NaN or infinite samples"):
        write(tmp_path / "a.wav", x, RATE)
    assert not (tmp_path / "a.wav").exists()
