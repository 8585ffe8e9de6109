"""Sound to picture and back: nothing is lost where nothing need be, and known signals look as they must."""

import math
from functools import lru_cache

import pytest
import torch
from torchaudio.functional import resample

from avbgtn import audio, streams
from avbgtn.audio.representations import SOFT, angle, from_log_plane, log_plane
from avbgtn.config.sound import PLANES, Sound
from avbgtn.data import music

EXACT = [name for name in PLANES if name != "log_magnitude"]
LINEAR = [name for name in PLANES if name != "band_gain"]
LOGARITHMIC = ["log_magnitude_phase", "instantaneous_frequency", "log_magnitude", "magnitude_source_phase"]
RATE, HOP = 8000, 63
LENGTHS = (HOP + 3, 7999, 8001, 12345)


def made(name, *, rate=RATE, seconds=1.0, size=128):
    return audio.representation(Sound.of(name, rate=rate, seconds=seconds, size=size))


@lru_cache(maxsize=1)
def phrase():
    """Two seconds of a violin, with the attack of its first note."""
    i = music.split()["validation"][0]
    return resample(torch.from_numpy(music.play(i, "violin")), 44100, RATE)[:, :16000]


def noise(n, *lead):
    return torch.rand((*lead, 2, n), generator=streams.generator(0, "audio/noise", n)) * 2 - 1


def sine(hertz, n=RATE, rate=RATE, dtype=torch.float64):
    tone = torch.sin(2 * math.pi * hertz / rate * torch.arange(n, dtype=torch.float64))
    return tone.to(dtype).expand(2, n)


def there_and_back(r, x):
    return r.wave(r.image(x), x.shape[-1], x)


def snr(estimate, truth):
    """Of the worst sound in the batch, in dB."""
    error = (estimate.double() - truth.double()).square().sum((-2, -1))
    return (10 * (truth.double().square().sum((-2, -1)) / error.clamp(min=1e-300)).log10()).min().item()


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("n", LENGTHS)
def test_nothing_is_lost_on_the_way_there_and_back(name, n):
    """60 dB are asked for; rounding alone leaves 120 and more."""
    r = made(name)
    for what, x in (("music", phrase()[:, 2000 : 2000 + n]), ("noise", noise(n))):
        back = there_and_back(r, x)
        assert back.shape == x.shape and back.dtype == torch.float32
        assert snr(back, x) > 100, f"{name} of {n} samples of {what}"
        assert snr(there_and_back(r, x.double()), x.double()) > 240, (
            f"{name} in float64 of {n} samples of {what}"
        )


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize(
    "seconds", [0.02, 0.25, 1.7, 2.016]
)  # hops of 2, 16, 108 and 127, half the window of 254
def test_every_hop_can_be_inverted(name, seconds):
    r = made(name, seconds=seconds)
    for n in (1, r.sound.samples - r.sound.hop + 1, r.sound.samples)[: 3 if r.exact else 1]:
        x = noise(n).double()
        back = there_and_back(r, x)
        assert back.shape == x.shape and back.isfinite().all()
        assert not r.exact or snr(back, x) > 240, f"hop {r.sound.hop}, {n} samples"


def test_a_wrong_picture_is_no_click_at_the_end():
    """A lone last window would be divided by its own tail: errors there would grow a hundredfold."""
    r = made("complex", seconds=2.016)
    x = noise(r.sound.samples - 1, 8) * 0.3
    image = r.image(x)
    wrong = image + 0.01 * (torch.rand(image.shape, generator=streams.generator(0, "audio/wrong")) - 0.5)
    error = (r.wave(wrong, x.shape[-1]) - x).abs()
    assert error[..., -130:].max() < 3 * error[..., 1000:-1000].max()


@pytest.mark.parametrize("name", PLANES)
def test_shapes_and_batches(name):
    r = made(name)
    s = r.sound
    assert r.image(noise(s.samples)).shape == (s.planes, s.rows, s.columns), (
        "the training length fills the picture"
    )
    assert r.image(noise(s.samples + s.hop)).shape[-1] == s.columns + 16, "padded, never cropped"
    assert r.image(noise(10)).shape[-1] == 32
    x = noise(3000, 2, 3)
    images = r.image(x)
    assert images.shape == (2, 3, PLANES[name], 128, 64 if name != "band_gain" else 32)
    back = r.wave(images, 3000, x)
    assert back.shape == x.shape
    for i in (0, 2):
        assert torch.allclose(back[1, i], there_and_back(r, x[1, i]), atol=1e-4), (
            "a sound depends on its batch"
        )


