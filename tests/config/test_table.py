"""The table of parameters: whatever comes, a value is used or refused in one sentence,
by people's and by stored configs alike.
"""

import json
from dataclasses import fields, replace

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from avbgtn.config import CHOICES, OF_PRESET, PRESETS, Config
from avbgtn.config.datasets import PICTURES, SOUNDS
from avbgtn.config.parameters import Parameters, check_parameters_cell, config_of, from_parameters
from avbgtn.config.presets import SOUND_PRESETS
from avbgtn.config.sound import Sound
from avbgtn.config.sound_parameters import SoundParameters
from avbgtn.config.table import OF_CONFIG, OF_PICTURE_OF_SOUND, OF_SOUND, TABLE
from avbgtn.config.values import LONGEST_NAME, Number, Whole
from avbgtn.errors import ConfigError
from avbgtn.study.grid import GRIDS
from avbgtn.training.experiment import SECONDS_ON_CPU, SOUND_SECONDS_ON_CPU
from examples import AVB_GTN_CONFIG

KINDS = {"pictures": Parameters, "sound": SoundParameters}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
BOUNDED = {name: kind for name, kind in TABLE.items() if isinstance(kind, Whole | Number)}
SOUND_CONFIG = replace(
    AVB_GTN_CONFIG, size=128, sound=Sound("magnitude_phase", rate=8000, fft=254, hop=63, rows=128, columns=64)
)


def refused(work) -> str:
    """The sentence, which must be one line without anything that a terminal would obey."""
    with pytest.raises(ConfigError) as error:
        work()
    said = str(error.value)
    assert said and said.isprintable() and len(said) < 1200, said[:300]
    return said


# --- one table ----------------------------------------------------------------------------------------------


@each_kind
def test_every_parameter_is_checked_by_its_row(kind):
    for name, check in kind.checks.items():
        assert check is TABLE[name] or (kind is SoundParameters and name == "dataset"), name


def test_every_field_of_a_config_has_a_row():
    assert {f.name for f in fields(Config)} - {"sound"} <= set(TABLE) | set(OF_CONFIG)
    assert set(OF_PICTURE_OF_SOUND) == {f.name for f in fields(Sound)}
    assert all(CHOICES[name] == TABLE[name].choices for name in CHOICES)


@pytest.mark.parametrize("name", [n for n, kind in BOUNDED.items() if isinstance(kind, Whole)])
def test_whole_numbers_have_both_ends(name):
    row = TABLE[name]
    for inside in (row.least, row.most):
        assert row(name, inside) == row(name, str(inside)) == row.stored(name, inside) == inside
    for beyond in (row.most + row.multiple, 10**400, 10**5000):
        for check in (row, row.stored):
            assert refused(lambda c=check, v=beyond: c(name, v)).startswith(
                f"{name} must be at most {row.most}, got "
            )
    for below in (row.least - 1, -(10**400), -(10**5000)):
        for check in (row, row.stored):
            assert f"{name} must be a" in refused(lambda c=check, v=below: c(name, v))


HUGE = (
    10**400,
    10**5000,
    1e308,
    "9" * 400,
    "9" * 5000,
    "1e400",
    "-1e400",
    "1e308",
    float("inf"),
    float("nan"),
)


@pytest.mark.parametrize(
    "value", HUGE, ids=lambda v: f"{type(v).__name__}-{len(str(v)) if v != 10**5000 else 5001}"
)
@each_kind
def test_huge_numbers_are_refused_by_every_number(value, kind):
    numbers = [name for name in BOUNDED if name in kind.checks and name != "ema"]
    assert len(numbers) > 15
    for name in numbers:
        assert refused(lambda n=name: from_parameters({n: value}, kind)).startswith(f"{name} must be ")


@pytest.mark.parametrize(
    "change, words",
    [
        (
            {"width": 1024, "private_blocks": 64},
            "width=1024 with private_blocks=64 and shared_blocks=1 makes networks of",
        ),
        (
            {"width": 256, "batch": 4096, "size": 128},
            "batch=4096 images of 128 x 128 with width=256 do not fit into memory",
        ),
    ],
)
def test_what_is_too_much_together_is_refused(change, words):
    assert refused(lambda: replace(AVB_GTN_CONFIG, **change)).startswith(words)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_far_below_the_bounds(preset):
    c = config_of(
        Parameters(), "unit", dataset="", domains=("a", "b"), data_checksum="", preset=preset, device="cpu"
    )
    assert replace(c, width=4 * c.width) and replace(c, batch=256)


