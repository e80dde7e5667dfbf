"""The text as espeak-ng speaks it: which phonemes are to be heard, in which words, and what they roughly sound like."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from talkmill.backends.speak import espeak, espeak_voices, text
from talkmill.backends.speak.process import Worker
from talkmill.backends.speak.take import Speech
from talkmill.backends.speak.times import Phone
from talkmill.errors import BackendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Reference:
    """A text, and its synthetic speech."""

    words: tuple[str, ...]  # as they are written
    phones: Sequence[Phone]  # without holes, in samples of `rate`; each knows its word
    samples: NDArray[np.float32]  # (n,)
    rate: int


def reference(written: str, language: str) -> Reference:
    """`written` spoken by espeak-ng in `language`.

    Raises:
        BackendError: nothing in the text can be spoken, or espeak-ng does not know the language.
    """
    import numpy as np

    words = text.written(written)
    said = [text.spoken(word, language) for word in words]
    text.require_speakable("recording", written, said)
    worker = Worker("espeak", "espeak_worker.py")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "sound.raw"
        question = {
            "voice": language,
            "names": espeak_voices.NAMES,
            "text": " ".join(word for word in said if word),
            "out": str(out),
        }
        try:
            answer = worker.ask({**question, "rate": espeak.WORDS_A_MINUTE, "pitch": 50})
        finally:
            worker.close()
        raw = np.frombuffer(out.read_bytes(), "<i2").astype(np.float32) / np.float32(32768)
    speech = Speech(answer["rate"], espeak.LATE, {})
    speech.timed(raw, espeak.phones(answer, espeak.word_starts(said)))
    if not any(phone.symbol for phone in speech.phones):
        raise BackendError(
            f"speak: recording: nothing in the text has a sound in {language!r} ({written[:60]!r}). Write it as it is spoken."
        )
    return Reference(words, speech.phones, speech.samples, answer["rate"])
