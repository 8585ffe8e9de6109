"""The tables of the sound chapter: what stands in them, and that a phone holds them."""

from avbgtn_book.audio import tables

ROWS = {
    "copy": {way: {"log_band": 0.87, "chroma": 1.0, "instrument": 0.0, "f0": 0.96} for way in tables.WAYS},
    "UNIT, mean code": {
        way: {"log_band": 0.61, "chroma": 0.7, "instrument": 1.0, "f0": 0.97, "rec_snr": 10.2, "rec_lsd": 2.6}
        for way in tables.WAYS
    },
}


def test_scores_stand_in_four_columns_and_the_reconstructions_are_folded():
    shown = tables.score_tables(ROWS, {"12": "piano to violin, 60 phrases"}, "A note.").data
    before, _, after = shown.partition("<details>")
    assert "| copy | 0.87 | 1.00 | 0.00 | 0.96 |" in before and "**piano to violin, 60 phrases**" in before
    assert "| UNIT, mean code | 10.2 | 2.6 |" in after and "copy" not in after and after.endswith("A note.")
    assert max(line.count("|") for line in shown.splitlines()) == 6


def test_without_reconstructions_nothing_is_folded():
    assert "<details>" not in tables.score_tables({"copy": ROWS["copy"]}, {"12": "a"}).data


def test_a_missed_target_is_in_bold():
    targets = {way: {"log_band": 0.58, "chroma": 0.7, "instrument": 0.9, "f0": 0.98} for way in tables.WAYS}
    shown = tables.target_tables(ROWS, ["UNIT"], targets).data
    assert shown.count("| log-band distance, at most | 0.58 | **0.61** |") == 2
    assert shown.count("| chroma cosine, at least | 0.70 | 0.70 |") == 2, "what is reached exactly is reached"
    assert shown.count("| in tune, at least | 0.98 | **0.97** |") == 2


def test_a_training_is_a_column_and_its_command_is_folded():
    how = {"epochs": 3000, "config": {"batch": 4}, "parameters": 834244, "cpu_hours": 0.32, "command": "a b"}
    shown = tables.training_table({"UNIT": how}).data
    assert "| epochs | 3,000 |" in shown and "| parameters of the networks | 834,244 |" in shown
    assert "a b" in shown.partition("<details>")[2]
