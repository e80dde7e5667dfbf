"""Draws Pip, a small fox, as the SVG layers beside this file: `python characters/pip/draw.py`.

A shape is a list of smooth strokes that meet in corners. Ink is a filled line whose width breathes, as a brush's does.
Pip is CC0 1.0.
"""

from __future__ import annotations

import math
import random
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).parent
WIDTH, HEIGHT = 1000, 1600
MIDDLE = 500

INK, FUR, SHADE, LIGHT = "#3a2019", "#ea7b3c", "#cf5f2a", "#f59a58"
CREAM, CREAM_SHADE, DARK, PINK = "#fff1dc", "#f3d9b8", "#5b2c22", "#f2917f"
SCARF, SCARF_SHADE, SCARF_LIGHT = "#2f8f8b", "#226c70", "#58b3a8"
CAVITY, TONGUE, TONGUE_LIGHT, TEETH = "#5c1a24", "#e5707a", "#f08f93", "#fffaf0"

Point = tuple[float, float]


def spline(points: list[Point], steps: int = 16) -> list[Point]:
    """A smooth line through `points` (Catmull-Rom, centripetal enough for drawings)."""
    if len(points) == 2:
        (x0, y0), (x1, y1) = points
        return [(x0 + (x1 - x0) * i / steps, y0 + (y1 - y0) * i / steps) for i in range(steps + 1)]
    ends = [(2 * points[0][0] - points[1][0], 2 * points[0][1] - points[1][1])]
    tail = [(2 * points[-1][0] - points[-2][0], 2 * points[-1][1] - points[-2][1])]
    whole = ends + points + tail
    made: list[Point] = []
    for a, b, c, d in zip(whole, whole[1:], whole[2:], whole[3:], strict=False):
        for i in range(steps):
            t = i / steps
            made.append(tuple(
                0.5 * (2 * b[k] + (c[k] - a[k]) * t + (2 * a[k] - 5 * b[k] + 4 * c[k] - d[k]) * t**2
                       + (3 * b[k] - a[k] - 3 * c[k] + d[k]) * t**3)
                for k in (0, 1)
            ))  # fmt: skip
    return [*made, points[-1]]


def outline(*strokes: list[Point]) -> list[Point]:
    """Strokes that meet end to end as one line."""
    made: list[Point] = []
    for stroke in strokes:
        made += spline(stroke)[1 if made else 0 :]
    return made


def mirrored(points: list[Point]) -> list[Point]:
    """The same on the other side, in the opposite order."""
    return [(2 * MIDDLE - x, y) for x, y in reversed(points)]


def both(*strokes: list[Point]) -> list[Point]:
    """A closed shape from the strokes of its left half, which run from the middle at the top to the middle below."""
    half = outline(*strokes)
    return half + mirrored(half)[1:]


