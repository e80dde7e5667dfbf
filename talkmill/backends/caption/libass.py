"""Captions for libass: cues, subtitle files, an ASS file a shape, and the fonts it is drawn with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from talkmill.backends import JSON, Result
from talkmill.backends.caption import ass, cues, fonts, lines, pieces
from talkmill.backends.caption.style import Style
from talkmill.media.formats import named

NARROWEST = "vertical"
"""Cues are cut for this shape whatever is asked for, so that an episode has one list of cues."""
SIDECAR_LINE = 42


class Libass:
    """Word-highlighted captions, drawn by libass when the video is rendered."""

    name: ClassVar[str] = "libass"
    version: ClassVar[int] = 3
    licence: ClassVar[str] = "SIL Open Font License 1.1 (fonts)"
    packages: ClassVar[tuple[str, ...]] = (
        "budoux",
        "fontpkg-noto-sans-thai",
        "fontpkg-open-sans",
        "fontpkg-poppins",
        "fontpkg-rubik",
        "fonttools",
        "pysubs2",
        "uharfbuzz",
    )

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Make cues and files as the package says.

        `inputs["font:<speaker>"]` is a font file of the project for that speaker, `inputs["font"]` one for everybody; a style
        whose `font` is a family of Talkmill's uses that.

        Raises:
            RequestError: an unknown font or shape, or text that no font has.
            PrerequisiteError: the text needs talkmill[cjk].
        """
        fps, frames, language = request["fps"], request["frames"], request["language"]
        parts = pieces.of(request["words"], language)
        speakers, files, facts = self._speakers(request, inputs, parts, workdir)
        shape = named(NARROWEST)

        def fits(group: Sequence[cues.Piece]) -> bool:
            speaker = speakers[group[0].utterance]
            room = ass.room(shape, speaker.style)
            return lines.fits(group, lambda text: speaker.fonts.width(text) * speaker.style.size, room, shape.line)

        found = cues.build(parts, fps, frames, fits)
        files |= {"srt": workdir / "captions.srt", "vtt": workdir / "captions.vtt"}
        _sidecars(found, fps, files["srt"], files["vtt"])
        for name in request["formats"]:
            path = workdir / f"captions-{name}.ass"
            ass.write(ass.document(found, speakers, named(name), fps), path)
            files[f"ass-{name}"] = path
        left_out = sorted({letter for part in parts for letter in part.text if fonts.is_picture(letter)})
        return Result(files, {"cues": len(found), "fonts": facts, "not_drawn": left_out})

    def _speakers(
        self, request: Mapping[str, JSON], inputs: Mapping[str, Path], parts: Sequence[cues.Piece], workdir: Path
    ) -> tuple[dict[int, ass.Speaker], dict[str, Path], list[dict[str, Any]]]:
        """Speakers by utterance; the font files they use, each once; and what these fonts are."""
        names: Sequence[str] = request["speakers"]
        styles = {name: Style.of(request["styles"].get(name)) for name in names}
        chosen: dict[str, list[fonts.Face]] = {}
        texts: dict[fonts.Source, set[str]] = {}
        for name in dict.fromkeys(names):
            text = "".join(part.text for part in parts if names[part.utterance] == name)
            font, own = styles[name].font, inputs.get(f"font:{name}", inputs.get("font"))
            is_own = (
                font is not None and own is not None and font.casefold() not in {family.casefold() for family in fonts.FAMILIES}
            )
            chosen[name] = fonts.choose(text, None if is_own else font, own if is_own else None, request["language"])
            for face in chosen[name]:
                texts.setdefault(face.source, set()).update(letter for letter in text + "-" if face.has(letter))
        drawn: dict[fonts.Source, fonts.Drawn] = {}
        for number, (source, letters) in enumerate(texts.items()):
            face = next(face for faces in chosen.values() for face in faces if face.source == source)
            drawn[source] = face.cut(letters, workdir, number)
        sets = {name: ass.Set(faces, [drawn[face.source] for face in faces]) for name, faces in chosen.items()}
        speakers = {index: ass.Speaker(name, styles[name], sets[name]) for index, name in enumerate(names)}
        files = {f"fonts-{number}": one.path for number, one in enumerate(drawn.values())}
        facts = [{"family": one.family, "weight": one.weight} for one in drawn.values()]
        return speakers, files, facts


def _sidecars(found: Sequence[cues.Cue], fps: int, srt: Path, vtt: Path) -> None:
    """SubRip and WebVTT: plain text, one line where 42 characters hold it."""
    import pysubs2

    file = pysubs2.SSAFile()
    for cue in found:
        rows = lines.lay(cue.pieces, lines.length, float("inf"), SIDECAR_LINE).lines
        text = "\n".join(cues.joined(row) for row in rows)
        file.events.append(pysubs2.SSAEvent(start=round(cue.start * 1000 / fps), end=round(cue.end * 1000 / fps), text=text))
    srt.write_text(_subrip(file.events), encoding="utf-8", newline="\n")
    vtt.write_text(_webvtt(file.events), encoding="utf-8", newline="\n")


def _subrip(events: Sequence[Any]) -> str:
    """SubRip text. Written here, not by pysubs2: its events hold ASS text, and a speaker's braces are no ASS."""
    stamp = "{:02d}:{:02d}:{:02d},{:03d}".format
    blocks = [
        f"{number}\n{stamp(*_clock(e.start))} --> {stamp(*_clock(e.end))}\n{e.text}\n" for number, e in enumerate(events, 1)
    ]
    return "\n".join(blocks)


def _webvtt(events: Sequence[Any]) -> str:
    """WebVTT text; the three characters that are markup there are escaped."""
    stamp = "{:02d}:{:02d}:{:02d}.{:03d}".format
    blocks = ["WEBVTT\n"]
    for event in events:
        text = event.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        blocks.append(f"{stamp(*_clock(event.start))} --> {stamp(*_clock(event.end))}\n{text}\n")
    return "\n".join(blocks)


def _clock(milliseconds: int) -> tuple[int, int, int, int]:
    seconds, rest = divmod(milliseconds, 1000)
    return seconds // 3600, seconds // 60 % 60, seconds % 60, rest