@pytest.mark.parametrize("preset", ["quick", "paper"])
def test_the_number_of_weights_is_about_what_the_networks_have(preset, monkeypatch):
    from avbgtn.config import config
    from avbgtn.models import build

    c = config_of(
        Parameters(), "avb_gtn", dataset="", domains=("a", "b"), data_checksum="", preset=preset, device="cpu"
    )
    there = sum(p.numel() for p in build(c).parameters())
    monkeypatch.setattr(config, "MOST_WEIGHTS", round(0.9 * there))
    refused(lambda: replace(c))
    monkeypatch.setattr(config, "MOST_WEIGHTS", round(1.1 * there))
    replace(c)


# --- what a stranger's file may hold ------------------------------------------------------------------------


@pytest.mark.parametrize("name", [f.name for f in fields(Config)])
@pytest.mark.parametrize(
    "value",
    [None, True, [], {}, "x\ny", "\udcff", -1, 10**400, 0.5, "a" * 300, float("nan"), [["a"], ["b"]]],
    ids=lambda v: repr(v)[:12],
)
def test_a_config_with_any_value_is_used_or_refused_in_one_sentence(name, value):
    values = SOUND_CONFIG.to_dict() | {name: value}
    try:
        Config.from_dict(values)
    except ConfigError as error:
        assert str(error).isprintable() and len(str(error)) < 1200
        if name != "sound" or value is not None:
            assert name in str(error)


@pytest.mark.parametrize("name", [f.name for f in fields(Sound)])
@pytest.mark.parametrize("value", [None, True, [], {}, "x", -1, 0, 10**400, 0.5], ids=lambda v: repr(v)[:12])
def test_a_picture_of_sound_with_any_value_is_refused_in_one_sentence(name, value):
    values = SOUND_CONFIG.to_dict()
    values["sound"] = values["sound"] | {name: value}
    assert "sound" in refused(lambda: Config.from_dict(values))


@pytest.mark.parametrize("values", [None, [], "x", 3, {"sound": 3}], ids=repr)
def test_a_config_that_is_none_is_refused(values):
    refused(lambda: Config.from_dict(values))
    refused(lambda: Config.from_dict(SOUND_CONFIG.to_dict() | {"sound": {"rate": 8000}}))


def test_names_of_domains_may_hold_marks_but_nothing_that_breaks_a_line_or_a_path():
    odd = ("<b>|x", "`y`")
    assert replace(AVB_GTN_CONFIG, domains=odd).domains == from_parameters({"domains": odd}).domains == odd
    for wrong in ("a/b", "a\\b", "a\nb", "\x1b[31m", "", " ", "\0", "\udcff", "a" * (LONGEST_NAME + 1)):
        refused(lambda w=wrong: replace(AVB_GTN_CONFIG, domains=("x", w)))
        refused(lambda w=wrong: from_parameters({"domains": ["x", w]}))


# --- yes and no ---------------------------------------------------------------------------------------------

SAID = {
    True: ("yes", "Yes", "YES", "true", "True", "on", True),
    False: ("no", "No", "false", "False", "off", " off ", False),
}


@pytest.mark.parametrize("said, value", [(said, value) for said, values in SAID.items() for value in values])
def test_yes_and_no_in_every_spelling(said, value):
    assert from_parameters({"cache": value}).cache == ("yes" if said else "no")
    if not said:
        assert from_parameters({"speed": value}).speed == "plain"
    # as YAML reads it, which is what papermill does with -y and -f
    text = value if isinstance(value, str) else str(value)
    assert from_parameters(yaml.safe_load(f"cache: {text}")).cache == ("yes" if said else "no")


def test_a_file_of_parameters_as_an_editor_on_windows_writes_it():
    text = (
        "\ufeffepochs: 20\r\nsize: 32\r\nwidth: 4\r\nmodels: avb_gtn\r\ncache: no\r\nspeed: off\r\nlr: 1e-3"
    )
    p = from_parameters(yaml.safe_load(text.encode()))
    assert (p.epochs, p.cache, p.speed, p.lr) == (20, "no", "plain", 1e-3)


