"""speak: recording. The user's own sound, spoken or sung, with the times of its text by forced alignment."""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from talkmill.backends import JSON, Result
from talkmill.errors import BackendError, MediaError
from talkmill.media import ffmpeg, sound
from talkmill.model import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from talkmill.backends.align.aligning import Aligned
    from talkmill.backends.align.reference import Reference

LONGEST = 600
"""Seconds of one line's recording, at most."""
SILENT = 10 ** (-55 / 20)
"""Largest sample of a file in which nobody speaks."""
CUT_OFF = 0.5
"""Seconds by which a file may be shorter than its header says."""

MISMATCH = 0.56
"""Match of a whole text under which it is not what is said. Measured over seven languages
(`benchmarks/alignment.py`): 92 right texts had 0.58 and more, wrong ones 0.55 and less."""
MISMATCH_SUNG = 0.35
"""The same for a song: held vowels are heard as anything."""
LOST, LOST_WORDS = 0.25, 4
"""Match under which a word is not heard at all, and how many of them in a row are a hole in the text."""
DOUBTFUL = 0.3
"""Match of a word under which it is named in a warning."""
UNTOLD = 1.5
"""Seconds of voice without a text of its own at which the text is taken to be incomplete."""
DRAWN = 0.7
"""Seconds that no spoken phoneme lasts: other words hide in it."""


