"""Parameters: what is refused, with which sentence, and that it happens before torch is imported."""

import subprocess
import sys
from dataclasses import fields, replace

import pytest

from avbgtn.config import ALIGNED, PRESETS, Config
from avbgtn.config.datasets import PICTURES
from avbgtn.config.parameters import (
    CHECKS,
    OF_AVB_GTN,
    OTHER_NAMES,
    Parameters,
    config_of,
    from_parameters,
)
from avbgtn.errors import ConfigError

ALL_NAMES = ", ".join(CHECKS)
NAN, INF = float("nan"), float("inf")

# What papermill's -p hands over, and the whole sentence that answers it.
BAD = [
    # names
    ({"epoch": 5}, "unknown parameter 'epoch': did you mean 'epochs'?"),
    ({"Batch-Size": 5}, "unknown parameter 'Batch-Size': did you mean 'batch'?"),
    ({"learning_rate": 1e-3}, "unknown parameter 'learning_rate': did you mean 'lr'?"),
    ({"lamda_4": 1}, "unknown parameter 'lamda_4': did you mean 'lambda_4'?"),
    ({"frobnicate": 5}, f"unknown parameter 'frobnicate': the parameters are {ALL_NAMES}"),
    ({3: 5}, f"unknown parameter 3: the parameters are {ALL_NAMES}"),
    # whole numbers
    ({"epochs": "abc"}, "epochs must be a positive whole number, got 'abc'"),
    ({"epochs": ""}, "epochs must be a positive whole number, got ''"),
    ({"epochs": 0}, "epochs must be a positive whole number, got 0"),
    ({"epochs": -5}, "epochs must be a positive whole number, got -5"),
    ({"epochs": 1.5}, "epochs must be a positive whole number, got 1.5"),
    ({"epochs": "1.5"}, "epochs must be a positive whole number, got '1.5'"),
    ({"epochs": True}, "epochs must be a positive whole number, got True"),
    ({"epochs": "true"}, "epochs must be a positive whole number, got 'true'"),
    ({"epochs": [1]}, "epochs must be a positive whole number, got [1]"),
    ({"epochs": None}, "epochs must be a positive whole number, got None"),
    ({"epochs": NAN}, "epochs must be a positive whole number, got nan"),
    ({"epochs": INF}, "epochs must be a positive whole number, got inf"),
    ({"epochs": "1e999"}, "epochs must be a positive whole number, got '1e999'"),
    ({"width": 0}, "width must be a positive whole number, got 0"),
    ({"t_steps": 0}, "t_steps must be a positive whole number, got 0"),
    ({"seed": -1}, "seed must be a whole number of at least 0, got -1"),
    ({"lr_halve_every": 0.5}, "lr_halve_every must be a whole number of at least 0, got 0.5"),
    ({"workers": "two"}, "workers must be a whole number of at least 0, got 'two'"),
    # numbers
    ({"lr": NAN}, "lr must be a number above 0, got nan"),
    ({"lr": 0}, "lr must be a number above 0, got 0"),
    ({"lr": False}, "lr must be a number above 0, got False"),
    ({"t_lr": "-1e-4"}, "t_lr must be a number above 0, got '-1e-4'"),
    ({"lambda_3": "-1"}, "lambda_3 must be a number of at least 0, got '-1'"),
    ({"lambda_0": "inf"}, "lambda_0 must be a number of at least 0, got 'inf'"),
    ({"noise_scale": 1j}, "noise_scale must be a number of at least 0, got 1j"),
    ({"ema": 1.0}, "ema must be a number of at least 0 and below 1, got 1.0"),
    # sizes
    ({"size": 60}, "size must be a multiple of 16 of at least 32, got 60"),
    ({"size": 16}, "size must be a multiple of 16 of at least 32, got 16"),
    ({"size": "64px"}, "size must be a multiple of 16 of at least 32, got '64px'"),
    ({"size": 96, "dataset": "heads"}, "size must be 32, 64 or 128 for dataset='heads', got 96"),
    # words
    ({"dataset": "imagenet"}, f"dataset must be one of auto, {', '.join(PICTURES)}, got 'imagenet'"),
    ({"dataset": ["heads"]}, f"dataset must be one of auto, {', '.join(PICTURES)}, got ['heads']"),
    ({"preset": "huge"}, f"preset must be one of auto, {', '.join(PRESETS)}, got 'huge'"),
    ({"posterior": True}, "posterior must be one of input, code, none, got True"),
    ({"gan_loss": "wgan"}, "gan_loss must be one of non_saturating, minimax, least_squares, got 'wgan'"),
    ({"precision": 16}, "precision must be one of 32-true, bf16-mixed, 64-true, got 16"),
    ({"device": "gpu"}, "device must be one of auto, cpu, cuda, got 'gpu'"),
    ({"cache": "maybe"}, "cache must be one of auto, yes, no, got 'maybe'"),
    ({"speed": True}, "speed must be a word, got True"),
    (
        {"speed": "fused,turbo"},
        (
            "speed must be auto, plain, or some of "
            "fused,products,early,keep_memory,background,channels_last,graph, got 'turbo'"
        ),
    ),
    ({"score_split": "train"}, "score_split must be one of validation, test, got 'train'"),
    (
        {"penalty": "kl"},
        "penalty must be one of log_sigmoid, logit, softplus, mean_square, gaussian, none, got 'kl'",
    ),
    # lists
    ({"models": "unit,munit"}, "models must be some of unit, avb_gtn, got 'munit'"),
    ({"models": "unit,unit"}, "models must name each model once, got 'unit,unit'"),
    ({"models": "unit,"}, "models must be names separated by commas, got 'unit,'"),
    ({"models": []}, "models must be names separated by commas, got []"),
    ({"models": 2}, "models must be names separated by commas, got 2"),
    (
        {"domains": "Blond_Hair"},
        "domains must be two different names, such as Brown_Hair,Blond_Hair, got 'Blond_Hair'",
    ),
    (
        {"domains": ("Male", "Male")},
        "domains must be two different names, such as Brown_Hair,Blond_Hair, got ('Male', 'Male')",
    ),
    # paths
    (
        {"root": "/no/such/folder"},
        "root must be an existing folder, /no/such/folder is missing; make it, or leave root out",
    ),
    ({"root": 5}, "root must be an existing folder, got 5"),
    (
        {"root": "~no-such-user/x"},
        "root must be an existing folder, got '~no-such-user/x', whose home is unknown",
    ),
    (
        {"image": "/no/such.jpg"},
        "image must be an existing image file, /no/such.jpg is missing; leave image out to use a "
        "built-in one",
    ),
    ({"run_dir": " "}, "run_dir must be a folder, got ' '"),
    # combinations that make no sense
    (
        {"domains": "Male,Smiling", "dataset": "heads"},
        "domains must be brown,blond for dataset='heads', got 'Male,Smiling'; leave domains out, "
        "or use dataset='celeba'",
    ),
    ({"devices": 2}, "batch must be a multiple of devices=2, so that each gets as much, got 1"),
    ({"devices": 4, "batch": 6}, "batch must be a multiple of devices=4, so that each gets as much, got 6"),
    (
        {"precision": "bf16-mixed", "device": "cpu"},
        "precision='bf16-mixed' is for CUDA devices, got device='cpu'; use '32-true'",
    ),
    (
        {"penalty": "gaussian"},
        "penalty='gaussian' is the exact KL of noise at the code, so posterior must be 'code', got 'input'",
    ),
    ({"adaptive_contrast": 1}, "adaptive_contrast must be 0 (off) or at least 2 draws, got 1"),
    (
        {"adaptive_contrast": 4, "penalty": "none"},
        "adaptive_contrast is an option of T, which penalty='none' does not use; set it to 0 or choose "
        "log_sigmoid, logit, softplus",
    ),
    (
        {"adaptive_contrast": 4, "posterior": "none"},
        "adaptive_contrast needs a posterior with noise, got posterior='none'; use posterior 'input' or "
        "'code' and noise_scale above 0",
    ),
    # asked for, and without effect
    (
        {"models": "unit", "penalty": "logit"},
        "penalty is AVB-GTN's and would change nothing with models='unit', got 'logit'; leave it out, or add "
        "avb_gtn to models",
    ),
    (
        {"t_steps": 3, "penalty": "mean_square"},
        "t_steps is for the posterior discriminator T, which penalty='mean_square' does not use, got 3; "
        "leave it out, or choose log_sigmoid, logit, softplus",
    ),
    (
        {"noise_scale": 0.05, "posterior": "none"},
        "noise_scale would change nothing with posterior='none', got 0.05; leave it out",
    ),
    (
        {"penalty_scale": "nats", "penalty": "none"},
        "penalty_scale would change nothing with penalty='none', got 'nats'; leave it out",
    ),
]


