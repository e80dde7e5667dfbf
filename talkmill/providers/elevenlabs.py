"""ElevenLabs: speech with the times of its characters, and forced alignment, by the provider's own SDK.

The SDK repeats requests by itself (twice on 408, 409, 429 and 5xx), which for paid speech is paying twice: every call here is
sent with `max_retries: 0`, on an HTTP client of ours that follows no redirect and keeps no connection. The provider has no
idempotency key and cannot be asked about a call by a name of ours, so `handles` is "none": an answer that was lost is held.

Operations: `text-to-speech` (body: `voice_id`, `output_format`, `text` and what else the endpoint takes; files back: `sound`,
`times` with `alignment` and `normalized_alignment`) and `forced-alignment` (body: `text`; file along: `sound`; back: `times`).
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import os
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from talkmill.errors import AccountError, MediaError, NotAccepted, OutcomeUnknown, ProviderError, Refused
from talkmill.model.calls import Answer, Call, Done, Failed, Pending, Task
from talkmill.providers.elevenlabs_models import FORMATS

if TYPE_CHECKING:
    import ssl

    import httpx

BASE = "https://api.elevenlabs.io"
KEY = "ELEVENLABS_API_KEY"
NO_KEY = f"elevenlabs: no key ({KEY} is not set). Set it in the environment, not in a file."
CREDIT = "elevenlabs-credit"
"""The currency of the `character-cost` header."""

ONCE = {"max_retries": 0}
READ = 240
"""Seconds for an answer: speech comes back when all of it is made."""

CROWDED = 2.0
"""Seconds to wait when too many requests of the account are at work: a slot gets free soon."""
BUSY = 10.0
"""Seconds to wait when the provider itself is overloaded; who repeats doubles it."""

BALANCE = frozenset({"quota_exceeded", "payment_required", "insufficient_credits", "credits_exhausted"})
CONCURRENT = frozenset({"too_many_concurrent_requests", "concurrent_limit_exceeded"})
SETTING = {
    "voice_not_found": "`voice`",
    "voice_does_not_exist": "`voice`",
    "model_not_found": "`model`",
    "text_too_long": "the line's text",
    "max_character_limit_exceeded": "the line's text",
    "output_format_not_allowed": "`format`",
    "pronunciation_dictionary_not_found": "`dictionaries`",
}
"""The setting that a status or code of theirs is about."""
FIELDS = {
    "voice_id": "`voice`",
    "model_id": "`model`",
    "text": "the line's text",
    "output_format": "`format`",
    "similarity_boost": "`similarity`",
    "use_speaker_boost": "`speaker_boost`",
    "apply_text_normalization": "`normalize`",
    "pronunciation_dictionary_locators": "`dictionaries`",
    "previous_text": "`context`",
    "next_text": "`context`",
    "language_code": "the episode's language",
}
"""Fields of the request, as the YAML calls them."""

CUT = 0.5
"""Seconds by which the sound may end before its last character does, before it counts as broken off."""


class ElevenLabs:
    """The provider. Settings: `base_url` (a regional host, or a sandbox), `timeout` (seconds for an answer).

    The key is read from ELEVENLABS_API_KEY at each call.
    """

    name: ClassVar[str] = "elevenlabs"
    handles: ClassVar[Literal["unique", "lookup", "none"]] = "none"
    handles_of: ClassVar[Mapping[str, Literal["unique", "lookup", "none"]]] = {}
    visible: ClassVar[float] = 0.0

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        chosen = settings or {}
        self.base = str(chosen.get("base_url") or BASE).rstrip("/")
        self.read = float(chosen.get("timeout") or READ)

    def missing(self, operations: frozenset[str] = frozenset()) -> list[str]:
        """What must be set before calls can be made, as sentences; for planning. Asks nobody."""
        return [] if os.environ.get(KEY, "").strip() else [NO_KEY]

    def submit(self, call: Call, files: Mapping[str, Path], handle: str, workdir: Path) -> Answer:
        """Send it once; the answer is the result. `handle` is of no use to the provider and is not sent.

        Raises:
            NotAccepted, Refused, AccountError, OutcomeUnknown: as `talkmill.model.calls.Provider` says.
        """
        if call.operation == "text-to-speech":
            return self._speech(call, workdir)
        if call.operation == "forced-alignment":
            return self._alignment(call, files["sound"], workdir)
        raise Refused(f"elevenlabs: no such operation ({call.operation!r}). It knows text-to-speech and forced-alignment.")

    def find(self, call: Call, handle: str) -> Task | None:
        """It cannot be asked."""
        raise Refused("elevenlabs: a call cannot be looked up by a name of ours. Look at the history on their site.")

    def poll(self, call: Call, task: Task) -> Pending | Done | Failed:
        """It answers at once; there is never anything to wait for."""
        raise Refused("elevenlabs: answers at once; there is no task to ask for.")

    def fetch(self, call: Call, done: Done, workdir: Path) -> Mapping[str, Path]:
        """Nothing is left to be fetched."""
        raise Refused("elevenlabs: answers at once; there is nothing to fetch.")

    # --- operations ------------------------------------------------------------------------------

    def _speech(self, call: Call, workdir: Path) -> Answer:
        body = dict(call.body)
        voice = body.pop("voice_id")
        kind = str(body["output_format"])

        def ask(client: Any) -> Any:
            speech = client.text_to_speech.with_raw_response
            return speech.convert_with_timestamps(voice, model_id=call.model, request_options=ONCE, **body)

        answer = self._once(ask)
        told = answer.data
        try:
            sound = base64.b64decode(getattr(told, "audio_base_64", None) or "", validate=True)
        except (binascii.Error, TypeError, ValueError):
            sound = b""
        if not sound:
            raise unusable("no sound is in it")
        path = workdir / ("sound.mp3" if kind.startswith("mp3") else "sound.pcm")
        path.write_bytes(sound)
        alignments = {name: _plain(getattr(told, name, None)) for name in ("alignment", "normalized_alignment")}
        _whole(path, kind, alignments)
        times = workdir / "times.json"
        times.write_text(json.dumps(alignments, ensure_ascii=False, sort_keys=True), encoding="utf-8")
        return _answer({"sound": path, "times": times}, answer.headers)

    def _alignment(self, call: Call, sound: Path, workdir: Path) -> Answer:
        def ask(client: Any) -> Any:
            # a name without an ending of the store's: they look at the content
            part = ("sound.wav", sound.read_bytes(), "audio/wav")
            return client.forced_alignment.with_raw_response.create(file=part, text=call.body["text"], request_options=ONCE)

        answer = self._once(ask)
        told = _plain(answer.data)
        if not isinstance(told, dict) or not isinstance(told.get("words"), list):
            raise unusable("no words are in it")
        times = workdir / "times.json"
        times.write_text(json.dumps(told, ensure_ascii=False, sort_keys=True), encoding="utf-8")
        return _answer({"times": times}, answer.headers)

    def _once(self, ask: Callable[[Any], Any]) -> Any:
        """One request by the SDK, with everything that can go wrong mapped; the key is in no message."""
        import httpx

        key = os.environ.get(KEY, "").strip()
        if not key:
            raise AccountError(NO_KEY)
        wrong: ProviderError
        try:
            with self._http() as http:
                return ask(_client(self.base, key, http))
        except (httpx.LocalProtocolError, UnicodeEncodeError):
            wrong = AccountError(
                "elevenlabs: the key has characters that cannot be sent. Set it anew, without quotes or line ends."
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            wrong = NotAccepted(
                f"elevenlabs: cannot be reached ({_shown(error, key)}). Look at the network, or run again later."
            )
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            wrong = Refused("elevenlabs: its address cannot be used. Look at providers.elevenlabs.base_url in config.yaml.")
        except httpx.HTTPError as error:
            wrong = OutcomeUnknown(
                f"elevenlabs: the request was sent, and its answer was lost ({_shown(error, key)}). It may have been billed."
            )
        except Exception as error:
            status = getattr(error, "status_code", None)
            if status is None:  # none of the SDK's own
                raise
            wrong = problem(int(status), getattr(error, "body", None), getattr(error, "headers", None) or {}, key)
        raise wrong from None  # the SDK's and httpx's own errors hold the request with its headers

    def _http(self) -> httpx.Client:
        import httpx

        return httpx.Client(
            verify=_trusted(),
            timeout=httpx.Timeout(connect=10, read=self.read, write=60, pool=30),
            limits=httpx.Limits(max_keepalive_connections=0),
            follow_redirects=False,
        )


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whom to trust, read once: it takes 15 ms and some megabytes."""
    import httpx

    return httpx.create_ssl_context()


