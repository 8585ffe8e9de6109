"""Sounds: every format that libsndfile knows, headers that lie, and lengths of every remainder."""

import os
import struct
import warnings

import mutate
import numpy as np
import soundfile
import torch
from hypothesis import strategies as st
from outcomes import SilentDifference
from parameters import CONFIGS
from pictures import ODD
from pictures import place as place_odd

from avbgtn.config import Config
from avbgtn.config.sound import Sound
from avbgtn.files import sound_files
from avbgtn.models import build
from avbgtn.translators.sounds import SoundTranslator

SHARE, QUICK = 3, 20
RATE = 8000
FORMATS = {
    "pcm16.wav": ("WAV", "PCM_16"),
    "pcm24.wav": ("WAV", "PCM_24"),
    "u8.wav": ("WAV", "PCM_U8"),
    "float.wav": ("WAV", "FLOAT"),
    "wavex.wav": ("WAVEX", "PCM_16"),
    "a.flac": ("FLAC", "PCM_16"),
    "a.ogg": ("OGG", "VORBIS"),
    "a.opus": ("OGG", "OPUS"),
    "a.mp3": ("MP3", "MPEG_LAYER_III"),
    "a.aiff": ("AIFF", "PCM_16"),
    "a.au": ("AU", "PCM_16"),
    "a.caf": ("CAF", "PCM_16"),
    "a.w64": ("W64", "PCM_16"),
    "a.rf64": ("RF64", "PCM_16"),
    "gsm.wav": ("WAV", "GSM610"),
    "ima.wav": ("WAV", "IMA_ADPCM"),
    "a.voc": ("VOC", "PCM_16"),
    "a.ircam": ("IRCAM", "PCM_16"),
}
# Headers that promise too much, nothing, or the absurd: (offset, format, value) in a plain WAV file.
LIES = {
    "plus36": (40, "<I", 36),
    "size0": (40, "<I", 0),
    "size of pipes": (40, "<I", 0xFFFFFFFF),
    "riff0": (4, "<I", 0),
    "rate1": (24, "<I", 1),
    "rate0": (24, "<I", 0),
    "rate huge": (24, "<I", 2**31 - 1),
    "channels0": (22, "<H", 0),
    "channels huge": (22, "<H", 1024),
    "bits0": (34, "<H", 0),
}
NAMES = ("a", "a.wav", "a.mp3", "a.png", "a\nb.wav", "\x1b[31m.wav", "-o.flac")
_by = st.sampled_from(["read", "read", "translate"])

cases = st.one_of(
    st.fixed_dictionaries(
        {
            "file": st.sampled_from(sorted(FORMATS)),
            "edits": st.one_of(mutate.damages, mutate.damages, mutate.damages, st.just([])),
            "name": st.sampled_from(NAMES),
            "by": _by,
        }
    ),
    st.fixed_dictionaries(
        {"lie": st.sampled_from(sorted(LIES)), "edits": st.one_of(st.just([]), mutate.damages), "by": _by}
    ),
    st.fixed_dictionaries({"odd": st.sampled_from(ODD), "by": _by}),
    st.fixed_dictionaries(
        {
            "rate": st.sampled_from([RATE, RATE, 11025, 44100, 5, 8001, 192000]),
            "samples": st.integers(0, 12000),
            "channels": st.sampled_from([1, 2, 2, 3, 6]),
            "level": st.sampled_from([0.3, 1.0, 4.0, 1e-4, 1e-8, 1e-30, 0.0]),
            "sides": st.sampled_from(["both", "left"]),
        }
    ),
)