@pytest.mark.parametrize("values, sentence", BAD, ids=[repr(values)[1:-1] for values, _ in BAD])
def test_bad_parameters_are_refused_with_a_sentence(values, sentence):
    with pytest.raises(ConfigError) as error:
        from_parameters(values)
    assert str(error.value) == sentence


def test_paths_of_the_wrong_kind_are_refused(tmp_path):
    file = tmp_path / "file"
    file.write_text("x")
    bad = {
        "root": (file, f"root must be an existing folder, {file} is a file; make it, or leave root out"),
        "run_dir": (file, f"run_dir must be a folder, {file} is a file; give another name"),
        "image": (
            tmp_path,
            f"image must be an existing image file, {tmp_path} is a folder; leave image out to use a "
            "built-in one",
        ),
    }
    for name, (path, sentence) in bad.items():
        with pytest.raises(ConfigError) as error:
            from_parameters({name: str(path)})
        assert str(error.value) == sentence
    with pytest.raises(ConfigError) as error:
        from_parameters({"run_dir": str(file / "below" / "it")})
    assert str(error.value) == f"run_dir must be a folder, {file} is a file; give another name"


@pytest.mark.parametrize("module", ["avbgtn.config", "avbgtn.config.parameters", "avbgtn"])
def test_refused_before_torch_or_numpy_is_imported(module):
    code = (
        f"import sys\nfrom {module} import from_parameters\n"
        "try:\n    from_parameters({'epochs': 'abc'})\n"
        "except ValueError as error:\n    print(error)\n"
        "print(sorted({'torch', 'numpy', 'lightning_fabric'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert found.stdout == "epochs must be a positive whole number, got 'abc'\n[]\n", found.stderr


GOOD = [
    ("epochs", "5e4", 50_000),
    ("epochs", 5e4, 50_000),
    ("epochs", "50000", 50_000),
    ("epochs", "1_000", 1000),
    ("epochs", " 7 ", 7),
    ("seed", 2**63 + 1, 2**63 + 1),  # a float would round it
    ("seed", str(2**63 + 1), 2**63 + 1),
    ("batch", 8.0, 8),
    ("size", "128", 128),
    ("size", None, None),
    ("lr", "1e-3", 1e-3),
    ("lr", 1, 1.0),
    ("ema", 0, 0.0),
    ("models", "avb_gtn, unit", ("avb_gtn", "unit")),
    ("models", ["avb_gtn"], ("avb_gtn",)),
    ("domains", "Male,Smiling", ("Male", "Smiling")),
    ("domains", ("Male", "Smiling"), ("Male", "Smiling")),
    ("domains", ["Male", "Smiling"], ("Male", "Smiling")),
    ("domains", None, None),
    ("t_lr", None, None),
]


@pytest.mark.parametrize("name, value, expected", GOOD, ids=[f"{n}={v!r}" for n, v, _ in GOOD])
def test_good_values_are_normalised(name, value, expected):
    found = getattr(from_parameters({name: value}), name)
    assert found == expected and type(found) is type(expected)


def test_paths_become_absolute(tmp_path, monkeypatch):
    """papermill runs where it was called, nbval in the notebook's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "pictures").mkdir()
    (tmp_path / "me.jpg").write_bytes(b"")
    p = from_parameters({"run_dir": "new/run", "root": "~/pictures", "image": "me.jpg"})
    assert (p.run_dir, p.root, p.image) == tuple(str(tmp_path / x) for x in ("new/run", "pictures", "me.jpg"))
    assert not (tmp_path / "new").exists(), "checking must write nothing"


def test_numbers_of_numpy_are_numbers():
    numpy = pytest.importorskip("numpy")
    p = from_parameters({"epochs": numpy.int64(3), "lr": numpy.float32(0.5)})
    assert (p.epochs, p.lr) == (3, 0.5) and type(p.epochs) is int and type(p.lr) is float
    with pytest.raises(ConfigError, match="epochs must be a positive whole number"):
        from_parameters({"epochs": numpy.bool_(True)})


def test_every_parameter_has_a_check_and_every_check_a_parameter():
    assert list(CHECKS) == [f.name for f in fields(Parameters)]
    assert set(OTHER_NAMES.values()) <= set(CHECKS) and not set(OTHER_NAMES) & set(CHECKS)


def test_defaults_pass_their_own_checks():
    p = Parameters()
    assert from_parameters({name: getattr(p, name) for name in CHECKS}) == p == from_parameters({})


def both(p: Parameters) -> tuple[Config, Config]:
    known = dict(
        dataset="celeba",
        domains=("Brown_Hair", "Blond_Hair"),
        data_checksum="x",
        preset="quick",
        device="cpu",
    )
    return tuple(config_of(p, model, **known) for model in ("unit", "avb_gtn"))


def test_defaults_differ_in_nothing_but_what_tells_the_models_apart():
    unit, avb = both(from_parameters({"lambda_2": 7, "batch": 4, "init": "twin", "seed": 3}))
    different = {k for k, v in unit.to_dict().items() if avb.to_dict()[k] != v}
    assert different == {"model", "posterior", "penalty"}


def test_unit_stays_unit_whatever_is_asked_of_avb_gtn():
    asked = {
        "posterior": "code", "noise_scale": 0.05, "penalty": "softplus", "penalty_scale": "nats",
        "adaptive_contrast": 4, "t_lr": 1e-5, "t_steps": 3, "t_train_on": "real+translated",
    }  # fmt: skip
    assert set(asked) == set(OF_AVB_GTN)
    plain, _ = both(Parameters())
    unit, avb = both(from_parameters(asked))
    assert unit == plain
    assert {name: getattr(avb, name) for name in asked} == asked


@pytest.mark.parametrize("name", ["size", "width", "lr", "ema", "weight_init"])
def test_a_parameter_given_by_name_beats_the_preset(name):
    value = {"size": 32, "width": 8, "lr": 3e-4, "ema": 0.5, "weight_init": "normal"}[name]
    others = {k: v for k, v in PRESETS["quick"].items() if k != name}
    for config in both(from_parameters({name: value})):
        assert getattr(config, name) == value
        assert {k: getattr(config, k) for k in others} == others
        assert config.t_lr == config.lr, "T follows lr unless t_lr is given"


def test_every_parameter_of_a_config_reaches_it():
    """A parameter that config_of forgets would be accepted and do nothing."""
    changed = {
        "size": 32, "width": 8, "batch": 2, "seed": 5, "init": "twin", "gan_loss": "minimax", "ema": 0.5,
        "lambda_0": 1.0, "lambda_1": 2.0, "lambda_2": 3.0, "lambda_3": 4.0, "lambda_4": 5.0,
        "penalty": "logit",
        "lambda_reading": "literal", "lr": 3e-4, "t_lr": 2e-4, "lr_halve_every": 9, "t_steps": 2,
        "t_train_on": "real+translated", "precision": "64-true", "posterior": "code", "noise_scale": 0.5,
        "penalty_scale": "nats", "adaptive_contrast": 3, "weight_init": "normal", "optimiser": "muon",
        "norm": "layer", "upsampling": "resize", "lr_inverse_sqrt": 7,
    }  # fmt: skip
    from_outside = {"model", "dataset", "domains", "data_checksum", "preset", "device"}
    shared = {f.name for f in fields(Config)} & set(CHECKS)
    assert set(changed) == shared - from_outside
    _, avb = both(from_parameters(changed))
    assert {name: getattr(avb, name) for name in changed} == changed


def test_preset_aligned_changes_avb_gtn_alone_and_yields_to_what_is_asked_for():
    about = dict(dataset="heads", domains=("brown", "blond"), data_checksum="", device="cpu")

    def configs(preset, **given):
        p = from_parameters({"preset": preset, **given})
        return [config_of(p, model, preset=preset, **about) for model in ("unit", "avb_gtn")]

    (unit, ours), (plain_unit, plain_ours) = configs("aligned"), configs("quick")
    assert unit == replace(plain_unit, preset="aligned")
    assert ours == replace(plain_ours, preset="aligned", **ALIGNED)
    assert (ours.posterior, ours.t_input, ours.t_view, ours.t_prior) == ("code", "z", "patch", "other")
    asked = configs("aligned", penalty="logit", lambda_1=3)[1]
    assert asked == replace(ours, penalty="logit", lambda_1=3)
