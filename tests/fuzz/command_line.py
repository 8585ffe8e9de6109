"""The command line, each case in a fresh interpreter: odd arguments, environments, and places to write to.

Right is exit code 0, or 2 with exactly one line on stderr that begins with "error: ", beside notes.
What argparse itself refuses ends with such a line too, after its line on usage.
"""

import hashlib
import os
import re
import sys

import odd
from hypothesis import strategies as st
from outcomes import ROOT, Outcome, not_one_clean_line
from PIL import Image

from avbgtn.config.parameters import Parameters
from avbgtn.config.sound_parameters import SoundParameters
from examples import AVB_GTN_CONFIG

SHARE, QUICK = 6, 1
AT_LEAST = 300  # in the hour
TINY = (
    "--epochs",
    "1",
    "--size",
    "32",
    "--width",
    "2",
    "--models",
    "unit",
    "--dataset",
    "heads",
    "--preset",
    "quick",
)
STDOUT = ("file", "file", "file", "file", "closed", "full", "pipe that is closed")
ENVIRONMENT = {
    "AVBGTN_RUNS": ["", "~nobody/x", "/dev/null/x", "x" * 300, "a\nb", "/proc/x"],
    "AVBGTN_DATA": ["", "missing", "~nobody", "/dev/null", "x" * 300],
    "AVBGTN_CACHE": ["", "~nobody", "/dev/null/x"],
    "AVBGTN_PATIENCE": ["", "soon", "-1", "1e400"],
    "LOCAL_WORLD_SIZE": ["", "2", "0", "two", "1"],
    "WORLD_SIZE": ["", "2", "0", "two"],
    "RANK": ["", "0", "9", "x"],
    "PYTHONIOENCODING": ["ascii", "latin-1", "cp1252"],
    "LC_ALL": ["C", "xx_XX"],
    "COLUMNS": ["1", "x", "0"],
    "PYTHONWARNINGS": ["error", "x"],
    "OMP_NUM_THREADS": ["", "0", "x"],
    "HOME": ["", "/dev/null", "/nowhere"],
    "TMPDIR": ["/nowhere", ""],
}
_words = st.one_of(odd.words, odd.number_words, odd.paths).map(lambda w: w.replace("\0", "0"))
_names = sorted((set(Parameters.checks) | set(SoundParameters.checks)) - {"epochs", "cache"})


def _options(names, most: int):
    return st.lists(st.tuples(st.sampled_from(names), _words), max_size=most).map(
        lambda pairs: [part for name, value in pairs for part in (f"--{name}", value)]
    )


def _trains_nothing(options: list[str]) -> bool:
    """Whether no cell is asked for that there is: to train one takes an hour."""
    return not any(value.strip().isdecimal() for value in options[1::2])


_files = st.sampled_from(
    [
        "good.png",
        "good.png",
        "good.wav",
        "cut.png",
        "missing.png",
        ".",
        "/dev/null",
        "text.txt",
        "\udcff.png",
        "a\nb.png",
        "-x",
        "x" * 300,
    ]
)
_arguments = st.one_of(
    _options(_names, 2).map(lambda rest: ["train", *TINY, *rest]),
    _options(["epochs", "root", "devices", "keep", "workers", "cache", "speed", "log_every"], 2).flatmap(
        lambda rest: st.sampled_from(["run", "missing", ".", "/dev/null", "good.png", "\udcff"]).map(
            lambda d: ["resume", d, "--epochs", "2", *rest]
        )
    ),
    st.tuples(_files, _options(["weights", "to", "seed", "output"], 2)).map(
        lambda x: ["translate", x[0], *x[1]]
    ),
    st.tuples(
        _files,
        st.sampled_from(
            [
                "out.png",
                "out.jpg",
                "out.gif",
                "out.webp",
                "out.pdf",
                "out.xyz",
                "good.png",
                ".",
                "x" * 300 + ".png",
                "/dev/full",
                "/dev/null/x.png",
                "out.wav",
                "out",
            ]
        ),
    ).map(lambda x: ["translate", x[0], "-o", x[1]]),
    _options(["grid", "cell"], 2).filter(_trains_nothing).map(lambda rest: ["study", *rest]),
    st.lists(_words, max_size=3),
)
cases = st.fixed_dictionaries(
    {
        "arguments": _arguments,
        "environment": st.dictionaries(st.sampled_from(sorted(ENVIRONMENT)), st.integers(0, 5), max_size=2),
        "stdout": st.sampled_from(STDOUT),
    }
)

