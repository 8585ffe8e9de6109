"""Players: what lies in the page, how large and how loud it is, what is refused,
and that a browser plays it.
"""

import base64
import io
import math
import os
import shutil

import pytest
import soundfile
import torch
from bs4 import BeautifulSoup

import print_book
from avbgtn.data import music
from avbgtn_book.shared.players import LOUDEST, MP3_RATES, player, players
from refusals import refusal


def sine(rate, seconds, frequency=440.0, amplitude=0.3, channels=2):
    t = torch.arange(round(rate * seconds)) / rate
    return (amplitude * torch.sin(2 * math.pi * frequency * t)).expand(channels, -1)


def decoded(mp3):
    wave, rate = soundfile.read(io.BytesIO(mp3), dtype="float32", always_2d=True)
    return torch.from_numpy(wave.T), rate


def snr(wave, given):
    return 10 * math.log10(given.square().mean() / (wave - given).square().mean())


def loudness(wave):
    return wave.square().mean().sqrt().item()


def strongest(wave, rate):
    return torch.fft.rfft(wave[0]).abs().argmax().item() * rate / wave.shape[1]


def test_the_file_is_the_sound_that_was_given():
    for channels, rate in ((2, 16000), (1, 8000), (2, 44100)):
        given = sine(rate, 1.0, channels=channels)
        wave, at = decoded(player(given, rate, "a").mp3)
        assert at == rate and wave.shape == given.shape, (
            "the file has another length, rate or number of channels"
        )
        assert snr(wave, given) > 20, "left and right, or loudness, are not those of the sound"
    left_only = torch.stack([given[0], torch.zeros_like(given[0])])
    wave, _ = decoded(player(left_only, 44100, "a").mp3)
    assert wave[0].abs().max() > 0.25 and wave[1].abs().max() < 0.02, "the channels are mixed or swapped"


def test_a_rate_that_mp3_does_not_know_is_changed_and_the_pitch_is_not():
    for rate, wanted in ((10000, 11025), (96000, 48000), (6000, 8000)):
        assert rate not in MP3_RATES
        wave, at = decoded(player(sine(rate, 1.5), rate, "a").mp3)
        assert at == wanted and wave.shape[1] == pytest.approx(1.5 * wanted, abs=2)
        assert strongest(wave, at) == pytest.approx(440, abs=2)


def test_files_are_small_and_always_the_same():
    both = [torch.from_numpy(y) for y in music.twin(music.split()["validation"][0])]
    from torchaudio.functional import resample

    for wave in both:
        for rate, most in ((16000, 30_000), (8000, 18_000)):
            wave_at = resample(wave, 44100, rate)
            file = player(wave_at, rate, "a").mp3
            assert 5_000 < len(file) <= most, f"3 s at {rate} Hz take {len(file):,} bytes"
            assert snr(decoded(file)[0], wave_at) > 15, "small, but a bad copy"
    assert player(wave_at, 8000, "a").mp3 == file, (
        "the same sound gave another file: a notebook run again would change"
    )


def test_nothing_is_clipped_and_nothing_else_is_made_louder_or_softer():
    for amplitude in (0.01, 0.3, 0.85):
        one = player(sine(16000, 1, amplitude=amplitude), 16000, "a")
        assert one.turned_down == 0 and "turned down" not in one.words
        assert loudness(decoded(one.mp3)[0]) == pytest.approx(amplitude / 2**0.5, rel=0.03)
    loud = player(sine(16000, 1, amplitude=2 * LOUDEST), 16000, "a")
    assert "turned down by 6.0 dB" in loud.words and "6.0 dB" in loud.html()
    assert decoded(loud.mp3)[0].abs().max() < 1
    shape = sine(16000, 1, amplitude=LOUDEST)
    assert snr(decoded(loud.mp3)[0], shape) > 20, (
        "turned down as a whole it keeps its shape, clipped it does not"
    )


def test_only_the_beginning():
    one = player(torch.cat([sine(8000, 1, 440), sine(8000, 1, 1200)], 1), 8000, "a", seconds=1)
    wave, rate = decoded(one.mp3)
    assert one.seconds == 1.0 and wave.shape[1] == 8000 and strongest(wave, rate) == pytest.approx(440, abs=2)
    assert player(sine(8000, 1), 8000, "a", seconds=9).seconds == 1.0, "it cannot be longer than the sound"


def test_html_needs_no_network_no_script_and_no_sight():
    title = 'violin <to> "piano" & back'
    one = player(sine(8000, 0.5), 8000, title)
    page = BeautifulSoup(one._repr_html_(), "html.parser")
    (audio,) = page.select("audio")
    assert audio["aria-label"] == title and audio.has_attr("controls") and not audio.has_attr("autoplay")
    assert audio["preload"] == "none" and title in audio.get_text(), "the words for a browser without sound"
    kind, data = audio["src"].split(",", 1)
    assert kind == "data:audio/mpeg;base64" and base64.b64decode(data) == one.mp3
    assert page.select_one(".player-title").get_text() == f"{title}, 0.5 s"
    assert not page.select("script, link, style") and "http" not in one._repr_html_().replace(data, "")
    assert repr(one) == f"<player: {title}, 0.5 s, 8,000 Hz>"


