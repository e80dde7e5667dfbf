"""`restore: classic`: a slight blur against blocks, a steadier mouth, sharper lips; each only as far as measuring says it
helps."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkmill.backends import Result
from talkmill.errors import BackendError

if TYPE_CHECKING:
    import numpy as np

RADIUS = 1.0
"""Sigma in pixels of the blur at a face of `AT` pixels between the outer corners of the eyes; larger faces have it larger."""
AT = 200.0
SHARPEN = 0.8
"""Amount of the unsharp mask at its most; its radius is 1.5 mm."""
STEADY = 0.5
"""How much of a frame the two beside it make up at most, where the mouth flickers."""
SAMPLES = 40
"""Frames that are measured."""
WORTH = 0.1
"""Share under which a step is left out: it would change pixels for nothing that is seen."""


class Classic:
    """Frames whose mouth is as clean, as steady and as sharp as the clip's own (request and inputs: the verb's contract).

    What is measured is the mouth's region, in luma, of up to `SAMPLES` frames against the same place in the clip under it:
    detail finer than 3 pixels that is not in the clip (noise, blocks), what differs from both neighbours in time where they
    agree (flicker), and the finest detail (sharpness). A step is applied by as much as the segment is worse than the clip, and
    not at all where it is not; a segment that needs none is passed on as it is. What `warp` makes of a still needs none: it is
    the still's own texture, moved.
    """

    name = "classic"
    version = 2
    licence = ""
    packages = ("numpy", "opencv-python-headless")

    def run(self, request: Mapping[str, Any], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Write frames.mkv."""
        from talkmill.media import frames as film

        made = film.Clip.of(inputs["frames"], request["clip"])
        source = film.Clip.of(inputs["clip"], request["source"])
        how, start, avoid = request.get("play", "there_and_back"), request.get("start", 0), request.get("avoid", ())
        order = film.play(source.frames, made.frames, made.fps, how, start, avoid)
        places = _places(request, inputs.get("track"), source)
        steps, measured = _needed(made, source, order, places)
        target, size = workdir / film.NAME, (made.width, made.height)
        if any(steps.values()):
            film.write(_restored(made, [places.get(number) for number in order], steps), size, made.fps, target)
        else:
            shutil.copyfile(made.path, target)
        return Result({"frames": target}, {**made.facts, **steps, **measured})


def _places(request: Mapping[str, Any], track: Path | None, source: Any) -> dict[int, Any]:
    """(centre x, y, pixels of a mm) of the mouth in each frame of the clip that shows it.

    Raises:
        BackendError: nothing says where the mouth is.
    """
    import numpy as np

    from talkmill.media.faces import Track
    from talkmill.picture.warp.place import MOUTH, place, scale

    box = request.get("mouth_box")
    if box:
        x, y, width, height = (part * side for part, side in zip(box, (source.width, source.height) * 2, strict=True))
        return dict.fromkeys(range(source.frames), (x + width / 2, y + height / 2, width / MOUTH))
    known = Track.load(track) if track else None
    number = request.get("face", 0)
    if known is None or not 0 <= number < known.landmarks.shape[1]:
        raise BackendError("restore: nothing says where the mouth is (no such face). Name a face, or give mouth_box.")
    out = {}
    for scene in np.unique(known.scene):
        frames = np.flatnonzero(known.scene == scene)
        placed = place(known.landmarks[frames, number])
        for index in np.flatnonzero(placed.seen):
            way = placed.to_picture[index]
            out[int(frames[index])] = (*way[:, 2].tolist(), scale(way))
    return out


