"""`animate: idle`: a photograph becomes a clip of somebody who waits: a head that sways in depth, breath, blinks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from talkmill.backends import Result

SECONDS = 8
"""Length of one round, after which the clip begins again."""
FACE = 0.25
"""Height of the face that the clip is made at, as a fraction of the tallest shape: about what `framing: bust` shows."""
ROOM = 1.06
"""How much more than a shape is kept around the face."""
WIDEST = 1.5, 1920
"""How much wider than the shape a clip of several people is at most, and its most pixels."""
MOST = 4.0
"""How far a photograph is enlarged at most."""
SHARPEN, BLOCKS = 0.5, 0.45
"""How far an enlarged photograph is sharpened, and the blockiness from which it is not: blocks would crawl."""


class Idle:
    """A round of slight motion that ends as it begins.

    Request: `fps`, `shapes` (names of formats), `motion` (0..1.5; 0 is a still), `mouth_box`, `face` (or null; a list: those
    who are shown together), `seed`. Input: `image`. It is scaled so that its largest face, or the one that is meant, fits the
    shapes, and cut to what they show; of several who are meant all are kept.
    Facts also: `scale` (of the image), `corner` ([x, y], in the scaled image, of the cut), `shut` ([[first, last]] frames of a
    blink), `notes`.
    """

    name = "idle"
    version = 1
    licence = ""
    packages = ("imageio-ffmpeg", "numpy", "opencv-python-headless", "pillow")
    weights = ("face-mesh",)

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Write frames.mkv."""
        import cv2
        import numpy as np
        from PIL import Image

        from talkmill.media import faces, formats, frames
        from talkmill.media.faces import spans
        from talkmill.picture.still import Still
        from talkmill.picture.warp import eyes
        from talkmill.picture.warp.place import place

        cv2.setNumThreads(1)  # a sum is the same on any machine
        with Image.open(inputs["image"]) as image:
            picture = np.asarray(image.convert("RGB"))
        box = request.get("mouth_box")
        found = [] if box else faces.find(picture)
        sizes = [formats.named(name).size for name in request["shapes"]]
        made, scale, corner = prepared(picture, meant(found, request.get("face")), sizes, box)
        fps = request["fps"]
        moved = [faces.placed(face, scale, corner) for face in found]
        awake = frames.i420(made)
        still = Still(awake, moved, f"{request['seed']}", request["motion"])
        count = round(SECONDS * fps) if request["motion"] else 2
        placed = [place(face.landmarks[None]) for face in moved]
        lids = [eyes.lids(count, fps, f"{request['seed']} lids {number}") for number in range(len(moved))]

        def seen(number: int) -> Any:
            """The photograph with its lids as they are in this frame."""
            picture = awake
            for one, down in zip(placed, lids, strict=True):
                if down[number] > 0:
                    picture = picture.copy() if picture is awake else picture
                    eyes.blink(picture, one, 0, float(down[number]))
            return picture

        clip = frames.write(
            (still.draw(number / count if request["motion"] else 0.0, seen(number)) for number in range(count)),
            (made.shape[1], made.shape[0]), fps, workdir / frames.NAME,
        )  # fmt: skip
        blinks = np.any([down > 0 for down in lids], axis=0) if lids else np.zeros(count, bool)
        facts = {"scale": round(scale, 4), "corner": list(corner), "shut": spans(blinks)}
        notes = [f"enlarged {scale:.1f} times"] if scale > 1.5 else []
        return Result({"frames": clip.path}, clip.facts | facts | {"notes": notes})


def meant(found: Sequence[Any], asked: int | str | Sequence[int | str] | None) -> Sequence[Any]:
    """The face that is asked for (as `portrait.face` says), by itself, where there are several; else all. Of a list, each."""
    if asked is None or len(found) < 2:
        return found
    if isinstance(asked, list | tuple):
        return [face for face in found if any(meant(found, one)[0] is face for one in asked)]
    number = {"left": 1, "right": len(found)}.get(asked, asked) if isinstance(asked, str) else asked
    return found[number - 1 : number] or found


def _across(found: Sequence[Any]) -> float:
    """From the first face's side to the last one's, with half a face's height around them, in pixels."""
    if not found:
        return 1.0
    return max(face.box[2] for face in found) - min(face.box[0] for face in found) + max(face.size for face in found)


def prepared(
    picture: Any, found: Sequence[Any], sizes: Sequence[tuple[int, int]], mouth: Sequence[float] | None = None
) -> tuple[Any, float, tuple[int, int]]:
    """The photograph scaled and cut for shapes of these sizes; (R'G'B' with even sides, scale, corner of the cut).

    The cut is around the faces `found`, else around the box of the `mouth` (fractions of the picture), else in the middle. With
    several faces it is as wide as they need, up to `WIDEST`.
    """
    import cv2
    import numpy as np

    from talkmill.media import quality

    height, width = picture.shape[:2]
    wide, tall = max(size[0] for size in sizes), max(size[1] for size in sizes)
    covering = max(max(size[0] / width, size[1] / height) for size in sizes)
    largest = max((face.size for face in found), default=0.0)
    scale = max(covering, FACE * tall / largest) if largest else covering
    across = _across(found)
    if len(found) > 1:  # who is shown together is wider than the shape, and closer in shots of one
        room = max(wide, min(round(WIDEST[0] * wide), WIDEST[1]))
        scale = min(scale, room / across)
        wide = max(wide, min(room, round(across * scale)))
    scale = min(scale, MOST)
    size = (max(2, round(width * scale)), max(2, round(height * scale)))
    made = picture
    if size != (width, height):
        made = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LANCZOS4)
    if scale > 1.3 and quality.blockiness(quality.luma(picture)) < BLOCKS:
        soft = cv2.GaussianBlur(made, (0, 0), 0.45 * scale)
        made = cv2.addWeighted(made, 1 + SHARPEN, soft, -SHARPEN, 0)
    kept = (min(made.shape[1], round(wide * ROOM)), min(made.shape[0], round(tall * ROOM)))
    if found:
        boxes = np.array([face.box for face in found]) * scale
        centre = ((boxes[:, 0].min() + boxes[:, 2].max()) / 2, (boxes[:, 1].min() + boxes[:, 3].max()) / 2)
    else:
        x, y, width, height = mouth or (0.5, 0.5, 0.0, 0.0)
        centre = ((x + width / 2) * made.shape[1], (y + height / 2) * made.shape[0])
    # A face has its place above the middle, so more is kept below it.
    left = int(np.clip(centre[0] - kept[0] / 2, 0, made.shape[1] - kept[0]))
    top = int(np.clip(centre[1] - 0.42 * kept[1], 0, made.shape[0] - kept[1]))
    cut = made[top : top + kept[1] // 2 * 2, left : left + kept[0] // 2 * 2]
    return np.ascontiguousarray(cut), scale, (left, top)
