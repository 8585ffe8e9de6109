"""IRMAS in every nesting that a reader may have, from 120 generated excerpts; and in disrepair."""

import random
import shutil
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from avbgtn import data
from avbgtn.config.sound import Sound
from avbgtn.data import irmas
from avbgtn.data.sources import folders
from refusals import refusal

SOUND = Sound("band_gain", rate=8000, fft=512, hop=128, rows=32, columns=32)
RECORDINGS = range(1, 31)


def write_excerpts(base):
    """Two excerpts each of some recordings, 0.2 s of a tone whose frequency is its recording's number."""
    for folder, names in (("pia", "[pia][cla]{:04d}__{}.wav"), ("vio", "001__[vio][nod][cou_fol]{}__{}.wav")):
        (base / folder).mkdir(parents=True)
        for number in RECORDINGS:
            for k in (1, 2):
                t = np.arange(1600) / 8000
                left = 0.3 * np.sin(2 * np.pi * (200 + 20 * number) * t)
                soundfile.write(
                    base / folder / names.format(number, k), np.stack([left, 0.5 * left], 1), 8000
                )
    (base / "sax").mkdir()
    (base / "README.txt").write_text("IRMAS")


LAYOUTS = {
    "the data root itself": ".",
    "as unpacked": "IRMAS-TrainingData",
    "as downloaded": "irmas/IRMAS-TrainingData",
    "as on Kaggle": "archive/IRMAS-TrainingData/IRMAS-TrainingData",
    "in folders of any name": "Sound/my music",
}


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """Written once; tests work on copies."""
    folder = tmp_path_factory.mktemp("irmas") / "template"
    write_excerpts(folder)
    return folder


@pytest.fixture
def place(template, tmp_path):
    def copy(layout="as unpacked"):
        root = tmp_path / "data"
        shutil.copytree(template, root / LAYOUTS[layout], dirs_exist_ok=True)
        return root

    return copy


@pytest.fixture
def root(place):
    return place()


@pytest.fixture
def base(root):
    return root / "IRMAS-TrainingData"


def load(root, **options):
    return data.load_sound("irmas", root=root, **{"sound": SOUND} | options)


def refuses(root, match, **options):
    return refusal(lambda: load(root, **options), error=data.DataError, match=match)


def recordings(paths):
    return {int(irmas.NAME.search(path.name)[1]) for path in paths}


# --- what is read -------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_nesting_gives_the_same_data_set(layout, place, template):
    d = load(place(layout))
    assert (d.name, d.domains, d.has_twins) == ("irmas", ("piano", "violin"), False)
    assert sum(map(len, d.files.values())) == 120, "an excerpt is lost"
    names = {key: [path.name for path in paths] for key, paths in d.files.items()}
    flat = load(template)
    assert names == {key: [path.name for path in paths] for key, paths in flat.files.items()}
    assert d.checksum == flat.checksum and d.lengths == flat.lengths
    assert all("[pia]" in name for name in names["train", 1])
    assert all("[vio]" in name for name in names["train", 2])


def test_no_recording_is_in_two_parts_not_even_by_the_other_instrument(root):
    d = load(root)
    parts = {
        name: recordings(d.files[name, 1] + d.files[name, 2]) for name in ("train", "validation", "test")
    }
    assert set.union(*parts.values()) == set(RECORDINGS)
    assert sum(map(len, parts.values())) == len(RECORDINGS), f"a recording is in two parts: {parts}"


def test_the_parts_are_what_they_always_were_and_depend_on_the_number_alone(root, base):
    assert [irmas.part(k) for k in (1, 7, 26, 1283)] == ["train", "validation", "test", "test"]
    before = {path.name: key for key, paths in load(root).files.items() for path in paths}
    victims = random.Random(0).sample(sorted(before), 12)
    for path in base.rglob("*.wav"):
        if path.name in victims and irmas.part(int(irmas.NAME.search(path.name)[1])) != "test":
            path.unlink()
    after = {path.name: key for key, paths in load(root).files.items() for path in paths}
    assert 100 < len(after) < 120
    assert all(before[name] == key for name, key in after.items()), "a missing file moved another one"


