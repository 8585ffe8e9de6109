"""Pictures of sound and their scores: the right picture in the right place, words that say it,
small files.
"""

import io
import math

import pytest
import torch
from PIL import Image

from avbgtn import audio
from avbgtn_book.audio import figures as draw
from avbgtn_book.audio import score_figures as audio_scores
from avbgtn_book.audio.pipeline_figures import pipeline
from avbgtn_book.shared.canvas import MOST_BYTES
from refusals import refusal

RATE, FFT, HOP = 8000, 256, 64


def sine(frequency, seconds=0.5, amplitude=0.5):
    t = torch.arange(round(RATE * seconds)) / RATE
    return (amplitude * torch.sin(2 * math.pi * frequency * t)).expand(2, -1)


def four(k=0, side=32):
    """Magnitudes and phases whose values tell column and row."""
    return tuple(torch.full((side, side), 0.01 * k + 0.001 * row) for row in range(4))


def images(figure):
    """The images of a figure, from top to bottom and left to right."""

    def place(axes):
        box = axes.get_position()
        return round(-box.y0, 3), box.x0

    return [axes.images[0].get_array() for axes in sorted(figure.axes, key=place) if axes.images]


def words(figure):
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [text.get_text() for text in axes.texts] + [
            axes.get_title("left"),
            axes.get_xlabel(),
            axes.get_title(),
        ]
    return found


def test_pipeline_names_every_step_and_every_phase():
    figure = pipeline()
    said = words(figure)
    for word in (
        "violin",
        "piano",
        "STFT",
        "inverse STFT",
        "$E_2$",
        "$z$",
        "$G_1$",
        "1 the source's",
        "2 the image's",
        "3 Griffin-Lim",
        "image $x_{21}$",
    ):
        assert word in said, f"{word!r} is not in the figure: {said}"
    assert [said.count(word) for word in ("magnitude", "phase")] == [2, 2]
    assert len(images(figure)) == 4 and "Griffin-Lim" in figure.alt and "source's" in figure.alt
    assert len(figure.png()) <= MOST_BYTES


def test_nothing_leaves_the_sheet():
    """No letter is cut off, whatever the names; 1 dot for rounding."""
    table = {"magnitude\nand phase": {1: (99, 0), 8: (3, 6)}, "Griffin-Lim": {1: (-1, 2), 8: (-3, 7)}}
    figures = {
        "pipeline": pipeline(),
        "conversions": draw.conversions(
            {c: four() for c in ("V", "V→V", "V→P", "V→P→V", "P", "P→P", "P→V", "P→V→P")}
        ),
        "phase": draw.phase(four()[1], magnitude=four()[0]),
        "phase of the twin": draw.phase_of_the_twin(four()[1], four()[3]),
        "spectrograms": draw.spectrograms({"piano": sine(500), "violin": sine(900)}, RATE, fft=FFT, hop=HOP),
        "downsampling": audio_scores.downsampling(table),
        "scores": audio_scores.scores(rows(), bars={"chroma": 0.75}),
    }
    for name, figure in figures.items():
        figure.draw_without_rendering()
        width, height = figure.bbox.size
        for text in [*figure.texts, *(t for axes in figure.axes for t in axes.texts)]:
            box = text.get_window_extent()
            inside = box.x0 >= -1 and box.y0 >= -1 and box.x1 <= width + 1 and box.y1 <= height + 1
            assert inside, f"{name}: {text.get_text()!r} is cut off"


