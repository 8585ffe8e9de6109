"""The order, the crops and the flips; where data are looked for; a person's own picture."""

from io import BytesIO

import pytest
import torch
from PIL import Image

from avbgtn import data
from avbgtn.data.domains import Domains, enlarged


class Numbered(Domains):
    """Images that carry their domain, number, row and column, so that a crop tells where it came from."""

    def __init__(self, n1=5, n2=7, size=32, **options):
        super().__init__(
            name="numbered", domains=("a", "b"), size=size, checksum="0", lengths=(n1, n2), has_twins=False,
            **options,
        )  # fmt: skip
        self.asked = []

    def image(self, domain, index):
        self.check_index(domain, index)
        self.asked.append((domain, index))
        side = enlarged(self.size)
        rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        return torch.stack([torch.full((side, side), 100 * domain + index), rows, columns]).byte()


def read(x):
    """Per image of a batch: (domain, index), (row, column) of the crop, whether it was flipped."""
    pixels = ((x + 1) * 127.5).round().long()
    found = []
    for image in pixels:
        number, row = image[0, 0, 0].item(), image[1, 0, 0].item()
        flipped = bool(image[2, 0, 0] > image[2, 0, -1])
        found.append((divmod(number, 100), (row, image[2, 0].min().item()), flipped))
    return found


def indices(domains, epochs, batch=1, seed=0, domain=1):
    return [i for e in range(epochs) for (_, i), _, _ in read(domains.batch(e, batch, seed)[domain - 1])]


# --- order and augmentation -------------------------------------------------------------


def test_a_batch_has_the_shape_and_range_that_models_expect():
    x1, x2 = Numbered().batch(0, 3, 0)
    assert x1.shape == x2.shape == (3, 3, 32, 32) and x1.dtype == torch.float32
    assert x1.min() >= -1 and x1.max() <= 1


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_every_pass_shows_every_image_once(batch):
    seen = indices(Numbered(n1=5), epochs=15, batch=batch)
    for start in range(0, len(seen) - 4, 5):
        assert sorted(seen[start : start + 5]) == [0, 1, 2, 3, 4], (
            f"pass at position {start} is {seen[start : start + 5]}"
        )


def test_passes_differ_in_order_and_so_do_seeds_and_domains():
    d = Numbered(n1=30, n2=30)
    first = indices(d, 60)
    assert first[:30] != first[30:], "the second pass repeats the order of the first"
    assert first[:30] != indices(d, 30, seed=1), "the seed does not change the order"
    assert first[:30] != indices(d, 30, domain=2), "the domains walk in step: their images would form pairs"


def test_a_batch_may_be_larger_than_the_data_set():
    assert sorted(indices(Numbered(n1=2), 1, batch=6)) == [0, 0, 0, 1, 1, 1]


def test_a_batch_depends_on_its_arguments_alone():
    late = Numbered().batch(17, 4, 3)
    d = Numbered()
    for epoch in range(17):
        d.batch(epoch, 4, 3)
    assert all(map(torch.equal, late, d.batch(17, 4, 3))), (
        "what was drawn before changes a batch: no clean resume"
    )


@pytest.mark.parametrize("world", [2, 4])
def test_several_processes_see_what_one_sees(world):
    whole = Numbered().batch(5, 8, 0)
    parts = [Numbered().batch(5, 8, 0, rank=r, world=world) for r in range(world)]
    for domain in (0, 1):
        assert torch.equal(whole[domain], torch.cat([p[domain] for p in parts]))


def test_crops_and_flips_reach_every_place_and_stay_inside():
    places = {
        (place, flip) for e in range(60) for _, place, flip in read(Numbered(size=32).batch(e, 4, 0)[0])
    }
    assert places == {((r, c), f) for r in (0, 1) for c in (0, 1) for f in (False, True)}, places


def test_samples_of_one_batch_are_augmented_apart():
    places = {(place, flip) for _, place, flip in read(Numbered().batch(0, 32, 0)[0])}
    assert len(places) > 4, f"32 samples share {len(places)} of 8 crops and flips"


