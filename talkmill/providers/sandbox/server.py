"""The HTTP part of the sandbox: one server on this machine, a path prefix a service, a bill, faults on demand, a scaled clock.

A provider's stand-in is a `Service`: methods marked with `route` answer requests, `self.bill` is charged as the provider
charges, `self.faults` says what should go wrong now, `self.clock` tells the time (a minute of the provider's takes
60 * scale seconds here). `Sandbox` serves several of them::

    with Sandbox(KlingService(), scale=0.01) as box:
        Kling({"base_url": box.url("kling")})
        box.bill.total("kling")
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from talkmill.providers.sandbox.parts import Bill, Charge, Clock, Faults

__all__ = ["Asked", "Bill", "Charge", "Clock", "Faults", "Reply", "Sandbox", "Service", "Shelf", "route"]
LARGEST = 160 << 20
"""Bytes of a request's body at most."""


@dataclass
class Asked:
    """A request as a service sees it: `path` is below the service's prefix, header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    base: str  # the service's own base URL, for addresses in answers
    match: tuple[str, ...] = ()  # what the route's {} stood for

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def parts(self) -> dict[str, tuple[str | None, bytes]]:
        """The fields of a multipart/form-data body: name -> (file name, bytes)."""
        from email import message_from_bytes

        head = b"Content-Type: " + self.headers.get("content-type", "").encode() + b"\r\n\r\n"
        return {
            str(part.get_param("name", header="content-disposition")): (
                part.get_filename(),
                part.get_payload(decode=True) or b"",
            )
            for part in message_from_bytes(head + self.body).get_payload()  # type: ignore[union-attr]
        }


@dataclass
class Reply:
    """An answer; `body` that is not bytes goes out as JSON."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False  # close the connection without a word
    reset: bool = False  # with `drop`: by a TCP reset
    stall: float = 0  # real seconds to keep silent before answering
    cut: int = 0  # bytes at the end that are declared and not sent

    @property
    def raw(self) -> bytes:
        """The bytes that go out."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()

    @property
    def kind(self) -> str:
        """Its Content-Type."""
        return next((v for k, v in self.headers.items() if k.lower() == "content-type"), None) or (
            "application/octet-stream" if isinstance(self.body, bytes) else "application/json"
        )


Handler = Callable[..., Reply]


def route(method: str, pattern: str) -> Callable[[Handler], Handler]:
    """Mark a method of a `Service`; each `{}` in the pattern stands for one path segment, `{*}` for all that follows."""

    def mark(handler: Handler) -> Handler:
        expression = re.escape(pattern).replace(r"\{\}", "([^/]+)").replace(r"\{\*\}", "(.*)")
        handler.__dict__.setdefault("routes", []).append((method, re.compile(expression + "$")))
        return handler

    return mark


class Service:
    """A provider's stand-in; subclasses set `name` and `fault_names` and mark their methods with `route`."""

    name = ""
    fault_names: tuple[str, ...] = ()
    environ: ClassVar[Mapping[str, str]] = {}  # keys that it accepts, by the variables in which its provider looks for them

    def __init__(self) -> None:
        self.clock, self.bill, self.faults = Clock(), Bill(), Faults()
        self.lock = threading.RLock()
        self.seen: Counter[str] = Counter()  # requests by "METHOD /path"

    def attach(self, clock: Clock, bill: Bill) -> None:
        """Called once by the sandbox that serves it."""
        self.clock, self.bill = clock, bill

    def settings(self, box: Sandbox) -> dict[str, Any]:
        """Settings with which its provider comes here (`providers.<name>` in config.yaml)."""
        return {"base_url": box.url(self.name)}

    def answer(self, asked: Asked) -> Reply:
        """The answer of the first route that matches."""
        with self.lock:
            self.seen[f"{asked.method} {asked.path}"] += 1
        known = False
        for name in dir(type(self)):
            for method, pattern in getattr(getattr(type(self), name), "routes", ()):
                found = pattern.match(asked.path)
                known = known or bool(found)
                if found and method == asked.method:
                    asked.match = found.groups()
                    return getattr(self, name)(asked)
        return self.unknown(asked, known)

    def unknown(self, asked: Asked, known: bool) -> Reply:
        """No route: `known` where the path exists under another method."""
        return Reply({"error": "method not allowed" if known else "not found"}, 405 if known else 404)


