"""The files of a sheet: what is told of those that cannot be used, all at once."""

from __future__ import annotations

import shutil
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from talkmill.backends.portray import drawings
from talkmill.errors import BackendError
from tests.backends.portray.drawn import SIZE, mouth, picture, sheet

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 320">{}</svg>'
DISC = '<circle cx="120" cy="160" r="60" fill="#c04020"/>'


def problems(folder: Path, scheme: str | None = None) -> list[str]:
    return drawings.survey(drawings.find(folder), scheme).problems


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(path: Path, width: int, height: int, depth: int = 8, colour: int = 6, before: bytes = b"") -> Path:
    """A PNG of those words in its header, with no more pixels than it needs to be whole."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + header + before + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b""))
    return path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sheet(tmp_path_factory.mktemp("good") / "pip")


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "pip"))


def test_a_sheet_that_is_right_has_no_problem(folder: Path) -> None:
    """Layers and mouths are read by their names, in any case and with aliases; other files are left alone."""
    (folder / "eyes-open.png").rename(folder / "Eyes_Open.PNG")
    (folder / "eyes-shut.png").rename(folder / "eyes closed.png")
    (folder / "README.txt").write_text("mine")
    (folder / ".DS_Store").write_bytes(b"\x00")
    picture(folder / "sketch.png", mouth(1))
    made = drawings.survey(drawings.find(folder), None)
    assert made.problems == []
    assert set(made.layers) == {"base", "eyes-open", "eyes-shut"}
    assert made.set.scheme == "rhubarb"
    assert set(made.mouths) == {"A", "C", "D"}
    assert drawings.unused(folder) == ["sketch.png"]


def broken(folder: Path) -> dict[str, str]:
    """Files that cannot be used, and what is told of each."""
    big = "is too large ({} pixels, the limit is 8,000 a side and 40 megapixels). Scale every layer down"
    png(folder / "mouths/A.png", 10000, 10000)
    png(folder / "mouths/B.png", 7000, 7000)
    png(folder / "mouths/E.png", 240, 320, before=chunk(b"acTL", struct.pack(">II", 2, 0)))
    (folder / "mouths/F.png").write_text("not a picture at all")
    Image.new("P", SIZE).save(folder / "mouths/G.gif")
    Image.new("CMYK", SIZE).save(folder / "mouths/H.jpg")
    Image.new("RGB", SIZE, "red").save(folder / "mouths/X.png")
    Image.new("I;16", SIZE).save(folder / "brows.png")
    (folder / "pupils.png").write_bytes(b"")
    data = (folder / "eyes-shut.png").read_bytes()
    (folder / "eyes-shut.png").write_bytes(data[: len(data) // 2])
    return {
        "mouths/A.png": big.format("10,000x10,000"),
        "mouths/B.png": big.format("7,000x7,000"),
        "mouths/E.png": "is an animated PNG. Export one picture",
        "mouths/F.png": "is no picture (its name says .png). Give a real PNG or SVG",
        "mouths/G.gif": "is a GIF. Export it as a PNG",
        "mouths/H.jpg": "is a JPEG. Export it as a PNG",
        "mouths/X.png": "has no transparency, so it would cover everything. Export it without its background",
        "brows.png": "is a grey picture of 16 bits. Export it as RGBA of 8 bits",
        "pupils.png": "is empty. Export it again",
        "eyes-shut.png": "is a damaged PNG (it ends early, or its checksums are wrong). Export it again",
    }


def test_every_file_that_cannot_be_used_is_told_in_one_line_all_at_once(folder: Path) -> None:
    """Ten broken files, ten lines, each with what was found and what to do."""
    told = broken(folder)
    found = problems(folder)
    for file, text in told.items():
        lines = [line for line in found if line.startswith(f"{file}: ")]
        assert len(lines) == 1, f"{file}: {lines}"
        assert text in lines[0]
        assert "\n" not in lines[0]
    assert len(found) == len(told)


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        ("<script>alert(1)</script>", "holds <script>"),
        ('<rect onload="x()" width="9" height="9"/>', "holds a script (onload)"),
        ('<image href="face.png"/>', "needs another file (face.png)"),
        ('<image href="file:///etc/passwd"/>', "needs another file (file:///etc/passwd)"),
        ('<use href="https://example.org/a.svg#b"/>', "needs another file (https://example.org/a.svg#b)"),
        ('<rect fill="url(https://example.org/a)" width="9" height="9"/>', "needs another file"),
        ("<style>@import 'a.css';</style>", "its style sheet needs another file"),
        ("<style>rect { fill: url(http://example.org/x) }</style>", "its style sheet needs another file"),
        ("<foreignObject><p/></foreignObject>", "holds <foreignobject>"),
        ("<text>Hi</text>", "holds text. Turn the text into paths"),
        ("<circle", "is no SVG that can be read"),
    ],
)
def test_an_svg_that_is_not_complete_in_itself_is_refused(folder: Path, inside: str, told: str) -> None:
    """Scripts, other files, text, broken XML: one line each."""
    (folder / "brows.svg").write_text(SVG.format(inside))
    found = problems(folder)
    assert len(found) == 1
    assert found[0].startswith("brows.svg: ")
    assert told in found[0]


def test_entities_and_huge_svgs_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bomb of entities is not opened; the limit of bytes is said."""
    (folder / "brows.svg").write_text('<!DOCTYPE svg [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]>' + SVG.format(""))
    assert problems(folder) == ["brows.svg: declares entities. Save it as a plain SVG."]
    monkeypatch.setattr(drawings, "MAX_SVG", 100)
    (folder / "brows.svg").write_text(SVG.format(DISC * 3))
    assert problems(folder)[0].startswith("brows.svg: is too large (")