def _box(place: tuple[float, float, float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """left, top, right, bottom (even) of the mouth's region: 36 mm to either side, 16 above and 26 below."""
    x, y, mm = place
    low = (max(0, int(x - 36 * mm) // 2 * 2), max(0, int(y - 16 * mm) // 2 * 2))
    high = (min(size[0], int(x + 36 * mm) // 2 * 2), min(size[1], int(y + 26 * mm) // 2 * 2))
    return (*low, *high)


def _needed(
    made: Any, source: Any, order: Sequence[int], places: Mapping[int, Any]
) -> tuple[dict[str, float], dict[str, float]]:
    """How far each step is needed, and what was measured."""
    import cv2
    import numpy as np

    groups = max(1, min(SAMPLES // 3, made.frames // 3))
    starts = sorted({round(at) for at in np.linspace(0, made.frames - 3, groups)}) if made.frames >= 3 else []
    chosen = sorted({start + step for start in starts for step in range(3)})
    mine = dict(zip(chosen, made.read(chosen), strict=True))
    theirs: dict[int, np.ndarray] = {}
    wanted = sorted({order[number] for number in chosen})
    theirs = dict(zip(wanted, source.read(wanted), strict=True))
    noise, flicker, sharp = [], [], []
    for start in starts:
        place = places.get(order[start + 1])
        if place is None:
            continue
        left, top, right, bottom = _box(place, (made.width, made.height))
        if right - left < 16 or bottom - top < 16:
            continue
        part = np.s_[top:bottom, left:right]
        new = [mine[start + step][part].astype(np.float32) for step in range(3)]
        old = [theirs[order[start + step]][part].astype(np.float32) for step in range(3)]
        flicker.append((_residue(new), _residue(old)))
        sharp.append(tuple(float(cv2.Laplacian(cv2.GaussianBlur(one[1], (0, 0), 1.0), cv2.CV_32F).std()) for one in (new, old)))
        noise.append(tuple(float(np.median(np.abs(one[1] - cv2.medianBlur(one[1], 3)))) for one in (new, old)))
    ratio = {
        name: float(np.median([one for one, _ in pairs]) / max(np.median([other for _, other in pairs]), least))
        if pairs
        else 1.0
        for name, pairs, least in (("noise", noise, 0.5), ("flicker", flicker, 0.6), ("sharpness", sharp, 0.5))
    }
    steps = {
        "blurred": _share(ratio["noise"], 1.25, 2.5),
        "steadied": _share(ratio["flicker"], 1.5, 3.0),
        "sharpened": _share(1 / max(ratio["sharpness"], 1e-3), 1.08, 1.6),
    }
    return steps, {name: round(value, 3) for name, value in ratio.items()}


def _residue(three: Sequence[np.ndarray]) -> float:
    """What jumps and jumps back: a frame against its two neighbours, as far as they agree; lips that move are none."""
    import numpy as np

    apart = np.abs(three[1] - (three[0] + three[2]) / 2)
    return float((apart * np.clip(1 - np.abs(three[0] - three[2]) / (apart + 2), 0, 1)).mean())


def _share(value: float, start: float, end: float) -> float:
    share = min(max((value - start) / (end - start), 0.0), 1.0)
    return round(share, 3) if share >= WORTH else 0.0


def _restored(made: Any, places: Sequence[Any], steps: Mapping[str, float]) -> Iterator[np.ndarray]:
    """The frames; each is held until the next one is there."""
    before, now = None, None
    for number, after in enumerate(made.read()):
        if now is not None:
            yield _one(before, now, after, places[number - 1], steps)
            before = now
        now = after
    if now is not None:
        yield _one(before, now, None, places[-1], steps)


def _one(
    before: np.ndarray | None, now: np.ndarray, after: np.ndarray | None, place: Any, steps: Mapping[str, float]
) -> np.ndarray:
    import cv2
    import numpy as np

    if place is None:
        return now
    size = (now.shape[1], now.shape[0] * 2 // 3)
    left, top, right, bottom = _box(place, size)
    if right - left < 16 or bottom - top < 16:
        return now
    out = now.copy()
    part = np.s_[top:bottom, left:right]  # of luma: what is restored is detail, which is in luma
    mm = place[2]
    value = now[part].astype(np.float32)
    if steps["steadied"] and before is not None and after is not None:
        # Only what jumps and jumps back: where both neighbours agree against this frame.
        one, other = before[part].astype(np.float32), after[part].astype(np.float32)
        middle = (one + other) / 2
        agree = np.clip(1 - np.abs(one - other) / (np.abs(value - middle) + 2), 0, 1)
        value = value + STEADY * steps["steadied"] * agree * (middle - value)
    if steps["blurred"]:
        sigma = RADIUS * max(1.0, 90 * mm / AT)
        value = value + steps["blurred"] * (cv2.GaussianBlur(value, (0, 0), sigma) - value)
    if steps["sharpened"]:
        value = value + SHARPEN * steps["sharpened"] * (value - cv2.GaussianBlur(value, (0, 0), max(0.8, 0.35 * mm)))
    height, width = value.shape
    fall = [np.clip(np.minimum(np.arange(n) + 1, np.arange(n, 0, -1)) / (0.2 * n), 0, 1) for n in (height, width)]
    mask = (fall[0][:, None] * fall[1][None, :]).astype(np.float32)
    base = now[part].astype(np.float32)
    out[part] = np.clip(base + (value - base) * mask + 0.5, 0, 255).astype(np.uint8)
    return out
