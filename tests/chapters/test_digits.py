"""The built-in digits: the files are MNIST's, the split is clean, and a damaged file is named."""

import gzip
import hashlib
import shutil

import pytest
import torch

from avbgtn.errors import DataError
from avbgtn_book.shared import digits


def test_unpacked_files_are_the_published_ones():
    published = {
        digits.IMAGES: "2646ac647ad5339dbf082846283269ea",
        digits.LABELS: "27ae3e4e09519cfbb04c329615203637",
    }
    for name, md5 in published.items():
        unpacked = gzip.decompress((digits.PACK / name).read_bytes())
        assert hashlib.md5(unpacked).hexdigest() == md5, f"{name} is not MNIST's"


@pytest.mark.parametrize("split, n", [("train", 8000), ("validation", 1000), ("test", 1000)])
def test_a_split_holds_all_ten_digits_of_both_halves(split, n):
    images, labels = digits.load(split)
    assert images.shape == (n, 1, 28, 28) and images.dtype == torch.float32
    assert labels.shape == (n,) and labels.dtype == torch.int64
    assert images.min() == 0 and images.max() == 1
    shares = torch.bincount(labels, minlength=10) / n
    assert len(shares) == 10 and shares.min() > 0.07 and shares.max() < 0.14
    assert (digits.indices(split) < digits.HALF).sum() == n / 2, "cleaner and harder digits are not balanced"


def test_no_digit_is_in_two_splits_and_none_is_lost():
    together = sorted(i for split in digits.PARTS for i in digits.indices(split).tolist())
    assert together == list(range(10_000))
    seen = {split: {x.numpy().tobytes() for x in digits.load(split)[0]} for split in digits.PARTS}
    assert not seen["train"] & (seen["validation"] | seen["test"]), "a digit occurs in training and outside"


def test_labels_belong_to_their_images():
    """The nearest class mean names most digits rightly; with shuffled labels it would name a tenth."""
    images, labels = digits.load("train")
    means = torch.stack([images[labels == k].mean(0).flatten() for k in range(10)])
    held_out, truth = digits.load("validation")
    guess = torch.cdist(held_out.flatten(1), means).argmin(1)
    assert (guess == truth).float().mean() > 0.75


def test_32_pixels_are_28_with_a_border_of_paper():
    small, large = digits.load("test")[0], digits.load("test", size=32)[0]
    assert torch.equal(large[:, :, 2:30, 2:30], small)
    assert large.sum() == pytest.approx(small.sum().item())


def test_binarised_is_ink_or_paper():
    x = digits.binarised(torch.tensor([0.0, 0.5, 0.51, 1.0]))
    assert x.tolist() == [0, 0, 1, 1]


def test_copies_are_fresh():
    first = digits.load("test")[0]
    first.zero_()
    assert digits.load("test")[0].max() == 1


@pytest.mark.parametrize(
    "what, message", [({"split": "dev"}, "train, validation, test, got 'dev'"), ({"size": 64}, "got size=64")]
)
def test_unknown_split_and_size_are_named(what, message):
    with pytest.raises(DataError, match=message):
        digits.load(**what)


def test_a_damaged_and_a_missing_file_are_named(tmp_path, monkeypatch):
    pack = tmp_path / "digits"
    shutil.copytree(digits.PACK, pack)
    monkeypatch.setattr(digits, "PACK", pack)
    content = bytearray((pack / digits.LABELS).read_bytes())
    content[100] ^= 1
    (pack / digits.LABELS).write_bytes(content)
    with pytest.raises(DataError, match="is damaged: its SHA-256 is .* install the package again"):
        digits._unpacked(digits.LABELS)
    (pack / digits.LABELS).unlink()
    with pytest.raises(DataError, match="are incomplete .* install the package again"):
        digits._unpacked(digits.LABELS)


def test_the_licence_stands_beside_the_digits():
    text = (digits.PACK / "README.md").read_text()
    assert "CC BY-SA 3.0" in text and "LeCun" in text
    assert all(sha in text for sha in digits.SHA256.values())
