"""A stand-in for Kling's API on this machine.

Any API key that begins with `sk-test` is accepted, and tokens of the access key `ak-test` with the secret
`sk-test-secret-of-thirty-two-bytes`. What is sent is checked as Kling does, with its codes and words; results are real pictures
and clips; a task holds a slot until it ends; what it would have cost is on the bill. Faults on demand (`POST /kling/faults`, or
`service.faults.add(name)`):

| fault | what happens |
| --- | --- |
| any code of the API's table, as "1302", "1303", "1102", "1301" | the next create is refused with it |
| "5000", "5001", "5002" | the same after the task was made: the client sees an error, the task runs and is billed |
| "timeout", "drop", "reset" | the task is made, and the answer never comes, or the connection breaks |
| "html-answer" | the task is made, and a page comes back |
| "failed", "unsafe" | the task ends as failed, with a message; nothing is billed |
| "1003", "1004" | the token counts as too early, as too late |
| "expired" | the result's address answers 403 once; a new one is given to whoever asks for the task |
| "expired-for-good" | every address of that result answers 403 |
| "html", "truncated", "cut", "empty", "sound", "garbage" | the result is a page, lacks its end, breaks off in transit, ... |
| "redirect", "redirect-private", "redirect-loop" | the result's address leads on: to the file, a private network, nowhere |
| "long", "short", "slow", "varying", "small" | the clip: 1 s too long, too short, 12 frames a second, uneven, of a quarter |
| "no-face" | identify-face finds nobody |
| "poll-500", "poll-html" | a question is answered with an error, with a page |
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import itertools
import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from talkmill.providers.sandbox import kling_results
from talkmill.providers.sandbox.kling_rules import CODES, PRODUCTS, Rule, TaskState, Wrong, priced, seconds_of
from talkmill.providers.sandbox.media import Sized, look
from talkmill.providers.sandbox.server import Asked, Reply, Sandbox, Service, route

KEY, ACCESS, SECRET = "sk-test", "ak-test", "sk-test-secret-of-thirty-two-bytes"
AFTER = ("5000", "5001", "5002", "timeout", "drop", "reset", "html-answer")
BEFORE = ("1100", "1101", "1102", "1103", "1200", "1201", "1202", "1203", "1300", "1301", "1302", "1303", "1304")
TOKEN = ("1000", "1001", "1002", "1003", "1004")
ENDS = ("failed", "unsafe")
RESULTS = (*kling_results.FAULTS, "expired", "expired-for-good")
POLLS = ("poll-500", "poll-html")
STALL = 3.0
"""Real seconds that "timeout" keeps silent."""


class KlingService(Service):
    """Kling's API; `slots` tasks at once, each `pace` seconds of its time for a second of its result, `least` at least."""

    name = "kling"
    environ: ClassVar[Mapping[str, str]] = {"KLING_API_KEY": "sk-test-sandbox"}
    fault_names = (*AFTER, *BEFORE, *TOKEN, *ENDS, *RESULTS, *POLLS, "no-face")

    def __init__(self, slots: int = 5, pace: float = 7, least: float = 20, stall: float = STALL) -> None:
        super().__init__()
        self.slots, self.pace, self.least, self.stall = slots, pace, least, stall
        self.tasks: dict[str, TaskState] = {}
        self.external: dict[str, str] = {}
        self.sessions: dict[str, tuple[bytes, Sized, float]] = {}
        self.fetched: list[str] = []  # hosts from which clips were taken
        self._numbers = itertools.count(880_000_000_000_001)
        self._requests = itertools.count(1)

    def settings(self, box: Sandbox) -> dict[str, Any]:
        """Its address, and the shelf for clips where that is served too."""
        found: dict[str, Any] = {"base_url": box.url(self.name)}
        return found | ({"upload": {"to": "fal", "base_url": box.url("shelf")}} if "shelf" in box.services else {})

    # --- creating --------------------------------------------------------------------------------

    @route("POST", "/v1/images/generations")
    @route("POST", "/v1/videos/image2video")
    @route("POST", "/v1/videos/avatar/image2video")
    @route("POST", "/v1/videos/lip-sync")
    @route("POST", "/v1/videos/advanced-lip-sync")
    @route("POST", "/v1/videos/identify-face")
    @route("POST", "/image-to-video/{}")
    def create(self, asked: Asked) -> Reply:
        """Take a task, or refuse it."""
        try:
            rule = PRODUCTS["image-to-video" if asked.match else asked.path.removeprefix("/v1/")]
            self._authorise(asked, new=rule.new)
            fault = self.faults.take(asked.path, (*BEFORE, *AFTER))
            if fault in BEFORE:
                raise Wrong(int(fault))
            given = asked.json()
            if not isinstance(given, dict):
                raise Wrong(1200, "request body is not valid json")
            if rule.name == "identify-face":
                return self._after(fault, self._identify(given, asked))
            made = rule.check(self, given, asked.match[0] if asked.match else "")
            task = self._take(rule, given, made, asked)
        except Wrong as wrong:
            return self._refuse(wrong)
        return self._after(fault, self._wrap(task.shown_new() if rule.new else task.shown(created=True)))

    def _take(self, rule: Rule, given: dict[str, Any], made: dict[str, Any], asked: Asked) -> TaskState:
        options = given.get("options") or {} if rule.new else given
        external = str(options.get("external_task_id") or "") if rule.name != "lip-sync" else ""
        with self.lock:
            if external and external in self.external:
                raise Wrong(1201, f"external_task_id already exists: {external}")
            busy = sum(task.slots for task in self.tasks.values() if self._state(task) in ("submitted", "processing"))
            if busy + made.get("n", 1) > self.slots:
                raise Wrong(1303, "parallel task over resource pack limit")
            number = str(next(self._numbers))
            length = made.get("seconds", 0.0)
            task = TaskState(
                number, external, rule, made, self.clock.now(), max(self.least, float(length) * self.pace), asked.base,
                end=self.faults.take(asked.path, ENDS) or "", result_fault=self.faults.take(asked.path, RESULTS) or "",
                slots=made.get("n", 1),
            )  # fmt: skip
            self.tasks[number] = task
            if external:
                self.external[external] = number
        return task

    def _identify(self, given: dict[str, Any], asked: Asked) -> Reply:
        clip, film = self.clip_of(given, 2, 60, 512, 2160)
        digest = hashlib.sha256(clip).hexdigest()
        session = f"session-{next(self._numbers)}"
        with self.lock:
            self.sessions[session] = (clip, film, self.clock.now())
            charge = priced("identify-face", Decimal(1), {})
            self.bill.add(self.name, "identify-face", Decimal(1), charge.usd, task=session)
        faces = [
            {
                "face_id": digest[:8],
                "face_image": f"{asked.base}/files/{session}.png",
                "start_time": 0,
                "end_time": round(film.seconds * 1000),
            }
        ]
        found = [] if self.faults.take(asked.path, ("no-face",)) else faces
        return self._wrap({"session_id": session, "final_unit_deduction": str(charge.units), "face_data": found})

    def _after(self, fault: str | None, reply: Reply) -> Reply:
        """What the client sees of something that was taken."""
        if fault in ("5000", "5001", "5002"):
            return self._refuse(Wrong(int(fault)))
        if fault == "html-answer":
            return Reply(b"<!DOCTYPE html><html><body>Bad gateway</body></html>", 200, {"Content-Type": "text/html"})
        reply.stall = self.stall if fault == "timeout" else 0
        reply.drop, reply.reset = fault in ("drop", "reset"), fault == "reset"
        return reply

    # --- asking ----------------------------------------------------------------------------------

    @route("GET", "/v1/images/generations/{}")
    @route("GET", "/v1/videos/image2video/{}")
    @route("GET", "/v1/videos/avatar/image2video/{}")
    @route("GET", "/v1/videos/lip-sync/{}")
    @route("GET", "/v1/videos/advanced-lip-sync/{}")
    def query(self, asked: Asked) -> Reply:
        """One task of the older API, by its id; where Kling's pages say so, by the external id too."""
        try:
            self._authorise(asked, new=False)
            if faulty := self._poll_fault(asked):
                return faulty
            name = asked.path.removeprefix("/v1/").rpartition("/")[0]
            number = asked.match[0]
            if not name.endswith("lip-sync"):
                number = self.external.get(number, number)
            task = self.tasks.get(number)
            if task is None or task.rule.path != name:
                raise Wrong(1201, f"Task not found by id/external id: {asked.match[0]}")
            self._settle(task)
            return self._wrap(task.shown())
        except Wrong as wrong:
            return self._refuse(wrong)

    @route("GET", "/v1/images/generations")
    @route("GET", "/v1/videos/image2video")
    @route("GET", "/v1/videos/avatar/image2video")
    @route("GET", "/v1/videos/lip-sync")
    @route("GET", "/v1/videos/advanced-lip-sync")
    def listing(self, asked: Asked) -> Reply:
        """The newest tasks of one product."""
        try:
            self._authorise(asked, new=False)
            page, size = int(asked.query.get("pageNum", 1)), int(asked.query.get("pageSize", 30))
            if not (1 <= page <= 1000 and 1 <= size <= 500):
                raise Wrong(1201, "pageSize must be between 1 and 500")
            with self.lock:
                found = [task for task in reversed(self.tasks.values()) if task.rule.path == asked.path.removeprefix("/v1/")]
            shown = found[(page - 1) * size : page * size]
            for task in shown:
                self._settle(task)
            return self._wrap([task.shown() for task in shown])
        except Wrong as wrong:
            return self._refuse(wrong)

    @route("GET", "/tasks")
    def across(self, asked: Asked) -> Reply:
        """Tasks of all products, by our ids or Kling's; for API keys only."""
        try:
            self._authorise(asked, new=True)
            if faulty := self._poll_fault(asked):
                return faulty
            given = asked.query.get("task_ids"), asked.query.get("external_task_ids")
            if (given[0] is None) == (given[1] is None):
                raise Wrong(1201, "exactly one of task_ids and external_task_ids is required")
            ids = [part for part in (given[0] or given[1] or "").split(",") if part]
            if len(ids) > 20:
                raise Wrong(1201, "at most 20 ids")
            numbers = ids if given[0] is not None else [self.external.get(one, "") for one in ids]
            found = [self.tasks[number] for number in numbers if number in self.tasks]
            for task in found:
                self._settle(task)
            return self._wrap([task.shown_new() for task in found])
        except Wrong as wrong:
            return self._refuse(wrong)

    @route("GET", "/files/{}")
    def file(self, asked: Asked) -> Reply:
        """A result, under its signed address."""
        task = self.tasks.get(asked.match[0].partition(".")[0])
        if task is None:
            return Reply(b"no such key", 404, {"Content-Type": "text/plain"})
        with self.lock:
            expired = int(asked.query.get("Expires", "0")) < self.clock.now() or asked.query.get("v") != str(task.address)
        if expired or task.result_fault == "expired-for-good":
            return Reply(b"Request has expired", 403, {"Content-Type": "text/plain"})
        if task.result_fault == "expired":
            with self.lock:
                task.result_fault, task.address = "", task.address + 1
            return Reply(b"Request has expired", 403, {"Content-Type": "text/plain"})
        return kling_results.serve(task, asked)

    # --- inside ----------------------------------------------------------------------------------

    def _authorise(self, asked: Asked, new: bool) -> None:
        header = asked.headers.get("authorization", "")
        fault = self.faults.take(asked.path, TOKEN)
        if fault:
            raise Wrong(int(fault))
        if not header:
            raise Wrong(1001, "Authorization is empty")
        kind, _, token = header.partition(" ")
        if kind != "Bearer" or not token:
            raise Wrong(1002, "Authorization is invalid")
        if token.startswith(KEY) and token.count(".") != 2:
            return
        if token.count(".") != 2:
            raise Wrong(1002, f"The token was expected to have 3 parts, but got {token.count('.')}")
        if new:
            raise Wrong(1002, "This API does not support AK/SK authentication, please create an API Key")
        self._check_token(token)

    def _check_token(self, token: str) -> None:
        import jwt

        try:
            claims = jwt.decode(
                token, SECRET.encode(), algorithms=["HS256"], issuer=ACCESS,
                options={"verify_exp": False, "verify_nbf": False, "require": ["iss", "exp", "nbf"]},
            )  # fmt: skip
        except jwt.InvalidTokenError as error:
            raise Wrong(1002, f"Authorization is invalid: {error}") from None
        now = self.clock.today()
        if claims["nbf"] > now:
            raise Wrong(1003)
        if claims["exp"] < now:
            raise Wrong(1004)

    def _state(self, task: TaskState) -> str:
        age = self.clock.now() - task.created
        if age < 0.1 * task.lasts:
            return "submitted"
        return "processing" if age < task.lasts else "failed" if task.end else "succeed"

    def _settle(self, task: TaskState) -> None:
        """Bring a task up to date, and charge it once when it has ended well."""
        state = self._state(task)
        with self.lock:
            if state != task.state and state in ("succeed", "failed"):
                task.updated = task.created + task.lasts
                if state == "succeed":
                    quantity, charge = task.quantity, task.price
                    task.charge = self.bill.add(self.name, task.product, quantity, charge.usd, task=task.number)
            task.state = state

    def settle(self) -> None:
        """Bring all tasks up to date: tasks that nobody asks for are billed all the same."""
        for task in list(self.tasks.values()):
            self._settle(task)

    def answer(self, asked: Asked) -> Reply:
        """As every service, with the bill brought up to date first."""
        self.settle()
        return super().answer(asked)

    def clip_of(self, given: dict[str, Any], shortest: float, longest: float, least: int, most: int) -> tuple[bytes, Sized]:
        """The clip at `video_url`, fetched as Kling fetches it, and checked."""
        url, number = str(given.get("video_url") or ""), given.get("video_id")
        if not url and not number:
            raise Wrong(1201, "video_id or video_url is required")
        if number:
            raise Wrong(1201, "video_id not found")
        clip = self._fetch(url)
        film = look(clip, "video")
        if film is None:
            raise Wrong(1201, "video format is not supported, only mp4 and mov")
        seconds_of("video", film.seconds, shortest - 0.05, longest + 0.05)
        if not all(least <= side <= most for side in (film.width, film.height)):
            raise Wrong(1201, f"video width and height must be between {least} and {most}, got {film.width}x{film.height}")
        return clip, film

    def _fetch(self, url: str) -> bytes:
        if not re.match(r"https?://", url):
            raise Wrong(1201, "video_url is not a valid url")
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 (checked above)
                clip: bytes = answer.read((100 << 20) + 1)
        except (OSError, ValueError, urllib.error.URLError):
            raise Wrong(1201, "video_url cannot be downloaded") from None
        if len(clip) > 100 << 20:
            raise Wrong(1201, "video size must not exceed 100MB")
        self.fetched.append(url)
        return clip

    def media(self, value: Any, what: str, kind: str, largest: int) -> tuple[bytes, Sized]:
        """A picture or sound that was sent as base64, decoded and checked."""
        if not isinstance(value, str) or not value:
            raise Wrong(1201, f"{what} is required")
        if value.startswith("data:"):
            raise Wrong(1201, f"{what}: base64 must not carry a data: prefix")
        try:
            data = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise Wrong(1201, f"{what} is neither a url nor valid base64") from None
        if len(data) > largest:
            raise Wrong(1201, f"{what} size must not exceed {largest >> 20}MB")
        found = look(data, kind)
        if found is None:
            raise Wrong(1201, f"{what} format is not supported")
        return data, found

    def _poll_fault(self, asked: Asked) -> Reply | None:
        fault = self.faults.take(asked.path, POLLS)
        if fault == "poll-html":
            return Reply(b"<html>502</html>", 502, {"Content-Type": "text/html"})
        return self._refuse(Wrong(5000)) if fault else None

    def _wrap(self, data: Any) -> Reply:
        return Reply({"code": 0, "message": "SUCCEED", "request_id": f"request-{next(self._requests)}", "data": data})

    def _refuse(self, wrong: Wrong) -> Reply:
        status, words = CODES[wrong.code]
        body = {"code": wrong.code, "message": wrong.words or words, "request_id": f"request-{next(self._requests)}"}
        return Reply(body, status)

    def unknown(self, asked: Asked, known: bool) -> Reply:
        """No such path or method."""
        return self._refuse(Wrong(1202 if known else 1203))
