"""The DiceBear styles that can talk: how each is taken apart, where its mouth is and what colours it has.

A DiceBear style is a JSON definition: a canvas of elements and components, and each component's variants. A rig needs it in
layers, so each recipe here lists, from back to front, which elements make which layer; a layer is the same definition with
only those elements on its canvas. All coordinates are in the style's own units. Nothing heavy is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from talkmill.backends.portray.style_parts import (
    Element,
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
from talkmill.backends.portray.styles_more import MORE

# --- avataaars: one path for head, neck and shoulders; dots for eyes --------------------------------------------------


def _avataaars(definition: Mapping[str, Any], chosen: Mapping[str, str]) -> list[Plan]:
    skin = definition["canvas"]["elements"][0]
    head = [rect(0, 0, 280, 140), circle(140, 130, 56)]
    below = [rect(116, 150, 48, 60), rect(0, 190, 280, 90)]
    # The shadow under the chin goes on behind the head, so that a nod uncovers no gap.
    shadow = clipped([circle(140, 138, 56, fill="black", fill_opacity=".1")], [rect(116, 150, 48, 50)], "tm-shadow")
    part = {
        name: (component(definition, name),) for name in ("clothes", "nose", "eyebrows", "top", "facialHair", "accessories")
    }
    dots = tuple((x, 113.5) for x in (114.0, 166.0))
    shut = lids(dots, 9, 3.4, 3.2, stroke="black", stroke_opacity=".6")
    plans = [
        Plan("body", "body", (*clipped([skin], below, "tm-body"), *shadow, *part["clothes"])),
        Plan("head", "head", tuple(clipped([skin], head, "tm-head"))),
        Plan("nose", "nose", part["nose"]),
        Plan("eyes-open", "dots", (component(definition, "eyes"),)),
        Plan("eyes-shut", "shut", (shut,)),
        Plan("brows", "brows", part["eyebrows"]),
        Plan("hair", "front", part["top"]),
        Plan("facial-hair", "beard", part["facialHair"]),
        Plan("mouth", "mouth"),
        Plan("accessories", "glasses", part["accessories"]),
    ]
    # A moustache hangs over the mouth, a beard lies around it.
    if chosen.get("facialHair", "").startswith("moustache"):
        plans[7], plans[8] = plans[8], plans[7]
    return plans


# --- toon-head: rear hair, body, head and clothes are components; eyes with whites ------------------------------------


def _toon_head(definition: Mapping[str, Any], chosen: Mapping[str, str]) -> list[Plan]:
    eyes = chosen["eyes"]
    glint = element("g", [circle(x, y, 7.5, fill="white", fill_opacity=".9") for x, y in ((305, 397), (444, 397))])
    placed = {
        name: (component(definition, name),) for name in ("rearHair", "body", "head", "clothes", "beard", "eyebrows", "hair")
    }
    plans = [
        Plan("rear", "rear", placed["rearHair"]),
        Plan("body", "body", (*placed["body"], *placed["clothes"])),
        Plan("head", "head", placed["head"]),
        Plan("mouth", "mouth"),
        Plan("facial-hair", "beard", placed["beard"]),
        Plan("eyes-white", "white", tuple(variant_parts(definition, "eyes", eyes, [0, 3]))),
        Plan("pupils", "pupils", (*variant_parts(definition, "eyes", eyes, [1, 4]), glint)),
        Plan("eyes-open", "lashes", tuple(variant_parts(definition, "eyes", eyes, [2, 5]))),
        Plan("eyes-shut", "shut", tuple(variant_parts(definition, "eyes", "humble", [0]))),
        Plan("brows", "brows", placed["eyebrows"]),
        Plan("hair", "front", placed["hair"]),
    ]
    if chosen.get("beard") in ("fullBeard", "longBeard", "chin"):
        plans[3], plans[4] = plans[4], plans[3]
    return plans


# --- personas: hair is in front of the head and behind the clothes ----------------------------------------------------


def _personas_beard(definition: Mapping[str, Any], variant: str | None) -> tuple[Element, ...]:
    """The facial hair; the full beard has a mouth drawn on it, which is left out."""
    if variant != "beardMustache":
        return (component(definition, "facialHair"),)
    hair, mask, shade = definition["components"]["facialHair"]["variants"][variant]["elements"]
    plain = {**shade, "children": [child for child in shade["children"] if child["attributes"]["fill"] == "white"]}
    return (element("g", [hair, mask, plain], transform=component(definition, "facialHair")["attributes"]["transform"]),)


def _personas(definition: Mapping[str, Any], chosen: Mapping[str, str]) -> list[Plan]:
    base = list(definition["canvas"]["elements"][:3])  # skin, a mask, the light side of the face
    hair, nose = component(definition, "hair"), component(definition, "nose")
    picture = [*base, hair, nose]  # overlay blending wants its backdrop in the same layer
    over_neck = [rect(0, 0, 64, 40), element("ellipse", cx="32", cy="33", rx="14", ry="14")]
    dots = ((25.5, 28.8), (38.5, 28.8))
    plans = [
        Plan("rear", "rear", tuple(clipped(picture, [rect(0, 36, 64, 28)], "tm-rear"))),
        Plan("body", "body", (*clipped([base[0]], [rect(27, 40, 10, 24)], "tm-neck"), component(definition, "clothes"))),
        Plan("head", "head", tuple(clipped(picture, over_neck, "tm-head"))),
        Plan("eyes-open", "dots", tuple(variant_parts(definition, "eyes", "open", [0]))),
        Plan("eyes-shut", "shut", (lids(dots, 1.9, 0.75, 1.1, stroke="#1B0640"),)),
        Plan("facial-hair", "beard", _personas_beard(definition, chosen.get("facialHair"))),
        Plan("mouth", "mouth"),
    ]
    if chosen.get("hair") in ("bobBangs", "sideShave"):  # these fall over an eye
        plans.insert(5, Plan("hair", "front", tuple(clipped([hair], over_neck, "tm-hair"))))
    if chosen.get("facialHair") in ("pyramid", "walrus"):
        plans[-2], plans[-1] = plans[-1], plans[-2]
    if chosen["eyes"] in ("glasses", "sunglasses"):
        plans.append(Plan("glasses", "glasses", tuple(variant_parts(definition, "eyes", chosen["eyes"], [1, 2]))))
    return plans


# --- critters: one piece from top to bottom; it bends under the mouth -------------------------------------------------


def _critters(definition: Mapping[str, Any], chosen: Mapping[str, str]) -> list[Plan]:
    places = {e["name"]: e for e in definition["canvas"]["elements"][0]["children"]}
    top, _shadow, *shape = definition["components"]["body"]["variants"][chosen["body"]]["elements"]
    ornament = []
    if "top" in chosen:
        parts = definition["components"]["top"]["variants"][chosen["top"]]["elements"]
        # Without its shadow, which would fall on the sky behind the figure.
        lit = [part for part in parts if "opacity" not in part.get("attributes", {})]
        ornament = [element("g", lit, transform=top["children"][0]["attributes"]["transform"])]
    whole = [*ornament, *shape, places["pattern"], places["cheeks"]]
    eyes = definition["components"]["eyes"]["variants"]
    drawn = [group["children"] for group in eyes[chosen["eyes"]]["elements"]]

    def pair(number: int) -> tuple[Element, ...]:
        return (element("g", [eye[number] for eye in drawn], transform=places["eyes"]["attributes"]["transform"]),)

    lids = [group["children"][0] for group in eyes["closedLine"]["elements"]]
    glint = element("g", [circle(x, 47.6, 0.9, fill="white", fill_opacity=".9") for x in (36, 62)])
    if chosen["eyes"] == "dots":
        open_eyes = [Plan("eyes-open", "dots", pair(0))]
    else:
        open_eyes = [Plan("eyes-white", "white", pair(0)), Plan("pupils", "pupils", (*pair(1), glint))]
    return [
        Plan("body", "body", tuple(clipped(whole, [rect(0, 78, 100, 22)], "tm-body"))),
        Plan("head", "head", tuple(clipped(whole, [rect(0, 0, 100, 86)], "tm-head"))),
        *open_eyes,
        Plan("eyes-shut", "shut", (element("g", lids, transform=places["eyes"]["attributes"]["transform"]),)),
        Plan("mouth", "mouth"),
    ]


RECIPES: dict[str, Recipe] = {
    "avataaars": Recipe(
        creator="Pablo Stanley",
        licence="Free for personal and commercial use",
        url="https://avataaars.com/",
        units=280,
        skull=34,
        chin=186,
        centre=(140, 120),
        eyes=((114, 112), (166, 112)),
        eye_size=(12, 12),
        pivot=(140, 196),
        nod=4.2,
        gaze=(2.4, 1.9),
        mouth=Mouth((140, 152), 15, 25, ("#000000", 0.7), 4.4, ("#000000", 0.7), "#FFFFFF", "#FF4F6D"),
        plan=_avataaars,
        calm={
            "eyes": ("default",),
            "eyebrows": ("default", "defaultNatural", "flatNatural", "raisedExcited", "raisedExcitedNatural", "unibrowNatural"),
        },
    ),
    "critters": Recipe(
        creator="DiceBear",
        licence="CC0 1.0",
        url="https://creativecommons.org/publicdomain/zero/1.0/",
        units=100,
        skull=23,
        chin=80,
        centre=(50, 50),
        eyes=((37, 49), (63, 49)),
        eye_size=(14, 14),
        pivot=(50, 82),
        nod=1.5,
        gaze=(2.8, 2.4),
        mouth=Mouth((50, 66), 9, 12, ("#1E293B", 1), 3, ("#1E293B", 1), "#FFFFFF", "#FB7185"),
        plan=_critters,
        calm={
            "eyes": ("round", "bigPupils", "wide", "dots"),
            "body": ("dome", "bell", "blob", "block", "lean", "peak", "round", "squat", "tilt", "wedge", "wedgeInv"),
            "animation": ("none",),
            # Those that end above the canvas's lower edge: the body is carried on below it.
            "pattern": ("dots", "speckles", "bar", "spot", "dotRow", "chevron", "ring", "none"),
        },
        unused=("mouth", "animation"),
        skin="bodyColor",
        arms=False,
    ),
    "personas": Recipe(
        creator="Draftbit - draftbit.com",
        licence="CC BY 4.0",
        url="https://creativecommons.org/licenses/by/4.0/",
        units=64,
        skull=13,
        chin=47,
        centre=(32, 31),
        eyes=((25.5, 28.5), (38.5, 28.5)),
        eye_size=(3, 3),
        pivot=(32, 51),
        nod=0.9,
        gaze=(0.6, 0.5),
        mouth=Mouth((32, 40.8), 3.7, 5, ("#1B0640", 1), 1.3, ("#1B0640", 1), "#FFFFFF", "#F0647E"),
        plan=_personas,
        calm={"eyes": ("open", "glasses", "sunglasses")},
    ),
    "toon-head": Recipe(
        creator="Johan Melin",
        licence="CC BY 4.0",
        url="https://creativecommons.org/licenses/by/4.0/",
        units=768,
        skull=140,
        chin=592,
        centre=(384, 420),
        eyes=((308, 408), (460, 408)),
        eye_size=(80, 60),
        pivot=(384, 625),
        nod=11,
        gaze=(8.4, 5.1),
        mouth=Mouth((384, 513), 45, 56, ("#3F2626", 0.62), 7.5, ("#611519", 1), "#F6F1E4", "#E0564B", taper=True, shade=0.16),
        plan=_toon_head,
        calm={"eyes": ("happy", "wide"), "eyebrows": ("neutral", "happy", "raised")},
    ),
    **MORE,
}
"""Every style that can talk, by DiceBear's name."""
