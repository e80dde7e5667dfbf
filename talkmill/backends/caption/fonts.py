"""Which font draws which text, and the font files that libass gets.

libass chooses badly among the instances of a variable font, and falls back to any font of the machine without a word. So
it is never asked to choose: every family is cut to one static file of the wanted weight, named after itself, and only
those files are in the folder it sees.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

from talkmill.errors import MediaError, PrerequisiteError, RequestError

WEIGHT = 800
"""Weight of captions: heavy letters carry an outline and stay readable on a phone."""


@dataclass(frozen=True)
class Source:
    """A font file that is on this machine."""

    family: str
    package: str  # "": a file of the project
    file: str
    face: int = -1  # number in a collection

    def path(self) -> Path:
        """Where the file is.

        Raises:
            PrerequisiteError: the package is not installed.
        """
        if not self.package:
            return Path(self.file)
        if find_spec(self.package) is None:
            raise PrerequisiteError(
                f"captions: the font {self.family} is not installed ({self.package}). "
                f"{CURES.get(self.package, 'Install talkmill anew')}."
            )
        return Path(str(resources.files(self.package).joinpath(self.file)))


CURES = {"manimgx_fonts_cjk": "Install talkmill[cjk] (pip install 'talkmill[cjk]')"}

FAMILIES: dict[str, Source] = {
    "Poppins": Source("Poppins", "fontpkg_poppins", "files/Poppins-ExtraBold.ttf"),
    "Rubik": Source("Rubik", "fontpkg_rubik", "files/Rubik[wght].ttf"),
    "Open Sans": Source("Open Sans", "fontpkg_open_sans", "files/OpenSans[wdth,wght].ttf"),
    "Noto Sans Thai": Source("Noto Sans Thai", "fontpkg_noto_sans_thai", "files/NotoSansThai[wdth,wght].ttf"),
}
"""Families that come with Talkmill, in the order in which they are tried: Poppins has Latin and Devanagari, Rubik has Cyrillic,
Hebrew and Arabic, Open Sans has Greek and Vietnamese."""

CJK = "manimgx_fonts_cjk"
CJK_FILE = "NotoSansCJK-VF.otf.ttc"
CJK_FACES = {
    "ja": ("Noto Sans CJK JP", 0),
    "ko": ("Noto Sans CJK KR", 1),
    "zh": ("Noto Sans CJK SC", 2),
    "zh-Hant": ("Noto Sans CJK TC", 3),
}
"""Language to family and face: the same character is drawn differently in Japan, Korea and China."""


def cjk_source(language: str) -> Source:
    """The family of Chinese, Japanese and Korean characters as that language draws them."""
    key = language.split("-")[0]
    if key == "zh" and any(part in ("Hant", "TW", "HK", "MO") for part in language.split("-")):
        key = "zh-Hant"
    family, face = CJK_FACES.get(key, CJK_FACES["zh" if key == "yue" else "ja"])
    return Source(family, CJK, CJK_FILE, face)


def is_cjk(letter: str) -> bool:
    """Whether a character is of the scripts that only the optional CJK font has."""
    code = ord(letter)
    return (
        0x2E80 <= code <= 0x9FFF
        or 0xAC00 <= code <= 0xD7AF
        or 0x1100 <= code <= 0x11FF
        or 0xF900 <= code <= 0xFAFF
        or 0xFF00 <= code <= 0xFFEF
        or 0x20000 <= code <= 0x3FFFF
    )


def is_picture(letter: str) -> bool:
    """Whether a character is an emoji or a part of one: no text font draws it, and nobody speaks it."""
    code = ord(letter)
    return code >= 0x1F000 or code in (0x200D, 0x20E3) or 0xFE00 <= code <= 0xFE0F or unicodedata.category(letter) == "So"


def is_invisible(letter: str) -> bool:
    """Whether a character is a control for shaping or direction, which needs no glyph."""
    return unicodedata.category(letter) in ("Cf", "Cc", "Zs")


EVERYWHERE = frozenset(map(chr, (*range(0x20, 0x7F), *range(0xA0, 0x180)))) | set("–—‘’“”„…•€")
"""Letters of European languages, which the families have between them (a test looks): no font need be opened for these."""


@cache
def _drawn() -> frozenset[int]:
    """Code points that the families have."""
    return frozenset().union(*(Face(source).characters for source in FAMILIES.values()))


def lacking(text: Iterable[str], own: Path | None = None) -> list[str]:
    """The characters of `text` that no font on this machine can draw, those of the font file `own` included.

    Chinese, Japanese and Korean are drawn by an optional font, which is not opened here.

    Raises:
        MediaError: `own` is no font.
    """
    rest = {letter for letter in set(text) - EVERYWHERE if not is_picture(letter) and not is_invisible(letter)}
    if rest and own is not None:
        face = Face(Source(own.stem, "", str(own)))
        rest = {letter for letter in rest if not face.has(letter)}
    if rest and find_spec(CJK) is not None:
        rest = {letter for letter in rest if not is_cjk(letter)}
    return sorted(letter for letter in rest if is_cjk(letter) or ord(letter) not in _drawn())


class Face:
    """One font as captions use it: which characters it has, how wide text is, and its static file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._measure: dict[str, Any] = {}

    @cached_property
    def _font(self) -> Any:
        from fontTools.ttLib import TTFont, TTLibError

        path = self.source.path()
        try:
            # From memory: a lazy font would keep its file open.
            return TTFont(BytesIO(path.read_bytes()), fontNumber=self.source.face, lazy=True, recalcTimestamp=False)
        except (TTLibError, OSError) as error:
            raise MediaError(
                f"captions.font: {path.name} is no font that can be read ({error}). "
                f"Give a .ttf or .otf file, or one of: {', '.join(FAMILIES)}."
            ) from None

    @cached_property
    def characters(self) -> frozenset[int]:
        """Code points that the font has."""
        return frozenset(self._font.getBestCmap() or {})

    def has(self, letter: str) -> bool:
        """Whether the font can draw the character."""
        return ord(letter) in self.characters

    def cut(self, text: Iterable[str], folder: Path, number: int) -> Drawn:
        """Write the static file that libass gets; a variable font is cut to `text` at `WEIGHT` first.

        Raises:
            MediaError: the font cannot be cut.
        """
        font = self._font
        if "fvar" in font:
            font = self._instance(sorted(set(text)))
        name = font["name"]
        family = name.getDebugName(1)
        path = folder / f"font-{number}.{'ttf' if 'glyf' in font else 'otf'}"
        if "fvar" in self._font or self.source.face >= 0:
            font.save(path)
        else:
            path.write_bytes(self.source.path().read_bytes())
        metrics = font["OS/2"]
        # libass, as VSFilter did, takes the font size as the height of a line; people mean the em.
        line = metrics.usWinAscent + metrics.usWinDescent
        return Drawn(
            family,
            int(metrics.usWeightClass),
            path,
            line / font["head"].unitsPerEm,
            metrics.usWinDescent / font["head"].unitsPerEm,
        )

    def _instance(self, letters: Sequence[str]) -> Any:
        from fontTools import subset
        from fontTools.ttLib import TTFont
        from fontTools.varLib import instancer

        font = TTFont(BytesIO(self.source.path().read_bytes()), fontNumber=self.source.face, lazy=False, recalcTimestamp=False)
        options = subset.Options(layout_features=["*"], name_IDs=["*"], notdef_outline=True, hinting=True, glyph_names=False)
        worker = subset.Subsetter(options)
        worker.populate(unicodes=[ord(letter) for letter in letters] + [0x20])
        worker.subset(font)
        axes = {axis.axisTag: axis for axis in font["fvar"].axes}
        limits = {tag: axis.defaultValue for tag, axis in axes.items()}
        if "wght" in axes:
            limits["wght"] = min(max(WEIGHT, axes["wght"].minValue), axes["wght"].maxValue)
        font = instancer.instantiateVariableFont(font, limits, inplace=True)
        weight = int(limits.get("wght", font["OS/2"].usWeightClass))
        font["OS/2"].usWeightClass = weight
        family = f"{self.source.family} {weight}"
        names = font["name"]
        names.names = []
        for number, text in ((1, family), (2, "Regular"), (3, family), (4, family), (6, family.replace(" ", "-"))):
            names.setName(text, number, 3, 1, 0x409)
        return font


