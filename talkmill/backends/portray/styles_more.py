"""More styles that can talk: bold outlines, black ink, and a robot. See `styles.py`, which puts all of them in one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from talkmill.backends.portray.style_parts import (
    Mouth,
    Plan,
    Recipe,
    circle,
    clipped,
    component,
    element,
    lids,
    rect,
    variant_parts,
)

# --- micah: bold outlines, turned a little to the viewer's right; the neck goes with the head, behind the clothes -----


def _micah(definition: Mapping[str, Any], chosen: Mapping[str, str]) -> list[Plan]:
    eyes = chosen["eyes"]
    dots = ((158.5, 149.0), (222.4, 139.0))
    place = component(definition, "head")["attributes"]["transform"]
    neck, shadow, face = definition["components"]["head"]["variants"][chosen["head"]]["elements"]
    plans = [
        Plan("rear", "rear", (element("g", [neck, shadow], transform=place),)),
        Plan("body", "body", (component(definition, "clothes"),)),
        Plan("head", "head", (element("g", [face], transform=place),)),
        Plan("facial-hair", "beard", (component(definition, "facialHair"),)),
        Plan("mouth", "mouth"),
        Plan("brows", "brows", (component(definition, "eyebrows"),)),
        Plan("hair", "front", (component(definition, "hair"), component(definition, "ears"))),
        Plan("eyes-open", "dots", tuple(variant_parts(definition, "eyes", eyes, [0, 1]))),
        Plan("eyes-shut", "shut", (lids(dots, 11, 4, 4, stroke="black"),)),
        Plan("nose", "nose", (component(definition, "nose"),)),
    ]
    if "glasses" in chosen:
        plans.append(Plan("glasses", "glasses", tuple(variant_parts(definition, "eyes", eyes, [2]))))
    return plans


# --- notionists: black ink on white paper -----------------------------------------------------------------------------


def _notionists(definition: Mapping[str, Any], chosen: Mapping[str, str]) -> list[Plan]:
    head = component(definition, "head")
    face = [rect(500, 380, 760, 580), element("ellipse", cx="905", cy="900", rx="225", ry="180")]
    dots = ((846, 764), (1043, 764))
    ink = {"type": "color", "name": "ink"}
    plans = [
        Plan("rear", "rear", (head,)),  # with its neck: an outline that is cut and moved would not meet itself
        Plan("body", "body", (component(definition, "clothes"),)),
        Plan("head", "head", tuple(clipped([head], face, "tm-head"))),
        Plan("mouth", "mouth"),
        Plan("nose", "nose", (component(definition, "nose"),)),
        Plan("eyes-open", "dots", (component(definition, "eyes"),)),
        Plan("eyes-shut", "shut", (lids(dots, 30, 9, 11, stroke=ink),)),
        Plan("brows", "brows", (component(definition, "eyebrows"),)),
        Plan("hair", "front", (component(definition, "hair"),)),
    ]
    if "glasses" in chosen:
        plans.append(Plan("glasses", "glasses", (component(definition, "glasses"),)))
    return plans


# --- bottts: a robot's head; neck and shoulders are ours --------------------------------------------------------------


def _bottts(definition: Mapping[str, Any], chosen: Mapping[str, str]) -> list[Plan]:
    base, eyes = {"type": "color", "name": "base"}, chosen["eyes"]
    torso = "M14 181V178C18 170 40 167 62 166H118C140 167 162 170 166 178V181Z"
    body = (
        rect(74, 150, 32, 24, fill="#3A3F47"),
        *(rect(74, y, 32, 2, fill="#565D68") for y in (158, 163)),
        element("path", d=torso, fill=base),
        element("path", d=torso, fill="black", fill_opacity=".22"),
        rect(62, 166, 56, 5, fill="black", fill_opacity=".25", rx="2"),
    )
    frame, pupils, glow = {
        "round": ([], [0, 1], "#FFFFFF"),
        "frame1": ([0, 3], [1, 2], "#8BDDFF"),
        "frame2": ([0, 3], [1, 2], "#5EF2B8"),
        "roundFrame01": ([0], [1, 2], "#F4F4F4"),
        "bulging": ([0, 1], [], "#F1EEDA"),
    }[eyes]
    still = [component(definition, name) for name in ("sides", "top", "head")]
    if frame:
        still += variant_parts(definition, "eyes", eyes, frame)
    if eyes == "bulging":
        seen = [
            Plan("eyes-white", "white", tuple(variant_parts(definition, "eyes", eyes, [2, 3]))),
            Plan("pupils", "pupils", (circle(66, 100, 6.5, fill="#222222"), circle(112, 100, 6.5, fill="#222222"))),
        ]
        places, wide = ((66, 101), (112, 101)), 12
    else:
        seen = [Plan("eyes-open", "dots", tuple(variant_parts(definition, "eyes", eyes, pupils)))]
        places = ((62, 106), (118, 106)) if eyes == "round" else tuple((x, 106) for x in (71, 109))
        wide = 7
    if eyes == "roundFrame01":
        places = ((67, 104), (113, 104))
    stroke = "black" if eyes == "bulging" else glow
    return [
        Plan("body", "body", body),
        Plan("head", "head", tuple(still)),
        *seen,
        Plan("eyes-shut", "shut", (lids(places, wide, 2.2, 3, stroke=stroke),)),
        Plan("mouth", "mouth"),
    ]


MORE: dict[str, Recipe] = {
    "bottts": Recipe(
        creator="Pablo Stanley",
        licence="Free for personal and commercial use",
        url="https://bottts.com/",
        units=180,
        skull=44,
        chin=164,
        centre=(90, 108),
        eyes=((64, 105), (116, 105)),
        eye_size=(13, 13),
        pivot=(90, 170),
        nod=3.2,
        gaze=(3.2, 2.4),
        mouth=Mouth((90, 137), 15, 19, ("#000000", 0.75), 4, ("#000000", 0.8), "#F4F4F4", "#FF6B81"),
        plan=_bottts,
        calm={
            "eyes": ("roundFrame01", "frame1", "frame2", "round", "bulging"),
            "top": ("antenna", "antennaCrooked", "bulb01", "glowingBulb01", "lights", "pyramid", "radar"),
        },
        skin="baseColor",
    ),
    "micah": Recipe(
        creator="Micah Lanier",
        licence="CC BY 4.0",
        url="https://creativecommons.org/licenses/by/4.0/",
        units=360,
        skull=48,
        chin=266,
        centre=(181, 165),
        eyes=((158.5, 148.5), (222.5, 138.5)),
        eye_size=(18, 27),
        pivot=(176, 290),
        nod=5.2,
        gaze=(3.4, 2.8),
        mouth=Mouth((197, 209), 24, 33, ("mouth", 1), 4.4, ("#3A1420", 1), "#FFFFFF", "#FC909F", angle=-4.5),
        plan=_micah,
        calm={"eyes": ("eyes", "round"), "eyebrows": ("up", "eyelashesUp", "down", "eyelashesDown")},
        skin="baseColor",
    ),
    "notionists": Recipe(
        creator="Zoish",
        licence="CC0 1.0",
        url="https://creativecommons.org/publicdomain/zero/1.0/",
        units=1744,
        skull=500,
        chin=1062,
        centre=(905, 780),
        eyes=((846, 764), (1043, 764)),
        eye_size=(42, 60),
        pivot=(850, 1130),
        nod=14,
        gaze=(8, 6),
        mouth=Mouth((948, 952), 62, 76, ("ink", 1), 13, ("ink", 1), "#FFFFFF", "#A8A8A8"),
        plan=_notionists,
        calm={
            "eyes": ("variant05",),
            "eyebrows": ("variant08", "variant04", "variant05", "variant07", "variant10", "variant12"),
        },
        unused=("mouth", "gesture", "beard"),
        skin="paperColor",
        arms=False,
    ),
}