SEEDS = [
    *({"lie": name, "edits": [], "by": by} for name in LIES for by in ("read", "translate")),
    *({"file": name, "edits": [], "name": "a", "by": "translate"} for name in FORMATS),
    *({"odd": name, "by": "read"} for name in ODD),
    *(
        {"rate": RATE, "samples": 15871 % 512 + 512 * k, "channels": 2, "level": 0.3, "sides": "both"}
        for k in (4, 9, 15)
    ),
    {"rate": RATE, "samples": 9000, "channels": 2, "level": 0.3, "sides": "left"},
    {"rate": RATE, "samples": 9000, "channels": 2, "level": 1e-8, "sides": "both"},
    {
        "file": "a.flac",
        "edits": [{"do": "overwrite", "at": ["start", 21], "bytes": "0fffffffff"}],
        "name": "a.flac",
        "by": "read",
    },
]


def _tone(samples: int, rate: int, channels: int, level: float, sides: str = "both") -> np.ndarray:
    t = np.arange(samples) / rate
    noise = np.random.default_rng(1).uniform(-0.3, 0.3, (samples, channels))
    x = level * (0.7 * np.sin(2 * np.pi * 440 * t)[:, None] + noise)
    return x * (np.arange(channels) == 0) if sides == "left" else x


def prepare(originals):
    x = _tone(6000, RATE, 2, 0.5)
    for name, (kind, subtype) in FORMATS.items():
        try:
            soundfile.write(
                originals / name, x[:, :1] if subtype == "GSM610" else x, RATE, format=kind, subtype=subtype
            )
        except (soundfile.LibsndfileError, ValueError):  # a libsndfile that writes no such files
            (originals / name).write_bytes(b"no such writer")
    from PIL import Image

    Image.new("RGB", (40, 40)).save(originals / "rgb.png")


def _small_translator() -> SoundTranslator:
    sound = Sound.of("band_gain", rate=RATE, seconds=0.5, size=32)
    config = {"sound": sound, "width": 2}
    return SoundTranslator(build(Config(**(vars(CONFIGS["sound"]) | config))))


def run(case, folder, originals):
    if "samples" in case:
        return _of_any_length(case, folder)
    path = _place(case, folder, originals)
    warnings.simplefilter("ignore")
    if case["by"] == "read":
        wave, rate = sound_files.read(path)
        if wave.shape[0] != 2 or not wave.isfinite().all() or wave.abs().max() > 1 or rate < 1:
            raise SilentDifference(f"a sound was read as {tuple(wave.shape)} or beyond [-1, 1]")
        return wave.shape
    output = _small_translator().translate_file(path, "violin", folder / "out.wav")
    return soundfile.info(output).frames


def _place(case, folder, originals):
    if "odd" in case:
        return place_odd(case, folder, originals)
    path = folder / case.get("name", "a.wav")
    data = (originals / case.get("file", "pcm16.wav")).read_bytes()
    if "lie" in case:
        offset, form, value = LIES[case["lie"]]
        if case["lie"] == "plus36":
            value += struct.unpack_from(form, data, offset)[0]
        data = bytearray(data)
        struct.pack_into(form, data, offset, value)
    path.write_bytes(mutate.damaged(bytes(data), case["edits"]))
    return path


def _of_any_length(case, folder):
    """A sound that is as loud at its end as in its middle comes back so, and not scaled down."""
    x = _tone(case["samples"], case["rate"], case["channels"], case["level"], case["sides"])
    soundfile.write(folder / "in.wav", x, case["rate"], subtype="FLOAT")
    warnings.simplefilter("ignore")
    output = _small_translator().translate_file(folder / "in.wav", "violin", folder / "out.wav")
    if not os.path.getsize(output):
        raise SilentDifference("an empty sound was written")
    y = torch.from_numpy(soundfile.read(output, always_2d=True)[0])
    if len(y) < 4096 or case["level"] not in (0.3, 1.0):
        return len(y)
    middle, end = y[512:-1024].abs().max(), y[-512:].abs().max()
    if end > 2 * middle:
        raise SilentDifference(f"the end is {end / middle:.0f} times as loud as the middle")
    level = 20 * torch.log10(y[:-1024].square().mean().sqrt() / np.sqrt(np.square(x).mean())).item()
    if not -9 < level < 9:
        raise SilentDifference(f"what came out is {level:.0f} dB louder or quieter than what went in")
    return len(y)
