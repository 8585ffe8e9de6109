"""The built-in music: the same sounds everywhere, in tune, in the right hands, never a twin in training."""

import hashlib
import platform
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from avbgtn import data
from avbgtn.config.sound import Sound
from avbgtn.data import music, sampler, sounds

SOUND = Sound("band_gain", rate=8000, fft=512, hop=128, rows=32, columns=32)
PARTS = ("train_a", "train_b", "validation", "test")


def load(sound=SOUND, **options):
    return data.load_sound("music", sound=sound, **options)


# --- the same sounds everywhere -------------------------------------------------------------

# SHA-256 of the samples rounded to 16 bits, piano and violin.
SOUNDS = {
    0: (
        "5af65670bda3f92504517afe7dc0b978dbbe1c6375efeff5e9e25901796702d4",
        "ee5a084a0f01cab253d65d770ab4e451262ea4f2e6e0d1a98549bdf681a69bb8",
    ),
    777: (
        "8b34f4cea4a2041336993a4c874a07fee23d66391c4a18b007d28b54da7be4f0",
        "6f61890b490c8a9fcd750dad8b623759ac0fee0f5575858595915d0908b8e1fc",
    ),
    2110: (
        "f74ae92c14760830ba2c45932dbc2fca4d5071f477b906c8d0881ffb4bf5c130",
        "b6140375793179f6fffee8b1e973a83a0e78bdbcdac0b0334ff991eb791e78f2",
    ),
}


@pytest.mark.skipif(
    platform.machine().lower() not in ("x86_64", "amd64"),
    reason="other processors round the last bits of an FFT otherwise; the next test holds on all of them",
)
@pytest.mark.parametrize("i", SOUNDS)
def test_the_sounds_are_those_that_the_book_s_numbers_come_from(i):
    found = tuple(
        hashlib.sha256(np.round(y * 32767).astype(np.int16).tobytes()).hexdigest() for y in music.twin(i)
    )
    assert found == SOUNDS[i], f"phrase {i} sounds different: every recorded number on sound is void"


def test_some_samples_are_as_they_were_on_any_processor():
    places = [10_000, 50_000, 90_000, 130_000]
    piano, violin = (y[0, places] for y in music.twin(777))
    assert np.abs(piano - [0.02335398, -0.03942154, 0.09905043, -0.01284315]).max() < 1e-6
    assert np.abs(violin - [-0.00515757, 0.08753638, 0.08264446, -0.08838687]).max() < 1e-6


