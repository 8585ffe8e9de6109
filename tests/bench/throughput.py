"""How fast training pictures come: decoded when they are needed, ahead by threads, or once into a cache.

``python tests/bench/throughput.py`` writes a CelebA of a few hundred JPEGs of the real size (178 x 218
pixels, about 12 kB) into a temporary folder, draws one pass over it in each way, and prints one line a way.
Every rate includes crop, flip and conversion, as :meth:`avbgtn.data.Domains.batch` does them. "wall" is what
a training would wait if it did nothing else; "cpu" is what it costs a core, threads included.
"""

import os
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests' helpers

import numpy as np  # noqa: E402
from PIL import Image  # noqa: E402

from avbgtn import data  # noqa: E402
from small_celeba import NAMES, write_text  # noqa: E402

BATCH = 4
VALIDATION = 2  # pictures a domain


def write_celeba(root: Path, pictures: int) -> None:
    """``pictures`` training JPEGs in torchvision's layout, alternately brown and blond: coarse colours with
    grain, which fills as many bytes, and takes as long to decode, as a photograph."""
    draw = np.random.default_rng(0)
    folder = root / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    total = pictures + 2 * VALIDATION
    files = [f"{i + 1:06d}.jpg" for i in range(total)]
    for name in files:
        coarse = Image.fromarray(draw.integers(0, 256, (28, 23, 3), dtype=np.uint8))
        fine = np.asarray(coarse.resize((178, 218), Image.Resampling.BICUBIC), np.int16)
        grain = draw.integers(-6, 7, (218, 178, 1), dtype=np.int16)
        Image.fromarray((fine + grain).clip(0, 255).astype(np.uint8)).save(folder / name, quality=85)
    parts = [0] * pictures + [1] * (2 * VALIDATION)

    def row(i: int) -> list[str]:
        mine = ("Brown_Hair", "Blond_Hair")[i % 2]
        return ["1" if name == mine else "-1" for name in NAMES]

    lists = root / "celeba" / "list_attr_celeba.txt", root / "celeba" / "list_eval_partition.txt"
    write_text(*lists, files, row, parts)


def measured(pictures: int, work) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"pictures_per_s": pictures / wall, "wall_ms_per_picture": 1e3 * wall / pictures,
            "cpu_ms_per_picture": 1e3 * cpu / pictures}  # fmt: skip


def drawn(domains: data.Domains, pictures: int) -> dict[str, float]:
    """``pictures`` of both domains together, in batches."""

    def draw() -> None:
        for epoch in range(pictures // (2 * BATCH)):
            domains.batch(epoch, BATCH, 0)

    return measured(pictures // (2 * BATCH) * 2 * BATCH, draw)


def throughput(pictures: int = 240, size: int = 128) -> dict:
    """Rates of every way to read pictures of ``size`` pixels; 2 to 3 CPU-seconds at 240 pictures.

    Returns:
        ``{"pictures", "size", "jpeg_bytes", "open_ms", "ways"}``, of each way in ``"ways"``
        ``{"pictures_per_s", "wall_ms_per_picture", "cpu_ms_per_picture"}``. The ways: ``main thread``,
        ``workers=1``, ``workers=2``, ``cache, built`` (decoded by two threads and written),
        ``cache, read``, ``heads``.
        ``open_ms``: to read the lists and find the cache whole, as every later start does.
    """
    ways = {}
    with tempfile.TemporaryDirectory(prefix="avbgtn-throughput-") as folder, mock.patch.dict(os.environ):
        root = Path(folder)
        write_celeba(root, pictures)
        files = list((root / "celeba" / "img_align_celeba").iterdir())
        os.environ.pop("AVBGTN_CACHE", None)  # the cache lies in the temporary folder, too

        def celeba(**options):
            return data.load("celeba", root=root, size=size, **options)

        for name, workers in (("main thread", 0), ("workers=1", 1), ("workers=2", 2)):
            ways[name] = drawn(celeba(workers=workers), pictures)
        two = celeba(workers=2)
        ways["cache, built"] = measured(pictures, lambda: two.use_cache(say=lambda text: None))
        found = {}
        opened = measured(1, lambda: found.update(cached=celeba(cache=True)))
        ways["cache, read"] = drawn(found["cached"], pictures)
        heads = data.load("heads", size=size)
        heads.image(1, 0)
        ways["heads"] = drawn(heads, pictures)
        return {
            "pictures": pictures,
            "size": size,
            "jpeg_bytes": sum(f.stat().st_size for f in files) // len(files),
            "open_ms": opened["wall_ms_per_picture"],
            "ways": ways,
        }


def lines(found: dict) -> list[str]:
    """The table for people."""
    about = f"{found['pictures']} pictures, {found['size']} px, {found['jpeg_bytes'] / 1e3:.1f} kB a JPEG"
    rows = [f"{about}; lists read and cache opened in {found['open_ms']:.0f} ms"]
    for name, way in found["ways"].items():
        rows.append(
            f"{name:<14}{way['pictures_per_s']:>10,.0f} pictures/s{way['wall_ms_per_picture']:>9.3f} ms wall"
            f"{way['cpu_ms_per_picture']:>9.3f} ms cpu"
        )
    return rows


if __name__ == "__main__":
    for size in (64, 128):
        print("\n".join(lines(throughput(size=size))))
    print(f"{time.process_time():.1f} CPU-seconds in all")