SEEDS = [
    {"arguments": ["translate", "good.png", "-o", "good.png"], "environment": {}, "stdout": "file"},
    {"arguments": ["translate", "\udcff.png"], "environment": {}, "stdout": "file"},
    {"arguments": ["study"], "environment": {}, "stdout": "pipe that is closed"},
    {"arguments": ["train", *TINY, "--seed", "9" * 400], "environment": {}, "stdout": "file"},
    {"arguments": ["train", *TINY, "--keep=-5"], "environment": {}, "stdout": "file"},
    {"arguments": ["study"], "environment": {"WORLD_SIZE": 0, "LOCAL_WORLD_SIZE": 1}, "stdout": "file"},
    {
        "arguments": ["translate", "good.png", "-o", "out.png", "--seed", "1" * 30],
        "environment": {},
        "stdout": "file",
    },
    {"arguments": ["translate", "good.png", "-o", "out.gif"], "environment": {}, "stdout": "full"},
]
# What is ignored is said too, and Python and OpenMP speak for themselves.
NOT_THE_SENTENCE = re.compile("note: |libgomp: |Invalid -W option ignored")
EVERY_MINUTE = (0, 2, 3)  # of the seeds, in the minute of `make test`: an interpreter takes seconds to start


def prepare(originals):
    from dataclasses import replace

    import soundfile

    from avbgtn.training.train import train
    from examples import RandomDomains

    Image.linear_gradient("L").convert("RGB").save(originals / "good.png")
    (originals / "cut.png").write_bytes((originals / "good.png").read_bytes()[:200])
    (originals / "text.txt").write_text("hello")
    soundfile.write(originals / "good.wav", [[0.1, 0.2], [0.2, -0.1]] * 2000, 16000)
    train(
        replace(AVB_GTN_CONFIG, width=2),
        RandomDomains(),
        epochs=1,
        run_dir=originals / "run",
        say=lambda text: None,
    )


def run(case, folder, originals):
    """Become the command; the outcome is judged by what it leaves."""
    work = folder / "work"
    work.mkdir()
    for name in ("good.png", "cut.png", "text.txt", "good.wav"):
        (work / name).write_bytes((originals / name).read_bytes())
    os.system(f"cp -r '{originals / 'run'}' '{work / 'run'}'")
    if any("\udcff.png" in a for a in case["arguments"]):
        (work / "\udcff.png").write_bytes((originals / "good.png").read_bytes())
    (folder / "before").write_text(_sums(work))
    os.chdir(work)
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment |= {
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        "AVBGTN_RUNS": str(work / "runs"),
        "AVBGTN_DATA": str(work),
    }
    environment |= {
        name: "http://127.0.0.1:9" for name in ("http_proxy", "https_proxy", "HTTPS_PROXY")
    }  # no network
    environment |= {
        name: ENVIRONMENT[name][k % len(ENVIRONMENT[name])] for name, k in case["environment"].items()
    }
    _stdout(case["stdout"])
    arguments = [a.encode("utf-8", "surrogateescape") for a in case["arguments"]]
    os.execve(sys.executable, [sys.executable, b"-m", b"avbgtn", *arguments], environment)


def _stdout(where: str) -> None:
    if where == "closed":
        os.close(1)
    elif where == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
    elif where == "pipe that is closed":
        read, write = os.pipe()
        os.dup2(write, 1)
        os.close(read)
        os.close(write)


CLOSED = 141  # 128 + SIGPIPE: what a shell gives for a program whose reader is gone, as in `study | head -1`


def _sums(work) -> str:
    return " ".join(
        hashlib.sha256((work / name).read_bytes()).hexdigest() for name in ("good.png", "good.wav")
    )


def judge(code, out, err, folder) -> Outcome:
    if _sums(folder / "work") != (folder / "before").read_text():
        text = "the user's own file was overwritten"
        return Outcome("silent difference", text, text, out + err)
    lines = [line for line in err.splitlines() if line and not NOT_THE_SENTENCE.match(line)]
    if code == CLOSED and not lines:
        return Outcome("success", "a quiet end, as nobody reads on", "", out)
    if "Traceback (most recent call last)" in err or code not in (0, 2):
        last = lines[-1] if lines else ""
        frames = re.findall(r'File "[^"]*?/((?:avbgtn|PIL|soundfile)\S*?)", line \d+, in (\S+)', err)
        where = " ".join(frames[-1]) if frames else ""
        return Outcome(
            "traceback",
            err[-3000:],
            f"exit {code}: {re.sub(r'[^A-Za-z].*', '', last)[:40]} from {where}",
            out,
        )
    if code == 0:
        return Outcome("success", out[-200:], "", err)
    if lines and lines[0].startswith("usage: ") and ": error: " in lines[-1]:  # argparse's own
        return Outcome("sentence", lines[-1], "", out)
    if len(lines) != 1 or not lines[0].startswith("error: "):
        return Outcome(
            "traceback",
            err[-2000:],
            f"exit 2 with {len(lines)} lines on stderr: {' '.join(lines)[:40]!r}",
            out,
        )
    trouble = not_one_clean_line(lines[0])
    return Outcome("traceback", err, trouble, out) if trouble else Outcome("sentence", lines[0], "", out)
