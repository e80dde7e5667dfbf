"""Lip sync over many clips, read from the decoded mp4s: `python -m benchmarks.lipsync [--write] [--only TEXT]`.

`--write` brings docs/reference/lipsync-quality.md up to date. Clips and their makings stay in build/benchmarks/lipsync, so a
second run makes only what changed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clips import SONG_TEXT, SUNG, Clip, Control, Workshop, one, style_of
from benchmarks.controls import CONTROLS
from talkmill.measure.review import Measure, Review, lip_sync, review
from talkmill.measure.score import Score

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "lipsync-quality.md"
WORK = ROOT / "build" / "benchmarks" / "lipsync"

EN = (
    "My brother Bob bought five pumpkins from the farm. Maybe we move them to the kitchen by Monday evening.",
    "Five people moved into a big blue house. Father made them apple pie with fresh plums.",
    "Look at the moon above the valley. We found it very beautiful. Nobody remembers a map of it.",
    "Who knew that the tiny seed would grow? Please keep this map safe in your pocket.",
    "Fifty fans came to the park. The brass band played, and everybody moved to the beat.",
    "If you sleep badly, move the phone to another room. Give it four evenings before you complain about problems.",
)
ES = (
    "Mi vecina Bárbara pinta su puerta de un bonito color verde. Mañana compra más pintura blanca.",
    "Un buen desayuno empieza con pan, fruta y un poco de miel. Prueba esto el lunes por la mañana.",
    "El bebé duerme mucho. Por favor, no hables tan fuerte ni golpees la puerta del pasillo.",
)
FR = (
    "Ma voisine habite au bout de la rue. Elle prépare un bon potage avec beaucoup de légumes.",
    "Le petit bateau blanc avance doucement. Vous voulez venir avec nous demain matin ?",
)
IT = (
    "La mamma prepara una buona pizza per il bambino. Poi beviamo un bicchiere di vino.",
    "Ogni mattina il mio amico Fabio porta il pane fresco. Mi piace molto sapere che viene.",
)
DE = (
    "Meine Mutter kauft am Bahnhof vier blaue Briefmarken. Dann fahren wir bei Wind um den See.",
    "Bitte probiere den Apfelkuchen. Man braucht dafür nur fünf frische Äpfel und viel Zimt.",
)

CLIPS: tuple[Clip, ...] = (
    one("en-joe-avataaars", "en", "milo", "joe", EN[0]),
    one("en-heart-toon-head", "en", "ada", "heart", EN[1]),
    one("en-joe-personas", "en", "pia", "joe", EN[2]),
    one("en-heart-critters", "en", "kit", "heart", EN[3]),
    one("en-joe-beard", "en", "sol", "joe", EN[4]),
    one("en-heart-no-lips", "en", "tom", "heart", EN[5]),
    one("en-heart-happy", "en", "milo", "heart", EN[2], "happy"),
    one("en-joe-surprised", "en", "kit", "joe", EN[1], "surprised"),
    one("es-kokoro-toon-head", "es", "ada", "alpha", ES[0]),
    one("es-kokoro-avataaars", "es", "milo", "alpha", ES[1]),
    one("es-kokoro-critters", "es", "kit", "alpha", ES[2]),
    one("es-espeak-personas", "es", "pia", "espeak", ES[0]),
    one("fr-kokoro-personas", "fr", "pia", "alpha", FR[0]),
    one("fr-kokoro-toon-head", "fr", "tom", "alpha", FR[1]),
    one("fr-espeak-avataaars", "fr", "sol", "espeak", FR[0]),
    one("it-kokoro-avataaars", "it", "milo", "alpha", IT[0]),
    one("it-kokoro-critters", "it", "kit", "alpha", IT[1]),
    one("it-kokoro-toon-head", "it", "ada", "alpha", IT[0]),
    one("de-espeak-critters", "de", "kit", "espeak", DE[0]),
    one("de-espeak-personas", "de", "pia", "espeak", DE[1]),
    Clip(
        "en-dialogue", "en",
        (
            ("milo", "joe", "Ada, I made a password that nobody will ever guess.", "happy"),
            ("ada", "heart", "Is it the name of your puppy?", "neutral"),
            ("milo", "joe", "No! It is the name of my puppy, five times.", "surprised"),
        ),
    ),
    Clip(
        "es-dialogue", "es",
        (
            ("ada", "alpha", "Buenos días, Pía. Vamos a beber un buen café.", "neutral"),
            ("pia", "espeak", "Me apetece mucho, pero primero preparo el pan.", "neutral"),
        ),
    ),
    Clip(
        "en-two-in-one-frame", "en",
        (
            ("milo", "joe", "Maybe we should buy a bigger map.", "neutral"),
            ("pia", "heart", "Before we do, remember the map on my phone.", "neutral"),
            ("milo", "joe", "My battery is empty by five.", "neutral"),
        ),
        "together",
    ),
    one("en-song-toon-head", "en", "ada", SUNG, SONG_TEXT),
    one("en-song-avataaars", "en", "milo", SUNG, SONG_TEXT),
    one("en-joe-sheet", "en", "pip", "joe", EN[4]),
    one("en-song-sheet", "en", "pip", SUNG, SONG_TEXT),
)  # fmt: skip
"""What is measured; add a clip here."""

SPOILT = ("en-joe-avataaars", "es-kokoro-toon-head", "en-joe-sheet")
"""Clips that are made once more with each control."""

COLUMNS = ("closure_median_ms", "closure_95_ms", "shut", "shapes", "still", "flicker", "sound_late_ms")


@dataclass(frozen=True)
class Row:
    """One clip, measured."""

    clip: Clip
    control: Control | None
    found: Review


def measure(shop: Workshop, clip: Clip, control: Control | None = None) -> Row:
    """Make a clip, and measure its mp4."""
    start = time.perf_counter()
    video = shop.make(clip, control)
    made = time.perf_counter()
    found = review(video)
    name = f"{clip.name} {control.name if control else ''}"
    words = ", ".join(f"{key} {shown(found.measures, key)}" for key in COLUMNS)
    print(f"{name}: {words} (made {made - start:.1f} s, measured {time.perf_counter() - made:.1f} s)", flush=True)
    return Row(clip, control, found)


def shown(measures: Sequence[Measure], name: str) -> str:
    """A measure's value in a table, marked where it fails."""
    found = next((one for one in measures if one.name == name), None)
    if found is None or found.value is None:
        return "-"
    value = found.value["mean"] if isinstance(found.value, dict) else found.value
    text = f"{100 * value:.0f} %" if name in ("shut", "shapes", "still", "found") else f"{value:g}"
    return f"**{text}**" if found.verdict == "fail" else text


