"""Two folders of a person's own sounds: found, read, trained on, and refused in one sentence."""

import pytest
import soundfile
import torch

import avbgtn
from avbgtn import data, streams
from avbgtn.config import from_parameters
from avbgtn.config.sound import Sound
from avbgtn.config.sound_parameters import SoundParameters
from avbgtn.data.own_sounds import OwnSounds
from avbgtn.training.launch import train_experiment

SOUND = Sound.of("magnitude_phase", rate=8000, seconds=0.4, size=64)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Eighteen stereo WAVs at 16 kHz, and nineteen mono FLACs at 8 kHz, one of them shorter than a cut."""
    root = tmp_path_factory.mktemp("sounds")
    for name, ending, rate, count, channels in (
        ("drums", "wav", 16000, 18, 2),
        ("flute", "flac", 8000, 19, 1),
    ):
        (root / name).mkdir()
        for k in range(count):
            noise = 0.1 * streams.normal(0, name, k, [0], (rate // 2 if k == 12 else 2 * rate, channels))[0]
            soundfile.write(root / name / f"{k}.{ending}", noise.numpy(), rate)
    return root


def test_every_sound_is_in_one_split_and_comes_at_the_models_rate(root):
    d = data.load_sound("folder", root=root, sound=SOUND)
    assert isinstance(d, OwnSounds) and d.domains == ("drums", "flute") and d.lengths == (10, 11)
    x1, x2 = d.batch(0, 2, 0)
    assert x1.shape == x2.shape == (2, SOUND.planes, SOUND.rows, SOUND.columns)
    for split, counts in (("validation", (4, 4)), ("test", (4, 4)), ("train", (10, 11))):
        e = d.evaluation(split)
        assert (len(e.wave1), len(e.wave2)) == counts and e.rate == 8000 and e.wave1.shape[1:] == (2, 24_000)
        assert torch.isfinite(e.x1).all()


def test_it_trains_from_end_to_end(root, tmp_path, recwarn):
    given = {
        "dataset": "folder",
        "root": str(root),
        "size": 64,
        "seconds": 0.4,
        "width": 2,
        "epochs": 2,
        "models": "unit",
    }
    parameters = from_parameters(given | {"run_dir": str(tmp_path / "runs")}, SoundParameters)
    experiment = avbgtn.resolve(parameters)
    assert experiment.configs["unit"].domains == ("drums", "flute")
    train_experiment(experiment)
    translator = avbgtn.load(experiment.run_folder("unit"))
    assert translator.domains == ("drums", "flute")
    assert not [w for w in recwarn if "degrees of freedom" in str(w.message)], "one image has no spread"


def test_what_cannot_be_used_is_refused_in_one_sentence(root, tmp_path):
    with pytest.raises(data.DataError, match="expected the folders drums and harp in it"):
        data.load_sound("folder", root=root, sound=SOUND, domains=("drums", "harp"))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for k in range(18):
            (tmp_path / name / f"{k}.wav").write_bytes(b"RIFF" if k or name == "b" else b"")
    with pytest.raises(data.DataError) as error:
        data.load_sound("folder", root=tmp_path, sound=SOUND)
    assert "\n" not in str(error.value)
    (tmp_path / "a" / "3.wav").unlink()
    with pytest.raises(data.DataError, match="a holds 17 sounds"):
        data.load_sound("folder", root=tmp_path, sound=SOUND)
