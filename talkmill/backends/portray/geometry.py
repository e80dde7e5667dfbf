"""Where the face of a drawn character is, found from its layers; what the user says stands over what is found.

Lengths are pixels of the canvas that all layers share. `found` in the result says, per measure, "given" or how it was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SOLID = 127
"""Alpha above which a pixel belongs to the drawing."""


@dataclass
class Face:
    """The face's measures, as `talkmill.picture.rig` has them, and how each was come by."""

    top: float = 0.0
    skull: float = 0.0
    chin: float = 0.0
    eyes: list[tuple[float, float]] = field(default_factory=list)
    eye_size: tuple[float, float] = (0.0, 0.0)
    mouth: tuple[float, float] = (0.0, 0.0)
    neck: tuple[float, float] = (0.0, 0.0)
    gaze: tuple[float, float] = (0.0, 0.0)
    cut: bool = False
    found: dict[str, str] = field(default_factory=dict)

    @property
    def height(self) -> float:
        """Chin to the top of the bare head."""
        return self.chin - self.skull

    def scaled(self, scale: float, shift: float) -> dict[str, Any]:
        """`face` of a rig whose canvas is this one times `scale`, moved to the right by `shift`."""

        def at(point: tuple[float, float]) -> list[float]:
            return [round(point[0] * scale + shift, 2), round(point[1] * scale, 2)]

        def size(pair: tuple[float, float]) -> list[float]:
            return [round(value * scale, 2) for value in pair]

        middle = [sum(eye[i] for eye in self.eyes) / len(self.eyes) for i in (0, 1)]
        return {
            "top": round(self.top * scale, 2),
            "skull": round(self.skull * scale, 2),
            "chin": round(self.chin * scale, 2),
            "centre": at((middle[0], middle[1])),
            "eyes": [at(eye) for eye in self.eyes],
            "eye_size": size(self.eye_size),
            "mouth": at(self.mouth),
            "pivot": at(self.neck),
            "gaze": size(self.gaze),
            "arms": False,
            "cut": self.cut,
        }


def box_of(alpha: np.ndarray) -> tuple[int, int, int, int] | None:
    """left, top, right, bottom of what is solid; None where nothing is."""
    solid = alpha > SOLID
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def locate(alpha: Mapping[str, np.ndarray], closed: np.ndarray, given: Mapping[str, Any]) -> Face:
    """The face of a figure from the alpha of its layers and of its closed mouth; `given` are the user's anchors.

    Raises:
        ValueError: the measures contradict each other; its text says how, in words for people.
    """
    face, apart = Face(), "head" in alpha
    figure = alpha["head"] if apart else alpha["base"]
    outline = box_of(figure) or (0, 0, figure.shape[1], figure.shape[0])
    tops = [outline[1], *(box[1] for name in ("back", "front") if name in alpha and (box := box_of(alpha[name])))]
    face.top = _given(face, given, "top", float(min(tops)), "the highest drawn row")
    mouth = box_of(closed) or outline
    middle = ((mouth[0] + mouth[2]) / 2, (mouth[1] + mouth[3]) / 2)
    face.mouth = _point(face, given, "mouth", middle, "the middle of the closed mouth")
    _eyes(face, alpha, given)
    eye_y = sum(eye[1] for eye in face.eyes) / len(face.eyes)
    reach = face.mouth[1] - eye_y
    if reach <= 0:
        raise ValueError(f"the mouth (y {face.mouth[1]:.0f}) is not below the eyes (y {eye_y:.0f})")
    # In a drawn head the chin is about three quarters of the way from eyes to mouth below the mouth.
    chin, how = face.mouth[1] + 0.75 * reach, "from eyes and mouth"
    neck_y, narrow = _neck(figure, face.mouth, reach)
    if apart:
        column = np.flatnonzero(figure[:, min(int(face.mouth[0]), figure.shape[1] - 1)] > SOLID)
        if len(column) and column[-1] + 1 < face.mouth[1] + 1.6 * reach and column[-1] > face.mouth[1]:
            chin, how = float(column[-1] + 1), "the head's lower edge"
        neck_y, neck_how = chin + 0.02 * reach, "below the chin"
    elif narrow:
        chin, how = max(face.mouth[1] + 0.35 * reach, neck_y - 0.15 * reach), "above the neck"
        neck_how = "the narrowest row below the mouth"
    else:
        neck_y, neck_how = chin + 0.2 * reach, "below the chin"
    face.chin = _given(face, given, "chin", chin, how)
    if "chin" in given and not (narrow and not apart):
        neck_y = face.chin + 0.1 * reach
    face.neck = _point(face, given, "neck", (face.mouth[0], neck_y), neck_how)
    if not face.top < eye_y < face.mouth[1] < face.chin:
        told = f"top {face.top:.0f}, eyes {eye_y:.0f}, mouth {face.mouth[1]:.0f}, chin {face.chin:.0f}"
        raise ValueError(f"top, eyes, mouth and chin are not in this order from above ({told})")
    # The eyes are half way up the bare head; what is above that is hair, ears or a hat.
    face.skull = max(face.top, 2 * eye_y - face.chin)
    face.cut = _runs_out(alpha["base"] if "base" in alpha else alpha.get("body", figure))
    return face


