"""Changes to a voice's sound that keep its time: pitch and formants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from talkmill.errors import BackendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def shift(samples: NDArray[np.float32], rate: int, pitch: float, formant: float) -> NDArray[np.float32]:
    """`samples` (n,) with pitch and formants moved by so many semitones; same length, same time."""
    if not pitch and not formant:
        return samples
    raise BackendError("speak: effects: not there yet. Leave pitch and formant at 0.")