def test_the_shares_are_met_on_the_average():
    found = [irmas.part(k) for k in range(1, 20001)]
    for name, share in {"train": 0.75, "validation": 0.10, "test": 0.15}.items():
        assert abs(found.count(name) / 20000 - share) < 0.01, name


def test_the_checksum_changes_with_the_data(root, base):
    before = load(root).checksum
    sound = sorted((base / "pia").iterdir())[0]
    soundfile.write(sound, np.ones((900, 2)) * 0.1, 8000)
    assert load(root).checksum != before, "an excerpt was exchanged"
    sound.unlink()
    assert load(root).checksum != before, "an excerpt went missing"


def test_clips_are_those_of_the_files_at_the_model_s_rate(root):
    d = load(root, sound=Sound("band_gain", rate=4000, fft=256, hop=64, rows=32, columns=32))
    path = d.files["train", 2][3]
    wave = d.image(2, 3)
    assert wave.shape == (2, 800) and torch.allclose(wave[1], wave[0] / 2, atol=1e-4)
    strength = np.abs(np.fft.rfft(wave[0].numpy() * np.hanning(800), 8000))
    (number,) = recordings([path])
    assert abs(strength.argmax() / 2 - (200 + 20 * number)) < 2, "the frequency is another one"


def test_mono_is_doubled_and_other_rates_are_resampled(root, base):
    d = load(root)
    path = d.files["train", 1][0]
    t = np.arange(11025) / 22050
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 440 * t), 22050)
    wave = load(root).image(1, 0)
    assert wave.shape == (2, 4000) and torch.equal(wave[0], wave[1])
    x = wave[0, 400:3600].numpy()
    assert abs(np.abs(np.fft.rfft(x * np.hanning(3200), 8000)).argmax() - 440) <= 1
    assert abs(np.sqrt(2 * (x**2).mean()) - 0.3) < 0.003


def test_batches_of_short_clips_have_the_shapes_of_the_interface(root):
    wide = Sound("band_gain", rate=8000, fft=512, hop=128, rows=32, columns=48)
    x1, x2 = load(root, sound=wide).batch(0, 3, 0)
    assert x1.shape == x2.shape == (3, 2, 32, 48) and x1.abs().max() <= 1
    assert (x1[..., 20:] == -1).all() and (x1[..., :12] > -1).any(), "0.2 s are 13 columns, then silence"


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_change_no_sample(root, workers):
    plain, ahead = load(root), load(root, workers=workers)
    for epoch in range(4):
        assert all(map(torch.equal, plain.batch(epoch, 2, 0), ahead.batch(epoch, 2, 0)))


def test_evaluation_brings_clips_of_any_length_to_3_seconds(root):
    d = load(root)
    long, short = d.files["test", 1][:2]
    steps = np.linspace(-0.9, 0.9, 32000)
    soundfile.write(long, np.stack([steps, steps], 1), 8000, subtype="PCM_16")
    e = load(root).evaluation("test")
    assert e.ids1 == tuple(path.name for path in d.files["test", 1]) and e.rate == 8000
    assert e.wave1.shape == (len(e.ids1), 2, 24000) and len(e.x1) == len(e.ids1)
    assert np.abs(e.wave1[0, 0].numpy() - steps[:24000]).max() < 1e-4, "a long clip keeps its beginning"
    assert e.wave1[1, 0, :1600].abs().max() > 0.2 and not e.wave1[1, :, 1600:].any(), "then silence"
    assert e.twin12 is e.twin21 is e.wave12 is e.wave21 is e.mask1 is None
    assert d.evaluation("train", 3).ids2 == tuple(path.name for path in d.files["train", 2][:3])


def test_a_split_that_irmas_does_not_have_is_refused_by_name(root):
    with pytest.raises(data.DataError, match="irmas has no split 'reserved': .* train, validation and test"):
        load(root).evaluation("reserved")


@pytest.mark.parametrize("domains", [("violin", "piano"), ("pia", "vio"), "piano,violin"])
def test_other_domains_are_refused(root, domains):
    refuses(root, r"has the domains \('piano', 'violin'\), in this order", domains=domains)


