"""Pictures: files of every format that people have, whole, damaged, or no pictures at all."""

import warnings

import mutate
import torch
from hypothesis import strategies as st
from outcomes import SilentDifference
from PIL import Image, ImageCms, PngImagePlugin
from safetensors.torch import save_file

from avbgtn.data import image_from_file
from avbgtn.models import build
from avbgtn.translators.loading import Translator
from examples import AVB_GTN_CONFIG

SHARE, QUICK = 3, 50

FILES = """
    rgb.png rgba.png palette.png grey.png grey_alpha.png bilevel.png deep.png exif.png text.png icc.png
    interlaced.tif rgb.jpg cmyk.jpg grey.jpg progressive.jpg exif.jpg icc.jpg rgb.webp exif.webp
    moving.webp rgb.avif rgb.gif moving.gif rgb.tif deep.tif float.tif rgb.bmp rgb.ppm rgb.ico rgb.jp2
    rgb.tga rgb.pcx rgb.sgi rgb.dds rgb.qoi rgb.eps rgb.icns rgb.mpo rgb.pdf rgb.msp rgb.xbm rgb.im
    wide.png tiny.png
""".split()
ODD = (
    "empty",
    "folder",
    "missing",
    "fifo",
    "link to itself",
    "link to nothing",
    "long name",
    "name of bytes",
    "zeros",
    "text",
)
NAMES = ("a", "a.png", "a.jpg", "a.wav", "a b.png", "ä.webp", "a\nb.png", "\x1b[31m.png", "-o.png", "[a].eps")

cases = st.one_of(
    st.fixed_dictionaries(
        {
            "file": st.sampled_from(FILES),
            "edits": st.one_of(mutate.damages, mutate.damages, mutate.damages, st.just([])),
            "name": st.sampled_from(NAMES),
            "by": st.sampled_from(["read", "read", "translate"]),
        }
    ),
    st.fixed_dictionaries({"odd": st.sampled_from(ODD), "by": st.sampled_from(["read", "translate"])}),
)

SEEDS = [
    *({"odd": name, "by": "read"} for name in ODD),
    *({"file": name, "edits": [], "name": "a", "by": "translate"} for name in FILES),
    {
        "file": "exif.png",
        "edits": [{"do": "remove", "at": ["part", 990], "length": 20}],
        "name": "a",
        "by": "read",
    },
    {
        "file": "exif.webp",
        "edits": [{"do": "overwrite", "at": ["end", 30], "bytes": "ff" * 8}],
        "name": "a",
        "by": "read",
    },
    {
        "file": "rgb.avif",
        "edits": [{"do": "zero", "at": ["part", 500], "length": 64}],
        "name": "a",
        "by": "read",
    },
    {"file": "rgb.png", "edits": [], "name": "a\nb.png", "by": "translate"},
    {"file": "rgb.png", "edits": [{"do": "cut", "at": ["part", 500]}], "name": "a\nb.png", "by": "read"},
]


def prepare(originals):
    x = torch.linspace(0, 255, 48 * 40 * 3).reshape(48, 40, 3)
    noise = torch.rand(x.shape, generator=torch.Generator().manual_seed(1)) * 80
    rgb = Image.fromarray((x * 0.6 + noise).byte().numpy())
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a description " * 8
    exif[0x8769] = {0x9003: "2026:01:01 00:00:00"}
    text = PngImagePlugin.PngInfo()
    text.add_text("long", "x" * 3_000_000, zip=True)
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    moved = dict(save_all=True, append_images=[rgb.rotate(90, expand=False)] * 2)
    deep = Image.fromarray((x[..., 0] * 200).numpy().astype("uint16"))
    special = {
        "rgba.png": (rgb.convert("RGBA"), {}),
        "palette.png": (rgb.quantize(17), {}),
        "grey.png": (rgb.convert("L"), {}),
        "grey_alpha.png": (rgb.convert("LA"), {}),
        "bilevel.png": (rgb.convert("1"), {}),
        "deep.png": (deep, {}),
        "deep.tif": (deep, {}),
        "float.tif": (Image.fromarray(x[..., 0].numpy()), {}),
        "exif.png": (rgb, dict(exif=exif)),
        "text.png": (rgb, dict(pnginfo=text)),
        "icc.png": (rgb, dict(icc_profile=icc)),
        "icc.jpg": (rgb, dict(icc_profile=icc)),
        "interlaced.tif": (rgb, dict(compression="tiff_lzw")),
        "cmyk.jpg": (rgb.convert("CMYK"), {}),
        "grey.jpg": (rgb.convert("L"), {}),
        "progressive.jpg": (rgb, dict(progressive=True)),
        "exif.jpg": (rgb, dict(exif=exif)),
        "exif.webp": (rgb, dict(exif=exif)),
        "moving.webp": (rgb, moved),
        "moving.gif": (rgb, moved),
        "rgb.mpo": (rgb, moved),
        "rgb.msp": (rgb.convert("1"), {}),
        "rgb.xbm": (rgb.convert("1"), {}),
        "wide.png": (rgb.resize((3000, 33)), {}),
        "tiny.png": (rgb.resize((31, 200)), {}),
    }
    for name in FILES:
        image, options = special.get(name, (rgb, {}))
        try:
            image.save(originals / name, **options)
        except (OSError, ValueError, KeyError):  # a Pillow that writes no such files
            (originals / name).write_bytes(b"no such writer")
    save_file(build(AVB_GTN_CONFIG).state_dict(), originals / "model.safetensors")


def run(case, folder, originals):
    path = place(case, folder, originals)
    warnings.simplefilter("ignore")
    if case["by"] == "read":
        x = image_from_file(path, 32)
        if x.shape != (3, 32, 32) or not x.isfinite().all() or x.abs().max() > 1:
            raise SilentDifference(f"a picture was read as {tuple(x.shape)} or beyond [-1, 1]")
        return "read"
    model = build(AVB_GTN_CONFIG)
    picture = Translator(model).translate(path, "blond")
    if picture.mode != "RGB" or not picture.getbbox():
        raise SilentDifference("a picture was translated to black, or to another mode")
    return picture.size


def place(case, folder, originals):
    """Put the case's file into its folder; its path."""
    if "file" in case:
        path = folder / case["name"]
        path.write_bytes(mutate.damaged((originals / case["file"]).read_bytes(), case["edits"]))
        return path
    path = folder / "picture"
    match case["odd"]:
        case "name of bytes":
            path = folder / "\udcff\udcfe.png"
            path.write_bytes((originals / "rgb.png").read_bytes()[:100])
            return path
        case "text":
            path.write_text("<html>not found</html>")
            return path
    return mutate.planted(path, case["odd"])