@pytest.mark.parametrize("name", PLANES)
def test_only_padding_is_passed_over(name):
    r = made(name)
    x = phrase()[:, :5000]
    image, frames = r.image(x), r.sound.frames(5000)
    assert frames < image.shape[-1]
    before = r.wave(image, 5000, x)
    image[..., frames:] = 0.5
    assert torch.equal(r.wave(image, 5000, x), before), "padding is heard"
    image[..., frames - 1] = 0.5
    assert (r.wave(image, 5000, x) - before)[:, -r.sound.hop :].abs().max() > 1e-3, (
        "the last frame is not heard"
    )


@pytest.mark.parametrize("name", PLANES)
def test_silence(name):
    r = made(name)
    x = torch.zeros(2, 4000)
    image = r.image(x)
    magnitudes = {"complex": 0}.get(name, 2)  # the first so many planes are magnitudes
    assert (image[:magnitudes] == -1).all() and (image[magnitudes:] == 0).all(), (
        "padding and silence look alike"
    )
    assert (r.wave(image, 4000, x) == 0).all()


@pytest.mark.parametrize("name", EXACT)
def test_silence_before_within_and_after_a_sound(name):
    r = made(name)
    x = torch.cat(
        [torch.zeros(2, 1000), phrase()[:, :2000], torch.zeros(2, 1500), noise(700), torch.zeros(2, 900)], 1
    )
    assert snr(there_and_back(r, x), x) > 100
    if name == "instantaneous_frequency":
        silent = r.image(x)[2:, :, 52:68]  # windows that hold nothing
        assert (silent == 0).all(), "silence must look smooth"


@pytest.mark.parametrize("name", LINEAR)
def test_the_picture_stays_in_range_at_full_scale(name):
    r = made(name)
    for x in (
        torch.ones(2, RATE), -torch.ones(2, RATE), sine(4000 - 1e-9).sign(), noise(RATE).sign(),
        *(sine(f) for f in (31.5, 440, 2000, 3999)), *(sine(f).sign() for f in (31.5, 440, 1000, 2001, 3970)),
    ):  # fmt: skip
        assert r.image(x).abs().max() <= 1 + 1e-6
    if name in ("magnitude_phase", *LOGARITHMIC):
        middle = r.image(torch.ones(2, RATE))[:2, 0, 3:-3]
        assert torch.allclose(middle, torch.ones(())), "the loudest there is, a constant, reaches 1"


def test_a_sine_at_full_scale_has_magnitude_1_in_its_bin():
    r = made("magnitude_phase")
    k = 20
    x = sine(k * RATE / 254).clone()
    x[1] *= 0.25
    magnitude = audio.stft(x, 254, HOP)[..., 4:-4].abs()
    assert torch.allclose(magnitude[0, k], torch.ones(()).double(), atol=1e-9)
    assert torch.allclose(magnitude[0, k + 1], torch.tensor(0.5).double(), atol=1e-9), (
        "Hann's neighbours have half"
    )
    assert magnitude[0, k + 3 :].max() < 1e-9
    image = r.image(x)[..., 4:-4]
    assert image[0, k].abs().max() < 1e-9, "2 m - 1 with m = 1 / 2"
    assert torch.allclose(image[1, k], torch.tensor(-0.75).double(), atol=1e-9)
    first = r.image(sine(k * RATE / 254))[2, k, 4]
    at = 4 * HOP - 127  # where frame 4 begins
    expected = math.remainder(2 * math.pi * k * at / 254 - math.pi / 2, 2 * math.pi) / math.pi
    assert first.item() == pytest.approx(expected, abs=1e-9)


