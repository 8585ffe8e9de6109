"""Sounds are known by their content and read whatever they are called, or refused before memory is taken."""

import io
import os
import socket
import struct

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

from avbgtn.errors import DataError
from avbgtn.files.sound_files import is_sound, load

NOISE = np.random.default_rng(0).normal(size=(8000, 2)) * 0.1
KINDS = {
    "WAV": "PCM_16",
    "AIFF": "PCM_16",
    "AU": "PCM_16",
    "CAF": "PCM_16",
    "W64": "PCM_16",
    "RF64": "PCM_16",
    "FLAC": "PCM_16",
    "MP3": "MPEG_LAYER_III",
    "OGG": "OPUS",
    "VOC": "PCM_16",
    "NIST": "PCM_16",
    "PAF": "PCM_16",
    "IRCAM": "PCM_16",
    "PVF": "PCM_16",
    "AVR": "PCM_16",
    "MAT5": "PCM_16",
    "MPC2K": "PCM_16",
}


def content(kind, subtype=None, rate=8000):
    buffer = io.BytesIO()
    soundfile.write(buffer, NOISE, rate, format=kind, subtype=subtype or KINDS[kind])
    return buffer.getvalue()


def put(path, data):
    path.write_bytes(data)
    return path


def refused(path):
    with pytest.raises(DataError) as caught:
        load(path)
    text = str(caught.value)
    assert text.isprintable() and path.name.isprintable() <= (path.name in text), (
        f"one line that names it: {text!r}"
    )
    return text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["no ending", "a.png"])
def test_a_sound_is_known_by_its_content(tmp_path, kind, name):
    path = put(tmp_path / name, content(kind))
    found = load(path)
    assert is_sound(path) and found.wave.shape == (2, 8000) and found.rate == 8000


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "TGA"])
def test_a_picture_is_no_sound(tmp_path, kind):
    Image.effect_noise((64, 64), 90).convert("RGB").save(tmp_path / "a.x", kind)
    assert not is_sound(tmp_path / "a.x")
    if kind not in ("PPM", "TGA"):  # these have no mark of their own, and a name says more
        os.rename(tmp_path / "a.x", tmp_path / "a.wav")
        assert not is_sound(tmp_path / "a.wav")


@pytest.mark.parametrize(
    "start, words",
    [
        (b"\0\0\0\x20ftypM4A \0\0\0\0", "m4a"),
        (b"\0\0\0\x20ftypisom\0\0\0\0", "mp4"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "wma"),
        (b"\x1a\x45\xdf\xa3", "mka"),
        (b"\xff\xf1\x50\x80", "aac"),
        (b"#!AMR\n", "AMR"),
        (b"wvpk", "WavPack"),
        (b"MThd", "MIDI"),
    ],
)
def test_what_cannot_be_read_is_called_a_sound_and_how_to_convert_it(tmp_path, start, words):
    path = put(tmp_path / "song", start + bytes(500))
    text = refused(path)
    assert is_sound(path) and words in text and "convert its sound to WAV or FLAC" in text


def test_pictures_in_the_same_box_as_films_are_pictures(tmp_path):
    for brand in (b"avif", b"heic", b"mif1"):
        assert not is_sound(put(tmp_path / "a.m4a", b"\0\0\0\x20ftyp" + brand + bytes(100)))


def test_pipes_sockets_folders_and_devices_are_neither_opened_nor_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "folder.wav").mkdir()
    server = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    try:
        os.chdir(tmp_path)  # a socket's name is short
        server.bind("socket.wav")
    finally:
        os.chdir(here)
        server.close()
    for name, words in (("pipe.wav", "pipe"), ("folder.wav", "folder"), ("socket.wav", "pipe or a device")):
        assert is_sound(tmp_path / name) and words in refused(tmp_path / name)
    os.mkfifo(tmp_path / "pipe.png")
    assert not is_sound(tmp_path / "pipe.png") and not is_sound("gone.png") and not is_sound("a\0b")
    with pytest.raises(DataError, match="pipe or a device"):
        load("/dev/zero")


