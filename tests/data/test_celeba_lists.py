"""CelebA's lists after people and their programs have had them: read where they say one thing, else shown."""

import pytest

from avbgtn.data.celeba.lists import read_attributes, read_partition
from avbgtn.errors import DataError
from small_celeba import FILES, NAMES, PARTS, values

WANTED = ("Brown_Hair", "Blond_Hair")
ROWS = [[file, *values(i)] for i, file in enumerate(FILES)]
TRUE = {f: (row[3] == "1", row[2] == "1") for f, row in zip(FILES, ROWS, strict=True)}
PARTITION = dict(zip(FILES, PARTS, strict=True))


def text(rows=ROWS, names=NAMES, *, join=" ", head=(), count=True, end="\n"):
    first = [str(len(rows))] if count else []
    return end.join([*first, join.join([*head, *names]), *(join.join(row) for row in rows)]) + end


def table(rows=ROWS, names=NAMES, *, join=",", end="\n", head=("image_id",)):
    return text(rows, names, join=join, head=head, count=False, end=end)


def with_values(function):
    return [[row[0], *map(function, row[1:])] for row in ROWS]


def indexed(rows):
    return [[str(i), *row] for i, row in enumerate(rows)]


def quoted(rows):
    return [[f'"{field}"' for field in row] for row in rows]


HALF = [f'"{name}"' for name in NAMES]
ATTRIBUTES = {
    "the authors'": text(),
    "Kaggle's": table(),
    "line ends of Windows": text(end="\r\n"),
    "line ends of old Macs": text(end="\r"),
    "blank lines at the end": text() + "\n\n  \n",
    "blank lines between": text().replace("\n", "\n\n"),
    "without the count": text(count=False),
    "commas in place of blanks": text(join=","),
    "commas and blanks": text(join=", "),
    "tabs": text(join="\t"),
    "semicolons": table(join=";"),
    "semicolons with a count": text(join=";"),
    "quoted": table(quoted(ROWS), HALF, head=('"image_id"',)),
    "quoted, semicolons": table(quoted(ROWS), HALF, head=('"image_id"',), join=";"),
    "names quoted alone": table(names=HALF),
    "blanks round the values": table(with_values(lambda v: f" {v} ")),
    "1.0 and -1.0": table(with_values(lambda v: v + ".0")),
    "1,0 and -1,0 of a spreadsheet": table(with_values(lambda v: v + ",0"), join=";"),
    "1.000000e+00": text(with_values(lambda v: f"{float(v):.6e}")),
    "0 and 1": table(with_values(lambda v: "1" if v == "1" else "0")),
    "True and False": table(with_values(lambda v: str(v == "1"))),
    "pandas' index": table(indexed(ROWS), head=("", "image_id")),
    "pandas' index, read and written again": table(indexed(ROWS), head=("Unnamed: 0", "image_id")),
    "the image as pandas' index": table(head=("",)),
    "an index that the header leaves out": text(indexed(ROWS)),
    "R's row names": table(quoted(indexed(ROWS)), HALF, head=('"image_id"',), join=" "),
    "names with blanks": table(names=[name.replace("_", " ") for name in NAMES]),
    "a spreadsheet's empty columns": table().replace("\n", ",,\n"),
    "a spreadsheet's count": text(join=",").replace("12\n", "12,,,,,\n", 1),
    "a spreadsheet's empty lines": table() + ",,,,,\n,,,,,\n",
    "folders before the names": table([["img_align_celeba/" + row[0], *row[1:]] for row in ROWS]),
    "Windows' folders": table([["D:\\celeba\\" + row[0], *row[1:]] for row in ROWS]),
    "without the endings": table([[row[0][:6], *row[1:]] for row in ROWS]),
    "a line twice": table([*ROWS, ROWS[3]]),
}
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"]


@pytest.mark.parametrize("ending", [".txt", ".csv"])
@pytest.mark.parametrize("name", ATTRIBUTES)
def test_attributes_are_read_where_they_say_one_thing(name, ending, tmp_path):
    path = tmp_path / f"list_attr_celeba{ending}"
    path.write_bytes(ATTRIBUTES[name].encode())
    assert read_attributes(path, WANTED) == TRUE


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("content", [text(), table()])
def test_every_encoding_of_plain_letters_is_read(encoding, content, tmp_path):
    (tmp_path / "list_attr_celeba.txt").write_bytes(content.encode(encoding))
    assert read_attributes(tmp_path / "list_attr_celeba.txt", WANTED) == TRUE