def test_logarithmic_magnitudes():
    m = torch.tensor([0.0, SOFT, 0.01, 0.1, 1.0, 2.0], dtype=torch.float64)
    plane = log_plane(m)
    assert plane[0] == -1 and plane[-1].item() == pytest.approx(1, abs=1e-12)
    assert plane[1].item() == pytest.approx(2 * math.log(2) / math.log(1 + 2e4) - 1, abs=1e-12)
    assert (plane[3] - plane[2]).item() == pytest.approx((plane[4] - plane[3]).item(), rel=0.01), (
        "ten times is one step"
    )
    assert torch.allclose(from_log_plane(plane), m, rtol=1e-12, atol=0)
    assert from_log_plane(torch.tensor(-1.5)) == 0
    x = phrase()[:, :8000]
    expected = made("log_magnitude").image(x)
    for name in LOGARITHMIC:
        assert torch.equal(made(name).image(x)[:2], expected), name


def test_compressed_spectrum():
    k, x = 20, sine(20 * RATE / 254) * 0.5
    image, spectrum = made("complex").image(x), audio.stft(x, 254, HOP)
    z = torch.complex(image[:2], image[2:])[:, k, 4:-4]
    assert torch.allclose(z.abs(), torch.tensor(0.25**0.3).double(), atol=1e-9)
    assert torch.allclose(z.angle(), spectrum[:, k, 4:124].angle(), atol=1e-9)


def test_instantaneous_frequency_of_a_steady_sine_is_its_distance_from_the_bin():
    hertz, r = 20.3 * RATE / 254, made("instantaneous_frequency")
    plane = r.image(sine(hertz))[2:, :, 5:-5]
    for k in (19, 20, 21, 22):
        expected = 2 * (hertz - k * RATE / 254) * HOP / RATE
        assert torch.allclose(plane[:, k], torch.tensor(expected).double(), atol=1e-4), f"row {k}"
    spectrum = audio.stft(torch.nn.functional.pad(sine(hertz), (0, 1)), 254, HOP)
    assert torch.allclose(r.image(sine(hertz))[2:, :, 0], angle(spectrum)[..., 0] / math.pi), (
        "frame 0 is the phase"
    )


def test_the_running_sum_of_a_long_sound_does_not_drift():
    r = made("instantaneous_frequency")
    x = noise(30 * RATE)
    assert snr(there_and_back(r, x), x) > 80


def test_griffin_lim_finds_a_sound_with_these_magnitudes():
    """Measured: 0.04 and 1.7 dB; with all phases 0 it would be 1.0 and 14 dB."""
    r = made("log_magnitude")
    x = phrase()[:, :8000]
    torch.manual_seed(1)
    back = there_and_back(r, x)
    m, found = r.spectrum(x).abs(), r.spectrum(back).abs()
    convergence = ((found - m).norm() / m.norm()).item()
    distance = (audio.decibels(found) - audio.decibels(m)).square().mean(-2).sqrt().mean().item()
    assert convergence < 0.1, f"spectral convergence {convergence:.3f}"
    assert distance < 2.5, f"log-spectral distance {distance:.2f} dB"
    torch.manual_seed(2)
    assert torch.equal(there_and_back(r, x), back), "chance is involved"
    assert not r.exact and snr(back, x) < 10, "the phase is not in the picture"


def test_source_phase_with_twice_the_magnitude_is_twice_the_source():
    r = made("magnitude_source_phase")
    x = phrase()[:, :8000]
    assert snr(r.wave(r.image(2 * x), 8000, x), 2 * x) > 100
    assert snr(r.wave(r.image(x), 8000, -x), -x) > 100, "the phase is the source's"


def bands(rate=16000):
    return made("band_gain", rate=rate)


def test_band_gain_raises_the_bands_that_it_is_told_to():
    r, x = bands(), noise(16000).double() * 0.1
    image, row = r.image(x), 100
    assert snr(r.wave(image, 16000, x), x) > 240, "an unchanged picture gives the source back"
    image[:, row - 1 : row + 2] += 12 * 2 / 60  # three, so that the gain is flat over the middle one
    raised = r.level(r.wave(image, 16000, x)).mean(-1) - r.level(x).mean(-1)  # (2, rows)
    assert raised[:, row].tolist() == pytest.approx([12, 12], abs=0.5)
    assert raised[:, : row - 4].abs().max() < 0.2 and raised[:, row + 5 :].abs().max() < 0.2, (
        "a far band changed"
    )