class Shelf(Service):
    """A place for files: what is PUT under a name can be fetched there.

    Stands in for a bucket with presigned addresses, and, by `storage/upload/initiate`, for fal's storage.
    """

    name = "shelf"
    environ: ClassVar[Mapping[str, str]] = {"FAL_KEY": "sandbox"}

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, tuple[bytes, str]] = {}

    def settings(self, box: Sandbox) -> dict[str, Any]:
        """None: it is no provider."""
        return {}

    @route("POST", "/storage/upload/initiate")
    def initiate(self, asked: Asked) -> Reply:
        """Where to put a file, and where it can be fetched then."""
        given = asked.json()
        if not isinstance(given, dict) or not given.get("file_name"):
            return Reply({"detail": "file_name is required"}, 422)
        place = f"{asked.base}/kept/{given['file_name']}"
        return Reply({"upload_url": place, "file_url": place})

    @route("PUT", "/{*}")
    def put(self, asked: Asked) -> Reply:
        """Keep it."""
        with self.lock:
            self.files[asked.match[0]] = (asked.body, asked.headers.get("content-type", "application/octet-stream"))
        return Reply(b"", 200, {"ETag": '"kept"'})

    @route("GET", "/{*}")
    def get(self, asked: Asked) -> Reply:
        """Give it back."""
        if asked.match[0] not in self.files:
            return Reply(b"no such file", 404)
        body, kind = self.files[asked.match[0]]
        return Reply(body, 200, {"Content-Type": kind})


class Sandbox:
    """Serves services on this machine: `/<service>/...`, `/bill`, `/<service>/bill`, `POST /<service>/faults`.

    A context manager; `scale` is how long one of the providers' seconds lasts.
    """

    def __init__(self, *services: Service, scale: float = 0.01, port: int = 0, host: str = "127.0.0.1") -> None:
        self.clock, self.bill = Clock(scale), Bill()
        self.services = {service.name: service for service in services}
        for service in services:
            service.attach(self.clock, self.bill)
        self._server = _Server((host, port), _handler(self))
        self._server.daemon_threads = True
        self._thread: threading.Thread | None = None
        self.host, self.port = host, self._server.server_address[1]

    def url(self, service: str = "") -> str:
        """The base URL of a service, to be set as its provider's `base_url`; without a name the sandbox's own."""
        return f"http://{self.host}:{self.port}/{service}".rstrip("/")

    def __getitem__(self, name: str) -> Any:
        """The service of that name."""
        return self.services[name]

    def settings(self) -> dict[str, dict[str, Any]]:
        """`providers` of a config.yaml that leads here, by provider."""
        found = {name: service.settings(self) for name, service in self.services.items()}
        return {name: settings for name, settings in found.items() if settings}

    def environ(self) -> dict[str, str]:
        """Keys that are accepted here, by environment variable."""
        return {key: value for service in self.services.values() for key, value in service.environ.items()}

    def start(self) -> Sandbox:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def serve(self) -> None:
        """Serve until interrupted."""
        self._server.serve_forever()

    def stop(self) -> None:
        """Stop serving, and free the port."""
        if self._thread:
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def dispatch(self, asked: Asked) -> Reply:
        """The answer to a request as it came in, by its prefix."""
        prefix, _, rest = asked.path.lstrip("/").partition("/")
        if asked.path == "/bill":
            return Reply(self.bill.to_json())
        service = self.services.get(prefix)
        if service is None:
            return Reply({"error": "no such service", "services": sorted(self.services)}, 404)
        if rest == "bill" and asked.method == "GET":
            return Reply(self.bill.to_json(prefix))
        if rest == "faults" and asked.method == "POST":
            return _plan(service, asked.json())
        asked.path, asked.base = f"/{rest}", self.url(prefix)
        return service.answer(asked)


def _plan(service: Service, wanted: Any) -> Reply:
    """`POST /<service>/faults {"fault": name, "times": 1, "where": ""}`."""
    name = wanted.get("fault") if isinstance(wanted, dict) else None
    if name not in service.fault_names:
        return Reply({"error": "unknown fault", "faults": list(service.fault_names)}, 400)
    service.faults.add(name, int(wanted.get("times", 1)), str(wanted.get("where", "")))
    return Reply({"planned": name})


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of the server's; anything else is one of ours and is shown."""
        import sys

        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def _handler(sandbox: Sandbox) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def log_message(self, *_: Any) -> None:
            """Silent: requests may carry keys."""

        def date_time_string(self, timestamp: float | None = None) -> str:
            """The Date header, by the sandbox's own time of day."""
            return formatdate(sandbox.clock.today() if timestamp is None else timestamp, usegmt=True)

        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            if length > LARGEST:
                self.send_error(413)
                return
            parts = urlsplit(self.path)
            asked = Asked(
                self.command, parts.path,
                {key: values[-1] for key, values in parse_qs(parts.query, keep_blank_values=True).items()},
                {key.lower(): value for key, value in self.headers.items()}, self.rfile.read(length), sandbox.url(),
            )  # fmt: skip
            self._send(sandbox.dispatch(asked))

        def _send(self, reply: Reply) -> None:
            self.close_connection = True
            if reply.stall:
                time.sleep(reply.stall)
            if reply.drop:
                if reply.reset:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            body = reply.raw
            self.send_response(reply.status)
            for name, value in {"Content-Type": reply.kind, **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body[: len(body) - reply.cut])

        do_GET = do_POST = do_PUT = do_DELETE = _serve

    return Handler
