"""fal: any of its models by its queue, and its storage.

The client is ours and thin: fal's own repeats the paid submit by itself on timeouts, transport errors, 408, 409 and 429 (up to
ten times, without an idempotency key), and takes no address but https. fal cannot be asked about a call by a name of ours, so
`handles` is "none": an answer to a submit that was lost is held. Once there is a request id, everything can be asked again.

There is no state "failed" in the queue: COMPLETED may be one, and the result's address then answers with the error.

Settings (`providers.fal`): `base_url`, `hosts` (further domains from which results may come), `keep_days` (how long fal keeps
what it made). The key: FAL_KEY, or FAL_KEY_ID and FAL_KEY_SECRET.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from talkmill.errors import AccountError, NotAccepted, OutcomeUnknown, ProviderError, Refused
from talkmill.model.calls import Answer, Call, Done, Failed, Pending, Task
from talkmill.providers import fal_models
from talkmill.providers.http import Answered, Client, Limits

BASE = "https://queue.fal.run"
REST = "https://rest.fal.ai"
DOMAINS = ("fal.media", "fal.ai", "fal.run", "storage.googleapis.com")
"""Where results lie, and where files are put."""
INLINE = 512 << 10
"""Bytes of a picture up to which it is sent within the request, as a data URI."""
KEEP = 7
"""Days for which fal is asked to keep a result, so that a lost one can be fetched again."""
LARGEST = {"image": 64 << 20, "video": 1 << 30}
TYPES = {".mp4": "video/mp4", ".mov": "video/quicktime", ".mkv": "video/x-matroska", ".wav": "audio/wav", ".mp3": "audio/mpeg"}
TYPES |= {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}
Handles = Literal["unique", "lookup", "none"]


class Fal:
    """fal's protocol; see `talkmill.model.calls.Provider`.

    A call's body has `input`, the model's own fields, and `files`, role -> the field that takes its address.
    """

    name: ClassVar[str] = "fal"
    handles: ClassVar[Handles] = "none"
    handles_of: ClassVar[Mapping[str, Handles]] = {}
    visible: ClassVar[float] = 0.0

    def __init__(
        self,
        settings: Mapping[str, Any] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        given = settings or {}
        self._environ = os.environ if environ is None else environ
        base = str(given.get("base_url") or BASE).rstrip("/")
        rest = base if given.get("base_url") else REST  # whoever sets another address means all of it
        self._keep = float(given.get("keep_days") or KEEP) * 86400
        domains = (*DOMAINS, *given.get("hosts", ()))
        more = {"domains": domains, "secrets": self._secrets, "limits": limits or Limits(), "sleep": sleep}
        self._queue = Client(self.name, base, headers=self._headers, **more)
        self._rest = Client(self.name, rest, headers=self._headers, **more)

    def missing(self, operations: frozenset[str] = frozenset()) -> list[str]:
        """What must be set before calls can be made, as sentences; for planning. Asks nobody."""
        return [] if self._key() else ["fal: no key (FAL_KEY is not set). Set it in the environment, not in a file."]

    def submit(self, call: Call, files: Mapping[str, Path], handle: str, workdir: Path) -> Task | Answer:
        """Put its files where fal can read them, and submit it once; `handle` is of no use to fal and is not sent.

        Raises:
            NotAccepted, Refused, AccountError, OutcomeUnknown: as the contract says.
        """
        sent = {**call.body["input"]}
        for role, field in call.body["files"].items():
            sent[field] = self._address(files[role])
        headers = {
            "x-fal-no-retry": "1",  # a run that failed after work was done is not silently run, and maybe billed, again
            "x-fal-object-lifecycle-preference": json.dumps({"expiration_duration_seconds": int(self._keep)}),
        }
        answer = self._queue.post(call.model, json=sent, headers=headers)
        told = answer.json()
        if answer.status in (200, 201, 202) and isinstance(told, dict) and isinstance(told.get("request_id"), str):
            refs = {name: told[f"{name}_url"] for name in ("status", "response") if isinstance(told.get(f"{name}_url"), str)}
            return Task(told["request_id"], refs)
        if answer.status < 300:
            raise OutcomeUnknown(f"fal: {call.model}: no request id came back ({answer.looks_like}). It may have been taken.")
        raise self._error(answer, call, sent=True)

    def find(self, call: Call, handle: str) -> Task | None:
        """It cannot be asked."""
        raise Refused("fal: a call cannot be looked up by a name of ours. Look at the requests on their site.")

    def poll(self, call: Call, task: Task) -> Pending | Done | Failed:
        """What became of a request.

        Raises:
            NotAccepted: ask again later.
            AccountError: the key is not accepted.
            Refused: there is no such request any more, or it names an address that may not be gone to.
        """
        answer = self._queue.get(self._at(call, task, "status"))
        told = answer.json()
        if answer.status not in (200, 202) or not isinstance(told, dict):
            raise self._error(answer, call, sent=False)
        status = told.get("status")
        if status == "IN_QUEUE":
            place = told.get("queue_position")
            return Pending("in the queue" if place is None else f"place {place} in the queue")
        if status == "IN_PROGRESS":
            return Pending("at work")
        if status != "COMPLETED":
            raise NotAccepted(f"fal: {call.model}: an unknown state ({str(status)[:40]!r}). Ask again later.")
        wrong = told.get("error")
        result = self._result(call, task, patient=not wrong)
        if result.status != 200:
            return self._failed(result, str(wrong or ""), str(told.get("error_type") or ""))
        if wrong:
            return Failed(self._queue.scrub(str(wrong))[:300], charged=None)
        return self._done(call, task, result)

    def fetch(self, call: Call, done: Done, workdir: Path) -> Mapping[str, Path]:
        """Download the result, whole and decodable; an expired address is asked for anew, once.

        Raises:
            NotAccepted: it could not be fetched now.
            Refused: it is gone, or must not be fetched.
        """
        kind = fal_models.OPERATIONS[call.operation]
        role = fal_models.RESULTS[kind]
        task = Task(str(done.facts["task"]), done.facts.get("refs", {}))

        def fresh() -> str:
            again = self._result(call, task, patient=True)
            if again.status != 200:
                raise Refused(f"fal: {call.model}: the result is no longer kept (HTTP {again.status}).")
            return self._done(call, task, again).results[role]

        target = workdir / ("image" if kind == "image" else "clip.mp4")
        return {role: self._queue.download(done.results[role], target, kind=kind, largest=LARGEST[kind], fresh=fresh)}

    def store_file(self, path: Path) -> str:
        """Put a file into fal's storage; gives its public address, which its models (and others) can fetch.

        Raises:
            NotAccepted: it could not be uploaded now.
            AccountError, Refused: the key, or the file, is not accepted.
        """
        kind = TYPES.get(path.suffix.lower()) or _sniffed(path)
        asked = {"file_name": f"{path.stem[:16]}{_suffix(kind)}", "content_type": kind}
        try:
            answer = self._rest.post("storage/upload/initiate", json=asked, params={"storage_type": "fal-cdn-v3"})
        except OutcomeUnknown as error:  # an address that nobody puts anything at costs nothing
            raise NotAccepted(str(error)) from None
        told = answer.json()
        if answer.status != 200 or not isinstance(told, dict) or not {"upload_url", "file_url"} <= set(told):
            raise self._error(answer, None, sent=False)
        put = self._rest.put(str(told["upload_url"]), path.read_bytes(), {"content-type": kind})
        if put.status not in (200, 201, 204):
            raise NotAccepted(f"fal: the upload was not taken (HTTP {put.status}). Run again.", put.wait)
        return str(told["file_url"])

    def close(self) -> None:
        """Close all connections."""
        self._queue.close()
        self._rest.close()

    # --- parts -----------------------------------------------------------------------------------

    def _key(self) -> str:
        env = self._environ
        key, secret = env.get("FAL_KEY_ID", "").strip(), env.get("FAL_KEY_SECRET", "").strip()
        return env.get("FAL_KEY", "").strip() or (f"{key}:{secret}" if key and secret else "")

    def _secrets(self) -> list[str]:
        return [part for part in (self._key(), *self._key().split(":")) if part]

    def _headers(self) -> dict[str, str]:
        if not self._key():
            raise AccountError(self.missing()[0])
        return {"authorization": f"Key {self._key()}"}

    def _address(self, path: Path) -> str:
        kind = TYPES.get(path.suffix.lower()) or _sniffed(path)
        if kind.startswith("image/") and path.stat().st_size <= INLINE:
            return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"
        return self.store_file(path)

    def _at(self, call: Call, task: Task, what: str) -> str:
        """The address that fal named for it; without one, its documented form (owner and alias, without what follows)."""
        named = task.refs.get(what)
        tail = "/status" if what == "status" else ""
        return named or f"{'/'.join(call.model.split('/')[:2])}/requests/{task.id}{tail}"

    def _result(self, call: Call, task: Task, patient: bool) -> Answered:
        """The result's answer; where the job failed its error is the answer, and is not asked for again."""
        more: dict[str, Any] = {} if patient else {"again": lambda answer: answer.status in (408, 425, 429)}
        return self._queue.get(self._at(call, task, "response"), **more)

    def _done(self, call: Call, task: Task, result: Answered) -> Done:
        kind = fal_models.OPERATIONS[call.operation]
        told = result.json()
        declared = fal_models.ready().get(call.model, {}).get("result", "")
        url = _along(told, declared) or _found(told, kind)
        if not url:
            raise Refused(
                f"fal: {call.model}: no {kind} is in its answer ({result.looks_like}; request {task.id}). "
                "Look at it on their site, and correct `operation`."
            )
        facts = {"task": task.id, "refs": dict(task.refs)}
        seed = told.get("seed") if isinstance(told, dict) else None
        return Done({fal_models.RESULTS[kind]: url}, expires=None, facts={**facts, **({} if seed is None else {"seed": seed})})

    def _failed(self, answer: Answered, said: str, kind: str) -> Failed | Any:
        """A request that ended in an error. Validation (422) may be billed; what broke inside fal is not."""
        if answer.status in (401, 402, 403):
            raise self._error(answer, None, sent=False)
        if answer.status == 404:
            raise Refused(f"fal: the request is no longer there (HTTP 404{': ' + said if said else ''}).")
        words, _ = _words(answer.json())
        reason = self._queue.scrub(": ".join(part for part in (kind, words or said) if part) or answer.looks_like)[:300]
        told = answer.headers.get("x-fal-retryable", "").lower()
        again = told == "true" if told else answer.status >= 500
        return Failed(reason, charged=False if answer.status >= 500 else None, again=again)

    def _error(self, answer: Answered, call: Call | None, sent: bool) -> ProviderError:
        """What an answer means that is no success; `sent`: it answers a submit."""
        words, field = _words(answer.json())
        words = self._queue.scrub(words)[:300]
        who = f"fal: {call.model}" if call else "fal"
        shown = f"HTTP {answer.status}{': ' + words if words else ''}"
        status = answer.status
        if status == 401:
            return AccountError(f"{who}: the key is not accepted ({shown}). Set FAL_KEY to a valid key.")
        if status in (402, 403):
            return AccountError(f"{who}: the account may not ({shown}). Look at its balance and its keys on their site.")
        if status == 429:
            return NotAccepted(f"{who}: takes no more at the moment ({shown}).", answer.wait)
        if status >= 500 or status in (408, 409, 425):
            if sent:
                return OutcomeUnknown(f"{who}: failed inside ({shown}). Nothing says whether it was taken.")
            return NotAccepted(f"{who}: failed inside ({shown}). Run again.", answer.wait)
        if status == 404:
            what = "there is no such model" if sent else "there is no such request any more"
            return Refused(f"{who}: {what} ({shown}). Correct `model`." if sent else f"{who}: {what} ({shown}).")
        if status < 400:
            if status < 300:
                return NotAccepted(f"{who}: its answer cannot be read ({answer.looks_like}). Run again.")
            return Refused(f"{who}: answers with a redirect ({shown}). Look at providers.fal.base_url in config.yaml.")
        return Refused(f"{who}: does not take this ({shown}). Correct {f'`{field}`' if field else 'what is sent'}.")


