"""Sound files and rates."""

from __future__ import annotations

import numpy as np
import pytest

from talkmill.errors import MediaError
from talkmill.media import sound


def tone(hertz: float, seconds: float = 1.0, rate: int = 48_000, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def rms(samples: np.ndarray) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(samples.astype(float) ** 2)) + 1e-12))


@pytest.mark.parametrize("channels", [1, 2])
def test_what_is_written_is_read(tmp_path, channels):
    """Law: 16 bits of every sample survive, channel by channel."""
    samples = np.random.RandomState(1).uniform(-1, 0.9999, (1234, channels)).astype(np.float32)
    sound.write(tmp_path / "a.wav", samples)
    read, rate = sound.read(tmp_path / "a.wav")
    assert rate == 48_000
    assert read.shape == samples.shape
    assert np.abs(read - samples).max() <= 0.5 / 32768 + 1e-7
    assert sound.count(tmp_path / "a.wav") == 1234


def test_what_is_too_loud_is_clipped_and_not_wrapped(tmp_path):
    """Law: a sample of 1.5 becomes full scale."""
    sound.write(tmp_path / "a.wav", np.array([1.5, -1.5], np.float32))
    assert sound.read(tmp_path / "a.wav")[0][:, 0] == pytest.approx([32767 / 32768, -1])


@pytest.mark.parametrize("count", [1, 999, 22_050, 22_051, 100_003])
def test_a_resampled_sound_has_its_exact_length(count):
    """Law: round(n * 48000 / rate) samples."""
    out = sound.resample(np.ones(count, np.float32), 22_050, 48_000)
    assert len(out) == round(count * 48_000 / 22_050)


def test_resampling_does_not_delay():
    """Law: a click stays where it was, to the sample."""
    click = np.zeros(22_050, np.float32)
    click[11_025] = 1
    assert int(np.argmax(sound.resample(click, 22_050, 48_000))) == 24_000


@pytest.mark.parametrize(("hertz", "least"), [(9_000, 90), (12_000, 90), (20_000, 90)])
def test_nothing_folds_back_at_the_models_rate(tmp_path, hertz, least):
    """Law: what 16 kHz cannot hold is gone (90 dB, all that 16 bits can say), not folded into the voice."""
    sound.write(tmp_path / "a.wav", tone(hertz))
    sound.to_model_rate(tmp_path / "a.wav", tmp_path / "b.wav")
    out, rate = sound.read(tmp_path / "b.wav")
    assert rate == 16_000
    assert rms(tone(hertz)) - rms(out[1600:-1600, 0]) >= least - 10


def test_the_models_rate_keeps_the_voice_and_the_time(tmp_path):
    """Law: 7 kHz stays within 0.5 dB, and noise bursts do not move."""
    sound.write(tmp_path / "a.wav", tone(7_000))
    sound.to_model_rate(tmp_path / "a.wav", tmp_path / "b.wav")
    assert rms(sound.read(tmp_path / "b.wav")[0]) == pytest.approx(rms(tone(7_000)), abs=0.5)
    noise = np.zeros(48_000, np.float32)
    noise[12_000:15_000] = np.random.RandomState(2).standard_normal(3_000) * 0.1
    sound.write(tmp_path / "c.wav", noise)
    sound.to_model_rate(tmp_path / "c.wav", tmp_path / "d.wav")
    back = sound.resample(sound.read(tmp_path / "d.wav")[0][:, 0], 16_000, 48_000)
    assert len(back) == len(noise)
    correlation = np.fft.irfft(np.conj(np.fft.rfft(noise, 96_000)) * np.fft.rfft(back, 96_000))
    assert int(np.argmax(correlation)) == 0


def test_what_is_no_wav_file_is_one_line(tmp_path):
    """Law: a missing file and a wrong one are named."""
    (tmp_path / "a.wav").write_bytes(b"RIFFnothing")
    for name in ("a.wav", "none.wav"):
        with pytest.raises(MediaError, match=name) as caught:
            sound.read(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_a_header_promises_what_should_be_there(tmp_path):
    """Also of a file that was cut off; one that was written into a pipe, and what is no WAV, promise nothing."""
    whole = tmp_path / "whole.wav"
    sound.write(whole, np.zeros(24_000, np.float32))
    data = whole.read_bytes()
    at = data.index(b"data") + 4
    for name, made, seconds in (
        ("whole.wav", data, 0.5),
        ("cut.wav", data[:9_000], 0.5),
        ("piped.wav", data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :], None),
        ("short.wav", data[:20], None),
        ("other.mp3", b"ID3" + data, None),
    ):
        (tmp_path / name).write_bytes(made)
        assert sound.promised(tmp_path / name) == seconds, name
    assert sound.promised(tmp_path / "none.wav") is None
