"""What is measured on one picture of a face, and what it means for a face that is to talk.

Limits are what the field has learned (512 pixels good, 256 least, 30 and 45 degrees of yaw); those of blur, blocks, light and
colour were set on two portraits and on copies of them that were blurred, compressed, darkened and painted over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import cv2
import numpy as np

from talkmill.media import quality
from talkmill.media.faces import INNER_LIPS, LEFT_EYE, OUTER_LIPS, OVAL, RIGHT_EYE, Face

GOOD, FAIR, LEAST = 512, 256, 128
"""Pixels of a face: from here on good, from here on fair, and under the last refused."""
YAW_GOOD, YAW_MOST = 30, 45
"""Degrees to the side: to here good, to here with `sync_strength` at most `TURNED`, beyond refused."""
TURNED = 0.6
PITCH_GOOD, PITCH_MOST = 20, 35
"""Degrees up or down: to here good, to here with a warning, beyond refused."""
SHUT_EYES = 0.10
"""Height over width of an eye under which it is shut."""
OPEN_MOUTH, PARTED = 0.30, 0.07
"""Height over width of the gap between the lips: from here on too open, from here on not quite shut."""
BLURRED, SOFT = 2.5, 4.0
"""Sharpness under which a face is blurred, or soft."""
SMEARED, STREAKED = 1.7, 2.2
"""Motion blur from which a soft face is smeared by motion, and any face."""
BLOCKY, BLOCKS = 0.9, 0.45
"""Blockiness around the mouth from which compression is heavy, or can be seen."""
UNEVEN = 1.7
"""Ratio of the light on the two cheeks from which it comes from the side."""
DARK, BRIGHT = 55, 235
"""Luma of the cheeks under which a face is too dark, and above which it is washed out."""
SHADES = 0.3
"""Light around the eyes over that on the cheeks under which glasses are dark."""
COVERED = 26
"""Difference of colour between the skin around the mouth and the cheeks (a*b* of CIELAB) from which something covers it."""

CHEEKS = ((50, 101, 36, 205, 187), (280, 330, 266, 425, 411))
"""Points on the two cheeks, picture's left first."""
AROUND = (164, 393, 167, 18, 200, 199, 175, 83, 313, 194, 418, 204, 424)
"""Points on the skin above and below the lips."""


@dataclass(frozen=True)
class Finding:
    """One line for the user."""

    severity: str  # note, warn or refuse
    text: str

    def to_json(self) -> dict[str, str]:
        """As facts hold it."""
        return asdict(self)


@dataclass(frozen=True)
class Look:
    """What was measured on one face in one picture."""

    size: float
    yaw: float
    pitch: float
    eyes: float  # height over width of the more open eye
    gap: float  # height over width of the gap between the lips
    sharp: float
    smear: float
    blocks: float
    light: float  # luma of the cheeks
    uneven: float  # ratio of the brighter cheek to the other
    shades: float  # light around the eyes over that on the cheeks
    colour: float  # difference of colour between the skin around the mouth and the cheeks


