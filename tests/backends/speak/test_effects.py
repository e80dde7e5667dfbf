"""Effects: the sound changes, time does not."""

from __future__ import annotations

import json

import numpy as np
import pytest

from talkmill.backends import load
from talkmill.backends.speak.effects import shift
from tests.backends.speak.speaking import say

RATE = 24_000


@pytest.fixture(scope="module")
def speech(tmp_path_factory) -> np.ndarray:
    samples, _ = say(
        load("speak", "hibari"), tmp_path_factory.mktemp("v"), "Nobody knows why the old bridge was painted green."
    )
    return samples[::2]  # test material only: nothing above 12 kHz is in it


def envelope(samples: np.ndarray) -> np.ndarray:
    width = RATE // 50
    return np.sqrt(np.convolve(samples**2, np.ones(width) / width, "same"))


def lag(one: np.ndarray, other: np.ndarray) -> int:
    """Samples by which `other` is late, by the cross-correlation of the envelopes."""
    a, b = (envelope(x) - envelope(x).mean() for x in (one, other))
    size = 2 * len(a)
    correlation = np.fft.irfft(np.conj(np.fft.rfft(a, size)) * np.fft.rfft(b, size))
    peak = int(np.argmax(correlation))
    return peak if peak < len(a) else peak - size


def pitch_of(samples: np.ndarray) -> float:
    import pyworld

    hertz, _ = pyworld.harvest(samples.astype(np.float64), RATE)
    return float(np.median(hertz[hertz > 0]))


def centre(samples: np.ndarray) -> float:
    """Spectral centroid in Hz below 6 kHz."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    kept = hertz < 6000
    return float((power * hertz)[kept].sum() / power[kept].sum())


@pytest.mark.parametrize(("pitch", "formant"), [(3, 0), (-4, 0), (0, 2), (0, -2), (5, 2.5)])
def test_effects_keep_length_and_time(speech, pitch, formant):
    """Law: the same number of samples, and envelopes that lie on each other to 1.5 ms."""
    moved = shift(speech, RATE, pitch, formant)
    assert len(moved) == len(speech)
    assert abs(lag(speech, moved)) <= 0.0015 * RATE


@pytest.mark.parametrize("pitch", [-4, 3, 7])
def test_pitch_moves_by_semitones(speech, pitch):
    """Law: the median pitch moves by as many semitones as asked."""
    assert 12 * np.log2(pitch_of(shift(speech, RATE, pitch, 0)) / pitch_of(speech)) == pytest.approx(pitch, abs=0.3)


def test_formants_move_without_the_pitch(speech):
    """Law: formants up makes the sound brighter, down darker, and leaves the pitch."""
    up, down = shift(speech, RATE, 0, 3), shift(speech, RATE, 0, -3)
    assert centre(down) < centre(speech) < centre(up)
    for moved in (up, down):
        assert 12 * np.log2(pitch_of(moved) / pitch_of(speech)) == pytest.approx(0, abs=0.3)


def test_no_effect_is_no_change_and_effects_are_repeatable(speech):
    """Law: 0 and 0 give the very samples; the same effect twice gives the same bytes."""
    assert shift(speech, RATE, 0, 0) is speech
    assert np.array_equal(shift(speech, RATE, 2, 1), shift(speech, RATE, 2, 1))


def test_a_take_with_effects_has_the_times_of_the_one_without(tmp_path):
    """Law: pitch and formant change no time in times.json."""
    backend = load("speak", "hibari")
    for place, effects in (("a", {}), ("b", {"pitch": 3, "formant": 1})):
        say(backend, tmp_path / place, "We bake every morning.", effects=effects)
    one, other = (json.loads((tmp_path / place / "times.json").read_text()) for place in "ab")
    assert one == other
    assert (tmp_path / "a" / "sound.wav").read_bytes() != (tmp_path / "b" / "sound.wav").read_bytes()