def test_another_process_plays_the_same_bytes_in_another_order():
    code = (
        "from avbgtn.data.music import twin\n"
        "import hashlib\n"
        "for i in (1500, 3): print(*(hashlib.sha256(y.tobytes()).hexdigest() for y in twin(i)[::-1]))"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.returncode == 0, done.stderr
    here = [" ".join(hashlib.sha256(y.tobytes()).hexdigest() for y in music.twin(i)[::-1]) for i in (3, 1500)]
    assert done.stdout.splitlines() == here[::-1], (
        "a sound depends on the process, or on what was played before"
    )


def test_the_pack_is_the_one_that_the_book_s_numbers_come_from():
    assert load().checksum == "6bb94eb6a3b76275"


# --- how they sound -------------------------------------------------------------


def test_twins_are_stereo_equally_loud_and_do_not_clip():
    for i in (0, 777, 2110):
        for y in music.twin(i):
            assert y.shape == (2, 132300) and y.dtype == np.float32
            assert abs(np.sqrt((y**2).mean()) - 0.08) < 1e-6 and np.abs(y).max() < 1
            correlation = np.corrcoef(y)[0, 1]
            assert 0 < correlation < 0.99, f"left and right of phrase {i} correlate by {correlation:.2f}"


def test_notes_are_those_of_the_phrase_played_by_a_hand():
    phrase = music.phrases()[777]
    played = music.notes(777)
    beat = 60 / phrase["bpm"]
    assert [key for _, _, key, _ in played] == [key for _, _, key in phrase["notes"]]
    late = np.array([p[0] - n[0] * beat for p, n in zip(played, phrase["notes"], strict=True)])
    assert 0 < np.abs(late).max() < 0.04, "onsets should vary by some 8 ms"
    assert np.allclose([p[1] for p in played], [n[1] * beat for n in phrase["notes"]])
    assert all(45 <= velocity <= 118 for *_, velocity in played)


@pytest.mark.parametrize("instrument, cents", [("piano", 9), ("violin", 32)])
def test_every_key_of_the_pack_is_in_tune(instrument, cents):
    """The strongest frequency within a semitone of the key's own; the violin's vibrato moves it."""
    lowest, highest = (f(n[2] for p in music.phrases() for n in p["notes"]) for f in (min, max))
    for key in range(lowest, highest + 1):
        y = music.sampler().note(instrument, key, 96, 1.0).mean(0)[4410:35280]
        strength = np.abs(np.fft.rfft(y * np.hanning(len(y)), 1 << 17))
        frequency = np.arange(len(strength)) * 44100 / (1 << 17)
        expected = 440 * 2 ** ((key - 69) / 12)
        near = np.abs(np.log2(np.maximum(frequency, 1) / expected)) < 1 / 12
        off = 1200 * np.log2(frequency[near][strength[near].argmax()] / expected)
        assert abs(off) < cents, f"key {key} of the {instrument} is {off:.0f} cents off"


def test_the_stereo_image_is_half_as_wide_as_the_samples(monkeypatch):
    def width(y):
        return np.abs(y[0] - y[1]).mean() / np.abs(y[0] + y[1]).mean()

    narrow = width(music.play(777, "piano"))
    monkeypatch.setattr(music, "WIDTH", 1.0)
    assert abs(narrow / width(music.play(777, "piano")) - 0.5) < 1e-4


def test_interpolation_meets_its_samples_and_is_exact_for_parabolas():
    x = np.stack([np.arange(20.0) ** 2, 3 - np.arange(20.0)]).astype(np.float32)
    places = np.array([0.0, 1.0, 2.5, 7.25, 16.75])
    y = sampler._interpolated(x, places)
    assert y[:, :2].tolist() == x[:, :2].tolist()
    assert np.abs(y - [places**2, 3 - places]).max() < 1e-4


def test_a_note_rises_holds_falls_and_a_looped_string_dies_away():
    level = sampler._envelope("violin", 44100, 0.5, None)
    t = np.arange(44100) / 44100
    assert level[0] == 0 and abs(level[int(0.0225 * 44100)] - 0.5) < 1e-3, "half level at half the attack"
    assert (level[(t > 0.046) & (t < 0.5)] == 1).all()
    assert np.allclose(level[t >= 0.5], np.exp(-5 * (t[t >= 0.5] - 0.5) / 0.14))
    looped = sampler._envelope("piano", 44100, 2.0, 0.25)
    assert np.allclose(looped[t >= 0.25], np.exp(-(t[t >= 0.25] - 0.25) / 0.8))
    assert (sampler._envelope("violin", 44100, 2.0, 0.25)[t >= 0.25] == 1).all(), "a bowed string does not"


def test_a_loop_repeats_the_recording_s_end():
    """A zone of one instrument with a ramp: after the loop's end comes its start again."""
    ramp = np.stack([np.arange(100.0)] * 2, axis=1).astype(np.float32)
    zone = {"inst": "violin", "key": [60, 60], "root": 60, "tune": 0, "start": 0, "n": 100, "loop": [40, 80]}
    y = sampler.Sampler([zone], {"violin": (ramp, 44100)}).note("violin", 60, 127, 1.0)[0]
    assert np.allclose(y[10_000:10_400], 40 + (np.arange(10_000, 10_400) - 40) % 40, atol=1e-3)
    zone["loop"] = None
    y = sampler.Sampler([zone], {"violin": (ramp, 44100)}).note("violin", 60, 127, 1.0)[0]
    assert not y[98:].any(), "without a loop a note ends with its recording"


def test_a_clip_is_the_sum_of_its_notes_in_the_room():
    played = [(0.1, 0.3, 69, 100), (0.3, 0.4, 72, 90), (0.9, 0.5, 76, 80)]
    dry = np.zeros((2, 44100))
    for start, length, key, velocity in played:
        y, at = music.sampler().note("violin", key, velocity, 0.98 * length), int(start * 44100)
        m = min(y.shape[1], 44100 - at)
        dry[:, at : at + m] += y[:, :m]
    echo = np.zeros((2, 5000), np.float32)
    echo[0, 0] = echo[1, 4000] = 1  # left dry, right late
    clip = music.sampler().clip(played, "violin", 1.0, echo, gain=1.0)
    assert np.abs(clip[0] - dry[0]).max() < 1e-5
    assert np.abs(clip[1, 4000:] - dry[1, :-4000]).max() < 1e-5 and np.abs(clip[1, :4000]).max() < 1e-5


def test_a_room_falls_by_60_db_in_its_time():
    for seed in range(5):
        h = sampler.room(np.random.default_rng(seed)).astype(float)
        seconds = h.shape[1] / 44100
        assert h.shape[0] == 2 and 0.24 < seconds < 1.1
        h[:, 0] -= 1
        tail = np.log10([(part**2).mean() for part in np.array_split(h, 10, axis=1)])  # (10,)
        slope = 10 * np.polyfit(np.arange(10) / 10, tail, 1)[0]
        assert -66 < slope < -54, f"{slope:.0f} dB instead of -60"


@pytest.mark.parametrize("i", [-1, 2111, 1.0, True, "0", None])
def test_a_phrase_that_does_not_exist_is_refused(i):
    with pytest.raises(data.DataError, match="the pack has phrases 0 to 2110, got"):
        music.twin(i)


def test_another_instrument_is_refused():
    with pytest.raises(data.DataError, match="instrument must be piano or violin, got 'flute'"):
        music.play(0, "flute")


# --- the split -------------------------------------------------------------


def test_the_split_is_by_tune_and_complete():
    split = music.split()
    assert {name: len(split[name]) for name in PARTS} == {
        "train_a": 792, "train_b": 792, "validation": 210, "test": 317,
    }  # fmt: skip
    assert sorted(i for name in PARTS for i in split[name]) == list(range(2111))
    parts = {}
    for name in PARTS:
        for i in split[name]:
            parts.setdefault(music.phrases()[i]["src"], set()).add(name)
    assert len(parts) == 1059
    shared = [tune for tune, names in parts.items() if len(names) > 1]
    assert not shared, f"tunes in more than one part: {shared[:3]}"


def test_training_hears_domain_1_by_the_piano_domain_2_by_the_violin_and_no_twin(monkeypatch):
    heard = {1: [], 2: []}
    playing = []

    def play(i, instrument):
        playing.append((i, instrument))
        return np.zeros((2, 1), np.float32)

    monkeypatch.setattr(music, "play", play)
    d = load(Sound("band_gain", rate=44100, fft=512, hop=128, rows=32, columns=32))
    for domain in (1, 2):
        playing.clear()
        for index in range(d.lengths[domain - 1]):
            d.image(domain, index)
        heard[domain] = list(playing)
    for domain, instrument, part in ((1, "piano", "train_a"), (2, "violin", "train_b")):
        assert {name for _, name in heard[domain]} == {instrument}
        assert [i for i, _ in heard[domain]] == music.split()[part], "every phrase of its part, once"
    tunes = [{music.phrases()[i]["src"] for i, _ in heard[domain]} for domain in (1, 2)]
    assert not tunes[0] & tunes[1], "a melody is heard by both instruments"
    scored = {i for part in ("validation", "test") for i in music.split()[part]}
    assert not scored & {i for domain in (1, 2) for i, _ in heard[domain]}


def test_what_training_and_scoring_hear_are_the_sounds_of_the_pack():
    d = load(Sound("band_gain", rate=44100, fft=2048, hop=512, rows=32, columns=32))
    a, b = music.split()["train_a"][5], music.split()["train_b"][7]
    assert np.array_equal(d.image(1, 5), music.play(a, "piano"))
    assert np.array_equal(d.image(2, 7), music.play(b, "violin"))
    e = d.evaluation("train", 1)
    assert e.ids1 == (f"{music.phrases()[d.phrases['train_a'][0]]['src']}-{d.phrases['train_a'][0]}",)
    assert np.array_equal(e.wave12[0], music.play(d.phrases["train_a"][0], "violin"))
    assert np.array_equal(e.wave21[0], music.play(d.phrases["train_b"][0], "piano"))


# --- as a data set -------------------------------------------------------------


def test_batches_and_evaluations_have_the_shapes_of_the_interface():
    d = load()
    assert (d.name, d.domains, d.has_twins, d.size, d.lengths) == (
        "music", ("piano", "violin"), True, 32, (792, 792),
    )  # fmt: skip
    x1, x2 = d.batch(0, 2, 0)
    assert x1.shape == x2.shape == (2, 2, 32, 32) and x1.dtype == torch.float32
    assert x1.abs().max() <= 1 and x1.std() > 0.1
    e = d.evaluation("validation", 3)
    assert e.wave1.shape == e.wave2.shape == e.wave12.shape == e.wave21.shape == (3, 2, 24000)
    assert e.rate == 8000 and e.x1.shape == e.x2.shape == e.twin12.shape == e.twin21.shape
    assert e.x1.shape[:3] == (3, 2, 32) and e.x1.shape[3] >= 188
    assert torch.equal(e.wave12, e.wave2) and torch.equal(e.twin21, e.x1) and e.ids1 == e.ids2
    assert torch.equal(e.x2[1], d.representation.image(e.wave2[1])), "an image is not that of its clip"
    assert e.mask1 is None


def test_cuts_come_from_all_over_the_clip():
    d = load()
    wave = torch.arange(24000.0).expand(2, -1) / 24000
    d.representation.image = lambda cut: cut  # what was cut, instead of its image
    starts = [
        int(d.augmented(wave, torch.Generator().manual_seed(k))[0, 0] * 24000 + 0.5) for k in range(200)
    ]
    assert min(starts) < 1000 and max(starts) > 24000 - SOUND.samples - 1000 and len(set(starts)) > 150
    assert d.augmented(wave, torch.Generator()).shape == (2, SOUND.samples)


@pytest.mark.parametrize("workers", [1, 3])
def test_playing_ahead_changes_no_sample(workers):
    plain, ahead = load(), load(workers=workers)
    for epoch in (0, 1, 7, 2):
        assert all(map(torch.equal, plain.batch(epoch, 2, 0), ahead.batch(epoch, 2, 0))), f"epoch {epoch}"


def test_many_threads_share_a_cache_that_is_too_small(monkeypatch):
    d = load()
    monkeypatch.setattr(sounds, "CACHE", 3 * 2 * 24000 * 4)  # three clips

    def recording(domain, index):
        return torch.full((2, 24000), float(index)), 8000

    d.recording = recording
    asked = [int(k) for k in np.random.default_rng(0).integers(0, 8, 2000)]
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda k: d.image(1, k)[0, 0].item(), asked))
    assert got == asked, "a thread got another clip than it asked for"
    assert len(d._kept) == 3 and d._bytes == sum(w.nbytes for w in d._kept.values()), "the cache grew"


