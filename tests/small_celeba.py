"""A CelebA of twelve generated images, in the layouts that people have."""

from PIL import Image

NAMES = ["Bald", "Blond_Hair", "Brown_Hair", "Eyeglasses", "Wearing_Hat"]
PARTS = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2]
HAIR = "brown blond brown both none blond blond brown blond none brown blond".split()
FILES = [f"{i + 1:06d}.jpg" for i in range(12)]


def values(i):
    """What the list of attributes says of a picture, in the order of ``NAMES``."""
    blond, brown = HAIR[i] in ("blond", "both"), HAIR[i] in ("brown", "both")
    return ["1" if v else "-1" for v in (False, blond, brown, i in (0, 2, 4, 6, 9), False)]


def write_images(folder):
    """Grey by number; the rows that the crop must drop are white."""
    folder.mkdir(parents=True)
    for i, name in enumerate(FILES):
        image = Image.new("RGB", (178, 218), "white")
        image.paste((20 * i, 20 * i, 20 * i), (0, 20, 178, 198))
        image.save(folder / name, quality=95)


def write_text(attributes, partition, files=FILES, row=values, parts=PARTS):
    for file in (attributes, partition):
        file.parent.mkdir(parents=True, exist_ok=True)
    # The real file ends its header with a space and pads the values.
    rows = "".join(f"{f} {' '.join(v.rjust(2) for v in row(i))}\n" for i, f in enumerate(files))
    attributes.write_text(f"{len(files)}\n{' '.join(NAMES)} \n{rows}")
    partition.write_text("".join(f"{f} {p}\n" for f, p in zip(files, parts, strict=True)))


def torchvision_layout(root):
    write_images(root / "celeba" / "img_align_celeba")
    write_text(root / "celeba" / "list_attr_celeba.txt", root / "celeba" / "list_eval_partition.txt")


def official_layout(root):
    write_images(root / "CelebA" / "Img" / "img_align_celeba")
    write_text(root / "CelebA/Anno/list_attr_celeba.txt", root / "CelebA/Eval/list_eval_partition.txt")


def kaggle_layout(root):
    base = root / "archive"
    write_images(base / "img_align_celeba" / "img_align_celeba")
    rows = "".join(",".join([f, *values(i)]) + "\n" for i, f in enumerate(FILES))
    (base / "list_attr_celeba.csv").write_text(f"image_id,{','.join(NAMES)}\n{rows}")
    rows = "".join(f"{f},{p}\n" for f, p in zip(FILES, PARTS, strict=True))
    (base / "list_eval_partition.csv").write_text(f"image_id,partition\n{rows}")


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
