"""ElevenLabs' stand-in: real speech (espeak-ng's) with the times of its characters, errors in all of the provider's shapes.

Faithful where it matters: a wrong body is refused before the key is looked at, a model refuses what it does not take, the same
request twice costs twice and gives other bytes, `character-cost` and the concurrency headers, one entry a character. Any key
that starts with `sk-test` is good; a voice whose id starts with `missing` does not exist. Faults: see `FAULTS`.
"""

from __future__ import annotations

import base64
import itertools
import re
import tempfile
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from talkmill.providers.elevenlabs_models import MODELS
from talkmill.providers.sandbox import speech
from talkmill.providers.sandbox.server import Asked, Reply, Service, route

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FAULTS = {
    "quota": "401 quota_exceeded, the older place of a used-up balance",
    "payment": "402 insufficient_credits",
    "crowded": "429 too_many_concurrent_requests",
    "busy": "429 system_busy",
    "error": "500, nothing made",
    "error-charged": "500 after it was made and charged",
    "forbidden": "403, the plan does not include the format",
    "null": "no alignment",
    "shuffled": "an alignment of another text",
    "truncated": "an mp3 that breaks off",
    "empty": "no sound at all",
    "page": "200, and an HTML page",
    "drop": "the connection closes before anything is done",
    "drop-charged": "the connection closes after it was made and charged",
}

BEFORE = ("quota", "payment", "crowded", "busy", "error", "forbidden", "page", "drop")
AFTER = ("null", "shuffled", "truncated", "empty", "drop-charged", "error-charged")

PRICES = {
    "eleven_multilingual_v2": Decimal("0.10"),
    "eleven_v3": Decimal("0.10"),
    "eleven_v4": Decimal("0.08"),
    "eleven_flash_v2_5": Decimal("0.05"),
}
"""USD a thousand characters."""
CREDITS = {"eleven_flash_v2_5": Decimal("0.5")}
"""Credits a character, where it is not one."""
ALIGNING = Decimal("0.22")
"""USD an hour of aligned sound, as for speech to text."""

FORMAT = re.compile(r"(mp3|pcm|wav|opus|ulaw|alaw)_(\d+)(?:_(\d+))?$")
TAG = re.compile(r"\[[^\[\]]*\]")
RANGES = {"stability": (0, 1), "similarity_boost": (0, 1), "style": (0, 1), "speed": (0.7, 1.2)}
STRINGS = ("model_id", "language_code", "previous_text", "next_text")


