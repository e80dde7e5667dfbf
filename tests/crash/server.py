"""A small provider on loopback: real HTTP, a bill, and faults by order.

Modes: `idempotent` gives the task of a handle that it knows, `rejects` refuses it, `charges` takes it again and bills it again,
`blind` cannot be asked by handle (and bills again), `lags` bills again and finds a task by its handle only after a while.
"""

import contextlib
import hashlib
import json
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

MODES = ("idempotent", "rejects", "charges", "blind", "lags")
LAG = 0.25
"""Seconds after which the provider that lags finds a task."""

PROMPT = 0.1
"""Seconds within which a request that was sent is taken. Where this machine is so busy that it takes longer, the stand-in has
broken what `Provider.visible` promises, and nobody can ask it rightly: what is found then says nothing, and is tried again."""

FAULTS = ("drop", "error", "timeout", "busy", "lost")
"""After it was taken: the connection is dropped, 500 is answered, nothing is answered in time. Not taken: 429, or dropped."""


class Server:
    """The provider; `bill` counts what was billed by the request's key."""

    def __init__(self, mode, polls=1, drop=0.0, seed=0):
        self.mode = mode
        self.polls = polls
        self.drop = drop  # share of responses that are dropped
        self.faults = []  # of the submits to come
        self.random = random.Random(seed)  # noqa: S311
        self.lock = threading.Lock()
        self.tasks = {}
        self.handles = {}
        self.bill = {}
        self.submits = 0
        self.late = 0  # requests that were not taken promptly
        self.gone = set()  # tasks whose results the provider keeps no more
        self.fail = []  # of the tasks to come: (charged, again)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                outer.submit(self)

            def do_GET(self):
                outer.get(self)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.http.server_port}"

    @property
    def charges(self):
        return sum(self.bill.values())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    def answer(self, request, status, data, may_drop=True):
        if may_drop and self.drop and self.random.random() < self.drop:
            request.close_connection = True
            return
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        with contextlib.suppress(OSError):  # whoever asked has been killed
            request.send_response(status)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)

    def submit(self, request):
        asked = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        with self.lock:
            self.submits += 1
            self.late += time.monotonic() - asked["sent"] > PROMPT
            fault = self.faults.pop(0) if self.faults else ""
            if fault == "busy":
                return self.answer(request, 429, {"error": "busy"})
            if fault == "lost":
                request.close_connection = True
                return None
            handle = asked["handle"]
            known = self.handles.get(handle)
            if known and self.mode == "rejects":
                return self.answer(request, 409, {"error": "exists"})
            if not (known and self.mode == "idempotent"):
                known = f"t{len(self.tasks) + 1}"
                failure = self.fail.pop(0) if self.fail else None
                self.tasks[known] = {"key": asked["key"], "polls": 0, "at": time.monotonic(), "failure": failure}
                self.handles[handle] = known
                if not failure or failure[0]:
                    self.bill[asked["key"]] = self.bill.get(asked["key"], 0) + 1
        if fault == "drop":
            request.close_connection = True
            return None
        if fault == "timeout":
            time.sleep(1.0)
        if fault == "error":
            return self.answer(request, 500, {"error": "broken"})
        return self.answer(request, 200, {"task": known})

    def get(self, request):
        address = urlsplit(request.path)
        if address.path == "/find":
            known = None if self.mode == "blind" else self.handles.get(parse_qs(address.query)["handle"][0])
            if known and self.mode == "lags" and time.monotonic() - self.tasks[known]["at"] < LAG:
                known = None
            return self.answer(request, 200, {"task": known})
        task = self.tasks.get(address.path.split("/")[2])
        if not task or address.path.split("/")[2] in self.gone:
            return self.answer(request, 404, {"error": "no such task"}, may_drop=False)
        if address.path.startswith("/files/"):
            return self.answer(request, 200, self.content(task["key"]))
        task["polls"] += 1
        done = task["polls"] > self.polls
        return self.answer(request, 200, {"done": done, "failure": task["failure"] if done else None})

    @staticmethod
    def content(key):
        """What a task makes."""
        return hashlib.sha256(key.encode()).digest() * 64
