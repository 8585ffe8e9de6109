"""Opening pictures: colour profiles, depths, damage and what is no picture; for a person's own and for a
data set's."""

import os
import random
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from avbgtn.data import images
from avbgtn.data.images import open_image
from avbgtn.errors import DataError

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def xyz(*values):
    return b"XYZ \0\0\0\0" + b"".join(round(v * 65536).to_bytes(4, "big", signed=True) for v in values)


def profile(space, tags):
    """An ICC profile, version 2 (ICC.1:2001-04): header, table of tags, tags."""
    tags = {b"desc": b"desc\0\0\0\0\0\0\0\5test\0" + bytes(79), b"wtpt": xyz(0.9642, 1, 0.8249)} | tags
    table, body = len(tags).to_bytes(4, "big"), b""
    for name, data in tags.items():
        start = 128 + 4 + 12 * len(tags) + len(body)
        table += name + start.to_bytes(4, "big") + len(data).to_bytes(4, "big")
        body += data + bytes(-len(data) % 4)
    head = bytearray(128)
    head[0:4] = (128 + len(table) + len(body)).to_bytes(4, "big")
    head[8:12], head[12:16], head[16:20], head[20:24] = b"\2\x10\0\0", b"mntr", space, b"XYZ "
    head[36:40], head[68:80] = b"acsp", xyz(0.9642, 1, 0.8249)[8:]
    return bytes(head) + table + body


def gamma(value):
    return b"curv\0\0\0\0\0\0\0\1" + round(value * 256).to_bytes(2, "big")


P3 = profile(
    b"RGB ",
    {
        b"rXYZ": xyz(0.5151, 0.2412, -0.0011), b"gXYZ": xyz(0.2920, 0.6922, 0.0419),
        b"bXYZ": xyz(0.1571, 0.0666, 0.7841), b"rTRC": gamma(2.2), b"gTRC": gamma(2.2), b"bTRC": gamma(2.2),
    },
)  # fmt: skip
P3_TO_XYZ = np.array([[0.5151, 0.2920, 0.1571], [0.2412, 0.6922, 0.0666], [-0.0011, 0.0419, 0.7841]])
SRGB_TO_XYZ = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7139]])  # D50
LINEAR_GREY = profile(b"GRAY", {b"kTRC": gamma(1.0)})


@pytest.fixture
def noise():
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8))


def saved(image, path, **options):
    image.save(path, **options)
    return path


def opened(path):
    said = []
    return np.asarray(open_image(path, say=said.append)).astype(int), said


def test_display_p3_becomes_srgb(tmp_path):
    colour = np.array([200, 80, 60])
    linear = np.linalg.solve(SRGB_TO_XYZ, P3_TO_XYZ @ (colour / 255) ** 2.2)
    expected = 255 * np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert expected[0] > 210, "a red of P3 is a stronger red in sRGB"
    path = saved(Image.new("RGB", (40, 40), tuple(colour.tolist())), tmp_path / "p3.png", icc_profile=P3)
    pixels, said = opened(path)
    assert np.abs(pixels - expected).max() <= 2, (pixels[0, 0], expected)
    assert len(said) == 1 and "converted from 'test' to sRGB" in said[0]