def test_clips_are_kept():
    d, calls = load(), []
    recording = d.recording
    d.recording = lambda *key: calls.append(key) or recording(*key)
    assert d.image(1, 3) is d.image(1, 3) and calls == [(1, 3)]


def test_a_split_that_music_does_not_have_is_refused_by_name():
    with pytest.raises(data.DataError, match="music has no split 'reserved'") as caught:
        load().evaluation("reserved")
    for part in ("train_a", "train_b", "validation", "test"):
        assert part in str(caught.value)
    with pytest.raises(data.DataError, match="unknown split 'valid'"):
        load().evaluation("valid")
    with pytest.raises(data.DataError, match="limit must be"):
        load().evaluation("test", 0)


@pytest.mark.parametrize("domains", [("violin", "piano"), "piano,violin", ("brown", "blond")])
def test_other_domains_are_refused(domains):
    with pytest.raises(data.DataError, match=r"has the domains \('piano', 'violin'\), in this order"):
        load(domains=domains)


def test_cuts_longer_than_the_clips_are_refused():
    load(Sound("band_gain", rate=8000, fft=512, hop=128, rows=32, columns=192))  # 188 frames, and the padding
    with pytest.raises(data.DataError, match=r"last 3 s and the model wants cuts of 3\.33 s: ask for 3 s"):
        load(Sound("band_gain", rate=8000, fft=512, hop=128, rows=32, columns=208))