def test_several_are_a_list_in_the_given_order():
    several = players({"piano": sine(8000, 0.5), "violin": sine(8000, 1, channels=1)}, 8000, seconds=0.75)
    page = BeautifulSoup(several._repr_html_(), "html.parser")
    assert [e.get_text() for e in page.select("ul > li > .player-title")] == ["piano, 0.5 s", "violin, 0.8 s"]
    assert [e["aria-label"] for e in page.select("ul[role=list] audio")] == ["piano", "violin"]
    assert repr(several).splitlines() == [
        "<player: piano, 0.5 s, 8,000 Hz>",
        "<player: violin, 0.8 s, 8,000 Hz>",
    ]


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: player(torch.zeros(3, 8), 8000, "a"), ["'a'", "(3, 8)", "(2, n)"]),
        (lambda: player(torch.zeros(1, 2, 8), 8000, "a"), ["(1, 2, 8)", "one sound at a time"]),
        (lambda: player(torch.zeros(2, 0), 8000, "a"), ["(2, 0)"]),
        (lambda: player(torch.tensor([0.0, math.nan]), 8000, "a"), ["not finite"]),
        (lambda: player(torch.zeros(8), 8000, " "), ["title is empty"]),
        (lambda: player(torch.zeros(8), 0, "a"), ["rate", "got 0"]),
        (lambda: player(torch.zeros(8), 8000.5, "a"), ["rate", "8000.5"]),
        (lambda: player(torch.zeros(8), 8000, "a", seconds=0), ["seconds", "got 0"]),
        (lambda: players({}, 8000), ["no sound"]),
    ],
)
def test_errors_name_what_came(call, words):
    refusal(call, *words)


def test_a_library_without_mp3_is_named(monkeypatch):
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": "x"})
    with pytest.raises(RuntimeError, match="no MP3.*install soundfile"):
        player(torch.zeros(8), 8000, "a")


# What a reader's browser makes of it: whether it failed, its length in seconds, and its loudness.
PLAYED = """async audio => {
    const state = await new Promise(done => {
        audio.onloadedmetadata = () => done('loaded');
        audio.onerror = () => done(`error ${audio.error.code}: ${audio.error.message}`);
        audio.preload = 'auto';
        audio.load();
    });
    const bytes = await (await fetch(audio.src)).arrayBuffer();
    const sound = await new OfflineAudioContext(2, 1, 44100).decodeAudioData(bytes);
    const power = sound.getChannelData(1).reduce((sum, x) => sum + x * x, 0) / sound.length;
    return {state, ready: audio.readyState, seconds: audio.duration, \
channels: sound.numberOfChannels, loudness: Math.sqrt(power)};
}"""


def test_a_browser_plays_it_from_the_disk_on_a_phone(tmp_path):
    path = next(filter(None, map(shutil.which, print_book.BROWSERS)), None)
    if path is None:
        sentence = "no Chromium: 'apt-get install chromium' enables the test of the players"
        pytest.fail(sentence) if os.environ.get("AVBGTN_REQUIRE_BROWSER") == "1" else pytest.skip(sentence)
    from playwright.sync_api import sync_playwright

    several = players(
        {"a rather long title, violin to piano and back": sine(16000, 3), "b": sine(8000, 1)}, 16000
    )
    file = tmp_path / "page.html"
    file.write_text(f"<!doctype html><html lang=en><title>x</title>{several._repr_html_()}", encoding="utf-8")
    problems = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path, args=print_book.FLAGS, timeout=print_book.PATIENCE
        )
        page = chromium.new_page(viewport={"width": 390, "height": 900})
        page.set_default_timeout(print_book.PATIENCE)
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(file.as_uri())
        before = page.locator("audio").evaluate_all("all => all.map(a => a.readyState)")
        found = [audio.evaluate(PLAYED) for audio in page.locator("audio").all()]
        too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        page.locator("audio").first.focus()
        reached = page.evaluate("document.activeElement.getAttribute('aria-label')")
        chromium.close()
    assert before == [0, 0], "a page of many sounds must not decode them all at once"
    for one, seconds in zip(found, (3.0, 0.5), strict=True):
        assert one["state"] == "loaded" and one["ready"] >= 1, one
        assert one["seconds"] == pytest.approx(seconds, abs=0.1) and one["channels"] == 2, one
        assert one["loudness"] == pytest.approx(0.3 / 2**0.5, rel=0.03), one
    assert not too_wide, "wider than a phone"
    assert reached.startswith("a rather long"), "the keyboard does not reach the controls"
    assert not problems, problems