def test_check_counts_good_excerpts_and_names_bad_ones(root, base):
    d = load(root)
    assert d.check() == 120
    path = d.files["test", 2][1]
    cut(path)
    with pytest.raises(
        data.DataError, match=r"1 of 120 excerpts cannot be used: the IRMAS excerpt .* cut short"
    ) as e:
        d.check()
    assert str(path) in str(e.value)


# --- auto and the download -------------------------------------------------------------


def test_auto_takes_an_irmas_that_is_there_and_says_so(root, base, capsys):
    name, sentence = data.resolve_sound("auto", root)
    assert name == "irmas" and sentence == f"data: IRMAS in {base}"
    assert data.load_sound("auto", root=root, sound=SOUND).name == "irmas"
    assert capsys.readouterr().out.strip() == sentence


@pytest.mark.parametrize("lost", irmas.FOLDERS)
def test_auto_does_not_silently_skip_a_broken_irmas(root, base, lost):
    shutil.rmtree(base / lost)
    with pytest.raises(data.DataError, match=f"but no folder {lost}; to get IRMAS by hand"):
        data.resolve_sound("auto", root)


def test_irmas_that_is_not_there_will_be_downloaded_says_resolve(tmp_path):
    name, sentence = data.resolve_sound("irmas", tmp_path)
    assert name == "irmas" and f"is not under {tmp_path} yet and will be downloaded" in sentence


class FakeMirdata(types.ModuleType):
    """In the place of mirdata, which is an extra."""

    def __init__(self):
        super().__init__("mirdata")
        self.error, self.calls, self.whole = None, 0, True

    def initialize(self, name, data_home):
        assert name == "irmas"
        self.home = Path(data_home)
        return self

    def download(self, partial_download, force_overwrite, cleanup):
        assert partial_download == ["training_data"] and force_overwrite and cleanup
        self.calls += 1
        base = self.home / "IRMAS-TrainingData"
        shutil.rmtree(base, ignore_errors=True)
        if self.error:
            (base / "pia").mkdir(parents=True)
            raise self.error
        write_excerpts(base)
        if not self.whole:
            shutil.rmtree(base / "vio")


@pytest.fixture
def mirdata(monkeypatch):
    fake = FakeMirdata()
    monkeypatch.setitem(sys.modules, "mirdata", fake)
    return fake


def test_irmas_is_downloaded_when_it_is_asked_for_and_not_there(tmp_path, mirdata, capsys):
    assert sum(map(len, load(tmp_path).files.values())) == 120 and mirdata.calls == 1
    assert "downloading it there" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["irmas"], "the download left something behind"
    load(tmp_path)
    assert mirdata.calls == 1, "it was downloaded again"


def test_auto_downloads_nothing(tmp_path, mirdata):
    assert data.load_sound("auto", root=tmp_path, sound=SOUND).name == "music" and mirdata.calls == 0


@pytest.mark.parametrize("error", [OSError("MD5 checksum differs"), ValueError("bad\nkeys"), RuntimeError()])
def test_a_download_that_fails_says_what_to_fetch_by_hand(tmp_path, mirdata, error):
    mirdata.error = error
    text = refuses(tmp_path, "the download failed")
    reason = " ".join(str(error).split()) or "RuntimeError"
    for part in (reason, "IRMAS-TrainingData.zip", "Zenodo", "unpack it", 'pip install "avbgtn[irmas]"'):
        assert part in text, f"{part!r} is not in: {text}"
    assert str(tmp_path / "irmas") in text, "it must say where to put the files"
    assert data.resolve_sound("auto", tmp_path)[0] == "music", "half a download was taken for an IRMAS"
    mirdata.error = None
    assert load(tmp_path).lengths[0] > 0, "a second attempt must be possible"


def test_a_download_without_violins_is_not_moved_in(tmp_path, mirdata):
    mirdata.whole = False
    refuses(tmp_path, "the download failed .*no folder vio")
    assert not (tmp_path / "irmas").exists()


def test_without_mirdata_the_error_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mirdata", None)  # as if it were not installed
    refuses(tmp_path, r'mirdata.*pip install "avbgtn\[irmas\]"')


