"""The protocol of the small provider, and calls to it. Imports little: a process is started for every run."""

import http.client
import json
import time
from decimal import Decimal
from typing import ClassVar
from urllib.parse import urlsplit

from talkmill.errors import Duplicate, NotAccepted, OutcomeUnknown, Refused
from talkmill.model.calls import Call, Done, Failed, Pending, Task

LAG = 0.25
PRICES = {"rows": {"toy/make": {"unit": "call", "price": "0.10", "currency": "USD"}}}


def call(number, **fields):
    """A call that differs from others by its number."""
    fields = {"label": {"episode": f"e{number}", "character": "mia"}} | fields
    return Call("toy", "make", "", {"number": number}, **fields)


class Toy:
    name = "toy"
    handles_of: ClassVar = {}

    def __init__(self, url, mode, timeout=0.5):
        self.url = url
        self.timeout = timeout
        self.handles = {"idempotent": "unique", "rejects": "unique", "blind": "none"}.get(mode, "lookup")
        self.visible = LAG + 0.1 if mode == "lags" else 0.0

    def ask(self, method, path, data=None):
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=self.timeout)
        try:
            body = None if data is None else json.dumps(data)
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def submit(self, call, files, handle, workdir):
        try:
            status, body = self.ask("POST", "/tasks", {"key": call.key, "handle": handle, "sent": time.monotonic()})
        except ConnectionRefusedError as error:
            raise NotAccepted(str(error)) from None
        except (OSError, http.client.HTTPException) as error:
            raise OutcomeUnknown(f"no answer: {error!r}") from None
        if status == 429:
            raise NotAccepted("busy")
        if status == 409:
            raise Duplicate("exists")
        if status >= 500:
            raise OutcomeUnknown(f"HTTP {status}")
        return Task(json.loads(body)["task"])

    def get(self, path):
        try:
            status, body = self.ask("GET", path)
        except (OSError, http.client.HTTPException) as error:
            raise NotAccepted(f"no answer: {error!r}") from None
        if status == 404:
            raise Refused("no such task")
        return body

    def find(self, call, handle):
        found = json.loads(self.get(f"/find?handle={handle}"))["task"]
        return Task(found) if found else None

    def poll(self, call, task):
        found = json.loads(self.get(f"/tasks/{task.id}"))
        if found["failure"]:
            return Failed("it went wrong", *found["failure"])
        return Done({"result": f"/files/{task.id}"}, charged=Decimal("0.10")) if found["done"] else Pending()

    def fetch(self, call, done, workdir):
        path = workdir / "result.bin"
        path.write_bytes(self.get(done.results["result"]))
        return {"result": path}