class Recording:
    """A wav, mp3, m4a, flac, ogg or whatever ffmpeg reads, with its text.

    Request: `text`, `language`, `start` and `end` (seconds of the file; null: its ends), `sung`. Input: `recording`, the file.
    Spoken takes lose the silence at their ends beyond 0.10 and 0.15 s, as every voice's do; sung ones keep their length, so
    that a backing track that fits the file fits the take. Facts: `samples`, `match` (0..1), `aligner`, `doubtful` (words).
    """

    name: ClassVar[str] = "recording"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = "the user's own recording"
    packages: ClassVar[tuple[str, ...]] = ("espeakng-loader", "pocketsphinx", "numpy", "soxr")

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Take one line from a recording.

        Raises:
            BackendError: the file cannot be read, is silent, is too short or too long, or does not say the text.
        """
        import numpy as np

        from talkmill.backends.align import aligning
        from talkmill.backends.align.reference import reference
        from talkmill.backends.speak import edges

        name = inputs["recording"].name
        samples = cut(decoded(inputs["recording"], workdir), request.get("start"), request.get("end"), name)
        if float(np.abs(samples).max(initial=0)) < SILENT:
            raise BackendError(f"speak: recording: {name}: nothing is heard (silence). Record it again, or name another file.")
        spoken = reference(request["text"], request["language"])
        sung = bool(request.get("sung"))
        model = sound.resample(samples, SAMPLE_RATE, sound.MODEL_RATE)
        found, aligner = align(model, spoken, sung, name)
        offset = request.get("start") or 0
        facts = aligning.facts(found.take(len(samples)), found.matches)
        judge(facts, sung, name, offset, untold(model, found))
        if not sung:
            for phone in found.phones:
                phone.start, phone.end = phone.start * 3, phone.end * 3
            samples, phones = edges.trim(samples, found.phones, SAMPLE_RATE)
            for phone in phones:
                phone.start, phone.end = phone.start / 3, phone.end / 3
            found = aligning.Aligned(found.words, phones, found.matches)
        files = {"sound": workdir / "sound.wav", "times": workdir / "times.json"}
        sound.write(files["sound"], samples)
        take = found.take(len(samples))
        files["times"].write_text(json.dumps(take.to_json(), ensure_ascii=False), encoding="utf-8")
        doubtful = [word for word in facts["words"] if word[3] < DOUBTFUL]
        if doubtful and not sung:
            print(f"speak: recording: {name}: hardly heard: {_named(doubtful, offset)}.", file=sys.stderr)
        made = {"samples": len(samples), "match": facts["match"], "aligner": aligner}
        return Result(files, {**made, "doubtful": [word[0] for word in doubtful]})


def decoded(path: Path, workdir: Path) -> NDArray[np.float32]:
    """The first sound stream of any file as 48 kHz mono, (n,).

    Raises:
        BackendError: ffmpeg cannot read it, there is no sound in it, or it ends before its header says.
    """
    out = workdir / "decoded.wav"
    filters = f"aresample={SAMPLE_RATE}:resampler=soxr:precision=28,aformat=channel_layouts=mono"
    arguments = ["-i", ffmpeg.url(path), "-map", "0:a:0", "-vn", "-af", filters, "-c:a", "pcm_s16le"]
    try:
        _, words = ffmpeg.run([*arguments, "-map_metadata", "-1", "-bitexact", "-f", "wav", "-y", ffmpeg.url(out)])
        table, _ = sound.read(out)
    except MediaError as error:
        said = str(error)
        if _without_sound(path):
            raise BackendError(f"speak: recording: {path.name}: holds no sound. Name a file with sound.") from None
        reason = re.search(r"\(([^()]*(?:\([^()]*\)[^()]*)*)\)", said)
        raise BackendError(
            f"speak: recording: {path.name}: is no sound file that can be read ({reason[1] if reason else said}). "
            "Export it again as WAV, MP3 or M4A."
        ) from None
    finally:
        out.unlink(missing_ok=True)
    told = re.search(r"Duration: (\d+):(\d\d):(\d\d\.\d+)", words)
    seconds = len(table) / SAMPLE_RATE
    header = int(told[1]) * 3600 + int(told[2]) * 60 + float(told[3]) if told else 0.0
    header = sound.promised(path) or header
    if seconds < header - CUT_OFF:
        raise BackendError(
            f"speak: recording: {path.name}: ends early: it is cut off ({seconds:.1f} s of {header:.1f} s are there). "
            "Copy it again whole."
        )
    if not len(table):
        raise BackendError(f"speak: recording: {path.name}: holds no sound (0 samples). Export it again.")
    return table[:, 0]


def _without_sound(path: Path) -> bool:
    """Whether ffmpeg can open the file, and finds no sound stream in it."""
    try:
        _, words = ffmpeg.run(["-i", ffmpeg.url(path), "-map", "0", "-c", "copy", "-t", "0.1", "-f", "null", "-"])
    except MediaError:
        return False
    return "Audio:" not in words


def cut(samples: NDArray[np.float32], start: float | None, end: float | None, name: str) -> NDArray[np.float32]:
    """The part from `start` to `end` seconds.

    Raises:
        BackendError: the part lies outside the recording, or is too long.
    """
    length = len(samples) / SAMPLE_RATE
    first, last = start or 0.0, length if end is None else end
    if first >= length or last > length + 0.1:
        raise BackendError(
            f"speak: recording: {name}: `start` and `end` lie outside it ({first:g} to {last:g} s of {length:.2f} s). "
            "Correct them."
        )
    if last - first > LONGEST:
        raise BackendError(
            f"speak: recording: {name}: is too long for one line ({last - first:.0f} s, the limit is {LONGEST} s). "
            "Give each line its `start:` and `end:`."
        )
    return samples[round(first * SAMPLE_RATE) : round(last * SAMPLE_RATE)]


def align(model: NDArray[np.float32], spoken: Reference, sung: bool, name: str) -> tuple[Aligned, str]:
    """The alignment and who made it: pocketsphinx, or warping where pocketsphinx finds no way."""
    from talkmill.backends.align import aligning, sphinx, synthesis

    seconds = len(model) / sound.MODEL_RATE
    least = sum(1 for phone in spoken.phones if phone.symbol) * 0.03
    if seconds < least:
        raise BackendError(
            f"speak: recording: {name}: is too short for its text ({seconds:.1f} s; its sounds take {least:.1f} s at least). "
            "Correct the text, or `start` and `end`."
        )
    try:
        return aligning.aligned(sphinx.align, model, copy.deepcopy(spoken), sung), "sphinx"
    except sphinx.Refused:
        return aligning.aligned(synthesis.align, model, copy.deepcopy(spoken), sung), "synthesis"


def untold(model: NDArray[np.float32], found: Aligned) -> tuple[float, float] | None:
    """The longest stretch in seconds that the text cannot account for: sound without a word (over `UNTOLD`), or one phoneme
    that lasts as long as several words (over `DRAWN`)."""
    import numpy as np

    from talkmill.backends.speak import edges

    heard = edges.loud(model, sound.MODEL_RATE)
    step = edges.STEP * sound.MODEL_RATE
    worst = None
    for phone in found.phones:
        cells = np.flatnonzero(heard[int(phone.start / step) : int(phone.end / step)])
        if len(cells) * edges.STEP > (DRAWN if phone.symbol else UNTOLD) and (worst is None or len(cells) > worst[0]):
            worst = (len(cells), phone.start / sound.MODEL_RATE, phone.end / sound.MODEL_RATE)
    return worst and worst[1:]


def judge(facts: Mapping[str, Any], sung: bool, name: str, offset: float, gap: tuple[float, float] | None) -> None:
    """Raise unless the recording says the text.

    Raises:
        BackendError: it does not; the message names the words that fit least, with their seconds in the file.
    """
    words = facts["words"]
    limit = MISMATCH_SUNG if sung else MISMATCH
    if facts["match"] < limit:
        worst = sorted(sorted(words, key=lambda word: word[3])[:5], key=lambda word: word[1])
        raise BackendError(
            f"speak: recording: {name}: does not say this text (match {facts['match']:.2f}, {limit:.2f} is needed; worst: "
            f"{_named(worst, offset)}). Correct the text, or name the recording that says it."
        )
    if sung:
        return
    run: list[Sequence[Any]] = []
    for word in words:
        run = [*run, word] if word[3] < LOST else []
        if len(run) >= LOST_WORDS:
            raise BackendError(
                f"speak: recording: {name}: these words are not in it: {_named(run, offset)}. Correct the text, or record them."
            )
    if gap:
        raise BackendError(
            f"speak: recording: {name}: says more than the text (from {gap[0] + offset:.1f} to {gap[1] + offset:.1f} s). "
            "Write all that is said, cut it with `start:` and `end:`, or say `sung: true`."
        )


def _named(words: Sequence[Sequence[Any]], offset: float) -> str:
    return ", ".join(f"{word[0]!r} at {word[1] + offset:.1f} s" for word in words)