def test_spectrogram_shows_a_tone_at_its_frequency_and_level():
    figure = draw.spectrograms(
        {"piano": sine(1000, amplitude=0.5), "violin": sine(2500)[0]}, RATE, fft=FFT, hop=HOP
    )
    panels = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title("left") for axes in panels] == ["piano", "violin"]
    for axes, kilohertz in zip(panels, (1.0, 2.5), strict=True):
        image = axes.images[0]
        levels, (_, _, bottom, top) = image.get_array(), image.get_extent()
        row = levels[:, levels.shape[1] // 2].argmax()
        at = bottom + (row + 0.5) / levels.shape[0] * (top - bottom)
        assert at == pytest.approx(kilohertz, abs=RATE / FFT / 1000), "the tone stands at another frequency"
        assert levels[row, levels.shape[1] // 2] == pytest.approx(20 * math.log10(0.5), abs=0.1)
        assert image.origin == "lower" and axes.get_ylim() == (0, RATE / 2000)
    assert {axes.images[0].get_clim() for axes in panels} == {(-80, 0)}, (
        "the panels do not share their colours"
    )
    assert "piano and violin" in figure.alt and "0.5 seconds" in figure.alt and "0 to 4 kHz" in figure.alt


def test_spectrograms_of_several_sounds_stand_below_each_other():
    sounds = {name: (sine(f), sine(f + 1000)) for name, f in (("piano", 500), ("violin", 1000))}
    figure = draw.spectrograms(sounds, RATE, fft=FFT, hop=HOP)
    loudest = [picture[:, 30].argmax() * RATE / FFT for picture in images(figure)]
    assert loudest == pytest.approx([500, 1000, 1500, 2000], abs=RATE / FFT)
    assert "2 sounds each" in figure.alt
    assert draw.spectrograms({"silence": torch.zeros(2, 4000)}, RATE, fft=FFT, hop=HOP).png()


def test_conversions_stand_in_the_papers_order():
    names = ["V", "V→V", "V→P", "V→P→V", "P", "P→P", "P→V", "P→V→P"]
    figure = draw.conversions({name: four(k) for k, name in enumerate(names)})
    found = [float(picture.mean()) for picture in images(figure)]
    wanted = [
        value
        for band in (range(4), range(4, 8))
        for row in range(4)
        for value in (four(k)[row].mean() * (1 if row % 2 else 10) for k in band)
    ]
    assert found == pytest.approx([float(value) for value in wanted], abs=1e-5)
    titles = [text.get_text() for text in figure.texts]
    assert [t for t in titles if t in names] == names and titles.count("right\nphase") == 2
    assert "V, V→V" in figure.alt and "times 10" in figure.alt and "10 × magnitude" in words(figure)


def test_conversions_of_one_channel_have_two_rows():
    figure = draw.conversions({name: four(k)[:2] for k, name in enumerate(("V", "V→V", "V→P"))})
    assert len(images(figure)) == 6
    assert [t.get_text() for t in figure.texts].count("magnitude") == 1
    assert "Two rows: magnitude and phase. Magnitudes times 10" in figure.alt


def test_conversions_cut_magnitudes_wrap_phases_and_can_show_decibels():
    loud, turned = torch.full((32, 32), 0.5), torch.full((32, 32), 2 * math.pi + 1)
    figure = draw.conversions({"V": (loud, turned, loud, turned)})
    assert [float(p.max()) for p in images(figure)] == pytest.approx([1, 1, 1, 1], abs=1e-5)
    figure = draw.conversions({"V": (loud, turned, loud, turned)}, times=None)
    assert float(images(figure)[0].max()) == pytest.approx(20 * math.log10(0.5), abs=1e-4)
    assert "-80 to 0 dB" in figure.alt and "magnitude, dB" in words(figure)
    ends = draw.ANGLE([0.0, 1.0])
    assert abs(ends[0] - ends[1]).max() < 0.05, "-pi and pi are the same phase and must look the same"


def test_eight_columns_of_noise_make_a_small_sharp_file():
    """Phases are noise, which no PNG makes smaller: the notebook would soon be too large."""
    noise = torch.rand(16, 128, 128, generator=torch.Generator().manual_seed(0)) * 2 * math.pi
    slow = torch.linspace(0, 0.1, 128).expand(128, 128)
    figure = draw.conversions({f"{k}": (slow, noise[k], slow, noise[8 + k]) for k in range(8)})
    file = figure.png()
    width, height = Image.open(io.BytesIO(file)).size
    assert len(file) <= MOST_BYTES and width > 600, f"{len(file):,} bytes, {width} x {height}"


def test_phase_is_shown_from_0_to_255_and_squeezed():
    angle = torch.linspace(-math.pi, math.pi - 1e-4, 32 * 16).reshape(32, 16)
    figure = draw.phase(angle, magnitude=torch.full((32, 16), 0.1))
    magnitude, grey = images(figure)
    assert float(magnitude.min()) == pytest.approx(-20, abs=1e-4)
    assert (float(grey.min()), float(grey.max())) == pytest.approx((0, 255), abs=0.1)
    squeezed = next(axes for axes in figure.axes if axes.lines).lines[0].get_ydata()
    assert list(squeezed) == list(grey.flatten()), "squeezed row by row, nothing left out"
    assert len(figure.axes) == 3 and "jumps by 0 " in figure.alt, "a slow phase does not jump"
    noise = torch.rand(129, 126, generator=torch.Generator().manual_seed(1)) * 2 * math.pi
    figure = draw.phase(noise, magnitude=noise)
    assert "on average; by chance it would be 85" in figure.alt
    assert float(figure.alt.split("jumps by ")[1].split(" ")[0]) == pytest.approx(85, abs=2)


def test_phase_of_the_twin_is_held_against_chance():
    draws = torch.Generator().manual_seed(1)
    a, b = torch.rand(2, 129, 126, generator=draws) * 2 * math.pi
    figure = draw.phase_of_the_twin(a, b)
    assert (
        "mean size 1.57, by chance 1.57" in " ".join(words(figure))
        and "their mean size is 1.57" in figure.alt
    )
    histogram = next(p for axes in figure.axes for p in axes.patches).get_data().values
    assert histogram.mean() == pytest.approx(1, abs=1e-4) and abs(histogram - 1).max() < 0.2, (
        "noise is flat, at 1"
    )
    figure = draw.phase_of_the_twin(a, a + 0.5)
    assert "their mean size is 0.50" in figure.alt
    few = torch.full((4, 9), 0.5)
    few[0] = math.pi
    assert "their mean size is 0.50" in draw.phase_of_the_twin(0 * few, few).alt, "frequency 0 has no phase"


def test_downsampling_labels_every_line_where_it_ends():
    table = {
        "magnitude\nand phase": {1: (math.inf, 0.0), 2: (14, 2), 4: (7, 4), 8: (3.2, 6)},
        "Griffin-Lim": {1: (-1, 2.5), 2: (-2, 3), 4: (-2.5, 5), 8: (3.0, 6.1)},
    }
    figure = audio_scores.downsampling(table)
    ratio, distance = figure.axes
    assert [list(line.get_ydata()) for line in ratio.lines[:2]] == [[60, 14, 7, 3.2], [-1, -2, -2.5, 3.0]]
    assert [list(line.get_ydata()) for line in distance.lines[:2]] == [[0, 2, 4, 6], [2.5, 3, 5, 6.1]]
    figure.draw_without_rendering()
    for axes in figure.axes:
        labels = {t.get_text(): t for t in axes.texts if t.get_text() in table}
        assert set(labels) == set(table)
        boxes = [label.get_window_extent() for label in labels.values()]
        assert not boxes[0].overlaps(boxes[1]), "labels of lines that end together must not cover each other"
        for name, line in zip(table, axes.lines, strict=False):
            assert labels[name].get_color() == line.get_color(), f"{name} is named in another colour"
    assert [t.get_text() for t in distance.get_xticklabels()] == ["1", "2", "4", "8"]
    assert (
        "magnitude and phase 60 dB or more to 3.2 dB" in figure.alt
        and "Griffin-Lim 2.5 dB to 6.1 dB" in figure.alt
    )


def rows():
    return {
        "copy": {
            "12": {"log_band": 0.85, "chroma": 1.0, "instrument": 0.02},
            "21": {"log_band": 0.86, "chroma": 1.0},
        },
        "avb_gtn": {
            "12": {"log_band": 0.61, "chroma": 0.84, "instrument": 0.95},
            "21": {"log_band": 0.64, "chroma": 0.83, "instrument": 0.98},
        },
        "unit, the mean of a great many draws": {"12": {"chroma": 0.5}},
    }


def test_scores_have_a_dot_for_each_number_and_no_other():
    figure = audio_scores.scores(rows(), bars={"log_band": {"12": 0.6, "21": 0.62}, "chroma": 0.75})
    dots = [
        (
            axes.get_title("left").split("\n")[0],
            round(float(line.get_xdata()[0]), 2),
            round(float(line.get_ydata()[0])),
        )
        for axes in figure.axes
        for line in axes.lines
        if line.get_marker() in ("o", "D") and len(line.get_xdata()) == 1
    ]
    assert sorted(dots) == sorted(
        [("log-band distance", 0.85, 0), ("log-band distance", 0.86, 0), ("log-band distance", 0.61, 1)]
        + [("log-band distance", 0.64, 1), ("chroma cosine", 1.0, 0), ("chroma cosine", 1.0, 0)]
        + [("chroma cosine", 0.84, 1), ("chroma cosine", 0.83, 1), ("chroma cosine", 0.5, 2)]
        + [("heard as target", 0.02, 0), ("heard as target", 0.95, 1), ("heard as target", 0.98, 1)]
    )
    drawn = [line for axes in figure.axes for line in axes.lines if len(line.get_xdata())]
    blue = {line.get_marker() for line in drawn if line.get_color() == "#0072B2"}
    assert "o" in blue and "D" not in blue, "a direction has its own mark and its own colour"
    bars = [
        sorted(
            {
                float(line.get_xdata()[0])
                for line in axes.lines
                if list(line.get_xdata()) in ([b, b] for b in (0.6, 0.62, 0.75))
            }
        )
        for axes in figure.axes
    ]
    assert bars == [[0.6, 0.62], [0.75], []]
    assert [t.get_text() for t in figure.axes[0].texts] == [
        "copy",
        "AVB-GTN",
        "unit, the mean of a great many draws",
    ]
    assert (
        "lower is better; bar 0.60 and 0.62" in figure.alt and "AVB-GTN, violin to piano, 0.98" in figure.alt
    )
    assert len(audio_scores.scores(rows(), {"chroma": ("chroma", "higher")}).axes) == 1


one = torch.zeros(8, 8)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: draw.spectrograms({}, RATE, fft=FFT, hop=HOP), ["at least one title"]),
        (
            lambda: draw.spectrograms({"a": (sine(1),), "b": (sine(1), sine(2))}, RATE, fft=FFT, hop=HOP),
            ["'a': 1", "'b': 2"],
        ),
        (
            lambda: draw.spectrograms({"a": torch.zeros(1, 2, 8)}, RATE, fft=FFT, hop=HOP),
            ["'a'", "(1, 2, 8)", "(2, n)"],
        ),
        (lambda: draw.spectrograms({"a": sine(1) * math.nan}, RATE, fft=FFT, hop=HOP), ["finite"]),
        (lambda: draw.conversions({}), ["magnitude and phase"]),
        (lambda: draw.conversions({"V": (one,)}), ["[1]", "magnitude and phase"]),
        (lambda: draw.conversions({"V": (one,) * 4, "P": (one,) * 2}), ["[4, 2]"]),
        (lambda: draw.conversions({"V": (one, one, one, one[:4])}), ["(4, 8)", "(8, 8)"]),
        (lambda: draw.conversions({"V": (one[None],) * 4}), ["'V'", "(1, 8, 8)", "one channel"]),
        (lambda: draw.phase(one, magnitude=one[:4]), ["(8, 8)", "(4, 8)", "one length"]),
        (lambda: draw.phase_of_the_twin(one, one[:4]), ["the twin", "(4, 8)", "one length"]),
        (lambda: draw.phase(one * math.nan, magnitude=one), ["the phase", "not finite"]),
        (lambda: audio_scores.downsampling({}), ["reconstructions"]),
        (lambda: audio_scores.downsampling({"a": {1: (1, 1)}}), ["'a': [1]", "two or more"]),
        (lambda: audio_scores.downsampling({"a": {1: (1, 1), 2: (1, 1)}, "b": {1: (1, 1)}}), ["'b': [1]"]),
        (lambda: audio_scores.downsampling({"a": {1: (1, math.inf), 2: (1, 1)}}), ["not finite"]),
        (lambda: audio_scores.scores({}), ["check the names"]),
        (lambda: audio_scores.scores(rows(), {"psnr": ("PSNR", "higher")}), ["'psnr'", "'chroma'"]),
        (lambda: audio_scores.scores(rows(), bars={"psnr": 1}), ["bars ['psnr']"]),
        (lambda: audio_scores.scores(rows(), bars={"chroma": {"13": 1}}), ["['13']", "'12'"]),
        (
            lambda: audio_scores.scores({"a": {"12": {"chroma": math.nan}}}, {"chroma": ("c", "higher")}),
            ["'chroma'", "nan"],
        ),
    ],
)
def test_errors_name_what_came(call, words):
    refusal(call, *words)


def test_real_music_is_drawn_as_it_sounds():
    """A round trip through the picture's own numbers: what is shown is the transform of the sound."""
    wave = sine(700)
    spectrum = audio.stft(wave, FFT, HOP)
    figure = draw.conversions(
        {"V": (spectrum[0].abs(), spectrum[0].angle(), spectrum[1].abs(), spectrum[1].angle())}, times=1
    )
    magnitude, angle = (torch.from_numpy(p.filled()) for p in images(figure)[:2])
    back = audio.istft(torch.polar(magnitude, angle), FFT, HOP, wave.shape[-1])
    assert (back - wave[0]).abs().max() < 1e-4
