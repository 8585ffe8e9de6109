"""Parameters: any value for any name, of pictures and of sound; and configs as they come from files."""

from dataclasses import fields, replace

import mutate
import odd
from hypothesis import strategies as st
from outcomes import SilentDifference

from avbgtn.config import Config
from avbgtn.config.parameters import OTHER_NAMES, Parameters, from_parameters
from avbgtn.config.sound import Sound
from avbgtn.config.sound_parameters import SoundParameters
from examples import AVB_GTN_CONFIG, UNIT_CONFIG

SHARE, QUICK = 3, 150  # of the hour's time, and cases of the minute
SOUND = Sound("complex", rate=8000, fft=62, hop=31, rows=32, columns=32)
CONFIGS = {
    "unit": UNIT_CONFIG,
    "avb_gtn": AVB_GTN_CONFIG,
    "sound": replace(AVB_GTN_CONFIG, dataset="music", domains=("piano", "violin"), sound=SOUND),
}
# Numbers above these are no sizes: a computer that takes them would take no other
# program's memory but all of it.
LARGEST = {
    "width": 10**5,
    "batch": 10**6,
    "t_steps": 10**6,
    "adaptive_contrast": 10**6,
    "noise_channels": 10**5,
    "private_blocks": 10**5,
    "shared_blocks": 10**5,
    "size": 10**5,
    "seed": 2**64,
    "code_channels": 10**6,
    "devices": 10**6,
    "workers": 10**6,
    "lr_halve_every": 2**63,
    "epochs": 2**63,
}

_names = {
    "pictures": st.sampled_from(sorted(Parameters.checks)),
    "sounds": st.sampled_from(sorted(SoundParameters.checks)),
}
_odd_names = st.one_of(
    st.sampled_from(sorted(OTHER_NAMES)),
    odd.words,
    st.sampled_from(["Epochs", "learning-rate", "clip", "image"]),
)


def _of(kind: str):
    names = st.one_of(_names[kind], _names[kind], _names[kind], _odd_names)
    return st.fixed_dictionaries(
        {"of": st.just(kind), "values": st.dictionaries(names, odd.values, min_size=1, max_size=3)}
    )


cases = st.one_of(
    _of("pictures"),
    _of("sounds"),
    st.fixed_dictionaries(
        {
            "of": st.just("config"),
            "config": st.sampled_from(sorted(CONFIGS)),
            "edits": st.one_of(
                mutate.json_edits,
                st.lists(
                    st.fixed_dictionaries(
                        {
                            "way": st.lists(st.integers(0, 60), min_size=1, max_size=2),
                            "do": st.just("set"),
                            "value": odd.plain,
                        }
                    ),
                    min_size=1,
                    max_size=2,
                ),
            ),
        }
    ),
)

SEEDS = [
    {"of": "sounds", "values": {"preset": "aligned"}},
    {
        "of": "pictures",
        "values": {"cache": False, "lr": "1e-3", "models": "avb_gtn", "dataset": "heads"},
    },  # YAML's no
    {"of": "pictures", "values": {"cache": True}},
    {"of": "pictures", "values": {"cache": "True"}},
    {"of": "pictures", "values": {"speed": False}},
    {"of": "pictures", "values": {"lr": 10**400}},
    {"of": "pictures", "values": {"epochs": "1" * 5000}},
    {"of": "pictures", "values": {"seed": 2**64}},
    {"of": "pictures", "values": {"image": "x" * 300}},
    {"of": "pictures", "values": {"root": "~nobody/x"}},
    {"of": "pictures", "values": {"run_dir": "x" * 300}},
    {"of": "sounds", "values": {"clip": "x" * 300}},
    {"of": "sounds", "values": {"rate": 10**400}},
    {"of": "sounds", "values": {"seconds": 1e308}},
]


def run(case, folder, originals):
    if case["of"] == "config":
        given = mutate.json_edited(CONFIGS[case["config"]].to_dict(), case["edits"])
        if not isinstance(given, dict):
            return "no dictionary, and the callers' affair"
        config = Config.from_dict(given)
        if Config.from_dict(config.to_dict()) != config:
            raise SilentDifference("a config read back from its own dictionary is another one")
        _reasonable({f.name: getattr(config, f.name) for f in fields(config)})
        return config.fingerprint()
    kind = {"pictures": Parameters, "sounds": SoundParameters}[case["of"]]
    parameters = from_parameters({name: odd.made(value) for name, value in case["values"].items()}, kind)
    again = from_parameters({name: getattr(parameters, name) for name in case["values"]}, kind)
    if again != parameters:
        raise SilentDifference("parameters that were checked twice are others than those checked once")
    _reasonable(vars(parameters))
    return parameters


def _reasonable(values) -> None:
    for name, most in LARGEST.items():
        value = values.get(name)
        if value is not None and value > most:
            raise SilentDifference(
                f"{name} has no upper bound: about 1e{len(str(abs(value))) - 1} was accepted"
            )