def look(picture: np.ndarray, face: Face) -> Look:
    """Measure one face of an R'G'B' picture at its own size."""
    points = face.landmarks[:, :2]
    left, top, right, bottom = _inside(face.box, picture.shape)
    cut = picture[top:bottom, left:right]
    values = quality.luma(cut)
    moved = points - (left, top)
    mask = np.zeros(values.shape, np.uint8)
    cv2.fillPoly(mask, [moved[list(OVAL)].astype(np.int32)], 255)
    lips = points[list(OUTER_LIPS)]
    (x0, y0), (x1, y1) = lips.min(axis=0), lips.max(axis=0)
    wide = x1 - x0
    region = _inside((x0 - 0.5 * wide, y0 - 0.6 * wide, x1 + 0.5 * wide, y1 + 0.6 * wide), picture.shape)
    mouth = quality.luma(picture[region[1] : region[3], region[0] : region[2]])
    radius = max(2, round(0.025 * face.size))
    cheeks = [_patch(picture, points[list(side)], radius) for side in CHEEKS]
    lights = [float(quality.luma(patch[None])[0].mean()) for patch in cheeks]
    eyes = np.concatenate([_patch(picture, points[list(eye)], radius) for eye in (LEFT_EYE, RIGHT_EYE)])
    around = _patch(picture, points[list(AROUND)], radius)
    inner = points[list(INNER_LIPS)]
    return Look(
        size=face.size,
        yaw=face.yaw,
        pitch=face.pitch,
        eyes=max(_openness(points[list(eye)]) for eye in (LEFT_EYE, RIGHT_EYE)),
        gap=float(np.linalg.norm(points[13] - points[14]) / max(np.linalg.norm(inner[0] - inner[10]), 1e-3)),
        sharp=quality.sharpness(values, face.size) * 150 / max(sum(lights) / 2, 30.0),  # as if lit well
        smear=quality.motion_blur(values[mask.shape[0] // 6 :]),
        blocks=quality.blockiness(mouth),
        light=sum(lights) / 2,
        uneven=max(lights) / max(min(lights), 1.0),
        shades=float(quality.luma(eyes[None])[0].mean()) / max(sum(lights) / 2, 1.0),
        colour=_difference(around, np.concatenate(cheeks)),
    )


def _openness(eye: np.ndarray) -> float:
    """Height over width of an eye, from the points of its outline: outer corner first, inner corner ninth."""
    across = float(np.linalg.norm(eye[0] - eye[8]))
    heights = [np.linalg.norm(eye[index] - eye[16 - index]) for index in (3, 4, 5)]
    return float(np.mean(heights)) / max(across, 1e-3)


def _inside(box: Sequence[float], shape: Sequence[int]) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(float(value)) for value in box)
    left, top = max(0, min(left, shape[1] - 2)), max(0, min(top, shape[0] - 2))
    return left, top, max(left + 2, min(right, shape[1])), max(top + 2, min(bottom, shape[0]))


def _patch(picture: np.ndarray, points: np.ndarray, radius: int) -> np.ndarray:
    """Pixels (n, 3) within `radius` of the points."""
    made = []
    for x, y in points:
        left, top, right, bottom = _inside((x - radius, y - radius, x + radius, y + radius), picture.shape)
        made.append(picture[top:bottom, left:right].reshape(-1, 3))
    return np.concatenate(made)


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    """Distance of two sets of pixels in a*b* of CIELAB, by their medians."""
    places = [
        np.median(cv2.cvtColor((pixels[None] / np.float32(255)), cv2.COLOR_RGB2LAB)[0, :, 1:], axis=0)
        for pixels in (one, other)
    ]
    return float(np.linalg.norm(places[0] - places[1]))


def findings(seen: Look, strength: float, still: bool) -> list[Finding]:
    """What is to be said about one face. `strength` is the character's `sync_strength`."""
    what = "picture" if still else "clip"
    made: list[tuple[str, str, str]] = []
    size = round(seen.size)
    if seen.size < LEAST:
        made.append(
            (
                "refuse",
                f"the face is too small ({size} pixels, {LEAST} at least)",
                f"Give a larger {what}: {GOOD} pixels are good",
            )
        )
    elif seen.size < FAIR:
        made.append(
            ("warn", f"the face is small ({size} pixels)", f"{FAIR} pixels are the least for a good result, {GOOD} are good")
        )
    elif seen.size < GOOD:
        made.append(("note", f"the face has {size} pixels", f"From {GOOD} on it looks crisp"))
    made += _turned(seen, strength)
    if seen.eyes < SHUT_EYES:
        made.append(("warn", f"the eyes are shut (open by {seen.eyes:.2f} of their width)", f"Give a {what} with open eyes"))
    elif seen.shades < SHADES:
        made.append(
            ("warn", f"the eyes are dark ({seen.shades:.0%} of the cheeks' light): sunglasses or deep shadow", "Show the eyes")
        )
    if seen.gap > OPEN_MOUTH:
        made.append(
            (
                "warn",
                f"the mouth is wide open (gap {seen.gap:.0%} of its width)",
                "Take one with the mouth shut or slightly open",
            )
        )
    elif seen.gap > PARTED and still:
        made.append(
            ("note", f"the lips are parted (gap {seen.gap:.0%} of the mouth's width)", "A shut mouth gives the best result")
        )
    if seen.sharp < BLURRED:
        made.append(("warn", f"the face is blurred (sharpness {seen.sharp:.1f}, {SOFT:g} is good)", f"Give a sharper {what}"))
    elif seen.sharp < SOFT:
        made.append(
            ("note", f"the face is soft (sharpness {seen.sharp:.1f}, {SOFT:g} is good)", f"A sharper {what} looks better")
        )
    if seen.smear > (SMEARED if seen.sharp < SOFT else STREAKED):
        made.append(("warn", f"the face is smeared by motion ({seen.smear:.1f} times)", "Use a shorter exposure"))
    if seen.blocks > BLOCKY:
        cure = "Give the original, as PNG or as JPEG of best quality"
        made.append(("warn", f"the mouth is damaged by compression (blocks {seen.blocks:.2f})", cure))
    elif seen.blocks > BLOCKS:
        made.append(
            ("note", f"compression is seen around the mouth (blocks {seen.blocks:.2f})", "A PNG of the original looks better")
        )
    if seen.light < DARK or seen.light > BRIGHT:
        how = "dark" if seen.light < DARK else "bright"
        made.append(("warn", f"the face is too {how} (light {seen.light:.0f} of 255)", "Light it evenly from the front"))
    if seen.uneven > UNEVEN:
        made.append(
            (
                "warn",
                f"the light comes from one side ({seen.uneven:.1f} times as bright)",
                "Light the face evenly from the front",
            )
        )
    if seen.colour > COVERED:
        text = f"what is around the mouth has another colour than the cheeks (by {seen.colour:.0f}): a beard, a microphone"
        made.append(("warn", text, "Show the mouth freely"))
    return [Finding(severity, f"{found}. {cure}.") for severity, found, cure in made]


def _turned(seen: Look, strength: float) -> list[tuple[str, str, str]]:
    """Findings about yaw and pitch."""
    made = []
    yaw, pitch = abs(seen.yaw), abs(seen.pitch)
    if yaw > YAW_MOST:
        found = f"the face is turned too far to the side ({yaw:.0f} degrees, {YAW_MOST} at most)"
        made.append(("refuse", found, f"Give one that looks into the camera, within {YAW_GOOD} degrees"))
    elif yaw > YAW_GOOD:
        cure = "Give one that looks into the camera"
        if strength > TURNED:
            cure = f"Set lipsync.sync_strength to 0.5 or {TURNED} (it is {strength:g}), or give one that looks into the camera"
        made.append(("warn", f"the face is turned to the side ({yaw:.0f} degrees, {YAW_GOOD} are good)", cure))
    if pitch > PITCH_MOST:
        made.append(
            (
                "refuse",
                f"the face looks too far {_way(seen)} ({pitch:.0f} degrees, {PITCH_MOST} at most)",
                "Take it at eye level",
            )
        )
    elif pitch > PITCH_GOOD:
        made.append(
            ("warn", f"the face looks {_way(seen)} ({pitch:.0f} degrees, {PITCH_GOOD} are good)", "Take it at eye level")
        )
    return made


def _way(seen: Look) -> str:
    return "up" if seen.pitch > 0 else "down"


def middle(looks: Sequence[Look]) -> Look:
    """The median of each measure over several pictures of a clip; of the turns the 95th percentile of their size."""
    values: Mapping[str, list[float]] = {name: [getattr(one, name) for one in looks] for name in Look.__dataclass_fields__}
    made = {name: float(np.median(all_)) for name, all_ in values.items()}
    for name in ("yaw", "pitch"):
        sizes = np.abs(values[name])
        sign = 1.0 if made[name] >= 0 else -1.0
        made[name] = sign * float(np.percentile(sizes, 95))
    return Look(**made)