def _given(face: Face, given: Mapping[str, Any], name: str, value: float, how: str) -> float:
    face.found[name] = "given" if name in given else how
    return float(given.get(name, value))


def _point(face: Face, given: Mapping[str, Any], name: str, value: tuple[float, float], how: str) -> tuple[float, float]:
    face.found[name] = "given" if name in given else how
    x, y = given.get(name, value)
    return float(x), float(y)


def _eyes(face: Face, alpha: Mapping[str, np.ndarray], given: Mapping[str, Any]) -> None:
    """Places and size of the eyes, and how far pupils may go."""
    name = next((name for name in ("eyes-open", "eyes-shut") if name in alpha), None)
    boxes: list[tuple[int, int, int, int]] = []
    if name is not None:
        whole = box_of(alpha[name])
        if whole is not None:
            boxes = _halves(alpha[name], whole)
    if boxes:
        places, how = [((b[0] + b[2]) / 2, (b[1] + b[3]) / 2) for b in boxes], f"the middles of {name}"
        face.eye_size = (float(boxes[0][2] - boxes[0][0]), float(boxes[0][3] - boxes[0][1]))
    else:
        y = face.top + 0.55 * (face.mouth[1] - face.top)
        side = 0.4 * (face.mouth[1] - y)
        places, how = [(face.mouth[0] - side, y), (face.mouth[0] + side, y)], "a guess: there is no layer of eyes"
        face.eye_size = (0.5 * side, 0.5 * side)
    face.found["eyes"] = "given" if "eyes" in given else how
    face.eyes = [(float(x), float(y)) for x, y in given.get("eyes", places)]
    if "pupils" in alpha and (pupil := box_of(alpha["pupils"])) is not None:
        one = _halves(alpha["pupils"], pupil)[0]
        room = [max(0.0, face.eye_size[i] - (one[2 + i] - one[i])) / 2 for i in (0, 1)]
        face.gaze = (min(0.75 * room[0], 0.16 * face.eye_size[0]), min(0.6 * room[1], 0.12 * face.eye_size[1]))


def _halves(alpha: np.ndarray, box: tuple[int, int, int, int]) -> list[tuple[int, int, int, int]]:
    """The boxes of the two parts of a layer, parted at its widest empty gap, else at its middle; one where it is one eye."""
    left, top, right, bottom = box
    filled = (alpha[top:bottom, left:right] > SOLID).any(axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate(([1], filled.view(np.int8), [1]))))
    gaps = [(b - a, (a + b) // 2) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    wide = [gap for gap in gaps if gap[0] >= 0.05 * (right - left)]
    split = int(max(wide)[1]) if wide else (right - left) // 2
    made = []
    for start, end in ((left, left + split), (left + split, right)):
        part = box_of(alpha[:, start:end])
        if part is not None:
            made.append((part[0] + start, part[1], part[2] + start, part[3]))
    return made


def _neck(figure: np.ndarray, mouth: tuple[float, float], reach: float) -> tuple[float, bool]:
    """The narrowest row below the mouth, and whether it is a neck: a good deal narrower than the head and than what follows."""
    widths = (figure > SOLID).sum(axis=1)
    start, end = round(mouth[1] + 0.3 * reach), min(len(widths), round(mouth[1] + 2.4 * reach))
    if end - start < 4:
        return mouth[1] + 0.9 * reach, False
    row = start + int(np.argmin(widths[start:end]))
    head = widths[max(0, round(mouth[1] - reach)) : start].max(initial=1)
    below = widths[row : min(len(widths), row + round(2 * reach))].max(initial=0)
    return float(row), bool(0 < widths[row] < 0.75 * head and below > 1.15 * widths[row])


def _runs_out(alpha: np.ndarray) -> bool:
    """Whether a figure is cut by the canvas's lower edge, and so goes on below it."""
    last = alpha[-max(2, alpha.shape[0] // 100) :] > SOLID
    return bool(last.all(axis=0).mean() > 0.05)
