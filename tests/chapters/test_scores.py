"""Tables of scores and commands: complete, and narrow enough for a page."""

import shlex

import pytest

from avbgtn_book import records
from avbgtn_book.shared import scores

ROWS = {
    "copy": {"12": {"l1_hair": 0.2228, "l1_outside": 0.004, "ssim": 0.83, "psnr": 19.7, "l1_whole": 0.06}},
    "net": {"12": {"l1_hair": 0.05, "l1_outside": 0.03, "ssim": 0.8, "psnr": 26.0, "cyc": 0.02, "rec": 0.01}},
}


def test_four_scores_come_first_and_the_others_are_folded():
    shown, folded = scores.score_tables(ROWS, {"12": "brown to <b>lond, 68 heads"}).data.split("<details>")
    assert shown.splitlines()[0] == r"**brown to \<b\>lond, 68 heads**"
    assert "| translator | hair | outside | SSIM | cycle |" in shown
    assert "| copy | 0.223 | 0.004 | 0.830 | – |" in shown and "| net | 0.050 |" in shown
    assert "| translator | whole | PSNR | rec. |" in folded and "| net | – | 26.0 | 0.010 |" in folded


def test_what_fits_beside_a_name_is_not_folded():
    without_twins = {"net": {"21": {"rec": 0.01, "cyc": 0.02, "diversity": 0.003}}}
    text = scores.score_tables(without_twins, {"21": "b to a"}).data
    assert "<details>" not in text and "| net | 0.020 | 0.010 | 0.0030 |" in text


def test_training_table_reads_the_records():
    record = records.load("heads-test")
    metrics = {
        "UNIT": records.load("heads-unit")["metrics"],
        "AVB-GTN": records.load("heads-avbgtn")["metrics"],
    }
    table, commands = scores.training_table(record, metrics).data.split("<details>")
    assert table.startswith("|  | UNIT | AVB-GTN |") and "| parameters of the networks |" in table
    lines = {cells[1].strip(): float(cells[2].replace(",", "")) for row in table.splitlines()[2:]
             if len(cells := row.split("|")) > 2}  # fmt: skip
    assert lines["outside, lowest"] <= lines["outside, at the end"] and lines["at epoch"] <= lines["epochs"]
    assert commands.count("```sh") == len(record["training"])


MANY = " ".join(f"--option-{k} {k}" for k in range(30))


@pytest.mark.parametrize("line", [
    "papermill book/celeba.ipynb out.ipynb -p epochs 50000 -p dataset heads -p preset quick -p device cpu",
    f"python -m avbgtn train --dataset heads --name 'two words' {MANY}",
])  # fmt: skip
def test_a_command_is_broken_into_lines_that_a_shell_joins_again(line):
    block = scores.command(line)
    assert max(map(len, block.splitlines())) <= 79
    code = block.removeprefix("```sh\n").removesuffix("\n```")
    assert shlex.split(code.replace("\\\n", "")) == shlex.split(line)