NAMED = [[f, str(p)] for f, p in PARTITION.items()]
WORDS = ("train", "valid", "test")
PARTITIONS = {
    "the authors'": text(NAMED, [], count=False),
    "Kaggle's": table(NAMED, ["partition"]),
    "quoted": table(quoted(NAMED), ['"partition"'], head=('"image_id"',)),
    "semicolons, Windows": table(NAMED, ["partition"], join=";", end="\r\n"),
    "tabs without a header": "\n".join("\t".join(row) for row in NAMED),
    "pandas' index": table(indexed(NAMED), ["partition"], head=("", "image_id")),
    "a count": "12\n" + text(NAMED, [], count=False),
    "1.0": table([[f, p + ".0"] for f, p in NAMED], ["partition"]),
    "words": table([[f, WORDS[int(p)]] for f, p in NAMED], ["split"]),
    "UTF-16": table(NAMED, ["partition"]),
    "blank lines": "\n\n" + text(NAMED, [], count=False).replace("\n", "\n\n"),
}


@pytest.mark.parametrize("name", PARTITIONS)
def test_partitions_are_read_where_they_say_one_thing(name, tmp_path):
    path = tmp_path / "list_eval_partition.csv"
    path.write_text(PARTITIONS[name], encoding="utf-16" if name == "UTF-16" else "utf-8", newline="")
    assert read_partition(path) == PARTITION


def other(rows, at, row):
    return [*rows[:at], row, *rows[at + 1 :]]


UNCLEAR = {  # what is said of it
    "another value": (
        table(other(ROWS, 4, ["000005.jpg", "1", "2", "1", "1", "1"])),
        "line 6 .*reads '000005.jpg,1,2,",
    ),
    "a value that is missing": (
        table(other(ROWS, 4, ["000005.jpg", "1", "", "1", "1", "1"])),
        "line 6 .*reads",
    ),
    "not a number": (table(other(ROWS, 4, ["000005.jpg", "1", "nan", "1", "1", "1"])), "line 6 .*reads"),
    "a value too many": (table(other(ROWS, 4, [*ROWS[4], "1"])), "line 6 .*reads"),
    "a quote that is not closed": (table(other(ROWS, 4, ['"000005.jpg', *ROWS[4][1:]])), "line 6 .*reads"),
    "no image": (table(other(ROWS, 4, ["5", *ROWS[4][1:]])), "line 6 .*reads '5,"),
    "an image that leads out": (table(other(ROWS, 4, ["../../000005.jpg", *ROWS[4][1:]])), "line 6 .*reads"),
    "an escape code": (
        table(other(ROWS, 4, ["\x1b[2J0005.jpg", *ROWS[4][1:]])),
        r"line 6 .*reads '\\x1b\[2J0005",
    ),
    "an image with two minds": (
        table([*ROWS, ["000005.jpg", "1", "1", "1", "1", "1"]]),
        "line 14 contradicts",
    ),
    "an attribute twice": (
        table(names=["Bald", "Blond_Hair", "Brown_Hair", "Blond_Hair", "Hat"]),
        "two columns called Blond_Hair",
    ),
    "no header": (
        "".join(",".join(row) + "\n" for row in ROWS),
        "does not begin .*line 1 reads '000001.jpg,",
    ),
    "rows without images": (text([row[1:] for row in ROWS], count=False), "does not begin"),
    "another language": ("\u4e2d\u6587\u5217\u8868\n" * 5, "cannot be read as text"),
    "a line without end": ("a" * 300_000, "a line has 100,000 letters or more"),
    "only blanks": (" \n\n\t\n", "does not begin"),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_attributes_that_may_mean_anything_are_shown(name, tmp_path):
    content, match = UNCLEAR[name]
    path = tmp_path / "list_attr_celeba.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=match) as caught:
        read_attributes(path, WANTED)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 600


@pytest.mark.parametrize(
    "row",
    ["000003.jpg 3", "000003.jpg", "000003.jpg 0 0", "../000003.jpg 0", "000001.jpg 2", "000003.jpg dev"],
)
def test_partitions_that_may_mean_anything_are_shown(row, tmp_path):
    path = tmp_path / "list_eval_partition.txt"
    path.write_text(f"000001.jpg 0\n000002.jpg 0\n{row}\n")
    with pytest.raises(DataError, match=f"line 3 .*reads '{row}'") as caught:
        read_partition(path)
    assert str(caught.value).isprintable()


def test_a_list_that_is_no_file_is_named(tmp_path):
    (tmp_path / "list.txt").symlink_to(tmp_path / "gone")
    with pytest.raises(DataError, match=r"list\.txt is a broken link: expected a text file"):
        read_partition(tmp_path / "list.txt")