class ElevenLabsService(Service):
    """`/v1/text-to-speech/{voice}`, `.../with-timestamps`, `/v1/forced-alignment`, `/v1/user/subscription`, `/v1/models`,
    `/v2/voices`.
    """

    name = "elevenlabs"
    fault_names = tuple(FAULTS)
    environ: ClassVar[Mapping[str, str]] = {"ELEVENLABS_API_KEY": "sk-test-sandbox"}

    def __init__(self, credits: int = 1_000_000, concurrent: int = 5, latency: float = 1.0, a_second: float = 0.3) -> None:
        """`latency` and `a_second` (of speech) are the provider's seconds that an answer takes."""
        super().__init__()
        self.credits, self.concurrent = Decimal(credits), concurrent
        self.latency, self.a_second = latency, a_second
        self.used = Decimal(0)
        self.bodies: list[dict[str, Any]] = []  # what was sent and taken, for tests
        self._at_work = 0
        self._number = itertools.count(1)

    # --- endpoints -------------------------------------------------------------------------------

    @route("POST", "/v1/text-to-speech/{}")
    def plain(self, asked: Asked) -> Reply:
        """Only the sound."""
        return self._speech(asked, times=False)

    @route("POST", "/v1/text-to-speech/{}/with-timestamps")
    def with_times(self, asked: Asked) -> Reply:
        """The sound in base64, and the characters' times."""
        return self._speech(asked, times=True)

    @route("POST", "/v1/forced-alignment")
    def align(self, asked: Asked) -> Reply:
        """The text's times in an uploaded sound: espeak-ng's, stretched over what is loud of it."""
        parts = asked.parts()
        missing = [name for name in ("file", "text") if name not in parts]
        if missing:
            return invalid("missing", missing[0], "Field required")
        if refusal := self._key(asked):
            return refusal
        text = parts["text"][1].decode()
        where = "forced-alignment"
        if reply := self._fault(where, ("quota", "payment", "crowded", "busy", "error", "page", "drop")):
            return reply
        sound = _decoded(parts["file"][1])
        if sound is None or not len(sound):
            return failed(400, "invalid_file", "The file is no audio that can be read.")
        spoken = speech.speak(text, speech.language(text), "aligner")
        first, last = _loud(sound)
        heard = _loud(spoken.samples)
        scale = (last - first) / max(heard[1] - heard[0], 1e-6)
        times = [
            (first + max(start - heard[0], 0) * scale, first + max(end - heard[0], 0) * scale)
            for start, end in zip(spoken.starts, spoken.ends, strict=True)
        ]
        letters = [{"text": c, "start": round(a, 3), "end": round(b, 3)} for c, (a, b) in zip(text, times, strict=True)]
        words = [
            {"text": m[0], "start": letters[m.start()]["start"], "end": letters[m.end() - 1]["end"], "loss": 0.1}
            for m in re.finditer(r"\S+", text)
        ]
        seconds = Decimal(len(sound)) / speech.RATE
        charge = self.bill.add(self.name, "forced-alignment", seconds, seconds / 3600 * ALIGNING)
        if self.faults.take(where, ("drop-charged",)):
            return Reply(drop=True)
        return Reply({"characters": letters, "words": words, "loss": 0.1}, 200, {"request-id": f"align-{charge.quantity}"})

    @route("GET", "/v1/user/subscription")
    def subscription(self, asked: Asked) -> Reply:
        """Balance and tier."""
        used, limit = int(self.used), int(self.credits)
        return self._key(asked) or Reply(
            {"tier": "creator", "character_count": used, "character_limit": limit, "status": "active"}
        )

    @route("GET", "/v1/models")
    def models(self, asked: Asked) -> Reply:
        """The models."""
        rows = [
            {"model_id": name, "can_do_text_to_speech": True, "maximum_text_length_per_request": row.characters}
            for name, row in MODELS.items()
        ]
        return self._key(asked) or Reply(rows)

    @route("GET", "/v2/voices")
    def voices(self, asked: Asked) -> Reply:
        """Two voices."""
        rows = [
            {"voice_id": id, "name": name} for id, name in (("sandboxvoice00000001", "Ada"), ("sandboxvoice00000002", "Milo"))
        ]
        return self._key(asked) or Reply({"voices": rows, "has_more": False, "total_count": len(rows)})

    # --- speech ----------------------------------------------------------------------------------

    def _speech(self, asked: Asked, times: bool) -> Reply:
        body = asked.json()
        kind = asked.query.get("output_format", "mp3_44100_128")
        refusal = validated(body, kind) or self._key(asked)
        if refusal:
            return refusal
        voice, model, text = asked.match[0], body.get("model_id") or "eleven_multilingual_v2", body["text"]
        refusal = known(voice, model, body) or self._fault(f"{voice}/{model}/{text}", BEFORE)
        if refusal:
            return refusal
        cost = (len(text) * CREDITS.get(model, Decimal(1))).to_integral_value()
        if self.used + cost > self.credits:
            return _quota(self.credits - self.used, cost)
        with self.lock:
            if self._at_work >= self.concurrent:
                return _crowded(self.concurrent)
            self._at_work += 1
            running = self._at_work
        try:
            reply, number, fault = self._made(voice, model, kind, body, times)
        finally:
            with self.lock:
                self._at_work -= 1
        with self.lock:
            self.used += cost
            self.bodies.append(body)
        price = PRICES.get(model, Decimal("0.10"))
        self.bill.add(self.name, f"text-to-speech/{model}", len(text), price * len(text) / 1000, task=f"request-{number:06d}")
        if fault == "drop-charged":
            return Reply(drop=True)
        if fault == "error-charged":
            return failed(500, "internal_error", "Something went wrong.", old=True)
        reply.headers = {
            **reply.headers,
            "request-id": f"request-{number:06d}",
            "character-cost": str(cost),
            "current-concurrent-requests": str(running),
            "maximum-concurrent-requests": str(self.concurrent),
        }
        return reply

    def _made(self, voice: str, model: str, kind: str, body: Mapping[str, Any], times: bool) -> tuple[Reply, int, str | None]:
        text, row = body["text"], MODELS[model]
        settings = body.get("voice_settings") or {}
        said = TAG.sub(lambda match: " " * len(match[0]), text) if row.tags else text
        tag = body.get("language_code") or speech.language(said)
        pace = 1.0 if "speed" in row.inert else float(settings.get("speed") or 1.0)
        spoken = speech.speak(said, tag, voice, pace)
        seconds = len(spoken.samples) / speech.RATE
        self.clock.sleep(self.latency + self.a_second * seconds)
        fault = self.faults.take(f"{voice}/{model}/{text}", AFTER)
        number = next(self._number)
        sound = b"" if fault == "empty" else encoded(spoken.samples, kind, number)
        if fault == "truncated":
            sound = sound[: len(sound) // 3]
        if not times:
            return Reply(sound, 200, {"Content-Type": "audio/mpeg"}), number, fault
        shown = text[::-1] if fault == "shuffled" else text
        alignment = {
            "characters": list(shown),
            "character_start_times_seconds": [round(at, 3) for at in spoken.starts],
            "character_end_times_seconds": [round(at, 3) for at in spoken.ends],
        }
        told = None if fault == "null" else alignment
        answer = {"audio_base64": base64.b64encode(sound).decode(), "alignment": told, "normalized_alignment": told}
        return Reply(answer), number, fault

    # --- refusals --------------------------------------------------------------------------------

    def _key(self, asked: Asked) -> Reply | None:
        key = asked.headers.get("xi-api-key")
        if not key:
            return failed(401, "needs_authorization", "No xi-api-key header was received.")
        if key.startswith("sk-test"):
            return None
        return failed(401, "invalid_api_key", "Invalid API key", kind="authentication_error")

    def _fault(self, where: str, among: tuple[str, ...]) -> Reply | None:
        fault = self.faults.take(where, among)
        if fault == "quota":
            return _quota(Decimal(3), Decimal(40))
        if fault == "payment":
            return failed(402, "insufficient_credits", "You have insufficient credits.", kind="payment_required")
        if fault == "crowded":
            return _crowded(self.concurrent)
        if fault == "busy":
            return failed(429, "system_busy", "The system is experiencing heavy traffic, please try again.")
        if fault == "forbidden":
            return failed(403, "output_format_not_allowed", "Your tier does not include this output format.")
        if fault == "error":
            return failed(500, "internal_error", "Something went wrong.", old=True)
        if fault == "page":
            return Reply(b"<!doctype html><title>Welcome</title>", 200, {"Content-Type": "text/html"})
        return Reply(drop=True) if fault == "drop" else None


def validated(body: Any, kind: str) -> Reply | None:
    """The 422 of a body or format that is not of the documented form; None: it is."""
    if not isinstance(body, dict):
        return invalid("json_invalid", "", "JSON decode error")
    if not isinstance(body.get("text"), str):
        return invalid("missing" if "text" not in body else "string_type", "text", "Field required")
    for name in STRINGS:
        if body.get(name) is not None and not isinstance(body[name], str):
            return invalid("string_type", name, "Input should be a valid string")
    if not FORMAT.match(kind):
        return invalid("enum", "output_format", "Input should be 'mp3_22050_32', 'mp3_44100_128', 'pcm_44100', ...", "query")
    settings = body.get("voice_settings") or {}
    for name, (least, most) in RANGES.items():
        value = settings.get(name)
        if value is not None and not (isinstance(value, (int, float)) and least <= value <= most):
            return invalid("value_error", f"voice_settings.{name}", f"Input should be between {least} and {most}")
    seed = body.get("seed")
    if seed is not None and not (isinstance(seed, int) and 0 <= seed < 2**32):
        return invalid("less_than_equal", "seed", "Input should be less than or equal to 4294967295")
    if body.get("apply_text_normalization", "auto") not in ("auto", "on", "off"):
        return invalid("enum", "apply_text_normalization", "Input should be 'auto', 'on' or 'off'")
    if len(body.get("pronunciation_dictionary_locators") or ()) > 3:
        return invalid("too_long", "pronunciation_dictionary_locators", "List should have at most 3 items")
    return None


def known(voice: str, model: str, body: Mapping[str, Any]) -> Reply | None:
    """The refusal of a voice, a model, or what the model does not take; None: it is taken."""
    if voice.startswith("missing"):
        return failed(404, "voice_not_found", f"A voice with voice_id {voice} was not found.")
    row = MODELS.get(model)
    if row is None:
        return failed(400, "model_not_found", f"A model with model ID {model} does not exist.")
    if len(body["text"]) > row.characters:
        return failed(
            400, "max_character_limit_exceeded", f"This request's text has length {len(body['text'])}, over {row.characters}."
        )
    if body.get("language_code") and not row.language_code:
        return failed(400, "unsupported_language", f"Model {model} does not support language_code.", old=True)
    if (body.get("previous_text") or body.get("next_text")) and not row.context:
        return failed(400, "unsupported_model", f"Providing previous_text or next_text is not supported by {model}.", old=True)
    return None


def failed(status: int, code: str, message: str, kind: str = "error", old: bool = False) -> Reply:
    """An error in the newer or the older shape."""
    detail = {"status": code, "message": message}
    if not old:
        detail = {"type": kind, "code": code, **detail, "request_id": "sandbox"}
    return Reply({"detail": detail}, status)


def invalid(kind: str, field: str, message: str, part: str = "body") -> Reply:
    """A validation error: it is found before the key is looked at."""
    return Reply(
        {"detail": [{"type": kind, "loc": [part, *filter(None, field.split("."))], "msg": message, "input": None}]}, 422
    )


def _quota(left: Decimal, needed: Decimal) -> Reply:
    said = f"This request exceeds your quota. You have {left} credits remaining, while {needed} credits are required."
    return Reply({"detail": {"status": "quota_exceeded", "message": said}}, 401)


def _crowded(limit: int) -> Reply:
    said = (
        f"Too many concurrent requests. Your current subscription is associated with a maximum of {limit} concurrent requests."
    )
    return Reply({"detail": {"status": "too_many_concurrent_requests", "message": said}}, 429)


# --- sound -------------------------------------------------------------------------------------------


def encoded(samples: NDArray[np.float32], kind: str, number: int) -> bytes:
    """`samples` (n,) at `speech.RATE` in a format of theirs; `number` makes the bytes of equal requests differ."""
    import numpy as np

    from talkmill.media import ffmpeg, sound

    form = FORMAT.match(kind)
    codec, rate = (form[1], int(form[2])) if form else ("mp3", 44_100)
    out = sound.resample(samples, speech.RATE, rate)
    noise = np.random.default_rng(number).integers(-1, 2, len(out))
    data = (np.clip(np.rint(out * 32768), -32767, 32766) + noise).astype("<i2").tobytes()
    if codec == "pcm":
        return data
    coder = {
        "mp3": ["-c:a", "libmp3lame", "-b:a", f"{form[3] if form and form[3] else 128}k", "-f", "mp3"],
        "wav": ["-c:a", "pcm_s16le", "-f", "wav"],
        "opus": ["-c:a", "libopus", "-f", "ogg"],
        "ulaw": ["-c:a", "pcm_mulaw", "-f", "mulaw"],
        "alaw": ["-c:a", "pcm_alaw", "-f", "alaw"],
    }[codec]
    given = ["-f", "s16le", "-ar", str(rate), "-ac", "1", "-i", "pipe:0"]
    coded, _ = ffmpeg.run([*given, "-map_metadata", "-1", "-bitexact", *coder, "pipe:1"], data=data)
    return coded


def _decoded(data: bytes) -> NDArray[np.float32] | None:
    import numpy as np

    from talkmill.errors import MediaError
    from talkmill.media import ffmpeg

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound"
        path.write_bytes(data)
        try:
            raw, _ = ffmpeg.run(
                ["-i", ffmpeg.url(path), "-map", "0:a:0", "-ac", "1", "-ar", str(speech.RATE), "-f", "s16le", "pipe:1"]
            )
        except MediaError:
            return None
    return np.frombuffer(raw, "<i2").astype(np.float32) / np.float32(32768)


def _loud(samples: NDArray[np.float32]) -> tuple[float, float]:
    """Seconds at which sound begins and ends."""
    import numpy as np

    heard = np.flatnonzero(np.abs(samples) > 0.02 * float(np.abs(samples).max(initial=1e-6)))
    return (float(heard[0]) / speech.RATE, float(heard[-1]) / speech.RATE) if len(heard) else (0.0, len(samples) / speech.RATE)
