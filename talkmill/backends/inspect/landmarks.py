"""`inspect: landmarks`: where the faces of a clip are in every frame, and whether the one that is meant can be made to talk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from talkmill.backends import Result
from talkmill.errors import RequestError

LOOKS = 16
"""Frames of a clip whose quality is measured, evenly spread."""
HALF = 300
"""Pixels of a face from which it is looked for in frames of half the size."""
SHUT = 0.25
"""How far eyes are shut, against how open they usually are, from which a clip does not turn there."""
GONE = 0.05
"""Share of a clip's frames without the face from which that is told."""


class Landmarks:
    """The track and the findings; see the verb's package.

    Raises `RequestError` with every finding that refuses: no face, several where none is named, too small, turned away.
    """

    name = "landmarks"
    version = 2
    licence = "Apache-2.0"
    packages = ("imageio-ffmpeg", "numpy", "opencv-python-headless", "pillow", "scipy")
    weights = ("face-mesh",)

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Write track.npz."""
        import cv2
        import numpy as np

        from talkmill.media import faces, frames
        from talkmill.media.faces import spans

        cv2.setNumThreads(1)  # a sum is the same on any machine
        still = request["still"]
        clip = frames.Clip.of(inputs["frames"], request["clip"])
        picture = _picture(inputs["image"]) if still else None
        if picture is not None and request["mouth_box"] is None:  # before the clip is looked through
            _chosen(faces.find(picture), request["face"])
        track = faces.Track(*_empty(clip.frames)) if request["mouth_box"] else _track(clip)
        path = workdir / "track.npz"
        track.save(path)
        facts = {"width": clip.width, "height": clip.height, "frames": clip.frames, "faces": int(track.landmarks.shape[1])}
        if request["mouth_box"]:
            x, y, width, height = request["mouth_box"]
            # A face is about 2.4 times as wide as its mouth's box, and the mouth stands at three quarters of its height.
            box = [x - 0.7 * width, y - 3.0 * height, x + 1.7 * width, y + 2.0 * height]
            box = [round(v * side, 1) for v, side in zip(box, (clip.width, clip.height) * 2, strict=True)]
            note = {
                "severity": "note",
                "text": "the mouth is where mouth_box says; the face itself was not measured.",
            }
            return Result({"track": path}, facts | {
                "face": None, "box": box, "reach": box, "size": None, "yaw": None, "pitch": None, "avoid": [],
                "findings": [note],
            })  # fmt: skip
        number, found = self._inspect(request, clip, track, picture)
        refused = [one["text"] for one in found if one["severity"] == "refuse"]
        if refused:
            raise RequestError("\n".join(refused))
        points = track.landmarks[:, number, :, :2]
        there = points[~np.isnan(points[:, 0, 0])]
        lows, highs = there.min(axis=1), there.max(axis=1)
        box = [*np.median(lows, axis=0), *np.median(highs, axis=0)]
        reach = [*lows.min(axis=0), *highs.max(axis=0)]
        turns = np.nanpercentile(np.abs(track.pose[:, number, :2]), 95, axis=0)
        facts |= {
            "face": number,
            "size": round(self.size),
            "yaw": round(float(turns[0]), 1),
            "pitch": round(float(turns[1]), 1),
        }
        facts |= {"box": [round(float(v), 1) for v in box], "reach": [round(float(v), 1) for v in reach], "findings": found}
        facts["avoid"] = spans(faces.shut(track, number) > SHUT)
        return Result({"track": path}, facts)

    def _inspect(self, request: Mapping[str, Any], clip: Any, track: Any, picture: Any) -> tuple[int, list[dict[str, str]]]:
        """Number of the face that is meant, and all findings."""
        import numpy as np

        from talkmill.backends.inspect.looks import findings, look, middle
        from talkmill.media import faces, frames

        still = picture is not None
        first = [faces.Face(points, *map(float, pose), 1.0) for points, pose in zip(*_first(track), strict=True)]
        if still:
            found = faces.find(picture)
            face = found[_chosen(found, request["face"])]
            number = _nearest(first, face, request.get("cut"))
            seen = look(picture, face)
            told = []
        else:
            number = _chosen(first, request["face"])
            there = np.flatnonzero(track.seen[:, number])
            spread = sorted({int(there[at]) for at in np.linspace(0, len(there) - 1, LOOKS).round().astype(int)})
            looks = []
            for index, frame in zip(spread, clip.read(spread), strict=True):
                face = faces.Face(track.landmarks[index, number], *map(float, track.pose[index, number]), 1.0)
                looks.append(look(frames.rgb(frame), face))
            seen, told = middle(looks), _over_time(track, number, clip.fps)
        self.size = seen.size
        return number, told + [one.to_json() for one in findings(seen, request["sync_strength"], still)]


def _picture(path: Path) -> Any:
    import numpy as np
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _track(clip: Any) -> Any:
    """The track of the whole clip, streamed."""
    from dataclasses import replace

    import numpy as np

    from talkmill.media import faces, frames

    found = faces.find(frames.rgb(next(clip.read([0]))))
    halved = bool(found) and min(face.size for face in found) >= HALF
    made = faces.track((frames.half(frame) if halved else frames.rgb(frame) for frame in clip.read()), clip.fps)
    if not halved:
        return made
    landmarks = made.landmarks * np.float32(2)
    landmarks[..., :2] += np.float32(0.5)  # the middle of two pixels
    return replace(made, landmarks=landmarks)


def _empty(count: int) -> tuple[Any, Any, Any, Any]:
    """The arrays of a track without faces."""
    import numpy as np

    from talkmill.media.faces import POINTS

    return (
        np.zeros((count, 0, POINTS, 3), np.float32), np.zeros((count, 0), bool), np.zeros((count, 0, 3), np.float32),
        np.zeros(count, np.int32),
    )  # fmt: skip


def _first(track: Any) -> tuple[list[Any], list[Any]]:
    """Landmarks and pose of each face where it is first there."""
    import numpy as np

    there = [np.flatnonzero(~np.isnan(track.landmarks[:, slot, 0, 0])) for slot in range(track.landmarks.shape[1])]
    return (
        [track.landmarks[at[0], slot] for slot, at in enumerate(there)],
        [track.pose[at[0], slot] for slot, at in enumerate(there)],
    )


def _chosen(found: Sequence[Any], asked: int | str | None) -> int:
    """Which of the faces (from left to right) is meant.

    Raises:
        RequestError: there is none, or it is not clear which.
    """
    if not found:
        raise RequestError(
            "no face was found (0). Give a picture in which a face looks into the camera, "
            "or say where the mouth is with portrait.mouth_box."
        )
    if asked is None:
        if len(found) > 1:
            places = ", ".join(f"{round(face.size)} pixels at x={round((face.box[0] + face.box[2]) / 2)}" for face in found)
            raise RequestError(
                f"several faces were found ({len(found)}: {places}). "
                "Say which one speaks with portrait.face: left, right, or a number from the left."
            )
        return 0
    number = {"left": 0, "right": len(found) - 1}.get(asked, asked) if isinstance(asked, str) else asked - 1
    if not 0 <= number < len(found):
        raise RequestError(f"there is no face {asked} (found {len(found)}). Correct portrait.face.")
    return number


def _nearest(found: Sequence[Any], face: Any, cut: Mapping[str, Any] | None) -> int:
    """Which of the faces of a clip is `face` of the picture that it was cut from."""
    from talkmill.media import faces

    if not found:
        raise RequestError("no face was found in the clip that was made of it (0). Give a picture with more around the face.")
    there = faces.placed(face, cut["scale"], cut["corner"]) if cut else face
    middle = there.landmarks[:, :2].mean(axis=0)
    away = [float(abs(one.landmarks[:, :2].mean(axis=0) - middle).max()) for one in found]
    if min(away) > 0.5 * there.size:
        raise RequestError(
            f"the face is lost in the clip that was made of it (nearest {min(away):.0f} pixels away). Name another."
        )
    return away.index(min(away))


def _over_time(track: Any, number: int, fps: int) -> list[dict[str, str]]:
    """What only a clip can have: cuts, and frames without the face."""
    import numpy as np

    from talkmill.media.faces import spans

    made = []
    cuts = np.flatnonzero(np.diff(track.scene)) + 1
    if len(cuts):
        times = ", ".join(f"{cut / fps:.1f} s" for cut in cuts[:6])
        text = f"the clip cuts to another scene ({len(cuts)} times, at {times}). Give one without, or name a part."
        made.append({"severity": "warn", "text": text})
    gone = np.isnan(track.landmarks[:, number, 0, 0])
    if gone.mean() > GONE:
        spans = ", ".join(f"{first / fps:.1f} to {(last + 1) / fps:.1f} s" for first, last in spans(gone)[:4])
        text = f"the face is not there in {gone.mean():.0%} of the clip ({spans}). Its mouth does not move there."
        made.append({"severity": "warn", "text": text})
    return made