def _words(body: Any) -> tuple[str, str]:
    """What an error answer says, and the field it names: `{"detail": text}` or `{"detail": [{"loc", "msg", "type"}]}`."""
    detail = body.get("detail", body.get("error", "")) if isinstance(body, dict) else ""
    if isinstance(detail, list):
        first = next((item for item in detail if isinstance(item, dict)), {})
        place = [str(part) for part in first.get("loc") or () if part != "body"]
        return f"{'.'.join(place)}: {first.get('msg', '')}", place[-1] if place else ""
    return str(detail or ""), ""


def _along(told: Any, path: str) -> str:
    """The address at `path` ("images.0.url"); "" where there is none."""
    for part in filter(None, path.split(".")):
        if isinstance(told, list) and part.isdigit() and int(part) < len(told):
            told = told[int(part)]
        elif isinstance(told, dict):
            told = told.get(part)
        else:
            return ""
    return told if path and isinstance(told, str) else ""


def _found(told: Any, kind: str) -> str:
    """The address of a result in an answer that nobody described: of the right type, or name, or the first.

    Addresses of other kinds of things (a mask, a thumbnail, a log) often stand beside it.
    """
    found = list(_addresses(told, ()))
    named = [url for path, url, _ in found if any(part.startswith(kind) for part in path)]
    typed = [url for _, url, sort in found if sort.startswith(f"{kind}/")]
    return next(iter([*typed, *named, *(url for _, url, sort in found if not sort)]), "")


def _addresses(told: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """(names on the way, address, type where it is told) of every address in an answer."""
    if isinstance(told, str) and told.startswith(("https://", "http://")):
        yield path, told, ""
    elif isinstance(told, list):
        for item in told:
            yield from _addresses(item, path)
    elif isinstance(told, dict) and isinstance(told.get("url"), str):
        yield path, told["url"], str(told.get("content_type") or "")
    elif isinstance(told, dict):
        for name, item in told.items():
            yield from _addresses(item, (*path, str(name)))


def _sniffed(path: Path) -> str:
    """The media type of a file by its first bytes: files of the store have no names."""
    with path.open("rb") as file:
        head = file.read(16)
    if head.startswith(b"\x89PNG"):
        return "image/png"
    if head.startswith(b"\xff\xd8"):
        return "image/jpeg"
    if head[:4] == b"RIFF":
        return "image/webp" if head[8:12] == b"WEBP" else "audio/wav"
    if head[4:8] == b"ftyp":
        return "video/mp4"
    if head.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3")):
        return "audio/mpeg"
    return "application/octet-stream"


def _suffix(kind: str) -> str:
    return next((suffix for suffix, name in TYPES.items() if name == kind), "")