def test_the_enlargement_is_that_of_the_paper_s_base_code():
    assert [enlarged(s) for s in (32, 64, 128)] == [33, 66, 132]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("batch", [1, 4])
def test_reading_ahead_changes_nothing(workers, batch):
    ahead, plain = Numbered(workers=workers), Numbered()
    for epoch in (0, 1, 2, 3, 9, 10, 4):  # forwards, a jump ahead, a jump back
        assert all(map(torch.equal, ahead.batch(epoch, batch, 0), plain.batch(epoch, batch, 0))), (
            f"epoch {epoch}"
        )


def test_reading_ahead_does_read_ahead():
    d = Numbered(n1=50, n2=50, workers=2)
    d.batch(0, 1, 0)
    d._pool.shutdown(wait=True)
    assert 4 < len(d.asked) < 30, f"{len(d.asked)} images were read for a batch of one"


def test_an_error_while_reading_ahead_comes_out_at_its_batch():
    class Broken(Numbered):
        def image(self, domain, index):
            if (domain, index) == (1, bad):
                raise data.DataError(f"image {index} is broken")
            return super().image(domain, index)

    order = indices(Numbered(n1=6), 6)
    bad = order[3]
    d = Broken(n1=6, workers=2)
    for epoch in range(3):
        d.batch(epoch, 1, 0)
    with pytest.raises(data.DataError, match=f"image {bad} is broken"):
        d.batch(3, 1, 0)


@pytest.mark.parametrize("arguments", [dict(batch=0), dict(batch=3, world=2), dict(batch=2, world=2, rank=2)])
def test_a_batch_that_cannot_be_shared_out_is_refused(arguments):
    with pytest.raises(data.DataError, match="batch must be a positive multiple"):
        Numbered().batch(**{"epoch": 0, "seed": 0} | arguments)


@pytest.mark.parametrize("workers", [-1, 1.5, True])
def test_workers_that_are_no_number_are_refused(workers):
    with pytest.raises(data.DataError, match="workers must be a whole number"):
        Numbered(workers=workers)


@pytest.mark.parametrize("domain, index", [(0, 0), (3, 0), (1, 5), (1, -1)])
def test_images_outside_the_data_set_are_refused(domain, index):
    with pytest.raises(data.DataError, match="domain"):
        Numbered(n1=5).image(domain, index)


