"""align: elevenlabs. The provider's forced alignment, in the languages that pocketsphinx hears badly."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from talkmill.backends import JSON, Result
from talkmill.backends.align import aligning
from talkmill.backends.speak import characters, text
from talkmill.errors import BackendError
from talkmill.media import sound
from talkmill.model.calls import Buy, Call

LONGEST = 675_000
"""Characters of a text, at most."""


class ElevenLabs:
    """Forced alignment by ElevenLabs, priced by the second of the sound.

    Request: `text`, `language` (for the phonemes: espeak-ng's). Input: `sound`. As `talkmill.backends.align`, with the fact
    `loss` (the provider's, 0 is best).
    """

    name: ClassVar[str] = "elevenlabs"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = "as ElevenLabs' terms for the user's plan say"
    packages: ClassVar[tuple[str, ...]] = ("espeakng-loader", "pocketsphinx", "numpy", "soxr")
    provider: ClassVar[str] = "elevenlabs"

    def estimate(self, request: Mapping[str, JSON], seconds: float) -> Sequence[Call]:
        """The one call."""
        return [call(characters.sent(request["text"], {}, False).text, Decimal(str(round(seconds, 3))), False)]

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path, buy: Buy) -> Result:
        """Align one recording.

        Raises:
            BackendError: nothing in the text can be spoken, or the answer does not fit the text or the sound.
        """
        sent = characters.sent(request["text"], {}, False)
        text.require_speakable(self.name, request["text"], sent.said)
        table, rate = sound.read(inputs["sound"])
        seconds = len(table) / rate
        bought = buy(call(sent.text, Decimal(len(table)) / rate, True), {"sound": inputs["sound"]})
        told = json.loads(bought.files["times"].read_bytes())
        spoken = characters.reworded(sent, request["language"])
        samples = sound.resample(table.mean(axis=1), rate, sound.MODEL_RATE)
        try:
            spans = characters.spans(sent, listed(told.get("characters") or ()), seconds)
        except characters.Unusable as error:
            raise BackendError(
                f"align: elevenlabs: its times do not fit the text or the sound ({error}). Correct the text, or use `sphinx`."
            ) from None
        found = characters.phones(sent, spans, spoken, characters.heard(samples, spoken))
        phones = characters.whole(found, sound.MODEL_RATE, len(samples))
        aligned = aligning.Aligned(sent.words, phones, {})
        from talkmill.backends.align.trust import matches

        take = aligned.take(len(table))
        path = workdir / "times.json"
        path.write_text(json.dumps(take.to_json(), ensure_ascii=False), encoding="utf-8")
        facts = aligning.facts(take, matches(samples, phones))
        return Result({"times": path}, {"samples": len(table), **facts, "loss": told.get("loss")})


def call(line: str, seconds: Decimal, exact: bool) -> Call:
    """The request as it is sent; its key is over the text and the sound."""
    return Call("elevenlabs", "forced-alignment", "", {"text": line}, amount=seconds, exact=exact)


def listed(told: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Characters with their times, as speech brings them."""
    return {
        "characters": [item.get("text", "") for item in told],
        "character_start_times_seconds": [item.get("start", -1) for item in told],
        "character_end_times_seconds": [item.get("end", -1) for item in told],
    }