def test_names_that_cannot_be_printed_are_shown_escaped(tmp_path):
    path = tmp_path / "a\nb\x1b[31m.wav"
    for text in (refused(path), refused(put(path, b"no sound" * 20))):
        assert r"a\nb\x1b[31m.wav" in text


@pytest.mark.parametrize("name", ["x" * 300 + ".wav", "a\0b.wav"])
def test_names_that_cannot_be_are_one_sentence(tmp_path, name):
    refused(tmp_path / name)


# --- headers -------------------------------------------------------------


def wav(promised, *, rate=8000, channels=2, data=None):
    data = (NOISE * 32767).astype("<i2").tobytes() if data is None else data
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate, rate * 2 * channels % 2**32, 2 * channels, 16)
    return b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + form + b"data" + struct.pack("<I", promised) + data


@pytest.mark.parametrize(
    "more, note", [(36, "36 bytes shorter"), (44, "44 bytes"), (-32000, "says that it has no sound")]
)
def test_a_few_bytes_too_many_or_none_promised(tmp_path, more, note):
    found = load(put(tmp_path / "a.wav", wav(32000 + more)))
    assert found.wave.shape == (2, 8000) and note in found.notes[0]
    assert np.abs(found.wave.numpy().T - NOISE).max() < 2e-4


@pytest.mark.parametrize(
    "kind, mark, at, value",
    [
        ("AIFF", b"SSND", 4, bytes(4)),
        ("AU", b".snd", 8, bytes(4)),
        ("CAF", b"data", 4, b"\xff" * 8),
        ("CAF", b"data", 4, bytes(8)),
        ("RF64", b"ds64", 16, bytes(8)),
    ],
)
def test_other_kinds_without_a_length(tmp_path, kind, mark, at, value):
    data = bytearray(content(kind))
    at += data.index(mark)
    data[at : at + len(value)] = value
    assert load(put(tmp_path / "a", data)).wave.shape == (2, 8000)


def test_no_sound_is_not_made_of_the_chunks_after_it(tmp_path):
    path = put(tmp_path / "a.wav", wav(0, data=b"LIST" + struct.pack("<I", 4000) + bytes(4000)))
    assert "lasts 0.000 s" in refused(path)


@pytest.mark.parametrize("kind", ["AU", "W64", "RF64", "AIFF", "MP3", "FLAC", "CAF"])
def test_other_kinds_cut_short(tmp_path, kind):
    data = content(kind)
    assert "cut short" in refused(put(tmp_path / "a", data[: len(data) * 8 // 10]))


def flac_of(total):
    data = bytearray(content("FLAC"))
    value = int.from_bytes(data[18:26], "big") >> 36 << 36 | total
    data[18:26] = value.to_bytes(8, "big")
    return data


def test_a_flac_file_that_does_not_know_its_length_is_read(tmp_path):
    assert load(put(tmp_path / "a.flac", flac_of(0))).wave.shape == (2, 8000)


@pytest.mark.parametrize(
    "data, words",
    [
        (flac_of(2**36 - 1), "expected at most"),
        (wav(32000, rate=1), "1 samples a second: expected 1,000 to 768,000"),
        (wav(32000, rate=2**31 - 1), "2,147,483,647 samples a second"),
        (wav(32000, channels=1000), "1,000 channels: expected at most 32"),
    ],
)
def test_what_cannot_be_is_refused_before_memory_is_taken(tmp_path, monkeypatch, data, words):
    monkeypatch.setattr(soundfile.SoundFile, "read", lambda *_, **__: pytest.fail("samples were read"))
    assert words in refused(put(tmp_path / "a", data))


def test_a_length_that_the_header_hides_is_noticed_while_reading(tmp_path, monkeypatch):
    monkeypatch.setattr("avbgtn.files.sound_files.LARGEST", 8000)
    monkeypatch.setattr("avbgtn.files.sound_files.BLOCK", 1000)
    assert "expected at most" in refused(put(tmp_path / "a.flac", flac_of(0)))
    assert torch.is_tensor(load(put(tmp_path / "b.wav", wav(8000, data=bytes(range(200)) * 40))).wave)
