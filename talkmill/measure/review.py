"""`talkmill check FILE`: everything that is measured of one video, with limits and a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from talkmill.errors import PrerequisiteError
from talkmill.measure import filmed, landmarks, listen, shapes, watch
from talkmill.measure import score as scores
from talkmill.measure.subject import Subject, find
from talkmill.media import mp4

FORMAT = 1
MEDIAN, OUTER = 0.020, 0.060
"""Seconds by which closures may miss their phonemes: in the median, and for 95 %."""
SHUT, STILL, SHAPED, EACH = 0.95, 0.97, 0.85, 0.70
"""Shares: of p, b, m with shut lips; of silent frames with a still mouth; of phonemes with the shape they ask for, over the
five shapes alike; and of each of the five."""
FILMED = (0.90, 0.90, 0.60, 0.30)
"""The same of faces that are photographs or clips, measured by landmarks: coarser than colours, above all in width."""
ENOUGH = 4
"""How many there must be of something before it is judged."""
LATE, CLEAR = 0.010, 0.30
"""Seconds by which the sound may miss its takes; and how alike they must be for that to be known."""
FREEZE = 0.25
"""Seconds in which the picture about a face may stand still: idle motion does not rest for longer where it turns round."""

PASS, FAIL, UNKNOWN = "pass", "fail", "not judged"


@dataclass(frozen=True)
class Measure:
    """One measure with its limit; `what` says it in words where it fails or cannot be judged."""

    name: str
    value: Any
    limit: str
    verdict: str
    what: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        made = {"name": self.name, "value": self.value, "limit": self.limit, "verdict": self.verdict}
        return made | ({"what": self.what} if self.what else {})


@dataclass
class Review:
    """What was found; `subject` and the rest are None where lip sync could not be measured, and `note` says why."""

    video: Path
    measures: list[Measure] = field(default_factory=list)
    note: str = ""
    subject: Subject | None = None
    watched: watch.Watched | None = None
    heard: listen.Heard | None = None
    score: scores.Score | None = None
    shapes: list[shapes.Shape] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing that could be judged failed."""
        return all(measure.verdict != FAIL for measure in self.measures)

    def to_json(self) -> dict[str, Any]:
        """For programs: format, file, verdict, lip_sync (whether it was measured), note, measures; and, with lip sync,
        shapes (asked for -> seen -> count), closures and frames (seconds, opening and width of every frame)."""
        made: dict[str, Any] = {
            "format": FORMAT,
            "file": self.video.name,
            "verdict": PASS if self.passed else FAIL,
            "lip_sync": self.score is not None,
            "note": self.note,
            "measures": [measure.to_json() for measure in self.measures],
        }
        if self.score is None or self.subject is None or self.watched is None:
            return made
        made["shapes"] = self.score.confusion()
        made["closures"] = [
            {
                "phoneme": one.phone.symbol,
                "seconds": round(one.phone.middle, 3),
                "shut": one.shut,
                "late_ms": None if np.isnan(one.offset) else round(one.offset * 1000),
            }
            for one in self.score.closures
        ]
        made["faces"] = [
            {
                "character": seen.face.character,
                "start": seen.face.start,
                "opening": _listed(shape.aperture),
                "width": _listed(shape.width),
            }
            for seen, shape in zip(self.watched.faces, self.shapes, strict=True)
        ]
        return made


def _listed(values: np.ndarray) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 3) for value in values]


def review(video: Path) -> Review:
    """Everything that can be measured of `video`.

    Raises:
        MediaError: it is no mp4, is cut off, cannot be decoded, or is not what its manifest says.
        StoreError: the store lacks what the manifest names.
    """
    movie = mp4.read(video)
    found = Review(video)
    found.measures += container(movie)
    subject = find(video)
    if movie.first("vide") is None:
        found.note = "There is no picture, so lip sync is not measured."
    elif subject is None:
        found.note = (
            "No manifest of Talkmill's is beside the file, so nothing says what is spoken in it: lip sync is not measured."
        )
    elif movie.first("soun") is None:
        found.note = "There is no sound, so lip sync is not measured."
    if found.note:
        watch.decoded(video)
        return found
    assert subject is not None  # noqa: S101 - for the type checker; the branches above return
    found.subject = subject
    found.note = " ".join(stand_ins(subject))
    found.heard = listen.listen(subject)
    found.measures.append(_late(found.heard))
    if subject.faces:
        found.watched = watch.watch(subject)
        found.score, found.shapes = scores.score(subject, found.watched, found.heard)
        seen = np.zeros(subject.frames, bool)  # frames of photographs have a measure of their own
        for face in subject.faces:
            seen[face.start : face.start + face.frames] = True
        found.watched.repeated &= seen
        found.measures += [_frozen(found.watched, subject.fps), *lip_sync(found.score)]
    if subject.filmed:
        try:
            judged = filmed.judge(subject, subject.filmed, found.heard)
        except PrerequisiteError as error:
            watch.decoded(video)
            found.note = f"{found.note} Photographs are not measured: {error}".strip()
            return found
        found.measures += photographs(judged)
        if found.score is None:
            found.watched, found.score, found.shapes = judged.watched, judged.score, judged.shapes
        found.note = f"{found.note} Photographs are measured by landmarks ({landmarks.DETECTOR}).".strip()
    return found