def _client(base: str, key: str, http: httpx.Client) -> Any:
    from elevenlabs.client import ElevenLabs as Sdk  # half a second of imports

    # it names its own timeout (240 s, for connecting too) with each request, and so stands over the client's
    return Sdk(api_key=key, base_url=base, httpx_client=http, timeout=http.timeout)  # type: ignore[arg-type]


def _shown(error: Exception, key: str) -> str:
    return f"{type(error).__name__}: {str(error).replace(key, '***')}"


def _plain(value: Any) -> Any:
    """An SDK model as JSON values."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True)
    return value


def _answer(files: Mapping[str, Path], headers: Mapping[str, str]) -> Answer:
    found = {name.lower(): value for name, value in dict(headers).items()}
    try:
        cost = Decimal(found["character-cost"])
    except (KeyError, InvalidOperation):
        cost = None
    task = Task(found["request-id"]) if found.get("request-id") else None
    return Answer(files, task, cost, CREDIT)


def unusable(why: str) -> OutcomeUnknown:
    """The answer says that all went well, and holds nothing of use: it was most likely billed."""
    return OutcomeUnknown(f"elevenlabs: its answer cannot be used ({why}). It was most likely billed; nothing was kept.")


def _whole(path: Path, kind: str, alignments: Mapping[str, Any]) -> None:
    """Raise unless the sound decodes and lasts as long as its characters.

    Raises:
        OutcomeUnknown: it does not.
    """
    from talkmill.providers import results

    if kind.startswith("pcm"):
        rate = FORMATS.get(kind) or int(kind.rpartition("_")[2])
        seconds = path.stat().st_size / 2 / rate
    else:
        try:
            seconds = results.sound_seconds(path)
        except MediaError as error:
            raise unusable(f"its sound cannot be decoded: {error}") from None
    told = alignments.get("alignment") or alignments.get("normalized_alignment") or {}
    ends = [end for end in told.get("character_end_times_seconds") or () if isinstance(end, int | float)]
    if seconds <= 0 or seconds < max(ends, default=0.0) - CUT:
        raise unusable(
            f"its sound breaks off after {seconds:.2f} s, its last character is said at {max(ends, default=0.0):.2f} s"
        )


# --- errors ------------------------------------------------------------------------------------------


def problem(status: int, body: Any, headers: Mapping[str, str], key: str = "") -> ProviderError:
    """What an error answer means, in any of the provider's three shapes.

    `{"detail": {"type", "code", "message", "status", ...}}` (new), `{"detail": {"status", "message"}}` (older), and
    `{"detail": [{"type", "loc", "msg", ...}]}` (422). Balance, key and permissions are the account's; 429 and "busy" are no
    acceptance; 5xx say nothing of what became of the request.
    """
    from talkmill.providers.http import retry_after

    said, names, field = _details(body)
    said = said.replace(key, "***") if key else said
    shown = f"HTTP {status}" + (f", {'/'.join(sorted(names))}" if names else "") + (f": {said}" if said else "")
    wait = retry_after(next((value for name, value in headers.items() if name.lower() == "retry-after"), None))
    if status < 300:
        return unusable(f"HTTP {status}, not the JSON that was asked for")
    if status == 429:
        if names & BALANCE:
            return AccountError(f"elevenlabs: the balance is used up ({shown}). Add credits on their site.")
        usual = CROWDED if names & CONCURRENT else BUSY
        return NotAccepted(f"elevenlabs: takes no more at the moment ({shown}).", usual if wait is None else wait)
    if status == 402 or names & BALANCE:
        return AccountError(f"elevenlabs: the balance or the plan does not allow it ({shown}). Add credits or change the plan.")
    if status == 401:
        return AccountError(f"elevenlabs: the key is not accepted ({shown}). Set {KEY} to a valid key.")
    if status in (408, 425):
        return OutcomeUnknown(f"elevenlabs: gave up waiting ({shown}). It may have been billed.")
    if status >= 500:
        return OutcomeUnknown(f"elevenlabs: failed inside ({shown}). Nothing says whether it was billed.")
    if status < 400:
        return Refused(f"elevenlabs: answers with a redirect ({shown}). Look at providers.elevenlabs.base_url in config.yaml.")
    about = field or next((SETTING[name] for name in sorted(names) if name in SETTING), "") or _guessed(said)
    if status == 403 and not about:
        about = "the key's permissions, or a setting that the plan does not include,"
    return Refused(f"elevenlabs: does not take this ({shown}). Correct {about or 'the voice and its settings'}.")


def _details(body: Any) -> tuple[str, frozenset[str], str]:
    """What an error answer says, the names it gives the error, and the setting it names."""
    detail = body.get("detail", body) if isinstance(body, dict) else body
    if isinstance(detail, list):
        first = next((item for item in detail if isinstance(item, dict)), {})
        place = [str(part) for part in first.get("loc") or () if part not in ("body", "query", "path")]
        field = FIELDS.get(place[-1], f"`{place[-1]}`") if place else ""
        return f"{'.'.join(place)}: {first.get('msg', '')}", frozenset(), field
    if isinstance(detail, dict):
        names = frozenset(str(detail[name]) for name in ("status", "code") if isinstance(detail.get(name), str))
        return str(detail.get("message") or "")[:300], names, ""
    return ("" if detail is None or "<" in str(detail)[:1] else str(detail)[:200]), frozenset(), ""


def _guessed(said: str) -> str:
    return next((FIELDS[name] for name in FIELDS if name != "text" and name in said), "")
