"""What `talkmill check` measures of faces that are photographs or clips: lip sync by landmarks, and what a warp may spoil."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from talkmill.measure import score as scores
from talkmill.measure.landmarks import Detect, Followed, follow
from talkmill.measure.listen import Heard
from talkmill.measure.shapes import Limits, Shape
from talkmill.measure.subject import Face, Filmed, Subject
from talkmill.measure.watch import Seen, Watched
from talkmill.model import SAMPLE_RATE

LIMITS = Limits(closed=0.20, narrow=0.93, narrower=0.92, spread=1.02, widest=0.42, moves=0.06, tucked=(0.13, 1.08))
"""Landmarks are coarser than colours. Opening runs from the 5th to the 95th percentile of the face's own while it speaks: each
model has a gap of its own between shut lips (0.5 to 3 mm), so no length in mm would do."""
LEAST = 3.0
"""mm of opening that 1 stands for at least: a mouth that hardly moves is not blown up to one that does."""
SETTLE = 0.4
"""Seconds before and after its own line in which a face may stop smiling and smile again."""
IDENTITY, FLICKER, SHARP = 2.0, 2.5, 0.6
"""Limits: RMS of the face's shape against the first frame, mm; residue in time about the mouth against the cheeks in silence;
fine detail about the mouth while it speaks against the same at rest."""
JUMP, EDGE = 2.5, 1.5
"""Limits: how the face moves where two segments meet, against the most that it moves elsewhere; levels of luma by which an edge
is seen in the face while it speaks that is not there at rest."""
AS_USUAL = 0.4, 1.5
"""What a face moves at least to count as moving, mm and levels: what a detector's noise and an encoder make of a still one."""
REPEATED = 0.02
"""Share of the frames of speech that may show the face as the one before: a small face that holds a sound hardly moves."""


@dataclass
class Judged:
    """All that was found of filmed faces."""

    watched: Watched
    followed: list[Followed]
    shapes: list[Shape]
    score: scores.Score
    identity: float  # mm, 95th percentile
    flicker: float  # about the mouth against the cheeks, in frames that should be still
    sharp: float  # detail about the mouth, speaking against resting
    repeated: int  # frames in which a face is the frame before's while its mouth should move
    spoken: int  # frames in which it should
    jump: float  # motion where segments meet against the 98th percentile of motion elsewhere; NaN: they meet nowhere
    edge: float  # levels of luma


def judge(subject: Subject, faces: Sequence[Filmed], heard: Heard, detect: Detect | None = None) -> Judged:
    """Measure every face of `faces` in the decoded video.

    Raises:
        MediaError: it cannot be decoded, or is not as long as it should be.
        PrerequisiteError: the detector's weights are not there.
    """
    followed, seen, made, quiet = [], [], [], []
    for face in faces:
        whole = follow(subject.video, subject.fps, subject.frames, face.area, face.mouth, detect)
        part = Followed(*(values[face.start : face.start + face.frames] for values in vars(whole).values()))
        one = _seen(part, face)
        still = scores.resting(subject, one, heard) & ~_about_to(subject, face)
        followed.append(part)
        seen.append(one)
        made.append(shape_of(part, still))
        quiet.append(still)
    watched = Watched(seen, subject.frames)
    found = scores.judge(subject, watched, heard, made, quiet)
    still, one = np.concatenate(quiet), _joined(followed)
    speaking = ~still
    return Judged(
        watched,
        followed,
        made,
        found,
        identity=_percentile(one.shape, 95),
        flicker=_median(one.skin[still]) / max(_median(one.cheek[still]), 0.05),
        sharp=_median(one.sharp[speaking]) / max(_median(one.sharp[still]), 1e-3),
        repeated=int((one.repeated & speaking).sum()),
        spoken=int(speaking.sum()),
        jump=max((jump(part, face) for part, face in zip(followed, faces, strict=True)), key=_known, default=float("nan")),
        edge=max((edge(part, quiet_) for part, quiet_ in zip(followed, quiet, strict=True)), key=_known, default=float("nan")),
    )


