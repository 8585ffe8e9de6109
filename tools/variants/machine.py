"""The instruction sets that a processor can be held to, and what each really changes on the machine at hand.

A library picks its code by processor, so another processor is as good as another seed to a training in
float32. Three libraries can be told to use less than there is: torch's own loops (``ATEN_CPU_CAPABILITY``),
its convolutions (``ONEDNN_MAX_CPU_ISA``) and its matrix products (``MKL_CBWR``).
"""

import json
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

# Each is read when torch is imported. The first is the processor as it is.
VARIANTS: dict[str, dict[str, str]] = {
    "as it is": {},
    "avx512": {"ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE"},
    "avx2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "sse41": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"},
    "loops without vectors": {"ATEN_CPU_CAPABILITY": "default"},
    "convolutions by avx2": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
    "compatible products": {"MKL_CBWR": "COMPATIBLE"},
    # The tests' conftest.py sets one else
    "two threads": {"OMP_NUM_THREADS": "2", "AVBGTN_TEST_THREADS": "2"},
}
SETTINGS = sorted({name for settings in VARIANTS.values() for name in settings})

# What one update of a small network comes to, to the last bit; printed by a child,
# since all is decided at import.
PROBE = """
import hashlib, json, torch
torch.set_num_threads(int(__import__("os").environ["OMP_NUM_THREADS"]))
draw = torch.Generator().manual_seed(0)
x = torch.randn(2, 16, 64, 64, generator=draw)
w = torch.randn(32, 16, 3, 3, generator=draw).mul(0.1).requires_grad_()
v = torch.randn(300, 64, generator=draw).requires_grad_()
y = torch.nn.functional.instance_norm(torch.nn.functional.conv2d(x, w, padding=1)).tanh()
z = torch.randn(64, 300, generator=draw) @ v
(y.square().mean() + torch.nn.functional.softplus(z).mean()).backward()
bits = b"".join(t.detach().numpy().tobytes() for t in (y, z, w.grad, v.grad))
print(json.dumps({"capability": torch.backends.cpu.get_cpu_capability(), \
"bits": hashlib.sha256(bits).hexdigest()[:12]}))
"""


def environment(variant: str) -> dict[str, str]:
    """The environment of a child that is held to a variant: one thread unless it says two, no GPU."""
    plain = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    one = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "JUPYTER_PREFER_ENV_PATH": "1"}
    return plain | one | VARIANTS[variant]


def in_use(variant: str) -> dict[str, str] | None:
    """What the libraries say that they use: torch's capability, oneDNN's instruction set,
    and the bits of one update.

    None where the processor lacks the instructions: torch does not ask it,
    and the child ends at the first of them.
    """
    env = environment(variant) | {"ONEDNN_VERBOSE": "1"}
    child = subprocess.run([sys.executable, "-c", PROBE], env=env, capture_output=True, text=True)
    if child.returncode == -signal.SIGILL:
        return None
    if child.returncode:
        raise RuntimeError(f"variant {variant!r}: {child.stderr.strip().splitlines()[-1]}")
    said = child.stdout.splitlines()
    sets = [
        line.split("isa:")[1] for line in said if line.startswith("onednn_verbose") and ",cpu,isa:" in line
    ]
    return json.loads(said[-1]) | {"convolutions": sets[0] if sets else "unknown"}


def distinct(found: dict[str, dict[str, str]]) -> list[str]:
    """The variants that really differ: of those whose update gave the same bits,
    only the first counts as run.
    """
    first = {}
    for name, use in found.items():
        first.setdefault(use["bits"], name)
    return list(first.values())


def processor() -> str:
    """The name of the processor, as the system gives it."""
    information = Path("/proc/cpuinfo")
    if information.is_file():
        names = [
            line.split(":", 1)[1].strip()
            for line in information.read_text().splitlines()
            if line.startswith("model name")
        ]
        if names:
            return names[0]
    return platform.processor() or platform.machine()
