"""Words with times become cues: what is read, from which frame to which.

The limits are those of broadcast and streaming timed text (Netflix Timed Text Style Guide, general requirements): a cue
stands for at least 5/6 s where there is room and 7 s at most, starts with its first word, goes up to 12 frames after its
last one, and two cues are exactly contiguous or at least two frames apart. A cue never holds words of two utterances.

One list of cues serves the picture and the subtitle files: a cue fits two short lines of a vertical picture, which is one
line of the 42 characters that subtitle files allow. Where the lines of a picture break depends on its shape and is
decided in `lines.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from talkmill.model import SAMPLE_RATE

MIN_SECONDS = 5 / 6
MAX_SECONDS = 7.0
EXTEND_FRAMES = 12
"""Frames that a cue may stay after its last word."""
GAP_FRAMES = 2
"""Frames between two cues that are not contiguous."""
CHAIN_FRAMES = 12
"""A shorter hole between two cues of one utterance is closed: captions that blink off and on are hard to read."""
CHARACTERS = 40
"""Characters of one cue: two lines of 20."""

SENTENCE_END = ".!?…。！？؟।"
CLAUSE_END = ",;:،؛、，；：—–"
CUT = "\u00ad"
"""Soft hyphen: ends a piece after which a word was cut."""
OPENERS = "“‘«([{¿¡「『"


@dataclass(frozen=True)
class Piece:
    """A word, or a part of a word where the script has no spaces or the word is longer than a line."""

    text: str
    start: int  # samples at 48 kHz from the episode's start
    end: int
    utterance: int
    glued: bool = False  # no space before it


@dataclass(frozen=True)
class Cue:
    """Pieces that are read together, on frames: shown in frames `start` to `end - 1`."""

    pieces: tuple[Piece, ...]
    start: int
    end: int

    @property
    def text(self) -> str:
        """The cue as one line."""
        return joined(self.pieces)

    @property
    def utterance(self) -> int:
        """Number of the utterance that all its words are of."""
        return self.pieces[0].utterance


def joined(pieces: Sequence[Piece]) -> str:
    """The pieces as they are written; where they end within a cut word, with a hyphen."""
    text = "".join(piece.text if piece.glued or not index else f" {piece.text}" for index, piece in enumerate(pieces))
    return shown(text, last=True)


def shown(text: str, last: bool) -> str:
    """Text with its cut marks as they are seen: a hyphen at the end of a line, nothing elsewhere."""
    cut = last and text.endswith(CUT)
    return text.replace(CUT, "") + ("-" if cut else "")


def build(pieces: Sequence[Piece], fps: int, frames: int, fits: Callable[[Sequence[Piece]], bool]) -> list[Cue]:
    """Cues of an episode of `frames` frames; `fits` says whether pieces can be shown as one cue (two lines)."""
    groups: list[tuple[Piece, ...]] = []
    first = 0
    for index in range(1, len(pieces) + 1):
        if index == len(pieces) or pieces[index].utterance != pieces[first].utterance:
            groups.extend(_split(pieces[first:index], fits))
            first = index
    return _timed(groups, fps, frames)


def _split(pieces: Sequence[Piece], fits: Callable[[Sequence[Piece]], bool]) -> list[tuple[Piece, ...]]:
    """The cheapest way to cut one utterance into cues (dynamic programming over all cuts)."""
    count = len(pieces)
    best: list[tuple[float, int]] = [(0.0, 0)] + [(float("inf"), 0)] * count
    for end in range(1, count + 1):
        for start in range(end - 1, -1, -1):
            group = pieces[start:end]
            if len(group) > 1 and not (len(joined(group)) <= CHARACTERS and fits(group)):
                break
            cost = best[start][0] + _cost(group, pieces[end] if end < count else None)
            if cost < best[end][0]:
                best[end] = (cost, start)
    groups = []
    end = count
    while end:
        start = best[end][1]
        groups.append(tuple(pieces[start:end]))
        end = start
    return groups[::-1]


def _cost(group: Sequence[Piece], following: Piece | None) -> float:
    """How badly these pieces make one cue; the numbers weigh against each other and have no unit."""
    seconds = ((following.start if following else group[-1].end) - group[0].start) / SAMPLE_RATE
    cost = 1.5  # a change of cue is itself a disturbance
    if following is not None:
        cost += _break_cost(group[-1], following)
    cost += 0.18 * max(0, 18 - len(joined(group)))  # a scrap of a line reads like an afterthought
    cost += 6.0 * max(0.0, MIN_SECONDS - seconds)
    cost += 3.0 * max(0.0, seconds - 3.5)
    if seconds > MAX_SECONDS and len(group) > 1:
        cost += 1000
    for left, right in pairwise(group):
        if _ends(left.text, SENTENCE_END):
            cost += 4.0  # a new sentence deserves a new cue
        elif _ends(left.text, CLAUSE_END):
            cost += 0.8
        if right.start - left.end > 0.35 * SAMPLE_RATE:
            cost += 3.0
    return cost


def _break_cost(left: Piece, right: Piece) -> float:
    """How badly a reader is torn away between two neighbours."""
    if left.text.endswith(CUT):
        return 12.0
    if _ends(left.text, SENTENCE_END):
        return 0.0
    if _ends(left.text, CLAUSE_END) or right.start - left.end > 0.25 * SAMPLE_RATE:
        return 0.7
    if right.glued:
        return 3.0
    # A short word in small letters (the, of, de, et, und) belongs to what follows it.
    if len(left.text) <= 3 and left.text.islower():
        return 5.0
    return 2.5


def _ends(text: str, marks: str) -> bool:
    return text.rstrip("\"'”’»)]}」』")[-1:] in tuple(marks)


def _timed(groups: Sequence[tuple[Piece, ...]], fps: int, frames: int) -> list[Cue]:
    """Frames of the cues: in with the first word, out after the last, never over the next cue."""
    per_frame = SAMPLE_RATE // fps
    shortest = -(-fps * 5 // 6)
    starts: list[int] = []
    for index, group in enumerate(groups):
        wanted = min(round(group[0].start / per_frame), frames - 1)
        if index and group[0].start < groups[index - 1][-1].end:  # somebody is interrupted: what both say must be read
            wanted = max(wanted, min(starts[-1] + shortest, group[-1].end // per_frame - shortest))
        starts.append(max(wanted, starts[-1] + 1) if starts else max(0, wanted))
    cues = []
    for index, group in enumerate(groups):
        start = starts[index]
        spoken = max(start + 1, -(-group[-1].end // per_frame))
        last = index + 1 == len(groups)
        limit = frames if last else starts[index + 1]
        follows = not last and groups[index + 1][0].utterance == group[0].utterance
        room = limit
        if not last and not follows:  # another utterance, perhaps another face: be gone in the first half of the pause
            room = min(limit, max(spoken, min(limit - GAP_FRAMES, spoken + (limit - spoken) // 2)))
        end = min(room, spoken + EXTEND_FRAMES)
        least = start + shortest
        if end < least:
            end = min(least, room)
        if follows and limit - end < CHAIN_FRAMES:
            end = limit
        if not last and 0 < limit - end < GAP_FRAMES:
            end = limit if limit - GAP_FRAMES <= start else limit - GAP_FRAMES
        end = min(end, start + int(MAX_SECONDS * fps), frames)
        cues.append(Cue(tuple(group), start, max(end, start + 1)))
    return cues
