"""The audio experiment's parameters: those of the pictures, and its own; refused before torch is imported."""

import subprocess
import sys
from dataclasses import fields

import pytest

from avbgtn.config.parameters import (
    Parameters,
    check_parameters_cell,
    config_of,
    defaults,
    from_parameters,
)
from avbgtn.config.presets import SOUND_PRESETS
from avbgtn.config.sound_parameters import SoundParameters
from avbgtn.errors import ConfigError

OWN = ("representation", "rate", "seconds", "d_lr", "clip")


def sound(**values):
    return from_parameters(values, SoundParameters)


def test_the_list_is_that_of_the_pictures_but_for_what_pictures_alone_have():
    pictures = [name for name in Parameters.checks if name not in ("image", "cache")]
    assert list(SoundParameters.checks) == [*pictures, *OWN]
    assert set(SoundParameters.checks) == {f.name for f in fields(SoundParameters)} - {"image"}
    same = {name for name in pictures if name not in ("epochs",)}
    mine, theirs = defaults(SoundParameters), defaults()
    assert {n: mine[n] for n in same} == {n: theirs[n] for n in same}


@pytest.mark.parametrize("preset", SOUND_PRESETS)
def test_a_preset_becomes_a_config_whose_pictures_have_its_size(preset):
    p = sound(preset=preset)
    c = config_of(
        p, "unit", dataset="music", domains=("piano", "violin"), data_checksum="", preset=preset, device="cpu"
    )
    wanted = SOUND_PRESETS[preset]
    assert c.sound.representation == "magnitude_phase", "the paper's is the default"
    assert (c.size, c.width, c.sound.rate) == (wanted["size"], wanted["width"], wanted["rate"])
    assert c.shape == (128, 128) and c.channels == 4


def test_quick_is_one_second_at_8_khz_in_128_by_128():
    s = sound().sound("quick")
    assert (s.rate, s.rows, s.columns, s.fft, s.hop) == (8000, 128, 128, 254, 63)
    assert s.seconds == pytest.approx(1, abs=0.001)


def test_what_is_asked_for_by_name_wins():
    s = sound(representation="band_gain", rate=16000, seconds="2", size=64).sound("quick")
    assert (s.representation, s.rate, s.rows, s.columns, s.fft) == ("band_gain", 16000, 64, 64, 1024)


@pytest.mark.parametrize(
    "values, sentence",
    [
        ({"representation": "wavelet"}, "representation must be one of magnitude_phase, .*, got 'wavelet'"),
        ({"seconds": 0}, "seconds must be a number above 0, got 0"),
        ({"seconds": 30}, "seconds must be at most 2.016 for size=128 at rate=8000, got 30.0"),
        ({"rate": 100}, "rate must be a whole number of at least 4000, got 100"),
        (
            {"rate": 96000},
            "rate must be at most 48000, got 96000: the representations are made for such rates",
        ),
        ({"size": 40}, "size must be a multiple of 16 of at least 32, got 40"),
        ({"dataset": "heads"}, "dataset must be one of auto, music, irmas, folder, got 'heads'"),
        ({"domains": "violin,piano"}, "domains must be piano,violin, got 'violin,piano'; leave domains out"),
        (
            {"clip": "nowhere.wav"},
            "clip must be an existing sound file, .*nowhere.wav is missing; leave clip out",
        ),
        ({"image": "me.jpg"}, "unknown parameter 'image'"),
        (
            {"representations": "complex"},
            "unknown parameter 'representations': did you mean 'representation'",
        ),
    ],
)
def test_bad_values_are_refused_in_one_sentence(values, sentence):
    with pytest.raises(ConfigError, match=sentence):
        sound(**values)


def test_a_misspelt_parameter_stops_the_notebook():
    with pytest.raises(ConfigError, match="unknown parameter 'second': did you mean 'seconds'"):
        check_parameters_cell(set(), {"second": 2}, SoundParameters)
    assert check_parameters_cell(set(), {"seconds": 2}, SoundParameters) == {"seconds": 2}


def test_the_refusal_comes_before_torch_is_imported():
    code = (
        "import sys\n"
        "from avbgtn.config.parameters import from_parameters\n"
        "from avbgtn.config.sound_parameters import SoundParameters\n"
        "try:\n"
        "    from_parameters({'seconds': 'long'}, SoundParameters)\n"
        "except ValueError as e:\n"
        "    print(e, [m for m in ('torch', 'numpy') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "seconds must be a number above 0, got 'long' []"