def test_the_gain_between_two_bands_is_interpolated():
    r = bands()
    k = 195  # the bin of a tone near 3 kHz, between two rows
    hertz = k * 16000 / 1024
    place = math.log2(hertz / 150) / r.octaves
    assert 0.3 < place % 1 < 0.7
    x = sine(hertz, 16000, 16000) * 0.1
    slope = 2.0 * (torch.arange(128.0) - math.floor(place))  # dB, 2 from row to row
    out = r.wave(r.image(x) + slope[:, None] * 2 / 60, 16000, x)
    gain = 20 * math.log10(out[0, 2000:-2000].abs().max() / 0.1)
    assert gain == pytest.approx(2 * (place % 1), abs=0.2)


def test_band_gain_is_capped():
    r, x = bands(), noise(16000) * 1e-4
    assert r.wave(torch.ones_like(r.image(x)), 16000, x).abs().max() < 1e-4 * 1000 * 1.5


@pytest.mark.parametrize("hertz", [220, 440, 1000])
def test_an_octave_moves_the_picture_of_a_tone_by_as_many_rows(hertz):
    r = bands()
    assert r.octaves * 127 == pytest.approx(math.log2(7600 / 150)), (
        "rows from 150 Hz to 95 % of half the rate"
    )
    low, high = (r.image(sine(f, 16000, 16000) / 20)[0, :, 20] for f in (hertz, 2 * hertz))
    assert abs(int(high.argmax()) - int(low.argmax()) - 1 / r.octaves) <= 1
    assert abs(math.log2(r.centres[low.argmax()] / hertz)) <= r.octaves, "the row is that of the tone"
    level = -45 + 30 * low.max()
    assert -31 < level < -25.9, "a twentieth is -26 dB, or a little less where a band is wider than the peak"


@pytest.mark.parametrize("name", PLANES)
def test_the_same_sound_gives_the_same_picture(name):
    x = phrase()[:, :4000]
    assert torch.equal(made(name).image(x), made(name).image(x.clone()))


def test_band_gain_is_black_at_silence_and_white_where_it_is_loud():
    r = bands()
    assert (r.image(torch.zeros(2, 16000)) == -1).all()
    assert r.image(sine(1000, 16000, 16000)).max() == 1
    # one more decibel is one thirtieth of the range
    louder = r.image(0.1 * 10 ** (1 / 20) * noise(16000)) - r.image(0.1 * noise(16000))
    assert louder[..., 2:20].mean() == pytest.approx(1 / 30, rel=0.01)


def test_every_representation_is_there():
    assert set(audio.REPRESENTATIONS) == set(PLANES)
    for name in PLANES:
        r = made(name)
        assert r.exact == (name in EXACT)
        assert r.needs_source == (name in ("band_gain", "magnitude_source_phase"))
    with pytest.raises(ValueError, match="representation must be one of magnitude_phase, .* got 'mel'"):
        audio.representation(Sound("mel", RATE, 254, HOP, 128, 128))
    with pytest.raises(
        ValueError, match="complex needs fft = 2 .rows - 1.* got rows=128, fft=256, hop=63: let Sound.of"
    ):
        audio.representation(Sound("complex", RATE, 256, HOP, 128, 128))
    with pytest.raises(ValueError, match="no room for 512 bands at rate=8000 and fft=512.*smaller size"):
        made("band_gain", size=512)


def test_sound_of():
    s = Sound.of("complex", rate=8000, seconds=1, size=128)
    assert (s.rows, s.columns, s.fft, s.hop, s.samples) == (128, 128, 254, 63, 8001)
    for seconds in (0.01, 0.5, 0.99, 1.0, 2.0):
        s = Sound.of("log_magnitude", rate=8000, seconds=seconds, size=128)
        n = round(8000 * seconds)
        assert s.frames(n) <= 128 and s.hop == min(h for h in range(1, 128) if 1 + math.ceil(n / h) <= 128)
        assert s.frames(s.samples) == 128 < s.frames(s.samples + 1)
    s = Sound.of("band_gain", rate=16000, seconds=1.02, size=128)
    assert (s.rows, s.columns, s.fft, s.hop, s.samples) == (128, 32, 1024, 512, 16383)
    assert s.frames(s.samples) == 32 < s.frames(s.samples + 1)
    assert (
        Sound.of("band_gain", rate=44100, seconds=3, size=128).fft == 2048
    )  # 46 ms are nearer to 64 than 93
    assert Sound.of("band_gain", rate=8000, seconds=0.1, size=64).columns == 32