def _known(value: float) -> float:
    return -1.0 if np.isnan(value) else value


def jump(part: Followed, face: Filmed) -> float:
    """How far the head, and how much the mouth's surroundings, move from frame to frame where segments of one face meet,
    against the most that they do elsewhere; the larger of both."""
    at = [join - face.start for join in face.joins if 0 < join - face.start < face.frames]
    elsewhere = np.ones(face.frames, bool)
    elsewhere[at] = False
    found = float("nan")
    for values, least in ((part.step, AS_USUAL[0]), (part.moved, AS_USUAL[1])):
        here = values[at][~np.isnan(values[at])]
        if len(here) and not np.isnan(values[elsewhere]).all():
            found = max(_known(found), float(here.max()) / max(_percentile(values[elsewhere], 98), least))
    return found


def edge(part: Followed, still: np.ndarray) -> float:
    """How much sharper than at rest the luma of the speaking face changes from one line of its cheeks to the next but one; NaN
    where it never rests, or never speaks."""
    known = ~np.isnan(part.rows[:, 0])
    if (known & still).sum() < 3 or (known & ~still).sum() < 10:
        return float("nan")
    rest, said = (part.rows[known & which].mean(axis=0, dtype=np.float64) for which in (still, ~still))
    # A head that stands a little higher, nearer or in other light is no edge: glasses have edges of their own.
    slope = np.gradient(rest)
    known_ways = np.column_stack([slope, slope * np.arange(len(rest)), rest, np.ones(len(rest))])
    more = said - rest
    more = more - known_ways @ np.linalg.lstsq(known_ways, more, rcond=None)[0]
    moving = part.rows[known & ~still].std(axis=0)  # what a line does while the head moves is no edge of it
    return float(np.maximum(np.abs(more[2:] - more[:-2]) - (moving[2:] + moving[:-2]) / 2, 0).max())


def _about_to(subject: Subject, face: Filmed) -> np.ndarray:
    """Frames of its shot within `SETTLE` outside of the face's own lines."""
    middles = (np.arange(face.frames) + face.start + 0.5) / subject.fps
    out = np.zeros(face.frames, bool)
    for line in subject.lines:
        if line.speaker == face.character:
            start, end = line.start / SAMPLE_RATE, (line.start + line.take.samples) / SAMPLE_RATE
            said = [one for one in line.take.phonemes if one.symbol]
            if said:
                start, end = ((line.start + at) / SAMPLE_RATE for at in (said[0].start, said[-1].end))
            out |= (np.abs(middles - start) < SETTLE) & (middles < start) | (np.abs(middles - end) < SETTLE) & (middles > end)
    return out


def _joined(parts: Sequence[Followed]) -> Followed:
    return Followed(*(np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])))


def _median(values: np.ndarray) -> float:
    return _percentile(values, 50)


def _percentile(values: np.ndarray, share: float) -> float:
    known = values[~np.isnan(values)]
    return float(np.percentile(known, share)) if len(known) else float("nan")


def shape_of(part: Followed, still: np.ndarray) -> Shape:
    """The mouth's shape in every frame, against itself while it speaks."""
    spoken = ~still & ~np.isnan(part.gap)
    used = spoken if spoken.sum() >= 10 else ~np.isnan(part.gap)
    low, high = (_percentile(part.gap[used], share) for share in (5, 95))
    span = max(high - low, LEAST)
    width = _median(part.width[used])
    opening = np.maximum(part.gap - low, 0) / span
    shown = opening / np.maximum(part.gap, 1e-6)
    return Shape(opening, part.width / width, part.teeth * shown, part.dark * shown, LIMITS)


def _seen(part: Followed, face: Filmed) -> Seen:
    return Seen(
        Face(face.character, face.start, face.frames, face.mouth, face.area[2] / 9, 1.0, 0.0, {}, ()),
        False, part.gap, part.width, part.teeth, np.zeros(face.frames), part.x, part.y, part.moved, part.back,
    )  # fmt: skip
