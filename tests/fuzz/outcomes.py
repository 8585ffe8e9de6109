"""One case in a child process, and what became of it.

The child is forked from a parent that has imported torch and does nothing else, so that a case costs
milliseconds and a crash costs nothing. It is ended when it hangs (no work for a quarter of a minute, or far
more work than any case needs: neither says anything about how busy the machine is) or when it takes more
memory than any case needs.
"""

import json
import os
import re
import signal
import socket
import sys
import time
import traceback
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

# Success and one sentence are right; each of the others is a fault.
RIGHT = ("success", "sentence")
WRONG = ("traceback", "hang", "memory", "silent difference")
KINDS = (*RIGHT, *WRONG)

IDLE_SECONDS = 15.0  # asleep so long without any work: it waits for something that does not come
CPU_SECONDS = 120.0  # the longest case works for some 5 s
RESIDENT_BYTES = 3 * 2**30  # torch alone is half a GB; address space says nothing
LONGEST_SENTENCE = 2000
ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "avbgtn"


class SilentDifference(Exception):
    """A case went through as if all were well, with another result than it should have."""


@dataclass(frozen=True)
class Outcome:
    """What became of a case.

    Attributes:
        kind: one of :data:`KINDS`.
        text: the result, the sentence, or the end of the traceback.
        cause: what tells one fault from another: the exception and the function that it came from.
        output: the last that the case printed.
    """

    kind: str
    text: str
    cause: str = ""
    output: str = ""

    @property
    def right(self) -> bool:
        return self.kind in RIGHT


def run(call: Callable[[], object], folder: Path, judge: Callable[..., Outcome] | None = None) -> Outcome:
    """Call ``call`` in a forked child and classify what it did.

    Args:
        folder: an existing folder of the case; ``report``, ``stdout`` and ``stderr`` are written there.
        judge: for a child that replaces itself by another program:
            (exit code, stdout, stderr, folder) to an Outcome.
    """
    pid = os.fork()
    if pid == 0:
        _child(call, folder)
    try:
        ended = _watch(pid)
    finally:  # also when the fuzzer itself is stopped
        _end_group(pid)
    out, err = (_tail(folder / name) for name in ("stdout", "stderr"))
    if ended in ("hang", "memory"):
        return Outcome(ended, f"{ended}; last output: {(out + err)[-500:]!r}", ended, out + err)
    if judge is not None:
        return judge(ended, out, err, folder)
    try:
        report = json.loads((folder / "report").read_text())
    except (OSError, ValueError):
        return Outcome("traceback", (out + err)[-2000:], f"the process ended with {_exit(ended)}", out + err)
    return Outcome(**report, output=(out + err)[-2000:])


def _exit(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _child(call: Callable[[], object], folder: Path) -> None:
    """Everything the child does; it never returns."""
    code = 70
    try:
        os.setsid()  # so that whatever the case starts can be ended with it
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for number, name in ((0, os.devnull), (1, folder / "stdout"), (2, folder / "stderr")):
            flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            handle = os.open(name, flags, 0o600)
            os.dup2(handle, number)
            os.close(handle)
        sys.stdout, sys.stderr = (open(n, "w", closefd=False, errors="backslashreplace") for n in (1, 2))
        socket.socket.connect = _no_network
        try:
            report = {"kind": "success", "text": str(call())}
        except BaseException as error:
            report = classify(error)
        sys.stdout.flush()
        sys.stderr.flush()
        (folder / "report").write_text(json.dumps(report))
        code = 0
    finally:
        os._exit(code)  # nothing of the parent's may run here, such as its handlers at exit


def _no_network(*arguments) -> None:
    raise OSError(101, "Network is unreachable")


def classify(error: BaseException) -> dict[str, str]:
    """A sentence of the package, or a traceback with its cause."""
    from avbgtn.errors import ConfigError, DataError, RunError

    if isinstance(error, SilentDifference):
        text = str(error)
        return {"kind": "silent difference", "text": text, "cause": re.sub(r"\d+", "N", text)[:100]}
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if Path(f.filename).is_relative_to(PACKAGE)]
    place = f"{Path(ours[-1].filename).relative_to(ROOT)} {ours[-1].name}()" if ours else "outside avbgtn"
    meant = isinstance(error, ConfigError | DataError | RunError)
    meant |= (
        type(error) is ValueError and bool(ours) and frames[-1] is ours[-1]
    )  # documented, and raised by us
    if meant and (trouble := not_one_clean_line(str(error))):
        return {"kind": "traceback", "text": repr(str(error)), "cause": f"{trouble} from {place}"}
    if meant:
        return {"kind": "sentence", "text": str(error), "cause": ""}
    last = (
        f" in {Path(frames[-1].filename).name}" if frames and (not ours or frames[-1] is not ours[-1]) else ""
    )
    text = "".join(traceback.format_exception(error))[-3000:]
    return {"kind": "traceback", "text": text, "cause": f"{type(error).__name__} from {place}{last}"}


def not_one_clean_line(text: str) -> str:
    """What is wrong with a sentence for people, or nothing."""
    if not text.strip():
        return "an empty sentence"
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text):
        return "a sentence with a line break or a control character"
    if re.search(r"\b0x[0-9a-f]{8,}", text):
        return "a sentence with an address"
    return "a sentence of thousands of characters" if len(text) > LONGEST_SENTENCE else ""


def _watch(pid: int) -> int | str:
    """The exit code (negative: the signal), or "hang" or "memory" for a child that had to be ended."""
    process, worked, since, pause = psutil.Process(pid), -1.0, time.monotonic(), 0.001
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        found = _trouble(process, worked, since)
        if isinstance(found, str):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return found
        worked, since = found
        time.sleep(pause)
        pause = min(0.02, pause * 1.3)


def _trouble(process: psutil.Process, worked: float, since: float) -> str | tuple[float, float]:
    try:
        with process.oneshot():
            times, status, resident = process.cpu_times(), process.status(), process.memory_info().rss
    except psutil.Error:  # it has just ended
        return worked, since
    now = times.user + times.system + times.children_user + times.children_system
    if resident > RESIDENT_BYTES:
        return "memory"
    if now > CPU_SECONDS:
        return "hang"
    if now > worked or status != psutil.STATUS_SLEEPING:
        return now, time.monotonic()
    return "hang" if time.monotonic() - since > IDLE_SECONDS else (worked, since)


def _end_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def _tail(path: Path) -> str:
    try:
        return path.read_bytes()[-20_000:].decode("utf-8", "backslashreplace")
    except OSError:
        return ""
