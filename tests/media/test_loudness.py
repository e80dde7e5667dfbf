"""Loudness measured and met."""

from __future__ import annotations

import numpy as np
import pytest

from talkmill.errors import MediaError
from talkmill.media import loudness, sound

RATE = 48_000


def tone(level: float, channels: int = 2) -> np.ndarray:
    """A stereo sine of 997 Hz for five seconds, peak `level` dBFS."""
    wave = 10 ** (level / 20) * np.sin(2 * np.pi * 997 * np.arange(5 * RATE) / RATE)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def bumpy(channels: int = 2) -> np.ndarray:
    """Noise like speech: syllables with high peaks, quiet."""
    random = np.random.RandomState(3)
    noise = random.standard_normal((6 * RATE, channels)) * 0.02
    swing = np.maximum(np.sin(2 * np.pi * 3 * np.arange(6 * RATE) / RATE), 0) ** 2
    noise[:: RATE // 7] *= 12
    # Band-limited, as a voice is: between single samples of white noise the meters' own filters decide what the peak is.
    kernel = np.sinc(np.arange(-48, 49) / 6) * np.hanning(97) / 6
    noise = np.stack([np.convolve(one, kernel, "same") for one in noise.T], axis=1) * 2
    return (noise * swing[:, None]).astype(np.float32)


def test_the_meter_is_right_for_the_standards_signal(tmp_path):
    """Law: a stereo sine of -23 dBFS is -23 LUFS (EBU Tech 3341, case 1)."""
    sound.write(tmp_path / "a.wav", tone(-23))
    found = loudness.measure(tmp_path / "a.wav")
    assert found.integrated == pytest.approx(-23, abs=0.1)
    assert found.true_peak == pytest.approx(-23, abs=0.2)
    assert found.range == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("target", [-14.0, -16.0])
def test_a_normalised_sound_meets_loudness_and_peak_without_moving(tmp_path, target, channels):
    """Law: within 0.3 LU, true peak under -2 dBTP, the same samples at the same time."""
    samples = bumpy(channels)
    sound.write(tmp_path / "a.wav", samples)
    gain = loudness.normalise(tmp_path / "a.wav", tmp_path / "b.wav", target, -2.0)
    found = loudness.measure(tmp_path / "b.wav")
    assert gain > 5
    assert found.integrated == pytest.approx(target, abs=loudness.TOLERANCE)
    assert found.true_peak <= -2.0 + loudness.OVER
    out, rate = sound.read(tmp_path / "b.wav")
    assert rate == RATE
    assert out.shape == samples.shape
    size = 2 * len(out)
    correlation = np.fft.irfft(np.conj(np.fft.rfft(samples[:, 0], size)) * np.fft.rfft(out[:, 0], size))
    assert int(np.argmax(correlation)) == 0


@pytest.mark.parametrize("channels", [1, 2])
def test_the_two_meters_agree(tmp_path, channels):
    """Law: what is measured in the process is what ffmpeg measures on the file, loudness and true peak."""
    samples = bumpy(channels)
    sound.write(tmp_path / "a.wav", samples)
    found = loudness.measure(tmp_path / "a.wav")
    assert loudness.integrated(samples) == pytest.approx(found.integrated, abs=0.1)
    assert loudness.true_peak(samples) == pytest.approx(found.true_peak, abs=0.2)
    assert loudness.integrated(samples[: RATE // 3]) == float("-inf")
    assert loudness.integrated(0 * samples) == float("-inf")


def test_a_loud_sound_is_turned_down(tmp_path):
    """Law: gain may be negative."""
    sound.write(tmp_path / "a.wav", tone(-3))
    gain = loudness.normalise(tmp_path / "a.wav", tmp_path / "b.wav", -16, -2)
    assert gain < 0
    assert loudness.measure(tmp_path / "b.wav").integrated == pytest.approx(-16, abs=0.3)


def test_silence_and_the_impossible_are_refused_in_one_line(tmp_path):
    """Law: nothing to hear, and a loudness that no limiter reaches, are errors; no file is left."""
    sound.write(tmp_path / "a.wav", np.zeros((RATE, 1), np.float32))
    with pytest.raises(MediaError, match="nothing to hear"):
        loudness.normalise(tmp_path / "a.wav", tmp_path / "b.wav")
    sound.write(tmp_path / "c.wav", bumpy()[: 2 * RATE])
    with pytest.raises(MediaError, match=r"cannot be brought to -3 LUFS under -12 dBTP") as caught:
        loudness.normalise(tmp_path / "c.wav", tmp_path / "d.wav", -3, -12)
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.wav", "c.wav"]


def test_a_file_without_sound_is_refused(tmp_path):
    """Law: what cannot be measured is an error, not silence."""
    (tmp_path / "a.wav").write_bytes(b"no sound at all")
    with pytest.raises(MediaError, match="ffmpeg"):
        loudness.measure(tmp_path / "a.wav")


@pytest.mark.parametrize("count", [1, 480, 481, 5000])
def test_the_limiters_windows_are_those_of_scipy(count):
    """Law: the least value and the mean around each value, at the ends as well, are what SciPy says."""
    from scipy.ndimage import minimum_filter1d, uniform_filter1d

    values = np.random.default_rng(count).random(count).astype(np.float32)
    for reach in (1, 3, 481):
        assert (loudness._least(values, reach) == minimum_filter1d(values, reach, mode="nearest")).all()
        assert loudness._averages(values, reach) == pytest.approx(uniform_filter1d(values, reach, mode="nearest"), abs=1e-5)


def test_levelling_takes_a_known_loudness_for_what_it_is():
    """Law: the loudness that is handed in saves measuring it, and changes nothing."""
    samples = bumpy(1)
    asked = loudness.levelled(samples, -18, -2)
    told = loudness.levelled(samples, -18, -2, loudness.integrated(samples))
    assert (asked[0] == told[0]).all()
    assert asked[1] == told[1]