# --- the choice -------------------------------------------------------------


def test_auto_without_irmas_takes_the_music_and_says_how_to_get_irmas(tmp_path, capsys):
    name, sentence = data.resolve_sound("auto", tmp_path)
    assert name == "music"
    for part in ("built-in music", f"no IRMAS under {tmp_path}", "IRMAS-TrainingData.zip", "avbgtn[irmas]"):
        assert part in sentence, f"{part!r} is not in: {sentence}"
    assert data.load_sound("auto", sound=SOUND, root=tmp_path).name == "music"
    assert capsys.readouterr().out.strip() == sentence, "load_sound('auto') must print its choice"


def test_an_unknown_dataset_gets_the_nearest_name():
    with pytest.raises(data.DataError, match=r"unknown dataset 'musik' \(did you mean 'music'\?\)"):
        data.resolve_sound("musik")
    with pytest.raises(
        data.DataError, match="unknown dataset 'heads': expected one of auto, music, irmas, folder"
    ):
        data.load_sound("heads", sound=SOUND)


# --- the pack -------------------------------------------------------------


@pytest.fixture
def pack(tmp_path, monkeypatch):
    """A copy of the pack that may be damaged, and readers that have not read yet."""
    shutil.copytree(music.PACK, tmp_path / "music")
    monkeypatch.setattr(music, "PACK", tmp_path / "music")
    for cached in (music.phrases, music.sampler, music.checksum, music.split):
        monkeypatch.setattr(music, cached.__name__, cached.__wrapped__)
    return tmp_path / "music"