def pooled(rows: Sequence[Row]) -> Score:
    """All rows as one."""
    out = Score()
    for row in rows:
        assert row.found.score is not None, f"{row.clip.name}: {row.found.note}"  # noqa: S101
        out.add(row.found.score)
    return out


def page(rows: Sequence[Row]) -> str:
    """The reference page."""
    right = [row for row in rows if row.control is None]
    whole = lip_sync(pooled(right))
    head = "| clip | lines by | closures | median ms | 95 % ms | shut | shapes | still | flicker | sound late ms |"
    line = "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    table = [head, line, *(_row(row) for row in right)]
    total = " | ".join(shown(whole, key) for key in COLUMNS[:-1])
    closures = next(one.value for one in whole if one.name == "closures")
    table.append(f"| **all {len(right)}** | | {closures[0]} | {total} | |")
    limits = {one.name: one.limit for one in whole}
    languages = sorted({row.clip.language for row in right})
    styles = sorted({style_of(speaker) for row in right for speaker, *_ in row.clip.lines})
    spoilt = [head, line]
    for control in CONTROLS:
        spoilt += [_row(row) for row in rows if row.control is control]
    return f"""# Lip sync, measured

Made by `python -m benchmarks.lipsync --write`. Do not edit.

{len(right)} clips in {len(languages)} languages ({", ".join(languages)}) with faces of {len(styles)} styles
({", ".join(styles)}), made by the backends that episodes are made with, and measured by what `talkmill check` measures: every
number is read from the **decoded mp4**. A painted mouth is found in each frame by its colours, a drawn one (`sheet`) by
which of the character's drawings the frame looks like most; the curves that drew it and what the renderer chose are not read.

- **median, 95 %**: how far the middle of a closure in the picture is from the middle of its p, b or m in the sound (limits:
  {limits["closure_median_ms"]} and {limits["closure_95_ms"]} ms). Closures that are part of a pause are not timed; missing
  ones count as 150 ms. A drawing is shown for whole frames, so a drawn mouth's closures are timed by frames.
- **shut**: p, b and m with shut lips ({limits["shut"]}).
- **shapes**: phonemes that get the shape they ask for, the mean over the five shapes below ({limits["shapes"]}).
- **still**: silent frames with a still mouth ({limits["still"]}). **flicker**: silent frames that jump and jump back (0).
- **sound late**: the sound against the timeline of the takes in it (within 10 ms).

What is not within its limit is **bold**.

{chr(10).join(table)}

## Shapes

Rows are what phonemes ask for, columns what is seen, in per cent, over all clips.

{chr(10).join(_confusion(pooled(right)))}

## Mouths that are wrong on purpose

The same clips, made by the same compositor, with a fault in each: a mouth that opens with the loudness and knows no phonemes, a
sound that comes 120 ms late, a mouth played backwards. A score that let these pass would be worth nothing.

{chr(10).join(spoilt)}

All of the loudness mouth's shapes:

{chr(10).join(_confusion(pooled([row for row in rows if row.control is CONTROLS[0]])))}
"""