def test_a_broken_irmas_is_not_downloaded_over(root, base, mirdata):
    shutil.rmtree(base / "vio")
    refuses(root, "but no folder vio")
    assert mirdata.calls == 0


# --- disrepair -------------------------------------------------------------


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_irmas_asked_for_where_there_is_none_says_what_was_looked_for(tmp_path):
    with pytest.raises(data.DataError, match="no folders pia and vio up to 6 folders below it") as caught:
        irmas.Irmas(tmp_path, sound=SOUND)
    assert str(tmp_path) in str(caught.value) and "IRMAS-TrainingData.zip" in str(caught.value)


def test_an_empty_folder_is_named(root, base):
    shutil.rmtree(base / "pia")
    (base / "pia").mkdir()
    (base / "pia" / "._[pia][cla]0001__1.wav").write_bytes(b"what a Mac adds")
    refuses(root, r"pia has no WAV files; to get IRMAS by hand")


def test_sounds_still_zipped_are_named(root, base):
    shutil.make_archive(root / "IRMAS-TrainingData", "zip", root, "IRMAS-TrainingData")
    assert load(root).lengths, "a zip beside the unpacked sounds does no harm"
    shutil.rmtree(base)
    refuses(root, r"still zipped: unpack .*IRMAS-TrainingData\.zip in the folder")


def test_half_a_zip_is_named(tmp_path):
    (tmp_path / "IRMAS-TrainingData.zip").write_bytes(b"PK\3\4")
    refuses(tmp_path, r"IRMAS-TrainingData\.zip is no whole zip file, perhaps half a download: delete it")


def test_a_file_of_another_name_is_named(root, base):
    path = base / "vio" / "my violin.wav"
    shutil.copy(next((base / "vio").iterdir()), path)
    refuses(root, r"my violin\.wav is not named like an excerpt of IRMAS, such as \[pia\]\[cla\]1283__1\.wav")


def test_too_few_recordings_are_refused(root, base):
    for path in [*(base / "vio").iterdir()]:
        if irmas.part(int(irmas.NAME.search(path.name)[1])) == "test":
            path.unlink()
    refuses(root, r"no recording in .*vio falls into the test part: expected hundreds")


def test_a_damaged_excerpt_is_named(root):
    path = load(root).files["train", 1][0]
    cut(path)
    refuses(root, r"the IRMAS excerpt .*\[pia\]\[cla\]0001__1\.wav is cut short")
    path.write_text("<html>not found</html>")
    refuses(root, "is not a sound that libsndfile can read")


def test_a_damaged_excerpt_comes_out_at_its_batch(root):
    d = load(root, workers=2)
    cut(d.files["train", 1][5])
    with pytest.raises(data.DataError, match=r"the IRMAS excerpt .* is cut short"):
        for epoch in range(d.lengths[0]):
            d.batch(epoch, 1, 0)


def test_other_data_beside_it_are_not_searched(root, monkeypatch):
    """CelebA's folder of 202,599 images takes a while to list."""
    (root / "celeba" / "img_align_celeba").mkdir(parents=True)
    (root / ".hidden").mkdir()
    seen = []
    look = folders.look
    monkeypatch.setattr(folders, "look", lambda folder: seen.append(folder.name) or look(folder))
    assert irmas.find(root) is not None
    assert not {"celeba", "img_align_celeba", ".hidden", "pia", "vio"} & set(seen), seen


def test_the_fuller_of_two_is_taken(root, base, template):
    shutil.copytree(template / "pia", root / "a" / "pia")
    assert irmas.find(root).base == base


def test_a_folder_that_may_not_be_read_is_named_if_it_may_be_the_one(root, monkeypatch):
    look = folders.look

    def closed(folder, most=10_000):
        if folder.name == closed.name:
            raise data.DataError(f"the folder {folder} cannot be read (Permission denied)")
        return look(folder, most)

    monkeypatch.setattr(folders, "look", closed)
    monkeypatch.setattr(irmas, "look", closed)
    (root / "lost+found").mkdir()
    closed.name = "lost+found"
    assert load(root).lengths, "a folder that has nothing to do with it is in the way"
    for closed.name in ("IRMAS-TrainingData", "vio", root.name):
        refuses(root, "cannot be read")
