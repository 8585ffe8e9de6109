"""Data sets on the disk: CelebA and IRMAS in the layouts that people have,
and their lists and files damaged.
"""

import hashlib
import os
import shutil
import warnings

import mutate
import numpy as np
import soundfile
from hypothesis import strategies as st
from outcomes import SilentDifference
from PIL import Image

from avbgtn import data
from avbgtn.config.sound import Sound
from small_celeba import NAMES, PARTS, values

SHARE, QUICK = 3, 30
SOUND = Sound.of("band_gain", rate=8000, seconds=0.2, size=32)
# Folder of the pictures, the attributes, the partition; as torchvision, the authors,
# Kaggle and people lay them out.
LAYOUTS = (
    ("img_align_celeba", "list_attr_celeba.txt", "list_eval_partition.txt"),
    ("Img/img_align_celeba", "Anno/list_attr_celeba.txt", "Eval/list_eval_partition.txt"),
    ("img_align_celeba/img_align_celeba", "list_attr_celeba.csv", "list_eval_partition.csv"),
    ("IMG_ALIGN_CELEBA", "List_Attr_CelebA.txt", "List_Eval_Partition.txt"),
    ("img_align_celeba", "Anno/list_attr_celeba.csv", "Anno/list_eval_partition.csv"),
)
FOLDERS = (
    "celeba",
    "CelebA",
    "archive",
    "archive (2)",
    "versions/2",
    "datasets/jessicali9530/celeba-dataset/versions/2",
    "input/celeba-dataset",
    "CelebA-20180504T120000Z-001/CelebA",
    "My Drive/CelebA",
    "a/b/c/d",
    "IRMAS-TrainingData",
    "IRMAS",
    "",
    "",
)

cases = st.one_of(
    st.fixed_dictionaries(
        {
            "set": st.just("celeba"),
            "layout": st.integers(0, len(LAYOUTS) - 1),
            "inside": st.sampled_from(FOLDERS),
            "root": st.sampled_from(["top", "base", "pictures"]),
            "named": st.sampled_from(["celeba", "auto"]),
            "file": st.sampled_from(["attributes", "partition", "picture", "pictures", "none"]),
            "edits": st.one_of(mutate.damages, st.tuples(mutate.garbage)),
            "style": st.sampled_from(
                [
                    "plain",
                    "plain",
                    "quoted",
                    "blanks",
                    "decimals",
                    "index",
                    "utf-16",
                    "crlf",
                    "semicolons",
                    "bom",
                    "no newline",
                ]
            ),
        }
    ),
    st.fixed_dictionaries(
        {
            "set": st.just("irmas"),
            "inside": st.sampled_from(FOLDERS),
            "root": st.sampled_from(["top", "base", "pictures"]),
            "named": st.sampled_from(["irmas", "auto"]),
            "file": st.sampled_from(["sound", "folder", "name", "none"]),
            "edits": mutate.damages,
        }
    ),
    st.fixed_dictionaries(
        {
            "set": st.sampled_from(["celeba", "irmas"]),
            "special": st.sampled_from(["fifo", "link to itself", "folder", "deep", "other files", "empty"]),
            "named": st.sampled_from(["real", "auto"]),
        }
    ),
)

_plain = {
    "set": "celeba",
    "layout": 0,
    "inside": "celeba",
    "root": "top",
    "named": "auto",
    "file": "none",
    "edits": [],
    "style": "plain",
}
SEEDS = [
    *(_plain | {"inside": name} for name in dict.fromkeys(FOLDERS)),
    *(_plain | {"layout": k} for k in range(len(LAYOUTS))),
    *(_plain | {"root": name} for name in ("base", "pictures")),
    *(
        _plain | {"style": name, "layout": k}
        for name in ("quoted", "blanks", "decimals", "index", "utf-16", "semicolons")
        for k in (0, 2)
    ),
    *(
        {"set": "irmas", "inside": name, "root": "top", "named": "auto", "file": "none", "edits": []}
        for name in dict.fromkeys(FOLDERS)
    ),
    *(
        {"set": name, "special": how, "named": "auto"}
        for name in ("celeba", "irmas")
        for how in ("fifo", "deep", "folder", "other files", "empty")
    ),
]