def test_transparency_and_orientation_survive_a_profile(tmp_path):
    image = Image.new("RGBA", (60, 40), (200, 80, 60, 255))
    image.paste((0, 0, 0, 0), (0, 0, 60, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels, said = opened(saved(image, tmp_path / "a.png", icc_profile=P3, exif=exif))
    assert pixels.shape == (60, 40, 3) and len(said) == 3
    assert (pixels[:, 20:] == 255).all() and pixels[0, 0, 0] > 205


def test_greys_with_a_profile_stay_grey(tmp_path):
    path = saved(Image.new("L", (40, 40), 55), tmp_path / "grey.png", icc_profile=LINEAR_GREY)
    pixels, said = opened(path)
    assert (pixels == pixels[..., :1]).all() and abs(pixels[0, 0, 0] - 128) <= 2, "linear 0.216 is sRGB 0.5"
    assert "greys were converted" in said[0]


def test_srgb_is_left_alone_byte_for_byte(noise, tmp_path):
    pixels, said = opened(saved(noise, tmp_path / "s.png", icc_profile=SRGB))
    assert (pixels == np.asarray(noise)).all() and not said


@pytest.mark.parametrize("broken", [b"no profile", SRGB[:200], b"\0" * 300, LINEAR_GREY])
def test_a_broken_profile_or_one_of_another_kind_is_left_out_and_said(broken, noise, tmp_path):
    pixels, said = opened(saved(noise, tmp_path / "s.png", icc_profile=broken))
    assert (pixels == np.asarray(noise)).all() and len(said) == 1 and "colour profile is" in said[0]


def test_cmyk_without_a_profile_opens_as_before(noise, tmp_path):
    cmyk = saved(noise.convert("CMYK"), tmp_path / "c.jpg", quality=95)
    assert (opened(cmyk)[0] == np.asarray(Image.open(cmyk).convert("RGB"))).all()


def test_16_bits_are_rounded_to_8(tmp_path):
    values = np.arange(64 * 1024, dtype=np.uint16).reshape(256, 256)
    for name in ("deep.png", "deep.tif"):
        pixels, said = opened(saved(Image.fromarray(values), tmp_path / name))
        assert (pixels == np.rint(values / 257)[..., None]).all(), name
        assert "16 bits" in said[0]


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "JPEG"])
@pytest.mark.filterwarnings("ignore")
def test_exif_that_is_cut_leaves_the_picture(kind, noise, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    whole = exif.tobytes()
    for cut in range(1, len(whole)):
        buffer = BytesIO()
        try:
            noise.save(buffer, kind, exif=whole[:cut])
        except Exception:  # Pillow refuses to write some of these
            continue
        path = tmp_path / "cut"
        path.write_bytes(buffer.getvalue())
        assert open_image(path).size in ((64, 48), (48, 64))


@pytest.mark.parametrize(
    "kind", ["PNG", "WEBP", "AVIF", "JPEG", "GIF", "TIFF", "BMP", "JPEG2000", "TGA", "ICO", "QOI"]
)
@pytest.mark.filterwarnings("ignore")
def test_damage_is_one_sentence(kind, noise, tmp_path):
    buffer = BytesIO()
    noise.save(buffer, kind, **({"sizes": [(32, 32)]} if kind == "ICO" else {}))
    draw, whole, refused = random.Random(kind), buffer.getvalue(), 0
    for k in range(40):
        data = bytearray(whole)
        if k % 2:
            del data[draw.randrange(len(data)) :]
        else:
            for _ in range(3):
                data[draw.randrange(min(len(data), 600))] ^= 1 << draw.randrange(8)
        path = tmp_path / "damaged"
        path.write_bytes(data)
        try:
            assert open_image(path).mode == "RGB"
        except DataError as error:
            refused += 1
            assert "\n" not in str(error) and "damaged" in str(error)
    assert refused, "nothing was damaged enough to test anything"


def test_long_texts_beside_the_pixels_do_no_harm(noise, tmp_path):
    for megabytes in (3, 20):
        text = PngImagePlugin.PngInfo()
        text.add_text("note", "a" * megabytes * 2**20, zip=True)
        path = saved(noise, tmp_path / f"{megabytes}.png", pnginfo=text)
        if megabytes == 3:
            assert open_image(path).size == (64, 48)
        else:
            with pytest.raises(DataError, match="holds more than 16 MB of text beside its pixels"):
                open_image(path)


def test_formats_for_other_programs_are_no_pictures(noise, tmp_path):
    with pytest.raises(DataError, match="is not a picture that Pillow can read"):
        open_image(saved(noise, tmp_path / "a.eps"))


def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path):
    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    for side in (8001, 60_000):
        head = side.to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
        path = tmp_path / "large.png"
        path.write_bytes(
            b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
        )
        with pytest.raises(DataError, match="pixels: expected at most 64 million"):
            open_image(path)
    with pytest.raises(DataError, match="at most 64 million"):
        images.image_from_file(Image.new("1", (8001, 8001)), 64)


@pytest.mark.skipif(os.name != "posix", reason="pipes and devices with names")
def test_pipes_and_devices_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", "/dev/zero"):
        with pytest.raises(DataError, match="is no regular file"):
            open_image(path)


@pytest.mark.parametrize("name", ["a" * 300 + ".png", "zero\0byte.png"])
def test_names_that_no_file_can_have(name):
    with pytest.raises(DataError, match="cannot be opened"):
        open_image(name)


def test_a_name_of_two_lines_is_shown_on_one(tmp_path):
    with pytest.raises(DataError) as caught:
        open_image(tmp_path / "two\nlines.png")
    assert r"two\nlines.png does not exist" in str(caught.value) and "\n" not in str(caught.value)


def test_a_data_set_opens_its_pictures_by_the_same_rule(tmp_path):
    """CelebA: a pipe among the pictures is refused instead of waited for, and colours are converted."""
    from avbgtn import data
    from small_celeba import torchvision_layout

    torchvision_layout(tmp_path)
    folder = tmp_path / "celeba" / "img_align_celeba"
    plain = data.load("celeba", root=tmp_path, size=32).image(1, 0)
    Image.new("RGB", (178, 218), (200, 80, 60)).save(folder / "000001.jpg", icc_profile=P3, quality=95)
    celeba = data.load("celeba", root=tmp_path, size=32)
    assert plain.max() == 0 and celeba.image(1, 0)[0].min() > 208, "a red of P3 is stronger in sRGB"
    if os.name == "posix":
        (folder / "000001.jpg").unlink()
        os.mkfifo(folder / "000001.jpg")
        with pytest.raises(DataError, match="the CelebA image .*000001.jpg is (a FIFO|no regular file)"):
            celeba.image(1, 0)
