"""How far a recording says its text: what a phone recogniser hears, without knowing the text, against what should be heard.

Pocketsphinx's free phone loop hears some English phone at every moment of any language. Kinds of sounds survive that better
than the phones themselves, so likeness is graded: the same phone, the same kind, a vowel near by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from talkmill.backends.align.phones import PAIRS, SINGLES, base
from talkmill.backends.speak.times import Phone

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FRAME = 160
"""Samples at 16 kHz of one frame of the recogniser: 10 ms."""
REACH = 2
"""Frames by which what is heard may lie beside what is expected."""

KINDS = ("P T K", "B D G", "S SH CH Z ZH JH", "F V TH DH HH", "M N NG", "L R ER W Y")
NEAR = {("P T K", "B D G"): 0.6, ("B D G", "M N NG"): 0.3, ("B D G", "F V TH DH HH"): 0.4}
NEAR |= {("S SH CH Z ZH JH", "F V TH DH HH"): 0.4}
NEAR |= {("P T K", "S SH CH Z ZH JH"): 0.2, ("P T K", "F V TH DH HH"): 0.3, ("M N NG", "L R ER W Y"): 0.3}
PLACES = {
    "IY": (0.0, 0.0), "IH": (0.2, 0.2), "EY": (0.3, 0.1), "EH": (0.55, 0.2), "AE": (0.85, 0.2), "AA": (1.0, 0.7),
    "AY": (0.8, 0.4),
    "AW": (0.85, 0.6), "AH": (0.6, 0.55), "AO": (0.7, 0.95), "OY": (0.6, 0.8), "OW": (0.45, 0.95), "UH": (0.25, 0.8),
    "UW": (0.05, 0.95), "ER": (0.45, 0.5), "Y": (0.0, 0.0), "W": (0.05, 1.0), "R": (0.35, 0.6), "L": (0.4, 0.6),
}  # fmt: skip
"""Vowels and what is like them: how open and how far back, 0..1."""


@cache
def likeness(one: str, other: str) -> float:
    """0..1: how alike two of the recogniser's phones are."""
    if one == other:
        return 1.0
    if one in PLACES and other in PLACES:
        distance = sum((a - b) ** 2 for a, b in zip(PLACES[one], PLACES[other], strict=True)) ** 0.5
        return max(0.0, 1.0 - distance)
    first, second = (next((kind for kind in KINDS if phone in kind.split()), phone) for phone in (one, other))
    if first == second:
        return 0.7
    if "SIL" in (one, other):
        return 0.5 if {first, second} & {"P T K", "B D G"} else 0.0
    return NEAR.get((first, second), NEAR.get((second, first), 0.0))


def heard(samples: NDArray[np.float32]) -> list[str]:
    """The phone that is heard in each frame of `samples` (n,) at 16 kHz; "SIL" is silence or noise."""
    import numpy as np
    from pocketsphinx import Decoder, get_model_path

    decoder = Decoder(lm=None, loglevel="FATAL", beam=1e-20, pbeam=1e-10, lw=1.0)
    decoder.add_allphone_file("phones", get_model_path("en-us/en-us-phone.lm.bin"))
    decoder.activate_search("phones")
    decoder.start_utt()
    sound = np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2").tobytes()
    decoder.process_raw(sound, no_search=False, full_utt=True)
    decoder.end_utt()
    found = ["SIL"] * (len(samples) // FRAME + 1)
    for part in decoder.seg() or ():
        name = "SIL" if part.word.startswith(("SIL", "+", "<")) else part.word
        for frame in range(part.start_frame, min(part.end_frame + 1, len(found))):
            found[frame] = name
    return found


def matches(samples: NDArray[np.float32], phones: Sequence[Phone]) -> dict[int, float]:
    """For each word 0..1, how well what is heard fits it: the mean over its frames.

    Args:
        samples: the recording, (n,) at 16 kHz.
        phones: its phones and pauses as they were aligned, in samples.
    """
    ear = heard(samples)
    found: dict[int, list[float]] = {}
    for index, phone in enumerate(phones):
        if not phone.symbol or phone.word is None:
            continue
        letter, following = base(phone.symbol), phones[index + 1].symbol if index + 1 < len(phones) else ""
        before = phones[index - 1].symbol if index else ""
        expected = [PAIRS.get(letter + base(following), ""), PAIRS.get(base(before) + letter, ""), SINGLES.get(letter, "")]
        names = [name for name in expected if name]
        scores = found.setdefault(phone.word, [])
        for frame in range(round(phone.start / FRAME), max(round(phone.end / FRAME), round(phone.start / FRAME) + 1)):
            near = set(ear[max(frame - REACH, 0) : frame + REACH + 1])
            scores.append(max((likeness(name, other) for name in names for other in near), default=0.5))
    return {word: sum(scores) / len(scores) for word, scores in found.items()}


def overall(fit: Mapping[int, float]) -> float:
    """The match of a whole text: the mean over its words."""
    return sum(fit.values()) / len(fit) if fit else 0.0
