"""Small sheets that the tests draw themselves: a disc for a head, two eyes, bars and holes for mouths."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

SIZE = (240, 320)
EYES, MOUTH, CHIN, NECK = ((85, 110), (155, 110)), (120, 170), 210, 222

Draw = Callable[[ImageDraw.ImageDraw], Any]


def picture(path: Path, draw: Draw, size: tuple[int, int] = SIZE) -> Path:
    """One PNG layer, drawn on nothing."""
    image = Image.new("RGBA", size)
    draw(ImageDraw.Draw(image))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


def head(pen: ImageDraw.ImageDraw) -> None:
    """From y 30 to 210."""
    pen.ellipse((40, 30, 200, CHIN), fill="#e8a060")


def body(pen: ImageDraw.ImageDraw) -> None:
    """A neck from under the head, and shoulders down to the canvas's lower edge."""
    pen.rectangle((100, 190, 140, 250), fill="#d08040")
    pen.polygon([(100, 240), (140, 240), (220, 320), (20, 320)], fill="#3060a0")


def whole(pen: ImageDraw.ImageDraw) -> None:
    """Body and head in one."""
    body(pen)
    head(pen)


def eyes(pen: ImageDraw.ImageDraw) -> None:
    """Two open ones."""
    for x, y in EYES:
        pen.ellipse((x - 16, y - 12, x + 16, y + 12), fill="#ffffff")


def lids(pen: ImageDraw.ImageDraw) -> None:
    """Two shut ones."""
    for x, y in EYES:
        pen.rectangle((x - 16, y - 2, x + 16, y + 2), fill="#402010")


def pupils(pen: ImageDraw.ImageDraw) -> None:
    """In the middle of the eyes."""
    for x, y in EYES:
        pen.ellipse((x - 6, y - 6, x + 6, y + 6), fill="#101010")


def mouth(number: int) -> Draw:
    """A mouth that no other number has: 0 is a line, others are the more open the greater the number."""
    x, y = MOUTH

    def draw(pen: ImageDraw.ImageDraw) -> None:
        if number == 0:
            pen.rectangle((x - 20, y - 2, x + 20, y + 2), fill="#601010")
        else:
            pen.ellipse((x - 20, y - 2 - number, x + 20, y + 2 + number), fill=(96, 16, 8 * number % 256, 255))

    return draw


def sheet(folder: Path, mouths: Iterable[str] = ("A", "C", "D"), parts: bool = False) -> Path:
    """A sheet that can be used: a base (or head, body and pupils), eyes and mouths of those names, the first one shut."""
    if parts:
        picture(folder / "head.png", head)
        picture(folder / "body.png", body)
        picture(folder / "pupils.png", pupils)
    else:
        picture(folder / "base.png", whole)
    picture(folder / "eyes-open.png", eyes)
    picture(folder / "eyes-shut.png", lids)
    for number, name in enumerate(mouths):
        picture(folder / "mouths" / f"{name}.png", mouth(3 * number))
    return folder