@pytest.mark.parametrize("name", sorted(music.SHA256))
@pytest.mark.parametrize("harm", ["missing", "cut", "empty", "one bit"])
def test_a_damaged_pack_is_named(pack, name, harm):
    file = pack / name
    whole = file.read_bytes()
    if harm == "missing":
        file.unlink()
    elif harm == "one bit":
        file.write_bytes(whole[:3000] + bytes([whole[3000] ^ 1]) + whole[3001:])
    else:
        file.write_bytes(whole[: len(whole) // 2 if harm == "cut" else 0])
    expected = "is incomplete" if harm == "missing" else f"{name} is damaged: its SHA-256 is"
    use = music.phrases if name == "phrases.json.gz" else music.sampler
    for ask in (use, music.checksum):
        with pytest.raises(data.DataError, match=f"{expected}.*: install the package again") as caught:
            ask()
        assert "\n" not in str(caught.value)


def test_the_pack_says_where_it_comes_from_and_under_which_licence():
    readme = (music.PACK / "README.md").read_text(encoding="utf-8")
    for part in (
        "Frank Wen",
        "MIT licence",
        "Ryan's Mammoth Collection",
        "public domain",
        "digital stage piano",
    ):
        assert part in readme, f"{part!r} is not in the README of the pack"
    for digest in music.SHA256.values():
        assert digest in readme, "the README gives other checksums than the reader verifies"
    text = (music.PACK / "LICENSE-FluidR3.txt").read_text(encoding="utf-8")
    assert "Permission is hereby granted, free of charge" in text
    whole = (Path(__file__).resolve().parents[2] / "LICENSE").read_text(encoding="utf-8")
    assert "packs/music" in whole and "Frank Wen" in whole and "LICENSE-FluidR3.txt" in whole
