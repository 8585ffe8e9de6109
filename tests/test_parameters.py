"""Parameters: what is refused, with which sentence, and that it happens before torch is imported."""

import json
import subprocess
import sys

import pytest

from avbgtn.config import PRESETS, ConfigError
from avbgtn.parameters import CHECKS, Parameters, check_parameters_cell, config_of, from_parameters

BAD = {
    "epoch": ({"epoch": 5}, "unknown parameter 'epoch': did you mean 'epochs'?"),
    "unknown": ({"frobnicate": 5}, "unknown parameter 'frobnicate': the parameters are epochs, dataset"),
    "epochs-word": ({"epochs": "abc"}, "epochs must be a positive whole number, got 'abc'"),
    "epochs-zero": ({"epochs": 0}, "epochs must be a positive whole number, got 0"),
    "epochs-half": ({"epochs": 1.5}, "epochs must be a positive whole number, got 1.5"),
    "epochs-bool": ({"epochs": True}, "epochs must be a positive whole number, got True"),
    "epochs-list": ({"epochs": [1]}, "epochs must be a positive whole number, got [1]"),
    "epochs-none": ({"epochs": None}, "epochs must be a positive whole number, got None"),
    "seed": ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
    "lr-nan": ({"lr": float("nan")}, "lr must be a number above 0, got nan"),
    "lr-zero": ({"lr": 0}, "lr must be a number above 0, got 0"),
    "lambda": ({"lambda_3": "-1"}, "lambda_3 must be a number of at least 0, got '-1'"),
    "lambda-inf": ({"lambda_0": "inf"}, "lambda_0 must be a number of at least 0, got 'inf'"),
    "ema": ({"ema": 1.0}, "ema must be a number of at least 0 and below 1, got 1.0"),
    "size": ({"size": 60}, "size must be a multiple of 16 of at least 32, got 60"),
    "size-heads": ({"size": 96, "dataset": "heads"}, "size must be 32, 64 or 128 for dataset='heads', got 96"),
    "dataset": ({"dataset": "imagenet"}, "dataset must be one of auto, heads, celeba, got 'imagenet'"),
    "preset": ({"preset": "huge"}, "preset must be one of auto, quick, reader, paper, got 'huge'"),
    "models": ({"models": "unit,munit"}, "models must be some of unit, avb_gtn, got 'munit'"),
    "models-twice": ({"models": "unit,unit"}, "models must name each model once, got 'unit,unit'"),
    "domains": ({"domains": "Blond_Hair"}, "domains must be two different names, such as Brown_Hair,Blond_Hair, got 'Blond_Hair'"),
    "domains-heads": ({"domains": "Male,Smiling", "dataset": "heads"}, "domains must be brown,blond for dataset='heads', got 'Male,Smiling'; leave"),
    "penalty": ({"penalty": "kl"}, "penalty must be one of log_sigmoid, logit, softplus, mean_square, gaussian, none, got 'kl'"),
    "gaussian": ({"penalty": "gaussian"}, "penalty='gaussian' is the exact KL of noise at the code, so posterior must be 'code', got 'input'"),
    "contrast": ({"adaptive_contrast": 1}, "adaptive_contrast must be 0 (off) or at least 2 draws, got 1"),
    "contrast-without-t": ({"adaptive_contrast": 4, "penalty": "none"}, "adaptive_contrast is an option of T, which penalty='none' does not use"),
    "contrast-without-noise": ({"adaptive_contrast": 4, "posterior": "none"}, "adaptive_contrast needs a posterior with noise, got posterior='none'"),
    "gan": ({"gan_loss": "wgan"}, "gan_loss must be one of non_saturating, minimax, least_squares, got 'wgan'"),
    "precision": ({"precision": "16"}, "precision must be one of 32-true, bf16-mixed, 64-true, got '16'"),
    "bf16-cpu": ({"precision": "bf16-mixed", "device": "cpu"}, "precision='bf16-mixed' is for CUDA devices, got device='cpu'; use '32-true'"),
    "devices": ({"devices": 2}, "batch must be a multiple of devices=2, so that each gets as much, got 1"),
    "root": ({"root": "/no/such/folder"}, "root must be an existing folder, /no/such/folder is missing; make it, or leave root out"),
    "image": ({"image": "/no/such.jpg"}, "image must be an existing image file, /no/such.jpg is missing; leave image out to use a built-in one"),
    "split": ({"score_split": "train"}, "score_split must be one of validation, test, got 'train'"),
    "t_steps": ({"t_steps": 0}, "t_steps must be a positive whole number, got 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_parameters_are_refused_with_a_sentence(case):
    values, sentence = BAD[case]
    with pytest.raises(ConfigError) as error:
        from_parameters(values)
    assert str(error.value).startswith(sentence)
    assert "\n" not in str(error.value)


def test_a_folder_given_as_run_dir_may_not_be_a_file(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="run_dir must be a folder, .*file is a file; give another name"):
        from_parameters({"run_dir": str(tmp_path / "file")})
    with pytest.raises(ConfigError, match="image must be an existing image file, .* is a folder"):
        from_parameters({"image": str(tmp_path)})


def test_refused_before_torch_or_numpy_is_imported():
    code = (
        "import sys\nfrom avbgtn.parameters import from_parameters\n"
        "try:\n    from_parameters({'epochs': 'abc'})\n"
        "except ValueError as error:\n    print(error, 'torch' in sys.modules, 'numpy' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found == "epochs must be a positive whole number, got 'abc' False False\n"


def test_good_values_are_normalised(tmp_path):
    p = from_parameters({
        "epochs": "5e4", "batch": 8.0, "lr": "1e-3", "models": "avb_gtn, unit", "domains": ["Male", "Smiling"],
        "ema": 0, "size": None, "run_dir": str(tmp_path / "new"),
    })  # fmt: skip
    assert (p.epochs, p.batch, p.lr, p.ema, p.size) == (50_000, 8, 1e-3, 0.0, None)
    assert type(p.epochs) is int and type(p.batch) is int
    assert p.models == ("avb_gtn", "unit") and p.domains == ("Male", "Smiling")


def test_every_parameter_has_a_check_and_every_check_a_parameter():
    assert set(CHECKS) == set(Parameters.__dataclass_fields__)


def test_defaults_pass_their_own_checks():
    p = Parameters()
    assert from_parameters({name: getattr(p, name) for name in CHECKS}) == p


def both(p: Parameters):
    known = dict(dataset="heads", domains=("brown", "blond"), data_checksum="x", preset="quick", device="cpu")
    return tuple(config_of(p, model, **known) for model in ("unit", "avb_gtn"))


def test_unit_stays_unit_whatever_is_asked_of_avb_gtn():
    unit, avb = both(from_parameters({"penalty": "softplus", "noise_scale": 0.05, "t_steps": 3, "adaptive_contrast": 4}))
    assert (unit.posterior, unit.penalty, unit.noise_scale, unit.t_steps, unit.adaptive_contrast) == ("code", "mean_square", 1.0, 1, 0)
    assert (avb.posterior, avb.penalty, avb.noise_scale, avb.t_steps, avb.adaptive_contrast) == ("input", "softplus", 0.05, 3, 4)


def test_the_two_models_differ_in_nothing_but_what_tells_them_apart():
    unit, avb = both(from_parameters({"lambda_2": 7, "batch": 4, "init": "twin", "seed": 3}))
    different = {k for k, v in unit.to_dict().items() if avb.to_dict()[k] != v}
    assert different == {"model", "posterior", "penalty"}


def test_a_parameter_given_by_name_beats_the_preset():
    unit, _ = both(from_parameters({"width": 8, "lr": 3e-4, "weight_init": "normal"}))
    assert (unit.width, unit.lr, unit.weight_init) == (8, 3e-4, "normal")
    assert unit.private_blocks == PRESETS["quick"]["private_blocks"]


def test_parameters_cell_lets_parameters_through_and_stops_the_rest():
    before = {"In", "Out"}
    namespace = {"In": [], "Out": {}, "_i1": "", "exit": None, "epochs": 5, "lr": None}
    assert json.dumps(check_parameters_cell(before, namespace)) == '{"epochs": 5, "lr": null}'
    with pytest.raises(ConfigError, match="unknown parameter 'epochss': did you mean 'epochs'"):
        check_parameters_cell(before, namespace | {"epochss": 7})
