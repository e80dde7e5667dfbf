"""The picture against the sound: when lips close, which shape each phoneme gets, and whether the mouth rests in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from talkmill.measure import shapes
from talkmill.measure.listen import Heard
from talkmill.measure.shapes import CLASSES, SHUT, TUCKED, Shape
from talkmill.measure.subject import Line, Subject
from talkmill.measure.watch import Seen, Watched
from talkmill.model import SAMPLE_RATE

SEARCH = 0.15
"""Seconds around a phoneme's middle in which the closure that belongs to it is looked for."""
SHORTEST = 0.045
"""Seconds of a phoneme from which its shape is judged: a shorter one has not a whole frame and a half."""
CORE = 0.6
"""The part of a phoneme, about its middle, whose frames are judged; at its ends it is half its neighbour."""
BREAK = 0.03
"""Seconds of silence beside a phoneme that may keep its lips shut for longer."""
REST = 0.3
"""Seconds in which nothing is said from which lips that are shut are at rest."""
POP, SETTLED = 1.5, 0.5
"""Levels of luma by which a picture differs that flickers from its neighbours; those differ by less than `SETTLED` of it."""
AROUND_TAKE = 0.10
"""Seconds around a speaker's own takes that do not count as its silence."""


@dataclass(frozen=True)
class Spoken:
    """One phoneme on the video's own time, in seconds: when it is heard."""

    symbol: str
    start: float
    end: float
    line: int
    pause: bool = False  # whether silence comes directly before or after it

    @property
    def middle(self) -> float:
        """Seconds."""
        return (self.start + self.end) / 2


@dataclass(frozen=True)
class Closure:
    """One p, b or m (or several in a row): whether the picture shuts the lips for it, and by how much too late.

    `offset` is NaN where the lips' hold cannot be timed: it is missing, or it is part of a pause (`at_pause`).
    """

    phone: Spoken
    shut: bool
    missing: bool
    at_pause: bool
    offset: float


@dataclass(frozen=True)
class Judged:
    """One phoneme with a shape of its own, and the shape that was seen."""

    phone: Spoken
    asked: str
    seen: str
    aperture: float
    width: float
    teeth: float