@dataclass(frozen=True)
class Drawn:
    """A static font file as libass sees it."""

    family: str
    weight: int
    path: Path
    line: float  # height of its line in ems
    descent: float  # depth below the baseline in ems


def choose(text: str, wanted: str | None, own: Path | None, language: str) -> list[Face]:
    """The fonts that draw `text`, the main one first.

    The wanted family draws what it has; other families draw the rest. Without a wanted family the first family that has the
    whole text draws all of it, so that a video does not mix two.

    Raises:
        RequestError: the wanted family is not known, or no font has a character.
        PrerequisiteError: the text needs the fonts of talkmill[cjk].
    """
    letters = {letter for letter in text if not is_picture(letter) and not is_invisible(letter)}
    if own is not None:
        main = [Face(Source(own.stem, "", str(own)))]
        # The file's own family name, so that credits and the log say what people know.
        name = main[0]._font["name"].getBestFamilyName() or own.stem
        main = [Face(Source(name, "", str(own)))]
    elif wanted is not None:
        source = next((source for family, source in FAMILIES.items() if family.casefold() == wanted.casefold()), None)
        if source is None:
            raise RequestError(
                f"captions.font: no font of that name comes with Talkmill ({wanted!r}). "
                f"Choose one of: {', '.join(FAMILIES)}, or give the path of a font file."
            )
        main = [Face(source)]
    else:
        main = []
    known = [Face(source) for source in FAMILIES.values()]
    if any(is_cjk(letter) and not (main and main[0].has(letter)) for letter in letters):
        known.append(Face(cjk_source(language)))
    if not main:
        main = [next((face for face in known if all(face.has(letter) for letter in letters)), known[0])]
    faces = list(main)
    rest = {letter for letter in letters if not main[0].has(letter)}
    for face in known:
        found = {letter for letter in rest if face.has(letter)}
        if found and face.source not in [other.source for other in faces]:
            faces.append(face)
            rest -= found
    if rest:
        shown = " ".join(sorted(rest)[:12])
        raise RequestError(
            f"captions: no font that comes with Talkmill has these characters ({shown}). "
            "Give a font file that has them as captions.font, or write the text without them."
        )
    return faces