def _row(row: Row) -> str:
    measures = row.found.measures
    name = f"{row.clip.name}, {row.control.name}" if row.control else row.clip.name
    voices = ", ".join(dict.fromkeys(f"{speaker} ({voice})" for speaker, voice, *_ in row.clip.lines))
    closures = next(one.value for one in measures if one.name == "closures")
    values = " | ".join(shown(measures, key) for key in COLUMNS)
    return f"| {name} | {voices} | {closures[0]} | {values} |"


def _confusion(score: Score) -> list[str]:
    table = score.confusion()
    seen = list(next(iter(table.values())))
    out = [f"| asked for | phonemes | {' | '.join(seen)} |", "| --- | ---: " + "| ---: " * len(seen) + "|"]
    for name, row in table.items():
        total = sum(row.values())
        cells = " | ".join(f"{100 * row[other] / max(total, 1):.0f}" for other in seen)
        out.append(f"| {name} | {total} | {cells} |")
    return out


def failures(rows: Sequence[Row]) -> list[str]:
    """What the benchmark is failed by: a limit missed over all clips, or a control that passes."""
    right = pooled([row for row in rows if row.control is None])
    out = [f"all clips: {one.what} (limit {one.limit})" for one in lip_sync(right) if one.verdict == "fail"]
    out += [f"{row.clip.name}: {row.control.name} passes" for row in rows if row.control and row.found.passed]
    return out


def main() -> None:
    """Run; ends with 1 where a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    parser.add_argument("--only", default="", metavar="TEXT", help="clips whose name holds the text")
    parser.add_argument("--folder", type=Path, default=WORK, help="where clips and makings are kept")
    arguments = parser.parse_args()
    shop = Workshop(arguments.folder)
    start = time.perf_counter()
    try:
        chosen = [clip for clip in CLIPS if arguments.only in clip.name]
        rows = [measure(shop, clip) for clip in chosen]
        rows += [measure(shop, clip, control) for control in CONTROLS for clip in chosen if clip.name in SPOILT]
    finally:
        shop.close()
    print(f"{len(rows)} clips in {time.perf_counter() - start:.0f} s")
    if arguments.write:
        PAGE.write_text(page(rows), encoding="utf-8")
    wrong = failures(rows)
    print("\n".join(wrong) or "Everything is within its limits, and every control fails.")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