def prepare(originals):
    noise = np.random.default_rng(0)
    (originals / "celeba").mkdir()
    for i in range(12):
        pixels = noise.integers(0, 255, (20, 16, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((178, 218)).save(originals / "celeba" / f"{i + 1:06d}.jpg", quality=40)
    for folder in ("pia", "vio"):
        (originals / "irmas" / folder).mkdir(parents=True)
        for i in range(40):
            x = 0.3 * noise.standard_normal((1000, 2)).clip(-1, 1)
            soundfile.write(originals / "irmas" / folder / f"[{folder}][cla]{i:04d}__1.wav", x, 8000)


def run(case, folder, originals):
    warnings.simplefilter("ignore")
    os.environ["AVBGTN_CACHE"] = str(folder / "cache")
    root = folder / "data"
    root.mkdir()
    if case["set"] == "irmas":
        chosen = _irmas(case, root, originals)
        found = data.load_sound(
            "irmas" if case["named"] == "real" else case["named"], sound=SOUND, root=chosen
        )
    else:
        chosen = _celeba(case, root, originals)
        found = data.load("celeba" if case["named"] == "real" else case["named"], root=chosen, size=32)
    if found.name != case["set"]:
        raise SilentDifference(f"a root with {case['set']} was named, and the data are {found.name}")
    x1, x2 = found.batch(0, 1, 0)
    if not (x1.isfinite().all() and x2.isfinite().all()):
        raise SilentDifference("a batch that is not finite")
    return found.checksum, hashlib.sha256(x1.numpy().tobytes() + x2.numpy().tobytes()).hexdigest()[:8]


def _celeba(case, root, originals):
    layout = LAYOUTS[case.get("layout", 0)]
    base = root / case.get("inside", "celeba")
    pictures, attributes, partition = (base / name for name in layout)
    pictures.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(originals / "celeba", pictures)
    style = case.get("style", "plain")
    _write(
        attributes,
        _rows(NAMES[:3], lambda i: map(int, values(i)[:3]), style, attributes.suffix, "image_id"),
        style,
    )
    _write(
        partition,
        _rows(("partition",), lambda i: (PARTS[i],), style, partition.suffix, "image_id", head=False),
        style,
    )
    if "special" in case:
        return _special(case["special"], root, pictures / "000001.jpg", pictures)
    files = {"attributes": attributes, "partition": partition, "picture": pictures / "000001.jpg"}
    if case["file"] == "pictures":
        shutil.rmtree(pictures)
    elif case["file"] in files:
        path = files[case["file"]]
        path.write_bytes(mutate.damaged(path.read_bytes(), case["edits"]))
    return {"top": root, "base": base, "pictures": pictures}[case["root"]]


def _rows(names, values, style, suffix, key, head=True) -> str:
    comma = {".txt": " ", ".csv": ","}[suffix] if style != "semicolons" else ";"

    def one(value):
        text = f"{value:.1f}" if style == "decimals" and isinstance(value, int) else str(value)
        return f'"{text}"' if style == "quoted" else f" {text} " if style == "blanks" else text

    lines = [[f"{i + 1:06d}.jpg", *values(i)] for i in range(12)]
    if suffix == ".csv":
        lines.insert(0, [key, *names])
    if style == "index":
        lines = [["" if isinstance(line[1], str) else k, *line] for k, line in enumerate(lines)]
    rows = [comma.join(map(one, line)) for line in lines]
    if suffix == ".txt" and head:
        rows = ["12", " ".join(names), *rows]
    return "\n".join(rows) + ("" if style == "no newline" else "\n")


def _write(path, text, style) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    encoding = {"utf-16": "utf-16", "bom": "utf-8-sig"}.get(style, "utf-8")
    path.write_bytes(text.replace("\n", "\r\n" if style == "crlf" else "\n").encode(encoding))


def _irmas(case, root, originals):
    base = root / case.get("inside", "irmas")
    shutil.copytree(originals / "irmas", base, dirs_exist_ok=True)
    sound = sorted((base / "pia").iterdir())[3]
    if "special" in case:
        return _special(case["special"], root, sound, base / "vio")
    if case["file"] == "sound":
        sound.write_bytes(mutate.damaged(sound.read_bytes(), case["edits"]))
    elif case["file"] == "folder":
        shutil.rmtree(base / "vio")
    elif case["file"] == "name":
        sound.rename(sound.with_name("my piano.wav"))
    return {"top": root, "base": base, "pictures": base / "pia"}[case["root"]]


def _special(how, root, file, folder):
    match how:
        case "fifo" | "link to itself" | "folder":
            file.unlink()
            mutate.planted(file, how)
        case "deep":
            deeper = root / "/".join("abcdefghij")
            deeper.mkdir(parents=True)
            for path in [p for p in root.iterdir() if p.name != "a"]:
                path.rename(deeper / path.name)
        case "other files":
            shutil.rmtree(folder)
            folder.mkdir()
            (folder / "thesis.tex").write_text("x")
        case "empty":
            shutil.rmtree(folder)
            folder.mkdir()
    return root