@dataclass
class Score:
    """What was found; numbers over no data are NaN."""

    closures: list[Closure] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)
    quiet: int = 0  # frames in which a mouth should be still
    still: int = 0  # of these, how many are
    flicker: int = 0
    residual: list[float] = field(default_factory=list)  # picture differences of quiet frames, levels of luma
    restless: list[int] = field(default_factory=list)  # frames that should be still and are not
    unfound: int = 0  # frames in which no mouth was found
    looked: int = 0
    unseen: int = 0  # phonemes whose speaker is not in the picture

    def add(self, other: Score) -> None:
        """Take over what another video gave (for benchmarks)."""
        self.closures += other.closures
        self.judged += other.judged
        self.residual += other.residual
        for name in ("quiet", "still", "flicker", "unfound", "looked", "unseen"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def offsets(self) -> np.ndarray:
        """Seconds by which timed closures come late."""
        return np.array([made.offset for made in self.closures if not np.isnan(made.offset)])

    @property
    def misses(self) -> np.ndarray:
        """Seconds by which closures miss their phonemes, either way; a missing one counts as `SEARCH`."""
        return np.array([SEARCH] * sum(made.missing for made in self.closures) + np.abs(self.offsets).tolist())

    def confusion(self) -> dict[str, dict[str, int]]:
        """Shape asked for -> shape seen -> how often."""
        table = {name: dict.fromkeys([*CLASSES, shapes.OTHER], 0) for name in CLASSES}
        for one in self.judged:
            table[one.asked][one.seen] += 1
        return table

    def recall(self) -> dict[str, float]:
        """Shape -> share of the phonemes asking for it that got it; only shapes that were asked for."""
        return {name: row[name] / sum(row.values()) for name, row in self.confusion().items() if sum(row.values())}


def phones(subject: Subject, late: float) -> Iterator[Spoken]:
    """Every phoneme but silences, when it is heard: the take's times, and `late` seconds by which the whole sound is late."""
    shift = 0.0 if np.isnan(late) else late
    for index, line in enumerate(subject.lines):
        said = [one for one in line.take.phonemes if one.symbol]
        for number, one in enumerate(said):
            before = one.start - said[number - 1].end if number else SAMPLE_RATE
            after = said[number + 1].start - one.end if number + 1 < len(said) else SAMPLE_RATE
            start, end = ((line.start + at) / SAMPLE_RATE + shift for at in (one.start, one.end))
            yield Spoken(one.symbol, start, end, index, max(before, after) > BREAK * SAMPLE_RATE)


def score(subject: Subject, watched: Watched, heard: Heard) -> tuple[Score, list[Shape]]:
    """All of it, and the shape of each face's mouth (in the order of `watched.faces`)."""
    quiet = [resting(subject, seen, heard) for seen in watched.faces]
    made = [shapes.shape_of(seen, still) for seen, still in zip(watched.faces, quiet, strict=True)]
    return judge(subject, watched, heard, made, quiet), made


def judge(subject: Subject, watched: Watched, heard: Heard, made: list[Shape], quiet: list[np.ndarray]) -> Score:
    """The same of shapes that are known already; `quiet` says in which frames of its shot each face should be still."""
    found = Score()
    said = list(phones(subject, heard.late))
    for seen, shape, still in zip(watched.faces, made, quiet, strict=True):
        mine = [one for one in said if subject.lines[one.line].speaker == seen.face.character]
        first = seen.face.start / subject.fps
        last = (seen.face.start + seen.face.frames) / subject.fps
        mine = [one for one in mine if first <= one.middle < last]
        found.closures += _closures(mine, shape, seen, still, subject.fps)
        found.judged += _judged(mine, shape, seen, subject.fps)
        _stillness(found, shape, seen, still)
        found.unfound += int(np.isnan(seen.height).sum())
        found.looked += seen.face.frames
    found.unseen = len(said) - sum(_visible(one, subject, watched) for one in said)
    return found


def _visible(one: Spoken, subject: Subject, watched: Watched) -> bool:
    frame = int(one.middle * subject.fps)
    speaker = subject.lines[one.line].speaker
    return any(
        seen.face.character == speaker and seen.face.start <= frame < seen.face.start + seen.face.frames
        for seen in watched.faces
    )


def resting(subject: Subject, seen: Seen, heard: Heard) -> np.ndarray:
    """In which frames of its shot a face should be still: nothing is heard, or it is not its turn to speak."""
    face = seen.face
    silent = heard.silent[face.start : face.start + face.frames].copy()
    turn = np.zeros(face.frames, bool)
    for line in subject.lines:
        if line.speaker == face.character:
            start, end = _span(line)
            low = max(0, int((start - AROUND_TAKE) * subject.fps) - face.start)
            high = max(0, int((end + AROUND_TAKE) * subject.fps) + 1 - face.start)
            turn[low:high] = True
    return silent | ~turn


def _span(line: Line) -> tuple[float, float]:
    return line.start / SAMPLE_RATE, (line.start + line.take.samples) / SAMPLE_RATE


def runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """First and last index + 1 of each stretch that is set."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _closures(said: list[Spoken], shape: Shape, seen: Seen, still: np.ndarray, fps: int) -> list[Closure]:
    shut, step = shape.shut, shape.step / fps
    slack = (step - 1 / fps) / 2  # a mouth that changes with every second frame cannot be nearer
    holds = []
    for low, high in runs(shut):
        start, end = _edges(shape, low, high, seen.face.start, fps)
        pause = bool(still[low:high].any()) or low == 0 or high == len(shut) or _unspoken(said, start, end)
        holds.append((start, end, pause))
    out = []
    for phone in _joined(said):
        near = [hold for hold in holds if hold[0] < phone.middle + SEARCH and hold[1] > phone.middle - SEARCH]
        if not near:
            out.append(Closure(phone, False, True, False, float("nan")))
            continue
        start, end, pause = min(near, key=lambda hold: _away(hold, phone))
        within = bool(start < phone.end + step and end > phone.start - step)
        pause = pause or phone.pause
        late = (start + end) / 2 - phone.middle
        offset = float("nan") if pause else float(np.sign(late)) * max(abs(late) - slack, 0.0)
        out.append(Closure(phone, within, False, pause, offset))
    return out


def _unspoken(said: list[Spoken], start: float, end: float) -> bool:
    """Whether nothing is said for `REST` between `start` and `end`: lips that rest until a line begins were not shut for
    the first p, b or m in it."""
    within = [one for one in said if one.end > start and one.start < end]
    if not within:
        return end - start > REST
    edges = zip([start, *(one.end for one in within)], [*(one.start for one in within), end], strict=True)
    return any(after - before > REST for before, after in edges)


def _away(hold: tuple[float, float, bool], phone: Spoken) -> float:
    """How far a hold is from a phoneme: a pause counts from its edge."""
    start, end, pause = hold
    if pause:
        return max(start - phone.middle, phone.middle - end, 0.0)
    return abs((start + end) / 2 - phone.middle)


def _joined(said: list[Spoken]) -> list[Spoken]:
    """The p, b and m; those that follow each other without a gap are one closure."""
    out: list[Spoken] = []
    for one in said:
        if one.symbol not in CLASSES[SHUT]:
            continue
        if out and out[-1].line == one.line and one.start - out[-1].end < 1e-3:
            out[-1] = Spoken(out[-1].symbol + one.symbol, out[-1].start, one.end, one.line, out[-1].pause or one.pause)
        else:
            out.append(one)
    return out


def _edges(shape: Shape, low: int, high: int, first: int, fps: int) -> tuple[float, float]:
    """When the opening passes `closed` before and after the shut frames low..high-1, in seconds; between frames by a line.

    A frame shows its own middle; a drawing is there from the frame's start to its end.
    """

    aperture, closed = shape.aperture, shape.limits.closed

    def crossing(inside: int, outside: int) -> float:
        if not 0 <= outside < len(aperture) or np.isnan(aperture[outside]) or shape.drawing is not None:
            return inside + 0.5 * np.sign(outside - inside)
        rise = aperture[outside] - aperture[inside]
        share = (closed - aperture[inside]) / rise if rise > 0 else 0.5
        return inside + (outside - inside) * float(np.clip(share, 0, 1))

    start, end = crossing(low, low - 1), crossing(high - 1, high)
    return float(start + first + 0.5) / fps, float(end + first + 0.5) / fps


def _judged(said: list[Spoken], shape: Shape, seen: Seen, fps: int) -> list[Judged]:
    middles = (np.arange(seen.face.frames) + seen.face.start + 0.5) / fps
    out = []
    for one in said:
        wanted = shapes.asked(one.symbol)
        if wanted is None or one.end - one.start < SHORTEST:
            continue
        half = CORE / 2 * (one.end - one.start)
        frames = np.flatnonzero(np.abs(middles - one.middle) <= half)
        if not len(frames):
            frames = np.array([int(np.argmin(np.abs(middles - one.middle)))])
        values = shape.at(frames)
        got = shape.called(frames, wanted)
        if got != wanted:
            # A shape counts that is reached: a consonant's, a moment, within a frame of it; a vowel's in its core.
            if wanted in (SHUT, TUCKED):
                frames = np.flatnonzero((middles > one.start - 1 / fps) & (middles < one.end + 1 / fps))
            if any(shape.called(np.array([frame]), wanted) == wanted for frame in frames):
                got = wanted
        out.append(Judged(one, wanted, got, *values[:3]))
    return out


def _stillness(found: Score, shape: Shape, seen: Seen, still: np.ndarray) -> None:
    pairs = np.flatnonzero(still[1:] & still[:-1]) + 1
    change = shape.changed[pairs - 1].astype(float)
    found.quiet += len(pairs)
    found.still += int((change <= shape.limits.moves).sum())
    found.restless += [int(frame) + seen.face.start for frame in pairs[change > shape.limits.moves]]
    found.residual += [float(value) for value in seen.moved[pairs] if not np.isnan(value)]
    for frame in pairs:
        if frame + 1 < len(still) and still[frame + 1]:
            there, again = seen.moved[frame], seen.moved[frame + 1]
            if min(there, again) > POP and seen.back[frame + 1] < SETTLED * min(there, again):
                found.flicker += 1


def repeated(watched: Watched) -> int:
    """Frames in the longest stretch in which the picture about the faces does not change."""
    return max((high - low for low, high in runs(watched.repeated)), default=0)


def rounded(values: Mapping[str, float], digits: int = 4) -> dict[str, float | None]:
    """Numbers for JSON: NaN becomes null."""
    return {name: None if np.isnan(value) else round(float(value), digits) for name, value in values.items()}
