"""speak: elevenlabs. Voices of the provider's, with the times of every character of the text."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from talkmill.backends import JSON, Result
from talkmill.backends.speak import characters, espeak_voices, take, text
from talkmill.errors import BackendError, RequestError
from talkmill.model.calls import Buy, Call
from talkmill.providers.elevenlabs_models import FORMATS, SEEDS, model, refusal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MODEL = "eleven_multilingual_v2"
FORMAT = "mp3_44100_128"
SETTINGS = {
    "stability": "stability",
    "similarity": "similarity_boost",
    "style": "style",
    "speed": "speed",
    "speaker_boost": "use_speaker_boost",
}
"""Options of the voice, and what the provider calls them."""


class ElevenLabs:
    """A voice of ElevenLabs'.

    Request: `text`, `language`, `seed`, `voice` (the provider's id of it), `model` (default `eleven_multilingual_v2`),
    `stability`, `similarity`, `style`, `speed`, `speaker_boost` (each: default the voice's own), `normalize` (auto, on, off),
    `pronunciation` ({written word: as it is spelt when it is said}), `dictionaries` ([{id, version}]), `format`
    (`mp3_44100_128`, or `pcm_44100` where the plan has it), `context` ({previous, next}: the lines beside it, where the user
    wants the intonation to go on from them; it is part of what is bought: a line is bought again when its neighbour changes).
    In models that know directions ("[whispers]") they are neither spoken nor captioned.

    Facts: `samples`; `times`: how they were found, "characters" (the provider's, with phonemes as
    `talkmill.backends.speak.characters` finds them), or "sphinx" or "synthesis", our own aligners, where the provider told none
    that fit (`because`); `match` (0..1, how far what is heard is the text).
    """

    name: ClassVar[str] = "elevenlabs"
    version: ClassVar[int] = 1
    licence: ClassVar[str] = "as ElevenLabs' terms for the user's plan say"
    packages: ClassVar[tuple[str, ...]] = ("espeakng-loader", "pocketsphinx", "numpy", "soxr")
    provider: ClassVar[str] = "elevenlabs"

    @classmethod
    def cannot(cls, options: Mapping[str, JSON], language: str, settings: Mapping[str, JSON] | None = None) -> str | None:
        """Why such a voice does not speak the language or take its options, and what to do; None where it does."""
        voices = espeak_voices.installed()
        if voices is not None and not voices.speaks(language):
            return f"has no phonemes for {language}: Talkmill's are espeak-ng's. Choose another language"
        return refusal(options.get("model") or MODEL, options, language, context=bool(options.get("context")))

    @classmethod
    def cannot_say(cls, options: Mapping[str, JSON], language: str, line: str) -> str | None:
        """Why such a voice does not take the line, and what to do; None where it does. Asked when the specs are read."""
        name = options.get("model") or MODEL
        sent = characters.sent(line, options.get("pronunciation") or {}, model(name).tags)
        if not model(name).tags and (found := characters.TAG.search(line)):
            return f"{name} knows no directions ({found[0]}). Choose eleven_v3 or eleven_v4, or take it out"
        return refusal(name, options, language, sent.text, bool(options.get("context")))

    def estimate(self, request: Mapping[str, JSON], seconds: float) -> Sequence[Call]:
        """The one call; its amount (characters) is exact."""
        return [call(request, self._sent(request))]

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path, buy: Buy) -> Result:
        """Buy one utterance, and find its times.

        Raises:
            RequestError: the model does not take the options, the language or the text.
            BackendError: nothing in the text can be spoken, or what came back is silent.
        """
        sent = self._sent(request)
        bought = buy(call(request, sent), {})
        rate = FORMATS[request.get("format") or FORMAT]
        samples = decoded(bought.files["sound"], request.get("format") or FORMAT)
        told = json.loads(bought.files["times"].read_bytes())
        spoken = characters.reworded(sent, request["language"])
        phones, facts = times(sent, told, samples, rate, spoken)
        speech = take.Speech(rate, 0.0, {})
        speech.timed(samples, phones)
        made = take.finish(speech, sent.words, workdir)
        return Result(made.files, {**made.facts, **facts})

    def _sent(self, request: Mapping[str, JSON]) -> characters.Sent:
        name = request.get("model") or MODEL
        why = self.cannot(request, request["language"]) or self.cannot_say(request, request["language"], request["text"])
        if why:
            raise RequestError(f"speak: elevenlabs: {why}.")
        sent = characters.sent(request["text"], request.get("pronunciation") or {}, model(name).tags)
        text.require_speakable(self.name, request["text"], sent.said)
        return sent


def call(request: Mapping[str, JSON], sent: characters.Sent) -> Call:
    """The request as it is sent. Priced by the character of `text`."""
    name = request.get("model") or MODEL
    body: dict[str, Any] = {
        "voice_id": request["voice"],
        "output_format": request.get("format") or FORMAT,
        "text": sent.text,
        "seed": int(request.get("seed") or 0) % SEEDS,
    }
    if model(name).language_code:
        body["language_code"] = request["language"].split("-")[0].lower()
    settings = {theirs: request[ours] for ours, theirs in SETTINGS.items() if request.get(ours) is not None}
    if settings:
        body["voice_settings"] = settings
    if request.get("normalize"):
        body["apply_text_normalization"] = request["normalize"]
    if request.get("dictionaries"):
        body["pronunciation_dictionary_locators"] = [
            {"pronunciation_dictionary_id": entry["id"], "version_id": entry["version"]} for entry in request["dictionaries"]
        ]
    for key, value in (request.get("context") or {}).items():
        if value:
            body[f"{key}_text"] = value
    return Call("elevenlabs", "text-to-speech", name, body, amount=Decimal(len(sent.text)))


def decoded(path: Path, kind: str) -> NDArray[np.float32]:
    """The bought sound, mono, (n,) at the rate of its format; the same as it was checked when it came.

    Raises:
        BackendError: it is silent.
    """
    import numpy as np

    from talkmill.media import ffmpeg

    if kind.startswith("pcm"):
        data = path.read_bytes()
    else:
        raw = ["-map", "0:a:0", "-ac", "1", "-ar", str(FORMATS[kind]), "-f", "s16le", "pipe:1"]
        data, _ = ffmpeg.run(["-i", ffmpeg.url(path), *raw])
    samples = np.frombuffer(data[: len(data) - len(data) % 2], "<i2").astype(np.float32) / np.float32(32768)
    if float(np.abs(samples).max(initial=0)) < 10 ** (-55 / 20):
        raise BackendError("speak: elevenlabs: what came is silent. Look at the line's text, or choose another voice or model.")
    return samples


def times(
    sent: characters.Sent, told: Mapping[str, Any], samples: NDArray[np.float32], rate: int, spoken: Any
) -> tuple[list[Any], dict[str, JSON]]:
    """The phones and pauses of a line, in samples of `rate`, and the facts about them."""
    import copy

    from talkmill.backends.align import aligning, sphinx, synthesis, trust
    from talkmill.media import sound

    model_rate = sound.resample(samples, rate, sound.MODEL_RATE)
    seconds = len(samples) / rate
    facts: dict[str, JSON] = {"times": "characters"}
    try:
        spans = characters.spans(sent, told.get("alignment") or {}, seconds)
        found = characters.phones(sent, spans, spoken, characters.heard(model_rate, spoken))
    except characters.Unusable as error:
        try:
            aligned, facts["times"] = aligning.aligned(sphinx.align, model_rate, copy.deepcopy(spoken), False), "sphinx"
        except sphinx.Refused:
            aligned, facts["times"] = aligning.aligned(synthesis.align, model_rate, copy.deepcopy(spoken), False), "synthesis"
        facts["because"] = str(error)
        found = [phone for phone in aligned.phones if phone.symbol]
        for phone in found:
            phone.start, phone.end = phone.start / sound.MODEL_RATE, phone.end / sound.MODEL_RATE
        print(f"speak: elevenlabs: no usable character times ({error}); aligned by {facts['times']}.", file=sys.stderr)
    at_model = characters.whole(found, sound.MODEL_RATE, len(model_rate))
    facts["match"] = round(trust.overall(trust.matches(model_rate, at_model)), 3)
    return characters.whole(found, rate, len(samples)), facts
