"""Kling: pictures, motion, lip sync and avatars over its own API.

Settings (`providers.kling` in config.yaml): `base_url` (the global service by default), `hosts` (further domains from which
results may come) and `upload` (where a clip is put so that Kling can fetch it; lip sync only, see `talkmill.providers.upload`).
Keys come from the environment: KLING_API_KEY, or KLING_ACCESS_KEY and KLING_SECRET_KEY.

Our handle is Kling's `external_task_id`: unique in the account across products, so a second submit under it is refused.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from talkmill.errors import Duplicate, NotAccepted, OutcomeUnknown, Refused
from talkmill.model.calls import Answer, Call, Done, Failed, Listed, Pending, Task
from talkmill.providers import kling_calls, upload
from talkmill.providers.http import Answered, Client, Limits
from talkmill.providers.kling_errors import TOKEN, code_of, data_of, error_of, not_found, repeat, words_of
from talkmill.providers.kling_keys import Keys

BASE = "https://api-singapore.klingai.com"
DOMAINS = ("klingai.com", "kling.ai", "kechuangai.com", "kwimgs.com", "kwaicdn.com")
"""Where results have been seen to come from; `hosts` adds to them."""
LARGEST = {"image": 64 << 20, "video": 1 << 30}
PAGE, PAGES = 500, 20
"""Tasks in one page of a list, the most there may be, and pages that are read of one product."""
Handles = Literal["unique", "lookup", "none"]


class Kling:
    """Kling's protocol; see `talkmill.model.calls.Provider`."""

    name: ClassVar[str] = "kling"
    handles: ClassVar[Handles] = "unique"
    handles_of: ClassVar[Mapping[str, Handles]] = {"identify-face": "none", "lip-sync-single": "none"}
    visible: ClassVar[float] = 10  # tasks were seen at once in 152 tries of 152

    def __init__(
        self,
        settings: Mapping[str, Any] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        given = settings or {}
        self._environ = os.environ if environ is None else environ
        self._keys = Keys(self._environ, clock)
        self._upload = given.get("upload")
        self._client = Client(
            self.name, given.get("base_url") or BASE, domains=(*DOMAINS, *given.get("hosts", ())),
            secrets=self._keys.secrets, limits=limits, sleep=sleep,
        )  # fmt: skip

    def missing(self, operations: frozenset[str] = frozenset()) -> list[str]:
        """What must be set before calls of these operations can be made, as sentences; for planning. Asks nobody."""
        found = [self._keys.missing()]
        if any(name in kling_calls.PRODUCTS and kling_calls.PRODUCTS[name].public for name in operations):
            found.append(upload.missing(self._upload, self._environ))
        return [sentence for sentence in found if sentence]

    def submit(self, call: Call, files: Mapping[str, Path], handle: str, workdir: Path) -> Task | Answer:
        """Send it once; only a token that counts as too early or too late is made anew, once: nothing was taken then.

        Raises:
            NotAccepted, Refused, AccountError, Duplicate, OutcomeUnknown: as the contract says.
        """
        what = kling_calls.product(call)
        self._keys.bearer(what.new)  # a missing key is said before anything is uploaded
        if call.operation == "lip-sync" and not call.context.get("session_id"):
            raise Refused("kling: lip-sync: no session came with the call. Identify the faces first (`Call.before`).")
        sent = kling_calls.body(call, files, handle, self._publish)
        answer = self._authorised(what.new, lambda headers: self._client.post(what.path, json=sent, headers=headers))
        data = data_of(answer)
        if what.at_once and isinstance(data, dict) and data.get("session_id"):
            return self._faces(data, workdir)
        number = kling_calls.task_id(data)
        if number:
            return Task(number)
        raise self._error(answer, call, sent=True, files=files)

    def find(self, call: Call, handle: str) -> Task | None:
        """The task under our handle. An API key asks across all products; access keys ask below the product's own path."""
        what = kling_calls.product(call)
        if self._keys.opens_all:
            found = self._tasks(call, {"external_task_ids": handle})
            return Task(str(found["id"])) if found and found.get("id") else None
        answer = self._ask(what, f"{what.path}/{handle}")
        number = kling_calls.task_id(data_of(answer))
        if number:
            return Task(number)
        if not not_found(answer):
            raise self._error(answer, call, sent=False)
        return self._listed(call, handle) if call.operation == "lip-sync" else None

    def poll(self, call: Call, task: Task) -> Pending | Done | Failed:
        """What became of a task, in either standard.

        Raises:
            NotAccepted: ask again later.
            AccountError: the key is not accepted.
            Refused: there is no such task in this account.
        """
        what = kling_calls.product(call)
        if what.new:
            data = self._tasks(call, {"task_ids": task.id})
        else:
            answer = self._ask(what, f"{what.path}/{task.id}")
            data = data_of(answer)
            if not isinstance(data, dict) and not not_found(answer):
                raise self._error(answer, call, sent=False)
        if not isinstance(data, dict):
            raise Refused(
                f"kling: {call.operation}: there is no task {task.id} in this account. Kling keeps tasks "
                "for 30 days; look whether the key is of the account that it was made with."
            )
        return kling_calls.outcome(call, data)

    def fetch(self, call: Call, done: Done, workdir: Path) -> Mapping[str, Path]:
        """Download the results, whole and decodable; an expired address is asked for anew, once.

        Raises:
            NotAccepted: it could not be fetched now.
            Refused: it is gone, or must not be fetched.
        """
        what = kling_calls.product(call)
        target = workdir / ("image" if what.kind == "image" else "clip.mp4")

        def fresh() -> str:
            now = self.poll(call, Task(str(done.facts["task"])))
            if isinstance(now, Done):
                return now.results[what.result]
            raise NotAccepted(f"kling: {call.operation}: the result's address has expired, and there is no other yet.")

        url = done.results[what.result]
        return {what.result: self._client.download(url, target, kind=what.kind, largest=LARGEST[what.kind], fresh=fresh)}

    def lists(self, call: Call) -> bool:
        """Whether `listed` would name the call's task: the new standard has no list, and faces are no task."""
        what = kling_calls.product(call)
        return not what.new and not what.at_once

    def listed(self, since: float) -> Iterator[Listed]:
        """The account's tasks since that Unix time, the newest first, as far as Kling lists them. It keeps them for 30 days.

        Raises:
            NotAccepted, AccountError: it cannot be asked now.
        """
        products = {what.path: (name, what) for name, what in reversed(kling_calls.PRODUCTS.items()) if not what.at_once}
        products["v1/videos/image2video"] = "image-to-video", kling_calls.Product("v1/videos/image2video", "clip", "video")
        for path, (name, what) in products.items():
            for page in range(1, PAGES + 1):
                answer = self._ask(what, path, {"pageNum": page, "pageSize": PAGE})
                data = data_of(answer)
                if not isinstance(data, list):
                    raise self._error(answer, Call(self.name, name, "", {}), sent=False)
                found = [task for task in (_listed(one, name) for one in data) if task and task.at >= since]
                yield from found
                if len(data) < PAGE or not found:
                    break

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    # --- requests --------------------------------------------------------------------------------

    def _publish(self, path: Path) -> str:
        return upload.publish(path, self._upload, self._environ, self._client.limits)

    def _faces(self, data: Mapping[str, Any], workdir: Path) -> Answer:
        """Session and faces; without the addresses of their pictures, which expire."""
        faces = [
            {key: face.get(key) for key in ("face_id", "start_time", "end_time")}
            for face in data.get("face_data") or ()
            if isinstance(face, dict) and face.get("face_id")
        ]
        facts = {"session_id": str(data["session_id"]), "faces": faces}
        path = workdir / "faces.json"
        path.write_text(json.dumps(facts), encoding="utf-8")
        charged = kling_calls.amount(data.get("final_unit_deduction"))
        return Answer({"faces": path}, charged=charged, currency=kling_calls.VIDEO_UNIT, facts=facts)

    def _authorised(self, new: bool, send: Callable[[Mapping[str, str]], Answered]) -> Answered:
        """`send` with a fresh key; with another one where the first counts as too early or too late."""
        answer = send({"authorization": self._keys.bearer(new)})
        if code_of(answer) in TOKEN and not self._keys.opens_all:
            answer = send({"authorization": self._keys.bearer(new)})
        return answer

    def _ask(self, what: kling_calls.Product, path: str, params: Mapping[str, Any] | None = None) -> Answered:
        return self._authorised(what.new, lambda headers: self._client.get(path, params=params, headers=headers, again=repeat))

    def _tasks(self, call: Call, params: Mapping[str, str]) -> Mapping[str, Any] | None:
        """The one task that `GET /tasks` has for these ids."""
        answer = self._ask(kling_calls.Product("tasks", "", "", new=True), "tasks", params)
        data = data_of(answer)
        if not isinstance(data, list):
            raise self._error(answer, call, sent=False)
        return next((task for task in data if isinstance(task, dict)), None)

    def _listed(self, call: Call, handle: str) -> Task | None:
        """Lip sync's page does not promise queries by our handle: look through the newest tasks too."""
        what = kling_calls.product(call)
        answer = self._ask(what, what.path, {"pageNum": 1, "pageSize": PAGE})
        data = data_of(answer)
        if not isinstance(data, list):
            raise self._error(answer, call, sent=False)
        for task in data:
            if isinstance(task, dict) and (task.get("task_info") or {}).get("external_task_id") == handle:
                number = kling_calls.task_id(task)
                return Task(number) if number else None
        return None

    def _error(self, answer: Answered, call: Call, *, sent: bool, files: Mapping[str, Path] | None = None) -> Exception:
        code = code_of(answer)
        if code in TOKEN and not self._keys.opens_all:
            return self._keys.refused(code, answer.headers.get("date"))
        words = self._client.scrub(words_of(answer))
        error = error_of(answer, words, what=call.operation, sent=sent, inputs=kling_calls.inputs(call, files or {}))
        if isinstance(error, Duplicate) and call.operation in self.handles_of:
            return OutcomeUnknown(str(error))
        return error


def _listed(task: Any, operation: str) -> Listed | None:
    number = kling_calls.task_id(task)
    if not number:
        return None
    made = kling_calls.amount(task.get("created_at") or task.get("create_time"))
    handle = str((task.get("task_info") or {}).get("external_task_id") or "")
    return Listed(number, handle, operation, float(made) / 1000 if made else math.inf)