def test_gradients_and_embedded_pictures_are_fine(folder: Path) -> None:
    """What an SVG refers to within itself is no other file; a document type alone is harmless."""
    inside = '<defs><linearGradient id="a"/></defs><rect fill="url(#a)" style="fill:url( \'#a\' )" width="9" height="9"/>'
    inside += '<use href="#b"/><image href="data:image/png;base64,iVBORw0KGgo="/><a href="https://example.org"><g/></a>'
    start = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    (folder / "brows.svg").write_text(start + SVG.format(inside))
    assert problems(folder) == []


def test_layers_of_different_sizes_are_told_each(folder: Path) -> None:
    """The odd ones are named with their size and that of the others; an SVG of the same shape fits any size."""
    picture(folder / "brows.png", mouth(0), (240, 300))
    picture(folder / "mouths" / "E.png", mouth(2), (120, 160))
    (folder / "front.svg").write_text(SVG.format(DISC))
    (folder / "back.svg").write_text(SVG.format(DISC).replace("240 320", "320 320"))
    found = problems(folder)
    assert [line.partition(". ")[0] for line in found] == [
        "back.svg: is of another size (320x320, base.png is 240x320)",
        "brows.png: is of another size (240x300, base.png is 240x320)",
        "mouths/E.png: is of another size (120x160, base.png is 240x320)",
    ]


def test_what_is_not_there_is_told(folder: Path) -> None:
    """No base, no closed mouth, no mouths, eyes that only shut."""
    (folder / "mouths/A.png").unlink()
    assert problems(folder, "rhubarb") == ["mouths/: no closed mouth (found C, D). Draw one of them: A, X (rhubarb naming)."]
    (folder / "mouths/C.png").unlink()
    assert "mouths/: no naming scheme is plain from the names (D)" in problems(folder)[0]
    (folder / "mouths/D.png").unlink()
    (folder / "base.png").unlink()
    (folder / "eyes-open.png").unlink()
    found = problems(folder)
    assert found[0].startswith("mouths/: holds no mouth. ")
    assert found[1].startswith("base: is missing. ")
    assert found[2].startswith("eyes-shut: is there without eyes-open. ")
    assert len(found) == 3


def test_two_files_for_one_layer_are_told(folder: Path) -> None:
    """base.png and base.svg; A.png and A.svg; base beside head and body."""
    (folder / "base.svg").write_text(SVG.format(DISC))
    (folder / "mouths/A.svg").write_text(SVG.format(DISC))
    found = problems(folder)
    assert found == [
        "base.svg: is base as base.png is. Keep one of the two.",
        "mouths/A.svg: is the mouth that mouths/A.png is. Keep one of the two.",
    ]


def test_colours_of_another_profile_become_srgb(tmp_path: Path) -> None:
    """A PNG with a profile is converted, alpha stays; an sRGB profile changes next to nothing."""
    image = Image.new("RGBA", (8, 8), (200, 80, 40, 128))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image.save(tmp_path / "base.png", icc_profile=profile)
    one = drawings.look("base.png", tmp_path / "base.png")
    found = drawings.pixels(one, (8, 8))
    assert np.abs(found[0, 0].astype(int) - (200, 80, 40, 128)).max() <= 1


def test_a_png_of_16_bits_and_one_with_a_palette_are_read(tmp_path: Path) -> None:
    """RGBA of 16 bits is brought to 8; a palette with a transparent colour is fine."""
    rows = b"".join(b"\x00" + struct.pack(">4H", 0xC8C8, 0x5050, 0x2828, 0x8080) * 8 for _ in range(8))
    data = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 16, 6, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows))
    (tmp_path / "base.png").write_bytes(b"\x89PNG\r\n\x1a\n" + data + chunk(b"IEND", b""))
    found = drawings.pixels(drawings.look("base.png", tmp_path / "base.png"), (8, 8))
    assert found[0, 0].tolist() == [0xC8, 0x50, 0x28, 0x80]
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 200, 80, 40])
    image.putpixel((0, 0), 0)
    image.save(tmp_path / "head.png", transparency=0)
    found = drawings.pixels(drawings.look("head.png", tmp_path / "head.png"), (8, 8))
    assert found[0, 0, 3] == 0
    assert found[4, 4].tolist() == [200, 80, 40, 255]


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    """One line, no traceback."""
    with pytest.raises(BackendError, match=r"^base\.png: cannot be read"):
        drawings.look("base.png", tmp_path / "base.png")