def oval(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> list[Point]:
    """An ellipse, turned by degrees."""
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    angles = [2 * math.pi * i / 72 for i in range(73)]
    return [
        (x + rx * math.cos(a) * cos - ry * math.sin(a) * sin, y + rx * math.cos(a) * sin + ry * math.sin(a) * cos)
        for a in angles
    ]


def data(points: list[Point], closed: bool = True) -> str:
    """Path data."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + ("Z" if closed else "")


def fill(points: list[Point], colour: str, more: str = "") -> str:
    """A filled shape."""
    return f'<path fill="{colour}" d="{data(points)}"{more}/>'


def ink(points: list[Point], width: float, taper: float = 0.0, colour: str = INK, seed: int = 1) -> str:
    """A brush line; `taper` is the share of its length at each end over which it thins out."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    phase, second = chance.random() * 6.28, chance.random() * 6.28
    lengths = [0.0]
    for a, b in pairwise(points):
        lengths.append(lengths[-1] + math.dist(a, b))
    total = lengths[-1] or 1.0
    left, right = [], []
    for index, (x, y) in enumerate(points):
        before, after = points[max(0, index - 1)], points[min(len(points) - 1, index + 1)]
        dx, dy = after[0] - before[0], after[1] - before[1]
        norm = math.hypot(dx, dy) or 1.0
        share = lengths[index] / total
        half = width / 2 * (1 + 0.16 * math.sin(lengths[index] / 47 + phase) + 0.10 * math.sin(lengths[index] / 19 + second))
        if taper:
            half *= min(1.0, 0.12 + min(share, 1 - share) / taper)
        left.append((x - dy / norm * half, y + dx / norm * half))
        right.append((x + dy / norm * half, y - dx / norm * half))
    ends = [fill(oval(x, y, width / 2, width / 2), colour) for x, y in (points[0], points[-1])] if not taper else []
    return fill(left + right[::-1], colour, ' fill-rule="nonzero"') + "".join(ends)


def drawn(points: list[Point], colour: str, width: float = 9, seed: int = 1) -> str:
    """A filled shape with its line."""
    return fill(points, colour) + ink([*points, *points[:2]], width, seed=seed)


def clipped(shape: list[Point], inside: str, name: str) -> str:
    """`inside` where `shape` is."""
    return f'<clipPath id="{name}"><path d="{data(shape)}"/></clipPath><g clip-path="url(#{name})">{inside}</g>'


def hatch(x: float, y: float, size: float, count: int, colour: str, lean: float = 0.5, width: float = 5, seed: int = 1) -> str:
    """A few pencil strokes side by side."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    made = ""
    for index in range(count):
        at = x + (index - (count - 1) / 2) * size * 0.42
        long = size * (0.8 + 0.4 * chance.random())
        line = spline([(at + lean * long / 2, y - long / 2), (at + 2, y), (at - lean * long / 2, y + long / 2)])
        made += ink(line, width, 0.4, colour, seed + index)
    return made


# --- the figure ----------------------------------------------------------------------------------

HEAD = both(
    [(500, 224), (430, 230), (352, 260), (287, 320), (248, 404), (238, 468)],
    [(238, 468), (212, 512), (172, 548)],
    [(172, 548), (214, 556), (238, 552)],
    [(238, 552), (222, 600), (190, 632)],
    [(190, 632), (238, 636), (272, 624)],
    [(272, 624), (330, 700), (410, 752), (500, 764)],
)
MASK = both(
    [(500, 505), (478, 520), (452, 548)],
    [(452, 548), (400, 535), (330, 540), (262, 560), (222, 556)],
    [(222, 556), (238, 552), (226, 596), (196, 630)],
    [(196, 630), (238, 636), (272, 624)],
    [(272, 624), (330, 700), (410, 752), (500, 764)],
)


def ear() -> str:
    """The left ear; the right one is its mirror image."""
    made = ""
    for flip in (False, True):

        def side(points: list[Point], flip: bool = flip) -> list[Point]:
            return mirrored(points) if flip else points

        whole = outline([(262, 372), (228, 250), (222, 140), (244, 84)], [(244, 84), (318, 128), (380, 186), (430, 250)])
        inner = outline([(290, 330), (262, 240), (252, 170), (262, 132)], [(262, 132), (312, 172), (352, 216), (384, 262)])
        tip = outline(
            [(224, 172), (222, 130), (244, 84)],
            [(244, 84), (290, 108), (322, 132)],
            [(322, 132), (290, 150), (268, 152), (224, 172)],
        )
        made += drawn(side(whole), FUR, seed=3 + flip)
        made += clipped(side(whole), fill(side(tip), DARK), f"ear{int(flip)}")
        made += fill(side(inner), CREAM)
        for k, start in enumerate(((300, 300), (322, 272), (346, 262))):
            tuft = spline([start, (start[0] - 18, start[1] - 44), (start[0] - 22, start[1] - 82)])
            made += ink(side(tuft), 7, 0.45, CREAM_SHADE, 9 + k)
        made += ink([*side(whole)], 9, 0.03, seed=3 + flip)
    return made


def head() -> str:
    """Ears, skull, mask, nose and cheeks."""
    fur = fill([(0, 0), (WIDTH, 0), (WIDTH, HEIGHT), (0, HEIGHT)], FUR)
    shadow = both(
        [(500, 186), (420, 200), (330, 250), (262, 330), (232, 430), (240, 500)],
        [(240, 500), (290, 330), (390, 250), (500, 240)],
    )
    fur += fill(shadow, LIGHT, ' opacity="0.75"')
    blaze = both([(500, 300), (486, 310), (472, 350), (476, 410), (500, 446)])
    fur += fill(blaze, LIGHT, ' opacity="0.8"')
    fur += fill(MASK, CREAM)
    under = both([(500, 716), (420, 704), (340, 664), (272, 600)], [(272, 600), (262, 640), (330, 720), (410, 772), (500, 784)])
    fur += fill(under, CREAM_SHADE, ' opacity="0.8"')
    for flip in (0, 1):
        sign = -1 if flip else 1
        x = 302 if not flip else 698
        fur += fill(oval(x, 596, 46, 26, 8 * sign), PINK, ' opacity="0.55"')
        fur += hatch(x, 596, 30, 3, "#d9695a", 0.55, 4.5, 21 + flip)
        fur += hatch(262 if not flip else 738, 420, 44, 3, SHADE, 0.35 * sign, 5, 31 + flip)
    fur += hatch(500, 272, 34, 3, SHADE, 0.0, 5, 41)
    made = ear() + clipped(HEAD, fur, "head") + ink([*HEAD, *HEAD[:2]], 10, seed=5)
    tuft = outline(
        [(448, 242), (436, 190), (446, 146)], [(446, 138), (472, 160), (482, 180)],
        [(482, 180), (484, 140), (510, 104)], [(510, 104), (522, 146), (518, 178)],
        [(518, 178), (540, 158), (568, 152)], [(568, 158), (566, 202), (552, 242)],
    )  # fmt: skip
    made += fill([*tuft, (548, 268), (452, 268)], FUR) + ink(tuft, 9, 0.04, seed=8)
    nose = both([(500, 560), (470, 562), (452, 574), (460, 594), (482, 608), (500, 614)])
    made += fill(nose, INK) + fill(oval(484, 574, 13, 6, -10), "#ffffff", ' opacity="0.75"')
    made += ink(spline([(500, 612), (500, 622), (500, 632)]), 8, 0.3, seed=6)
    for x, y in ((378, 628), (352, 646), (386, 656)):  # freckles where the whiskers grow
        for px in (x, 2 * MIDDLE - x):
            made += fill(oval(px, y, 4.5, 4.5), "#d9a987")
    return made


def body() -> str:
    """Tail, shoulders, chest and scarf."""
    tail = outline(
        [(700, 1420), (820, 1380), (900, 1270), (946, 1120), (962, 980), (936, 850), (868, 736)],
        [(868, 736), (838, 810), (850, 890), (846, 980), (806, 1080), (720, 1160)],
    )
    tip = outline(
        [(990, 990), (960, 940), (938, 958)], [(938, 958), (914, 896), (894, 914)], [(894, 914), (868, 868), (830, 884)],
        [(830, 884), (810, 760), (868, 700)], [(868, 700), (970, 760), (990, 990)],
    )  # fmt: skip
    strokes = hatch(886, 1090, 66, 3, SHADE, 0.4, 5, 51) + hatch(838, 1250, 60, 3, SHADE, 0.7, 5, 55)
    made = fill(tail, FUR) + clipped(tail, fill(tip, CREAM) + strokes, "tail") + ink([*tail, *tail[:2]], 10, seed=11)
    torso = both([(500, 770), (430, 776), (356, 806), (300, 872), (272, 970), (262, 1080), (252, 1200), (240, 1700)])
    haunch = outline([(300, 1130), (226, 1150), (164, 1230), (134, 1350), (142, 1480), (180, 1700)], [(180, 1700), (400, 1700)])
    chest = both(
        [(500, 800), (430, 816), (388, 870), (378, 930)],
        [(378, 930), (396, 968), (384, 1010)], [(384, 1010), (416, 1046), (408, 1090)],
        [(408, 1090), (442, 1126), (440, 1166)], [(440, 1166), (470, 1190), (474, 1222)],
        [(474, 1222), (490, 1236), (500, 1262)],
    )  # fmt: skip
    for side in (haunch, mirrored(haunch)):
        made += fill(side, FUR)
    left = haunch[: len(haunch) - 17]
    made += ink(left, 10, seed=13) + ink(mirrored(left), 10, seed=17)
    fur = fill([(0, 0), (WIDTH, 0), (WIDTH, 1700), (0, 1700)], FUR)
    fur += fill(chest, CREAM) + hatch(316, 1050, 56, 3, SHADE, 0.2, 5, 61) + hatch(684, 1050, 56, 3, SHADE, -0.2, 5, 64)
    fur += hatch(500, 1030, 44, 3, CREAM_SHADE, 0.1, 6, 67)
    made += clipped(torso, fur, "torso") + "".join(
        ink(side, 10, seed=12) for side in (torso[: len(torso) // 2 - 1], torso[len(torso) // 2 + 1 :])
    )
    made += hatch(196, 1330, 60, 3, SHADE, 0.3, 5, 71) + hatch(804, 1330, 60, 3, SHADE, -0.3, 5, 74)
    made += ink(spline([(500, 1320), (497, 1420), (499, 1700)]), 10, 0.12, seed=14)  # between the forelegs
    for x in (1, -1):
        made += ink(spline([(500 - x * 128, 1060), (500 - x * 134, 1120), (500 - x * 124, 1180)]), 8, 0.4, seed=18)
    end = outline(
        [(600, 840), (662, 930), (684, 1020), (676, 1060)],
        [(676, 1060), (620, 1050), (566, 1058)],
        [(566, 1058), (570, 960), (548, 860)],
    )
    made += drawn(end, SCARF, seed=15)
    made += clipped(
        end,
        fill(
            outline(
                [(500, 990), (600, 974), (720, 984)],
                [(720, 984), (720, 1010), (720, 1018)],
                [(720, 1018), (600, 1008), (500, 1024)],
            ),
            SCARF_LIGHT,
        ),
        "scarfend",
    )
    for k in range(6):
        x = 572 + 19 * k
        made += ink(spline([(x, 1054), (x - 1, 1070), (x - 2, 1084)]), 8, 0.3, SCARF_SHADE, 70 + k)
    wrap = both(
        [(500, 726), (420, 724), (346, 706), (306, 690)],
        [(306, 690), (280, 722), (282, 770)],
        [(282, 770), (340, 838), (420, 872), (500, 878)],
    )
    folds = "".join(
        ink(spline(points), 7, 0.4, SCARF_SHADE, 80 + k)
        for k, points in enumerate((
            [(318, 760), (390, 812), (470, 832)], [(350, 820), (410, 848), (460, 856)], [(682, 770), (620, 812), (560, 830)],
            [(660, 806), (620, 832), (590, 842)],
        ))
    )  # fmt: skip
    made += fill(wrap, SCARF) + clipped(
        wrap,
        fill(
            both(
                [(500, 700), (400, 706), (320, 680), (280, 660)],
                [(280, 660), (270, 700), (300, 742)],
                [(300, 742), (380, 790), (500, 800)],
            ),
            SCARF_SHADE,
            ' opacity="0.7"',
        )
        + folds,
        "wrap",
    )
    made += ink([*wrap, *wrap[:2]], 10, seed=16)
    return made


# --- eyes and brows ------------------------------------------------------------------------------

EYES = (382, 618)
EYE_Y = 476


def eyes_open() -> str:
    """Whites with a heavy upper line."""
    made = ""
    for x in EYES:
        sign = 1 if x > MIDDLE else -1
        made += fill(oval(x, EYE_Y, 54, 68), "#fffdf8")
        upper = [(x + 54 * math.cos(a), EYE_Y + 68 * math.sin(a)) for a in [math.pi * (1 + i / 40) for i in range(41)]]
        made += clipped(
            oval(x, EYE_Y, 54, 68), fill(oval(x, EYE_Y - 72, 66, 28), "#e3cfc0", ' opacity="0.8"'), f"white{int(x)}"
        )
        made += ink([*oval(x, EYE_Y, 54, 68), (x + 54, EYE_Y + 4)], 5, seed=90)
        made += ink(upper, 13, 0.28, seed=91)
        corner = (x + sign * 50, EYE_Y - 26)
        for k in (0, 1):
            made += ink(
                spline(
                    [
                        corner,
                        (corner[0] + sign * 14, corner[1] - 10 - 8 * k),
                        (corner[0] + sign * (26 - 4 * k), corner[1] - 24 - 14 * k),
                    ]
                ),
                9,
                0.5,
                seed=92 + k,
            )
    return made


def pupils() -> str:
    """Irises with their lights."""
    made = ""
    for x in EYES:
        made += (
            fill(oval(x, EYE_Y + 6, 39, 49), "#4a2a1c")
            + fill(oval(x, EYE_Y + 26, 26, 23), "#8a5130")
            + fill(oval(x, EYE_Y + 4, 21, 29), "#21110c")
        )
        made += fill(oval(x - 13, EYE_Y - 15, 13, 16), "#ffffff") + fill(
            oval(x + 14, EYE_Y + 28, 6.5, 7.5), "#ffffff", ' opacity="0.9"'
        )
    return made


def eyes_half() -> str:
    """Lids half way down."""
    made = ""
    for x in EYES:
        eye = oval(x, EYE_Y, 54, 68)
        inside = (
            fill(eye, "#fffdf8")
            + fill(oval(x, EYE_Y + 12, 39, 46), "#4a2a1c")
            + fill(oval(x, EYE_Y + 30, 26, 21), "#8a5130")
            + fill(oval(x, EYE_Y + 12, 21, 28), "#21110c")
        )
        lid = outline(
            [(x - 60, EYE_Y - 80), (x + 60, EYE_Y - 80)],
            [(x + 60, EYE_Y - 80), (x + 60, EYE_Y + 4)],
            [(x + 60, EYE_Y + 4), (x, EYE_Y - 2), (x - 60, EYE_Y + 4)],
            [(x - 60, EYE_Y + 4), (x - 60, EYE_Y - 80)],
        )
        made += clipped(eye, inside + fill(lid, FUR), f"half{int(x)}") + ink(eye[:37], 5, seed=90)
        made += ink(spline([(x - 40, EYE_Y - 34), (x, EYE_Y - 52), (x + 40, EYE_Y - 34)]), 6, 0.4, SHADE, seed=94)
        made += ink(spline([(x - 55, EYE_Y + 4), (x, EYE_Y - 3), (x + 55, EYE_Y + 4)]), 13, 0.25, seed=95)
    return made


def eyes_shut() -> str:
    """Two soft arcs with lashes."""
    made = ""
    for x in EYES:
        sign = 1 if x > MIDDLE else -1
        made += ink(
            spline([(x - 50, EYE_Y + 8), (x - 26, EYE_Y + 27), (x, EYE_Y + 32), (x + 26, EYE_Y + 27), (x + 50, EYE_Y + 8)]),
            13,
            0.22,
            seed=96,
        )
        for k in (0, 1):
            start = (x + sign * (46 - 16 * k), EYE_Y + 12 + 11 * k)
            made += ink(
                spline([start, (start[0] + sign * 12, start[1] + 8), (start[0] + sign * 20, start[1] + 18)]),
                8,
                0.5,
                seed=97 + k,
            )
    return made


def brows() -> str:
    """Two short strokes."""
    made = ""
    for x in EYES:
        sign = 1 if x > MIDDLE else -1
        line = spline([(x - sign * 34, 392), (x - sign * 2, 372), (x + sign * 42, 380)])
        made += ink(line, 15, 0.35, DARK, seed=98)
    return made


# --- mouths: the upper lip is the fox's double curve, the lower one goes with the jaw -------------------

LIP = 640  # height of the upper lip's middle


def lip(half: float, curl: float) -> list[Point]:
    """The upper lip from left to right: two small bows that meet under the nose."""
    left = [
        (500 - half, LIP - 4 - curl),
        (500 - 0.80 * half, LIP + 6),
        (500 - 0.50 * half, LIP + 14),
        (500 - 0.20 * half, LIP + 8),
    ]
    left.append((500, LIP - 8))
    return outline(left, mirrored(left))


def jaw(half: float, curl: float, low: float, square: float) -> list[Point]:
    """The lower lip from left to right."""
    y = LIP - 4 - curl
    left = [
        (500 - half, y),
        (500 - half * (0.62 + 0.34 * square), y + (low - y) * (0.52 + 0.1 * square)),
        (500 - half * (0.30 + 0.26 * square), low - 0.06 * (low - y)),
        (500, low),
    ]
    return outline([*left, *mirrored(left)[1:]])


def shut(half: float, curl: float, press: float) -> str:
    """Lips together."""
    made = ink(lip(half, curl), 10 + 3 * press, 0.04, seed=100)
    low = LIP + 36 - 6 * press
    return made + ink(
        spline([(474, low), (500, low + 5), (526, low)]), 6, 0.45, CREAM_SHADE if not press else "#dcae8a", seed=102
    )


def parted(half: float, curl: float, low: float, square: float, inside: str) -> str:
    """Lips apart, with what is seen between them."""
    hole = lip(half, curl) + jaw(half, curl, low, square)[::-1]
    made = clipped(hole, fill([(300, 500), (700, 500), (700, 800), (300, 800)], CAVITY) + inside, "hole")
    made += ink(jaw(half, curl, low, square), 9, 0.06, seed=103) + ink(lip(half, curl), 10, 0.05, seed=104)
    under = low + 16
    return made + ink(spline([(480, under), (500, under + 4), (520, under)]), 5, 0.45, "#e2bd97", seed=105)


def teeth(low: float, half: float) -> str:
    """Upper teeth down to `low`."""
    edge = [(500 - half, low - 12), (500 - 0.6 * half, low), (500, low + 2), (500 + 0.6 * half, low), (500 + half, low - 12)]
    return fill([(500 - half, 560), *spline(edge), (500 + half, 560)], TEETH)


def lower_teeth(high: float, half: float) -> str:
    """Lower teeth from `high` down."""
    return fill(
        [
            (500 - half, high + 6),
            *spline([(500 - half, high + 6), (500, high), (500 + half, high + 6)]),
            (500 + half, 800),
            (500 - half, 800),
        ],
        TEETH,
    )


def tongue(y: float, half: float, height: float = 60) -> str:
    """A tongue that lies, or stands up to `y`."""
    return fill(oval(500, y + height, half, height), TONGUE) + fill(
        oval(500, y + height * 0.55, half * 0.45, height * 0.28), TONGUE_LIGHT, ' opacity="0.7"'
    )


def mouths() -> dict[str, str]:
    """Rhubarb's nine."""
    return {
        "X": shut(66, 11, 0),
        "A": shut(56, 3, 1),
        # The line in B is where the teeth meet.
        "B": parted(72, 8, 672, 0.7, teeth(655, 76) + lower_teeth(660, 70)
                    + ink(spline([(426, 655), (500, 660), (574, 655)]), 3, 0.2, "#c9a79c", 110)),
        "C": parted(74, 8, 700, 0.6, tongue(676, 48) + teeth(654, 66)),
        "D": parted(80, 6, 738, 0.7, tongue(698, 56) + teeth(656, 70)),
        "E": parted(50, 0, 702, 0.9, tongue(682, 34) + teeth(651, 38)),
        "F": rounded(25, 27, 664),
        "G": bitten(),
        "H": parted(70, 8, 704, 0.6, lower_teeth(696, 44) + tongue(658, 36, 52) + teeth(654, 64)),
    }  # fmt: skip


def rounded(rx: float, ry: float, y: float) -> str:
    """Puckered lips: a small ring under the bows."""
    made = fill(oval(500, y + 2, rx + 13, ry + 11), "#eba592") + fill(oval(500, y, rx, ry), CAVITY)
    made += clipped(oval(500, y, rx, ry), tongue(y + 8, rx * 0.8), "ring") + ink(
        [*oval(500, y, rx, ry), (500 + rx, y + 3)], 8, seed=106
    )
    for sign in (-1, 1):
        made += ink(
            spline([(500 + sign * 2, LIP - 10), (500 + sign * 14, LIP - 6), (500 + sign * 30, LIP + 2)]), 8, 0.3, seed=107
        )
    return made


def bitten() -> str:
    """Upper teeth on the lower lip."""
    made = parted(66, 5, 664, 0.6, teeth(700, 46))
    low = spline([(448, 662), (500, 675), (552, 662)])
    return made + ink(low, 15, 0.3, "#e9b28f", seed=109) + ink(spline([(462, 671), (500, 682), (538, 671)]), 6, 0.35, seed=111)


def main() -> None:
    """Write every layer."""
    layers = {
        "body": body(),
        "head": head(),
        "eyes-open": eyes_open(),
        "pupils": pupils(),
        "eyes-half": eyes_half(),
        "eyes-shut": eyes_shut(),
        "brows": brows(),
    }
    layers |= {f"mouths/{name}": drawing for name, drawing in mouths().items()}
    (HERE / "mouths").mkdir(exist_ok=True)
    for name, drawing in layers.items():
        start = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        text = f"{start}\n{drawing}\n</svg>\n".replace("/><", "/>\n<")
        (HERE / f"{name}.svg").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