def stand_ins(subject: Subject) -> list[str]:
    """What is to be known of mouths that are drawings: shapes that share a drawing cannot be told apart, and count as right."""
    out = []
    for name, made in {face.character: face.drawings for face in subject.faces if face.drawings}.items():
        shared = [one for one in shapes.stands_for(made) if len(one) > 1]
        if shared:
            words = "; ".join(" and ".join(one) for one in shared)
            out.append(f"{name} has one drawing for several shapes, which counts as each of them ({words}).")
        if made.step > 1:
            out.append(f"{name} is drawn on twos: closures may be half a frame further off.")
    return out


def photographs(judged: filmed.Judged) -> list[Measure]:
    """The measures of faces that are photographs or clips."""
    out = [replace(one, name=f"photo_{one.name}") for one in lip_sync(judged.score, FILMED) if one.name != "flicker"]
    for name, value, limit, worse, words in (
        ("photo_identity_mm", judged.identity, filmed.IDENTITY, 1, "the face's own shape is off by {:.1f} mm"),
        (
            "photo_mouth_flicker",
            judged.flicker,
            filmed.FLICKER,
            1,
            "the mouth flickers {:.1f} times as much as the cheeks in silence",
        ),
        ("photo_join_jump", judged.jump, filmed.JUMP, 1, "where segments meet, the face moves {:.1f} times as far as usual"),
        ("photo_edge", judged.edge, filmed.EDGE, 1, "an edge of {:.1f} levels is seen in the face while it speaks"),
        (
            "photo_mouth_sharpness",
            judged.sharp,
            filmed.SHARP,
            -1,
            "the mouth has {:.2f} of its own detail left while it speaks",
        ),
    ):
        said = f"{'at most' if worse > 0 else 'at least'} {limit:g}"
        if np.isnan(value):
            why = "no segments meet" if name == "photo_join_jump" else "there is too little speech or silence to judge"
            out.append(Measure(name, None, said, UNKNOWN, why))
        else:
            out.append(_judge(name, round(value, 3), said, worse * (limit - value) >= 0, words.format(value)))
    words = f"{judged.repeated} frames show the face as the frame before does, while it speaks"
    most = max(3, round(filmed.REPEATED * judged.spoken))
    out.append(_judge("photo_repeated_frames", judged.repeated, f"at most {most}", judged.repeated <= most, words))
    return out


def container(movie: mp4.Movie) -> list[Measure]:
    """What a player is told, without decoding anything."""
    video, sound = movie.first("vide"), movie.first("soun")
    missing = [name for name, track in (("picture", video), ("sound", sound)) if track is None]
    kinds = [track.kind for track in movie.tracks]
    lacks = f"there is no {' and no '.join(missing)} track"
    out = [Measure("tracks", kinds, "a picture and a sound", FAIL if missing else PASS, lacks if missing else "")]
    if video is None or sound is None:
        return out
    edits = video.edits + sound.edits
    starts = [round(track.start_seconds * 1000, 2) for track in (video, sound)]
    if edits:
        words = "the file has edit lists, by which players may shift its tracks"
        out.append(Measure("container_offset_ms", starts, "0 and 0", UNKNOWN, words))
    else:
        words = f"picture starts at {starts[0]:g} ms and sound at {starts[1]:g} ms"
        out.append(_judge("container_offset_ms", starts, "0 and 0", starts == [0, 0], words))
    apart = (sound.seconds - video.seconds) * 1000
    one = 1000 * video.seconds / max(video.samples, 1)
    words = f"the sound is {abs(apart):.0f} ms {'longer' if apart > 0 else 'shorter'} than the picture"
    out.append(
        _judge(
            "sound_against_picture_ms",
            round(apart, 1),
            f"within one frame ({one:.1f})",
            abs(apart) <= one + 0.1,
            words,
        )
    )
    return out


def _judge(name: str, value: Any, limit: str, passed: bool, words: str) -> Measure:
    return Measure(name, value, limit, PASS if passed else FAIL, "" if passed else words)