def test_where_yes_means_nothing_it_is_refused():
    for name in ("posterior", "init", "device", "precision", "dataset"):
        assert refused(lambda n=name: from_parameters({n: False})).endswith("got False")
    assert refused(lambda: from_parameters({"speed": True})) == "speed must be a word, got True"
    assert refused(lambda: from_parameters({"cache": 1})) == "cache must be one of auto, yes, no, got 1"


def test_what_papermill_injects_is_no_parameter():
    injected = {"PAPERMILL_INPUT_PATH": "a.ipynb", "PAPERMILL_OUTPUT_PATH": "b.ipynb"}
    assert check_parameters_cell(set(), injected | {"epochs": 5}) == {"epochs": 5}
    assert "unknown parameter 'PAPERMILL_PATH'" in refused(
        lambda: check_parameters_cell(set(), {"PAPERMILL_PATH": 1})
    )


# --- presets ------------------------------------------------------------------------------------------------


def test_every_table_of_presets_has_every_preset():
    names = set(PRESETS)
    assert (
        names
        == set(SOUND_PRESETS)
        == set(SECONDS_ON_CPU)
        == set(SOUND_SECONDS_ON_CPU)
        == set(TABLE["preset"].choices)
    )
    assert names >= set(OF_PRESET) | {grid.preset for grid in GRIDS.values()}
    assert names == set(Parameters.presets) == set(SoundParameters.presets)


@each_kind
def test_a_preset_that_is_none_is_a_sentence_and_no_keyerror(kind):
    about = dict(dataset="", domains=("a", "b"), data_checksum="", device="cpu")
    assert refused(lambda: config_of(kind(), "unit", preset="huge", **about)) == (
        "preset must be one of quick, reader, paper, aligned, modern, modern-aligned, got 'huge'"
    )
    if kind is SoundParameters:
        refused(lambda: kind().sound("huge"))


@pytest.mark.parametrize(("base", "name"), [("quick", "aligned"), ("modern", "modern-aligned")])
@each_kind
def test_an_aligned_preset_is_its_base_with_another_t(kind, base, name):
    about = dict(dataset="some", domains=("a", "b"), data_checksum="", device="cpu")
    plain, ours = (
        config_of(from_parameters({"preset": p}, kind), "avb_gtn", preset=p, **about) for p in (base, name)
    )
    assert ours == replace(plain, preset=name, **OF_PRESET[name]) and ours.t_prior == "other"


# --- the property -------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(
        [
            "auto",
            "1e400",
            "~nobody_",
            "\0",
            "a" * 300,
            "yes",
            "off",
            "brown,blond",
            "9" * 5000,
            "٣",
            "1_0",
            "-0",
        ]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ANY = settings(
    max_examples=150, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


@each_kind
@ANY
@given(data=st.data())
def test_any_value_of_any_parameter_is_used_or_refused_in_one_line(kind, data):
    names = st.lists(st.sampled_from(list(kind.checks)), min_size=1, max_size=3, unique=True)
    values = {name: data.draw(JSON, label=name) for name in data.draw(names, label="names")}
    try:
        p = from_parameters(values, kind)
    except ConfigError as error:
        assert str(error).isprintable() and len(str(error)) < 1200
    else:
        json.dumps({name: getattr(p, name) for name in kind.checks}, allow_nan=False)


@each_kind
@ANY
@example(name="\x1b[31m\n")
@example(name=10**5000)
@example(name="e" * 10_000)
@given(name=JSON.filter(lambda v: not isinstance(v, list | dict)))
def test_any_name_of_a_parameter_is_used_or_refused_in_one_line(kind, name):
    refused(lambda: from_parameters({name: 5}, kind))


@ANY
@given(name=st.sampled_from([f.name for f in fields(Config)]), value=JSON)
def test_any_value_in_a_stored_config_is_used_or_refused_in_one_line(name, value):
    try:
        Config.from_dict(AVB_GTN_CONFIG.to_dict() | {name: value}).fingerprint()
    except ConfigError as error:
        assert str(error).isprintable() and len(str(error)) < 1200


def test_the_data_sets_are_these():
    assert tuple(PICTURES) == ("heads", "celeba", "folder") and tuple(SOUNDS) == ("music", "irmas", "folder")
    assert TABLE["dataset"].choices == tuple(PICTURES) and OF_SOUND["dataset"].choices == tuple(SOUNDS)
    for rows in (PICTURES, SOUNDS):
        assert [row.name for row in rows.values() if row.built_in] == [next(iter(rows))]
