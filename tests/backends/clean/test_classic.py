"""clean: the sound gets fit, time stays to the sample."""

from __future__ import annotations

import numpy as np
import pytest

from talkmill.backends.clean.classic import Classic
from talkmill.errors import BackendError, MediaError
from talkmill.media import loudness, sound

RATE = 48_000


def bursts(seconds: float, level: float = 0.05) -> np.ndarray:
    """Noise bursts of 80 ms, four a second, between silences: what shows the smallest lag."""
    random = np.random.RandomState(1)
    noise = random.standard_normal(round(seconds * RATE)) * level
    on = (np.arange(len(noise)) % (RATE // 4)) < 0.08 * RATE
    return (noise * on).astype(np.float32)


def cleaned(folder, samples, **request):
    source = folder / "take.wav"
    sound.write(source, samples)
    out = folder / "out"
    out.mkdir()
    return Classic().run(request, {"sound": source}, out)


def test_a_take_keeps_its_length_and_its_time_when_it_is_cleaned(tmp_path):
    """Law: length delta 0 and lag 0 samples, by the cross-correlation of noise bursts."""
    samples = bursts(2.345678)
    made = cleaned(tmp_path, samples)
    out = sound.read(made.files["sound"])[0][:, 0]
    assert len(out) == len(samples) == made.facts["samples"]
    size = 2 * len(out)
    correlation = np.fft.irfft(np.conj(np.fft.rfft(samples, size)) * np.fft.rfft(out, size))
    assert int(np.argmax(correlation)) == 0


@pytest.mark.parametrize("level", [-18, -23])
def test_a_take_comes_to_its_level(tmp_path, level):
    """Law: the level that was asked for, within 0.5 LU, under the true peak."""
    made = cleaned(tmp_path, bursts(2), level=level)
    now = loudness.measure(made.files["sound"])
    assert now.integrated == pytest.approx(level, abs=0.5)
    assert now.true_peak <= -1.9
    assert made.facts["gain"] == pytest.approx(level - made.facts["loudness"], abs=3)


def test_a_very_short_take_gets_its_level_from_its_power(tmp_path):
    """Law: a take of 0.2 s, which the meter cannot hear, is levelled by its RMS and keeps its length."""
    samples = bursts(0.2)
    made = cleaned(tmp_path, samples, level=-20, highpass=0)
    out = sound.read(made.files["sound"])[0][:, 0]
    assert len(out) == len(samples)
    assert 10 * np.log10(np.mean(out.astype(float) ** 2)) - 0.691 == pytest.approx(-20, abs=1)


def test_rumble_is_taken_out_and_voice_is_not(tmp_path):
    """Law: 30 Hz falls by more than 20 dB against 200 Hz, which stays."""
    time = np.arange(2 * RATE) / RATE
    samples = (0.1 * np.sin(2 * np.pi * 30 * time) + 0.1 * np.sin(2 * np.pi * 200 * time)).astype(np.float32)
    out = sound.read(cleaned(tmp_path, samples).files["sound"])[0][:, 0]
    spectrum = np.abs(np.fft.rfft(out[RATE // 2 : 3 * RATE // 2]))
    assert 20 * np.log10(spectrum[200] / spectrum[30]) > 20


def test_equal_takes_give_equal_bytes(tmp_path):
    """Law: the same take twice, the same bytes."""
    made = []
    for place in "ab":
        (tmp_path / place).mkdir()
        made.append(cleaned(tmp_path / place, bursts(1)).files["sound"].read_bytes())
    assert made[0] == made[1]


def test_silence_is_refused_in_one_line(tmp_path):
    """Law: nothing to hear is an error that says so."""
    with pytest.raises(MediaError, match="nothing to hear in the take") as caught:
        cleaned(tmp_path, np.zeros(RATE, np.float32))
    assert "\n" not in str(caught.value)


def test_another_rate_is_refused(tmp_path):
    """Law: a take is 48 kHz mono."""
    source = tmp_path / "take.wav"
    sound.write(source, bursts(1), 44_100)
    with pytest.raises(BackendError, match=r"not 48 kHz mono \(44100 Hz, 1 channels\)"):
        Classic().run({}, {"sound": source}, tmp_path)