def _late(heard: listen.Heard) -> Measure:
    limit = f"within {LATE * 1000:.0f}"
    if np.isnan(heard.late) or heard.clear < CLEAR:
        words = "the takes are not clear enough in the sound to say when they are heard"
        return Measure("sound_late_ms", None, limit, UNKNOWN, words)
    late = round(heard.late * 1000, 1)
    side = "late" if late > 0 else "early"
    return _judge(
        "sound_late_ms", late, limit, abs(heard.late) <= LATE, f"the sound comes {abs(late):.0f} ms {side} against its timeline"
    )


def _frozen(watched: watch.Watched, fps: int) -> Measure:
    seconds = round(scores.repeated(watched) / fps, 3)
    words = f"nothing about the faces moves for {seconds:.2f} s"
    return _judge("frozen_seconds", seconds, f"at most {FREEZE:g}", seconds <= FREEZE, words)


def lip_sync(score: scores.Score, bars: tuple[float, float, float, float] = (SHUT, STILL, SHAPED, EACH)) -> list[Measure]:
    """The measures of lip sync, of one video or of many added up; `bars` are the shares that must be reached."""
    shut, still, shaped, each = bars
    late = score.misses * 1000
    out = []
    for name, share, most in (("closure_median_ms", 50, MEDIAN * 1000), ("closure_95_ms", 95, OUTER * 1000)):
        limit = f"at most {most:.0f}"
        if len(late) < ENOUGH:
            words = f"only {len(late)} p, b or m can be timed"
            out.append(Measure(name, None, limit, UNKNOWN, words))
            continue
        value = round(float(np.percentile(late, share)), 1)
        missing = sum(one.missing for one in score.closures)
        words = f"lips close {value:.0f} ms away from p, b and m" + (f", and not at all for {missing}" if missing else "")
        out.append(_judge(name, value, limit, value <= most, words))
    counts = [len(score.closures), len(score.offsets), sum(one.missing for one in score.closures)]
    out.append(Measure("closures", counts, "all, timed, missing", PASS))
    out.append(
        _share("shut", sum(one.shut for one in score.closures), len(score.closures), shut, "of p, b and m have shut lips")
    )
    out += _shapes(score, shaped, each)
    out.append(_share("still", score.still, score.quiet, still, "of silent frames have a still mouth"))
    out.append(
        _judge("flicker", score.flicker, "0", score.flicker == 0, f"the mouth flickers in {score.flicker} silent frames")
    )
    seen = score.looked - score.unfound
    out.append(_share("found", seen, score.looked, 0.99, "of frames show a mouth that can be told from the face"))
    return out


def _share(name: str, part: int, whole: int, least: float, words: str) -> Measure:
    limit = f"at least {least:g}"
    if whole < ENOUGH:
        return Measure(name, None, limit, UNKNOWN, f"there are only {whole} to judge")
    value = round(part / whole, 4)
    return _judge(name, value, limit, value >= least, f"{100 * value:.0f} % {words}")


def _shapes(score: scores.Score, shaped: float, each: float) -> list[Measure]:
    table = score.confusion()
    counts = {name: sum(row.values()) for name, row in table.items()}
    recall = {name: round(share, 4) for name, share in score.recall().items() if counts[name] >= ENOUGH}
    limit = f"at least {shaped:g}, each at least {each:g}"
    if not recall:
        return [Measure("shapes", None, limit, UNKNOWN, "there are too few phonemes of each shape to judge")]
    mean = round(sum(recall.values()) / len(recall), 4)
    poor = [f"{name} {100 * share:.0f} %" for name, share in recall.items() if share < each]
    words = f"phonemes get their shape in {100 * mean:.0f} %" + (f" ({', '.join(poor)})" if poor else "")
    return [_judge("shapes", {"mean": mean, **recall}, limit, mean >= shaped and not poor, words)]


def sentences(found: Review) -> Sequence[str]:
    """The review for people: a line a measure."""
    out = []
    for one in found.measures:
        value = one.value
        if isinstance(value, dict):
            value = ", ".join(f"{name} {number}" for name, number in value.items())
        elif isinstance(value, list):
            value = ", ".join(str(part) for part in value)
        shown = "-" if value is None else value
        words = f": {one.what}" if one.what else ""
        out.append(f"{one.verdict:<10} {one.name:<24} {shown} ({one.limit}){words}")
    if found.note:
        out.append(f"Note: {found.note}")
    judged = "Everything that could be judged is within its limits." if found.passed else "Not within its limits."
    out.append(f"{found.video.name}: {judged}")
    return out
