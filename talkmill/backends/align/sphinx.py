"""align: sphinx. Pocketsphinx's English model, given the phonemes of any language as the English ones that sound nearest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from talkmill.backends import JSON, Result
from talkmill.backends.align import aligning
from talkmill.backends.align.phones import pronounced
from talkmill.backends.align.reference import Reference
from talkmill.backends.speak.times import Phone
from talkmill.errors import BackendError, PrerequisiteError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BEAMS = {"bestpath": False, "beam": 1e-80, "wbeam": 1e-60, "pbeam": 1e-80}
"""With its own beams the decoder loses unusual voices; with a best path through the lattice the second pass fails."""

FRAME = 160
"""Samples of one of its frames: 10 ms at 16 kHz."""


class Refused(BackendError):
    """Pocketsphinx finds no way through the recording for this text."""


class Sphinx:
    """Forced alignment with hidden Markov models (pocketsphinx, en-us, BSD).

    Request: `text`, `language`, `sung`. See `talkmill.backends.align`.
    """

    name: ClassVar[str] = "sphinx"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = "BSD-2-Clause"
    packages: ClassVar[tuple[str, ...]] = ("pocketsphinx", "espeakng-loader", "numpy", "soxr")

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Align one recording.

        Raises:
            BackendError: nothing in the text can be spoken, espeak-ng does not know the language, or (`Refused`) there is no
                way through the recording.
        """
        return aligning.run(align, request, inputs, workdir)


def align(samples: NDArray[np.float32], spoken: Reference) -> list[Phone]:
    """Phones and pauses of a recording, in samples of 16 kHz, without holes.

    Args:
        samples: (n,) at 16 kHz, with `aligning.PAD` seconds of silence at both ends.
        spoken: the text's phones.

    Raises:
        Refused: no hypothesis.
    """
    import numpy as np

    decoder = _decoder()
    symbols: dict[int, list[str]] = {}
    for phone in spoken.phones:
        if phone.symbol and phone.word is not None:
            symbols.setdefault(phone.word, []).append(phone.symbol)
    said = {index: pronounced(letters) for index, letters in sorted(symbols.items())}
    said = {index: parts for index, parts in said.items() if parts}
    for index, parts in said.items():
        decoder.add_word(f"w{index}", " ".join(name for name, _ in parts), index == max(said))
    decoder.set_align_text(" ".join(f"w{index}" for index in said))
    sound = np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2").tobytes()
    _decode(decoder, sound)
    try:
        if decoder.hyp() is None:
            raise RuntimeError("no hypothesis")
        decoder.set_alignment()
        _decode(decoder, sound)
        words = [(entry.name, [(phone.start, phone.duration) for phone in entry]) for entry in decoder.get_alignment()]
    except RuntimeError as error:
        raise Refused(f"align: sphinx: no way through the recording for this text ({error}). Use `synthesis`.") from None
    found: list[Phone] = []
    now = 0
    for name, parts in words:
        match = re.fullmatch(r"w(\d+)", name)
        if not match:
            continue
        index = int(match[1])
        letters = iter(symbols[index])
        for (start, duration), (_, count) in zip(parts, said[index], strict=True):
            begin, end = start * FRAME, min((start + duration) * FRAME, len(samples))
            if begin > now:
                found.append(Phone("", now, begin))
            share = (end - begin) / count
            for place in range(count):
                found.append(Phone(next(letters), begin + place * share, begin + (place + 1) * share, index))
            now = end
    if not found:
        raise Refused("align: sphinx: no way through the recording for this text (only silence). Use `synthesis`.")
    if now < len(samples):
        found.append(Phone("", now, len(samples)))
    return found


def _decoder() -> Any:
    try:
        from pocketsphinx import Decoder
    except ModuleNotFoundError:
        raise PrerequisiteError(
            "speak: recording: the package pocketsphinx is not installed. Install Talkmill again with its dependencies."
        ) from None
    return Decoder(lm=None, loglevel="FATAL", **BEAMS)


def _decode(decoder: Any, sound: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(sound, no_search=False, full_utt=True)
    decoder.end_utt()
