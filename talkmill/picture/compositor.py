"""The compositor: shots, scenes, rigs and curves to frames."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from talkmill.errors import RequestError
from talkmill.media.frames import Clip
from talkmill.picture import shapes
from talkmill.picture.colour import to_rgb
from talkmill.picture.film import Film
from talkmill.picture.rig import Rig
from talkmill.picture.stage import Seen, Stage

SIZES = {"vertical": (1080, 1920), "square": (1080, 1080), "wide": (1920, 1080)}
"""Width and height of the formats."""
SWING = 0.35
"""Seconds in which a face turns to somebody else."""
FADE = 0.15
"""Seconds in which a name comes or goes within a shot."""


@dataclass(frozen=True)
class _Face:
    """A stretch of one character's performance."""

    start: int
    end: int
    index: int  # of its curves
    speaks: bool
    look: float  # -1, 0 or 1: the side on which is whom it looks at


class Studio:
    """Frames of one episode in one format.

    Args:
        size: width and height in pixels, both even.
        fps: frames a second.
        shots: `{"cast", "start", "frames"}` in order, without gaps; `cast` is one to three characters from left to right.
        scenes: by character, the resolved scene: the keys of specs `Scene` with every default filled in, and `name`.
        rigs: by character.
        curves: one curves.json a face, loaded, or read when it is asked for.
        seed: of the idle motion and of the background's dither.
        backgrounds: by character, the image file where the scene's background is one.
        faces: `{"character", "start", "frames", "speaks", "towards"}`: whose the curves are and when; who is seen has a face.
            Without it each shot is `{"character", "start", "frames"}`, and its face has the curves of the same number.
        order: all characters as they sit, from left to right.
        figures: by character that is a photograph or a clip, `{"width", "height", "box"}` of the clip and of the face in it.
        clips: by number of a face of theirs, its frames; its curves may be None.
    """

    def __init__(
        self,
        size: tuple[int, int],
        fps: int,
        shots: Sequence[Mapping[str, Any]],
        scenes: Mapping[str, Mapping[str, Any]],
        rigs: Mapping[str, Rig],
        curves: Sequence[Mapping[str, Any]],
        seed: int,
        backgrounds: Mapping[str, Path] | None = None,
        faces: Sequence[Mapping[str, Any]] | None = None,
        order: Sequence[str] = (),
        figures: Mapping[str, Mapping[str, Any]] | None = None,
        clips: Mapping[int, Clip] | None = None,
    ) -> None:
        if size[0] % 2 or size[1] % 2:
            raise RequestError(f"render: the picture's size is odd ({size[0]}x{size[1]}). Give even numbers.")
        if faces is None:
            faces = [{**shot, "speaks": True, "towards": None} for shot in shots]
            shots = [{**shot, "cast": [shot["character"]]} for shot in shots]
        if len(curves) != len(faces):
            raise RequestError(f"render: {len(faces)} faces and {len(curves)} curves. Give one curves.json a face.")
        cv2.setNumThreads(1)  # the encoder has the other cores; and a sum is the same on any machine
        self.size, self.fps, self.shots, self.curves, self.seed = size, fps, list(shots), curves, seed
        self.scenes, self.rigs, self.backgrounds = scenes, rigs, backgrounds or {}
        self._faces: dict[str, list[_Face]] = {}
        for index, face in enumerate(faces):
            held = clips[index].frames if clips and index in clips else curves[index]["frames"]
            if face["frames"] > held:
                found = f"{held} of {face['frames']} frames"
                raise RequestError(f"render: the curves of {face['character']} are too short ({found}). Make them again.")
            made = _Face(face["start"], face["start"] + face["frames"], index, face["speaks"], _side(face, order))
            self._faces.setdefault(face["character"], []).append(made)
        for found in self._faces.values():
            found.sort(key=lambda face: face.start)
        self.figures = figures or {}
        self._films: dict[tuple[str, ...], Film] = {}
        self._reels = {index: Reel(clip) for index, clip in (clips or {}).items()}
        self._stages: dict[tuple[str, ...], Stage] = {}
        self._mouths: dict[int, list[str]] = {}

    @property
    def count(self) -> int:
        """Frames in all."""
        return sum(shot["frames"] for shot in self.shots)

    def frames(self) -> Iterator[np.ndarray]:
        """Every frame in order: I420, BT.709 limited range, uint8 of shape (h * 3 // 2, w)."""
        for shot in self.shots:
            for frame in range(shot["start"], shot["start"] + shot["frames"]):
                yield self._draw(shot, frame)

    def still(self, frame: int) -> np.ndarray:
        """One frame of the episode as R'G'B', uint8 (h, w, 3)."""
        for shot in self.shots:
            if shot["start"] <= frame < shot["start"] + shot["frames"]:
                return to_rgb(self._draw(shot, frame))
        raise RequestError(f"render: no such frame ({frame}). The episode has {self.count}.")

    def stage(self, *cast: str) -> Stage:
        """The stage of these characters, made when it is first seen."""
        if cast not in self._stages:
            images = [self.backgrounds.get(one) for one in cast]
            self._stages[cast] = Stage(
                self.size, cast, [self.scenes[one] for one in cast], [self.rigs[one] for one in cast], images, self.seed
            )
        return self._stages[cast]

    def _draw(self, shot: Mapping[str, Any], frame: int) -> np.ndarray:
        cast = tuple(shot["cast"])
        if cast[0] in self.figures:
            return self._filmed(cast, shot, frame)
        seen = {one: self._seen(one, cast, shot, frame) for one in cast}
        return self.stage(*cast).draw(seen, frame, self.fps, self.seed)

    def _filmed(self, cast: tuple[str, ...], shot: Mapping[str, Any], frame: int) -> np.ndarray:
        """A frame with somebody in it who is a photograph or a clip: alone, or with others of the same picture."""
        if cast not in self._films:
            sizes = {(self.figures[one]["width"], self.figures[one]["height"]) if one in self.figures else None for one in cast}
            if len(sizes) > 1:
                raise RequestError(
                    f"render: {' and '.join(cast)} are not of one picture, and cannot be shown together. Use `shots: speaker`."
                )
            self._films[cast] = Film(self.size, [self.scenes[one] for one in cast], [self.figures[one] for one in cast])
        film, named, shown = self._films[cast], [], {}
        for number, one in enumerate(cast):
            at, face = self._face(one, frame)
            # Who listens is as the clip has them, which is in the others' frames too.
            if face.speaks or (number == len(cast) - 1 and not shown):
                shown[number] = self._reels[face.index].frame(frame - face.start)
            alone = len(cast) == 1
            name = 1.0 if alone else min(self._named(self._faces[one], at, shot, frame), self._upstaged(one, cast, face, frame))
            named.append(name)
        return film.draw(film.together(shown), named)

    def _face(self, character: str, frame: int) -> tuple[int, _Face]:
        """What a character does in one frame: its number among their faces, and the face."""
        faces = self._faces.get(character, [])
        at = bisect_right(faces, frame, key=lambda face: face.start) - 1
        if at < 0 or frame >= faces[at].end:
            raise RequestError(f"render: {character} has no face in frame {frame}. Make the lipsync again.")
        return at, faces[at]

    def _seen(self, character: str, cast: tuple[str, ...], shot: Mapping[str, Any], frame: int) -> Seen:
        """What a character does in one frame."""
        at, face = self._face(character, frame)
        faces = self._faces[character]
        values: dict[str, Any] = {name: all_[frame - face.start] for name, all_ in self.curves[face.index]["curves"].items()}
        if "shapes" in self.rigs[character].mouth:
            values["mouth"] = self._drawn(character, face)[frame - face.start]
        look, named = 0.0, 1.0
        if len(cast) > 1 or not face.speaks:
            before = faces[at - 1] if at else face
            look = before.look + (face.look - before.look) * _eased(frame - face.start, SWING * self.fps)
        if len(cast) > 1:
            named = min(self._named(faces, at, shot, frame), self._upstaged(character, cast, face, frame))
        return Seen(values, look, named)

    def _drawn(self, character: str, face: _Face) -> list[str]:
        """The drawn mouth of each frame of a face: which one depends on the frames around it."""
        if face.index not in self._mouths:
            curves, style = self.curves[face.index]["curves"], self.rigs[character].mouth
            self._mouths[face.index] = shapes.choose(curves, face.end - face.start, self.fps, style)
        return self._mouths[face.index]

    def _named(self, faces: list[_Face], at: int, shot: Mapping[str, Any], frame: int) -> float:
        """How much of the name is seen: it comes and goes with the turn to speak."""
        face = faces[at]
        fade = FADE * self.fps
        if face.speaks:
            continued = at and faces[at - 1].speaks and faces[at - 1].end == face.start
            return 1.0 if continued or face.start <= shot["start"] else _eased(frame - face.start + 1, fade)
        if at and faces[at - 1].speaks and faces[at - 1].end == face.start and face.start > shot["start"]:
            return 1.0 - _eased(frame - face.start + 1, fade)
        return 0.0

    def _upstaged(self, character: str, cast: tuple[str, ...], face: _Face, frame: int) -> float:
        """How much of a name is left when somebody else in the picture has begun to speak: two plates may not fit."""
        others = (one for name in cast if name != character for one in self._faces.get(name, []))
        later = [one.start for one in others if one.speaks and face.start < one.start <= frame]
        return 1.0 - _eased(frame - min(later) + 1, FADE * self.fps) if later else 1.0


class Reel:
    """A segment's frames, one after the other; going back opens it again."""

    def __init__(self, clip: Clip) -> None:
        self.clip, self.next = clip, 0
        self._running: Iterator[np.ndarray] | None = None

    def frame(self, number: int) -> np.ndarray:
        """Frame `number` of the segment, I420."""
        if self._running is None or number != self.next:
            self.close()
            self._running = self.clip.read(range(number, self.clip.frames))
        made = next(self._running)
        self.next = number + 1
        if self.next == self.clip.frames:
            self.close()
        return made

    def close(self) -> None:
        """Let the decoder go."""
        if self._running is not None:
            self._running.close()  # type: ignore[attr-defined]
            self._running = None


def _side(face: Mapping[str, Any], order: Sequence[str]) -> float:
    """On which side of a face is whom it looks at."""
    me, other = face["character"], face["towards"]
    if other not in order or me not in order:
        return 0.0
    return 1.0 if order.index(other) > order.index(me) else -1.0


def _eased(passed: float, length: float) -> float:
    """0 at first, 1 from `length` on, without a jump."""
    share = min(max(passed / length, 0.0), 1.0)
    return share * share * (3 - 2 * share)
