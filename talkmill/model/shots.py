"""Who is in the picture, and when: the timeline's shots, and the stretches in which each face speaks or listens.

Pure arithmetic on a timeline, so that `lipsync`, which makes the faces, and `render`, which shows them, come to the same answer
from the same settings. All times are frames from the start of the episode.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from talkmill.model.timeline import Segment, Timeline

BRIEF = 2.0
"""Seconds under which a line is part of a quick exchange, which is shown together."""
RUN = 4
"""Shots of one face in a row after which everyone is shown again."""
REMAINDER = 1.0
"""Seconds that the rest of an interrupted line must last to be worth a cut back to its speaker."""


@dataclass(frozen=True)
class Shot:
    """One camera's view: the characters in it, from left to right."""

    cast: tuple[str, ...]
    start: int
    frames: int

    @property
    def end(self) -> int:
        """The frame after the last one."""
        return self.start + self.frames


@dataclass(frozen=True)
class Piece:
    """A stretch in which one face does one thing: it speaks utterance `utterance`, or it listens to it."""

    character: str
    start: int
    frames: int
    utterance: int
    speaks: bool
    towards: str | None  # whom it looks at, when it does not look at the viewer

    @property
    def end(self) -> int:
        """The frame after the last one."""
        return self.start + self.frames


def speaking(timeline: Timeline, frame: int) -> int:
    """Number of the segment that is heard at `frame`: the last one that has started and has not ended, else the last one."""
    started = [index for index, segment in enumerate(timeline.segments) if segment.start <= frame]
    running = [index for index in started if frame < timeline.segments[index].end]
    return (running or started or [0])[-1]


def cut(timeline: Timeline, rule: str, together: Sequence[str], asked: Sequence[Sequence[str] | None]) -> tuple[Shot, ...]:
    """The episode's shots, without gaps.

    Args:
        timeline: the segments; they may overlap.
        rule: `speaker` (whoever speaks), `together` (everyone all the time) or `auto`: opens together, then a face a line,
            together again for quick exchanges, lines that overlap, after `RUN` single faces and for the last line.
        together: everyone, from left to right.
        asked: for each line the cast that its author wants, or None.
    """
    segments, everyone = timeline.segments, tuple(together)
    casts: list[tuple[str, ...]] = []
    alone = 0
    for index, segment in enumerate(segments):
        wanted = asked[index]
        if wanted is not None:
            cast = tuple(wanted)
        elif rule == "together" or (rule == "auto" and (alone >= RUN or _is_shared(timeline, index))):
            cast = everyone
        else:
            cast = (segment.speaker,)
        alone = alone + 1 if len(cast) == 1 else 0
        casts.append(cast)
    marks: list[tuple[int, tuple[str, ...]]] = []
    for index, segment in enumerate(segments):
        marks.append((segment.start if index else 0, casts[index]))
        later = segments[index + 1].start if index + 1 < len(segments) else timeline.frames
        held = speaking(timeline, segment.end) if segment.end < later else index
        if held != index and later - segment.end >= REMAINDER * timeline.fps:
            marks.append((segment.end, casts[held]))
    shots: list[Shot] = []
    for number, (start, cast) in enumerate(marks):
        end = marks[number + 1][0] if number + 1 < len(marks) else timeline.frames
        if shots and shots[-1].cast == cast:
            shots[-1] = Shot(cast, shots[-1].start, end - shots[-1].start)
        elif end > start:
            shots.append(Shot(cast, start, end - start))
    return tuple(shots)


def _is_shared(timeline: Timeline, index: int) -> bool:
    """Whether `auto` shows everyone for this line."""
    segments = timeline.segments
    if index in (0, len(segments) - 1):
        return True
    before, this, after = segments[index - 1 : index + 2]
    if this.start < before.end or after.start < this.end:
        return True
    return _is_brief(this, timeline.fps) and any(
        _is_brief(other, timeline.fps) and other.speaker != this.speaker for other in (before, after)
    )


def _is_brief(segment: Segment, fps: int) -> bool:
    return segment.frames < BRIEF * fps


def pieces(timeline: Timeline, shots: Sequence[Shot]) -> tuple[Piece, ...]:
    """What the faces do: every segment is spoken, and whoever is seen without speaking listens.

    A silent stretch is cut where a segment starts, so that a line that grows changes no other piece.
    """
    segments = timeline.segments
    cast = list(dict.fromkeys(segment.speaker for segment in segments))
    found = [
        Piece(one.speaker, one.start, one.frames, index, True, _addressee(segments, index))
        for index, one in enumerate(segments)
    ]
    for character in cast:
        own = [segment for segment in segments if segment.speaker == character]
        edges = sorted({0, timeline.frames, *(s.start for s in segments), *(s.end for s in segments if s.speaker == character)})
        for start, end in zip(edges, edges[1:], strict=False):
            if end > timeline.frames or any(one.start <= start < one.end for one in own):
                continue
            if not any(character in shot.cast and shot.start < end and start < shot.end for shot in shots):
                continue
            heard = speaking(timeline, start)
            other = segments[heard].speaker
            found.append(Piece(character, start, end - start, heard, False, other if other != character else None))
    return tuple(found)


def _addressee(segments: Sequence[Segment], index: int) -> str | None:
    """Whom a speaker speaks to: who spoke last before, else who speaks next."""
    me = segments[index].speaker
    before = [segment.speaker for segment in segments[:index] if segment.speaker != me]
    after = [segment.speaker for segment in segments[index + 1 :] if segment.speaker != me]
    return before[-1] if before else after[0] if after else None