# --- where data are looked for -------------------------------------------------------------


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A working folder without data, and no data root in the environment."""
    monkeypatch.delenv("AVBGTN_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_data_root_is_the_argument_then_the_environment_then_data(nowhere, monkeypatch):
    for name in ("a", "b"):
        (nowhere / name).mkdir()
    assert str(data.data_root()) == "data", "the default need not exist"
    monkeypatch.setenv("AVBGTN_DATA", "a")
    assert data.data_root().name == "a"
    assert data.data_root("b").name == "b"


def test_a_root_that_does_not_exist_is_named(nowhere, monkeypatch):
    with pytest.raises(data.DataError, match=r"data root .*gone \(root\) does not exist"):
        data.resolve("auto", nowhere / "gone")
    monkeypatch.setenv("AVBGTN_DATA", str(nowhere / "lost"))
    with pytest.raises(data.DataError, match=r"lost \(\$AVBGTN_DATA\) does not exist"):
        data.resolve("auto")


def test_a_root_that_is_a_file_is_named(nowhere):
    (nowhere / "data").write_text("")
    with pytest.raises(data.DataError, match="the data root data is a file"):
        data.resolve("auto")


def test_auto_without_celeba_takes_the_heads_and_says_how_to_get_celeba(nowhere, capsys):
    name, sentence = data.resolve("auto")
    assert name == "heads"
    for part in ("built-in heads", "no CelebA under data", "img_align_celeba.zip", "data/celeba"):
        assert part in sentence, f"{part!r} is not in: {sentence}"
    assert data.load("auto", size=32).name == "heads"
    assert capsys.readouterr().out.strip() == sentence, "load('auto') must print its choice"


def test_an_unknown_dataset_gets_the_nearest_name():
    with pytest.raises(
        data.DataError, match=r"unknown dataset 'celebA' \(did you mean 'celeba'\?\): expected one of"
    ):
        data.resolve("celebA")
    with pytest.raises(
        data.DataError, match=f"unknown dataset 'mnist': expected one of {', '.join(data.DATASETS)}"
    ):
        data.load("mnist", size=64)


# --- a person's own picture -------------------------------------------------------------


@pytest.fixture
def flag():
    """60 x 40: left third red, middle green, right blue."""
    image = Image.new("RGB", (60, 40))
    for k, colour in enumerate(("red", "lime", "blue")):
        image.paste(colour, (20 * k, 0, 20 * k + 20, 40))
    return image


def test_a_picture_is_cropped_to_the_centre_square_and_scaled(flag, tmp_path):
    flag.save(tmp_path / "flag.png")
    x = data.image_from_file(tmp_path / "flag.png", 32)
    assert x.shape == (3, 32, 32) and x.dtype == torch.float32
    assert x[:, 16, 16].tolist() == [-1, 1, -1], "the middle is green"
    # The square keeps 10 of the 20 red columns: a quarter of its width.
    red = (x[0] > 0.5).float().mean().item()
    assert abs(red - 0.25) < 0.04, f"red covers {red:.2f} of the square, expected 0.25"


def test_a_picture_taken_sideways_is_turned_upright(tmp_path):
    image = Image.new("RGB", (64, 64), "black")
    image.paste("white", (0, 0, 64, 32))  # the stored top half is white
    exif = Image.Exif()
    exif[0x0112] = 6  # "turn by 90 degrees clockwise to see it upright"
    image.save(tmp_path / "sideways.jpg", exif=exif, quality=95)
    x = data.image_from_file(tmp_path / "sideways.jpg", 32)
    assert x[:, :, 20:].mean() > 0.9 and x[:, :, :12].mean() < -0.9, "white must end up on the right"


@pytest.mark.parametrize(
    "mode, background", [("L", None), ("P", None), ("CMYK", None), ("RGBA", 1.0), ("LA", 1.0)]
)
def test_every_kind_of_8_bit_picture_becomes_rgb(mode, background):
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0)).convert(mode)
    x = data.image_from_file(image, 32)
    assert x.shape == (3, 32, 32)
    if background is not None:
        assert (x == background).all(), "transparent must become white"


def test_a_picture_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(data.DataError, match=r"gone\.jpg does not exist: check the path"):
        data.image_from_file(tmp_path / "gone.jpg", 64)


def test_a_file_that_is_no_picture_is_named(tmp_path):
    (tmp_path / "letter.jpg").write_text("Dear reader")
    with pytest.raises(data.DataError, match=r"letter\.jpg is not a picture that Pillow can read"):
        data.image_from_file(tmp_path / "letter.jpg", 64)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_cut_short_is_named(kind, tmp_path):
    buffer = BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(buffer, kind)
    path = tmp_path / "half.img"
    path.write_bytes(buffer.getvalue()[: len(buffer.getvalue()) // 2])
    with pytest.raises(data.DataError, match=r"half\.img is (cut short or damaged|not a picture)"):
        data.image_from_file(path, 64)


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "empty.png").write_bytes(b"")
    with pytest.raises(data.DataError, match=r"empty\.png is not a picture"):
        data.image_from_file(tmp_path / "empty.png", 64)


def test_a_folder_is_named(tmp_path):
    with pytest.raises(data.DataError, match="is a folder: expected one image file"):
        data.image_from_file(tmp_path, 64)


@pytest.mark.parametrize("size", [(31, 200), (0, 0), (200, 0)])
def test_a_picture_too_small_is_refused(size):
    with pytest.raises(
        data.DataError, match=f"the given image is {size[0]} x {size[1]} pixels: expected at least 32 x 32"
    ):
        data.image_from_file(Image.new("RGB", size), 64)


def test_a_picture_of_32_bits_is_refused_rather_than_clipped():
    with pytest.raises(data.DataError, match="32 bits a pixel"):
        data.image_from_file(Image.new("I", (64, 64)), 64)


def test_a_picture_of_another_kind_of_object_is_refused():
    with pytest.raises(data.DataError, match="must be a path or a Pillow image, got int"):
        data.image_from_file(3, 64)
