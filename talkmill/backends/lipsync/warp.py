"""`lipsync: warp`: a photographed or filmed face speaks, without a model: its own pictures are warped and its mouth is
painted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkmill.backends import Result
from talkmill.backends.lipsync.viseme import perform
from talkmill.errors import BackendError

if TYPE_CHECKING:
    import numpy as np

    from talkmill.media.frames import Clip
    from talkmill.picture.warp.pose import Pose
    from talkmill.picture.warp.talker import Talker

EDGE = 5
"""Frames in which the mouth comes to rest before the face goes, and sets off after it has come."""
FOUND = 0.5
"""`face_threshold` above which frames count only if the face was found in them; up to it, also those in which its place is
known from the frames around."""


class Warp:
    """Frames of a speaking face, from a clip of it and a take (request and inputs: the verb's contract, *Of frames*).

    Each frame is a pure function of the clip's frame, its landmarks and the moment of the take: nothing is carried along, so
    there is no drift, and a line of any length is made in one piece. Only the lower face changes (`Talker.box`); every other
    pixel is the clip's, to the byte. Of an emotion the corners of the mouth are seen; brows, gaze and head are the clip's own.

    `face_threshold` above 0.5 leaves alone the frames in which the face was not found but is known from those around.
    `mouth_box` is for faces that no detector finds: the mouth is there in every frame, and the head is taken to stand still.

    Facts: besides the verb's, `closures` and `closures_shut`, as `viseme` has them.

    Raises `BackendError` where the sound is not a take, or the clip has no such face.
    """

    name = "warp"
    version = 3
    licence = "Apache-2.0"
    packages = ("numpy", "openfacefx", "opencv-python-headless")

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Write the frames."""
        from talkmill.media import frames as film
        from talkmill.picture.warp.pose import poses

        clip = film.Clip.of(inputs["clip"], request["clip"])
        fps, count = request["fps"], request["frames"]
        how, start, avoid = request.get("play", "there_and_back"), request.get("start", 0), request.get("avoid", ())
        order = film.play(clip.frames, count, fps, how, start, avoid)
        target, size = workdir / film.NAME, (clip.width, clip.height)
        if not request.get("speaks", True):
            return Result({"frames": target}, {**film.write(clip.read(order), size, fps, target).facts, "without_face": []})
        faces = Faces.of(clip, request, inputs.get("track"))
        curves, facts = self.curves(request, inputs)
        acted = {shows: poses(curves, fps, *shows) for shows in {(one.look.teeth, one.smile) for one in faces.talkers}}
        shares = _shares([faces.shown(number) for number in order])
        made = film.write(_drawn(clip, order, faces, acted, shares), size, fps, target)
        facts = {name: facts[name] for name in ("closures", "closures_shut")}
        known = workdir / "curves.json"
        known.write_text(json.dumps(_known(curves, order, request, inputs.get("track")), separators=(",", ":")), "utf-8")
        return Result(
            {"frames": target, "curves": known},
            {**made.facts, "without_face": _runs([share is None for share in shares]), **facts},
        )

    def curves(self, request: Mapping[str, Any], inputs: Mapping[str, Path]) -> tuple[Mapping[str, np.ndarray], dict[str, Any]]:
        """What the face does (see `viseme.perform`)."""
        return perform(request, inputs["sound"])


class Faces:
    """One person's face along a clip: a talker for each of its shots, since a cut may change everything."""

    def __init__(self, talkers: Sequence[Talker], at: Mapping[int, tuple[int, int]]) -> None:
        self.talkers, self.at = talkers, at  # frame of the clip -> (number of the talker, its picture)

    def shown(self, frame: int) -> bool:
        """Whether the face is in this frame of the clip."""
        return frame in self.at

    @classmethod
    def of(cls, clip: Clip, request: Mapping[str, Any], track: Path | None) -> Faces:
        """The face that the request names, or its `mouth_box`.

        Raises:
            BackendError: it is in no frame.
        """
        import numpy as np

        from talkmill.media.faces import Track
        from talkmill.picture.warp.look import look
        from talkmill.picture.warp.place import place, place_box, scale
        from talkmill.picture.warp.talker import Talker

        box = request.get("mouth_box")
        if box:
            x, y, width, height = (part * side for part, side in zip(box, (clip.width, clip.height) * 2, strict=True))
            placed = place_box((x, y, width, height), clip.frames)
            first = next(iter(clip.read([0])))
            reach = max(height / 2 / scale(placed.to_picture[0]), 1.0)
            return cls([Talker(placed, look(first, placed, 0, reach))], {frame: (0, frame) for frame in range(clip.frames)})
        number = request.get("face", 0)
        known = Track.load(track) if track else None
        if known is None or not 0 <= number < known.landmarks.shape[1]:
            there = known.landmarks.shape[1] if known else 0
            raise BackendError(
                f"face: the clip has no face of that number ({number}; it shows {there}). "
                "Look at what inspect says, name another face, or give mouth_box."
            )
        landmarks = known.landmarks[:, number].copy()
        if request.get("face_threshold", 0.0) > FOUND:
            landmarks[~known.seen[:, number]] = np.nan
        talkers, at = [], {}
        for scene in np.unique(known.scene):
            frames = np.flatnonzero(known.scene == scene)
            placed = place(landmarks[frames])
            if not placed.seen.any():
                continue
            first = int(np.flatnonzero(placed.seen)[0])
            picture = next(iter(clip.read([int(frames[first])])))
            at |= {int(frames[index]): (len(talkers), int(index)) for index in np.flatnonzero(placed.seen)}
            talkers.append(Talker(placed, look(picture, placed, first)))
        if not talkers:
            raise BackendError(
                f"face: it is in no frame of the clip (face {number}). "
                "Lower face_threshold, name another face, or give mouth_box."
            )
        return cls(talkers, at)


def _drawn(
    clip: Clip,
    order: Sequence[int],
    faces: Faces,
    acted: Mapping[tuple[bool, float], Sequence[Pose]],
    shares: Sequence[float | None],
) -> Iterator[np.ndarray]:
    for moment, (number, frame) in enumerate(zip(order, clip.read(order), strict=True)):
        share = shares[moment]
        if share is None:
            yield frame
            continue
        which, index = faces.at[number]
        talker = faces.talkers[which]
        pose = acted[talker.look.teeth, talker.smile][moment].scaled(share)
        if pose.rests:
            yield frame
            continue
        made = frame.copy()
        talker.draw(made, index, pose)
        yield made


def _shares(shown: Sequence[bool]) -> list[float | None]:
    """How much of the pose each frame takes: None without the face, less beside such frames, else 1."""
    import numpy as np

    there = np.array(shown)
    gone = np.flatnonzero(~there)
    if not len(gone):
        return [1.0] * len(there)
    away = np.abs(np.arange(len(there))[:, None] - gone[None, :]).min(axis=1)
    ramp = np.clip(away / (EDGE + 1), 0, 1)
    ramp = ramp * ramp * (3 - 2 * ramp)
    return [float(value) if ok else None for value, ok in zip(ramp, there, strict=True)]


def _known(curves: Mapping[str, Any], order: Sequence[int], request: Mapping[str, Any], track: Path | None) -> dict[str, Any]:
    """curves.json of what is really seen: the mouth as it was performed, and the lids of the clip."""
    from talkmill.media.faces import Track, shut
    from talkmill.picture.warp.pose import CURVES

    made = {name: curves[name].tolist() for name in CURVES if name in curves}
    if not request.get("mouth_box") and track is not None:
        lids = shut(Track.load(track), request.get("face", 0))
        for first, last in request.get("avoid", ()):
            lids[first : last + 1] = 1
        made["blink"] = [round(float(lids[number]), 4) for number in order]
    return {"fps": request["fps"], "frames": request["frames"], "curves": made}


def _runs(flags: Sequence[bool]) -> list[list[int]]:
    """[first, last] of each stretch that is set."""
    out: list[list[int]] = []
    for index, flag in enumerate(flags):
        if flag and out and out[-1][1] == index - 1:
            out[-1][1] = index
        elif flag:
            out.append([index, index])
    return out