@pytest.mark.parametrize(
    "change, sentence",
    [
        ({"seconds": 3}, "seconds must be at most 2.016 for size=128 at rate=8000, got 3: .*='band_gain'"),
        ({"seconds": 0}, "seconds must be a finite number above 0, got 0"),
        ({"seconds": math.nan}, "seconds must be a finite number above 0, got nan"),
        ({"seconds": math.inf}, "seconds must be a finite number above 0, got inf"),
        ({"seconds": "1"}, "seconds must be a finite number above 0, got '1'"),
        ({"size": 100}, "size must be a multiple of 16 of at least 32, got 100"),
        ({"size": 16}, "size must be a multiple of 16 of at least 32, got 16"),
        ({"size": True}, "size must be a multiple of 16 of at least 32, got True"),
        ({"rate": 3999}, "rate must be a whole number of 4000 to 48000 samples a second, got 3999"),
        ({"rate": 8000.5}, "rate must be a whole number of 4000 to 48000 samples a second, got 8000.5"),
        ({"representation": "mel"}, "representation must be one of magnitude_phase, .*, got 'mel'"),
    ],
)
def test_a_sound_that_cannot_be(change, sentence):
    values = {"representation": "complex", "rate": 8000, "seconds": 1, "size": 128} | change
    with pytest.raises(ValueError, match=sentence):
        Sound.of(values.pop("representation"), **values)
    if "at most" in sentence:
        assert Sound.of("complex", rate=8000, seconds=2.016, size=128).hop == 127


@pytest.mark.parametrize(
    "wave, sentence",
    [
        (torch.zeros(1, 100), r"the sound has shape \(1, 100\), expected \(..., 2, n\).*mono"),
        (torch.zeros(100), r"the sound has shape \(100,\)"),
        (torch.zeros(2, 0), r"the sound has shape \(2, 0\)"),
        (
            torch.zeros(2, 100, dtype=torch.int16),
            "the sound must be a tensor of float32 or float64, got torch.int16",
        ),
        ([0.0, 0.0], "the sound must be a tensor of float32 or float64, got list"),
        (torch.tensor([[0.0, math.nan], [math.inf, 0.0]]), "the sound has 2 values that are NaN or infinite"),
    ],
)
@pytest.mark.parametrize("name", ["complex", "band_gain"])
def test_what_is_no_sound(name, wave, sentence):
    with pytest.raises(ValueError, match=sentence):
        made(name).image(wave)


@pytest.mark.parametrize("name", PLANES)
def test_what_is_no_picture(name):
    r, x = made(name), noise(4000)
    image = r.image(x)
    for bad, samples, sentence in (
        (
            image[:1],
            4000,
            rf"the image has shape \(1, 128, \d+\), expected \(..., {r.sound.planes}, 128, columns\)",
        ),
        (image[:, :-1], 4000, r"the image has shape \(\d, 127, \d+\)"),
        (image * math.nan, 4000, r"the image has \d+ values that are NaN"),
        (image, 40000, r"the image has \d+ columns, expected at least \d+ for 40000 samples"),
        (image, 0, "samples must be a whole number of at least 1, got 0"),
        (image, 4000.0, "samples must be a whole number of at least 1, got 4000.0"),
    ):
        with pytest.raises(ValueError, match=sentence):
            r.wave(bad, samples, x)
    if not r.needs_source:
        return
    for source, sentence in (
        (
            None,
            rf"{name} needs the sound that the image was translated from.*pass source of shape \(2, 4000\)",
        ),
        (x[:, :-1], r"the source has shape \(2, 3999\), expected \(2, 4000\)"),
        (x[None], r"the source has shape \(1, 2, 4000\), expected \(2, 4000\)"),
        (x / 0, r"the source has \d+ values that are NaN"),
    ):
        with pytest.raises(ValueError, match=sentence):
            r.wave(image, 4000, source)
