"""clean: classic. What rumbles is taken out, every take gets the same loudness. Nothing moves in time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from talkmill.backends import JSON, Result
from talkmill.errors import BackendError, MediaError
from talkmill.media import loudness, sound
from talkmill.model.speech import SAMPLE_RATE

CEILING = -2.0
"""dBTP that no take exceeds."""

LEVEL, HIGHPASS = -18.0, 80.0


class Classic:
    """A highpass without delay, then gain and a true-peak limiter until the take has its level.

    Request: `level` (LUFS, default -18), `highpass` (Hz, default 80; 0: none).
    """

    name: ClassVar[str] = "classic"
    version: ClassVar[int] = 3
    licence: ClassVar[str] = "none"
    packages: ClassVar[tuple[str, ...]] = ("numpy", "soxr")

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Clean one take.

        Raises:
            BackendError: the take is not 48 kHz mono.
            MediaError: the take cannot be read, or there is nothing to hear in it.
        """
        samples, rate = sound.read(inputs["sound"])
        if rate != SAMPLE_RATE or samples.shape[1] != 1:
            raise BackendError(
                f"clean: {inputs['sound'].name}: not 48 kHz mono ({rate} Hz, {samples.shape[1]} channels). "
                "Give it a take of a `speak` backend."
            )
        level, hertz = float(request.get("level", LEVEL)), float(request.get("highpass", HIGHPASS))
        filtered = highpassed(samples[:, 0], hertz)[:, None]
        before = loudness.integrated(filtered)
        if before > -math.inf:
            made, gain = loudness.levelled(filtered, level, CEILING, before)
        else:
            before = level_of(filtered)
            gain = level - before
            made = loudness.Limiter(filtered).run(gain, CEILING)
        out = workdir / "sound.wav"
        sound.write(out, made)
        return Result(
            files={"sound": out}, facts={"samples": len(samples), "loudness": round(before, 2), "gain": round(gain, 2)}
        )


def highpassed(samples: sound.Samples, hertz: float) -> sound.Samples:
    """`samples` (n,) at 48 kHz without what is below `hertz`; 0 leaves them as they are.

    The filter is a second-order Butterworth's magnitude, squared (as run forwards and backwards), in the frequency domain: no
    phase, no delay, 6 dB down at `hertz`, 24 dB an octave.
    """
    import numpy as np

    if not hertz or not len(samples):
        return samples
    size = -(-(len(samples) + SAMPLE_RATE) // 16_384) * 16_384  # silence on either side of the join; a quick length
    ratio = (np.arange(size // 2 + 1) * SAMPLE_RATE / size / hertz) ** 4
    spectrum = np.fft.rfft(samples.astype(np.float64), size) * (ratio / (1 + ratio))
    return np.fft.irfft(spectrum, size)[: len(samples)].astype(np.float32)


def level_of(samples: sound.Samples) -> float:
    """Level of a sound that is shorter than a block of the meter (0.4 s): its RMS in dB less 0.691, as BS.1770 has it.

    Raises:
        MediaError: there is nothing to hear.
    """
    import numpy as np

    power = float(np.mean(samples.astype(np.float64) ** 2)) if len(samples) else 0.0
    if power < 1e-9:
        raise MediaError("clean: nothing to hear in the take (RMS under -90 dB). Look at the text it speaks.")
    return 10 * math.log10(power) - 0.691
