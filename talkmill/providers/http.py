"""One polite HTTP client for all providers: what is paid is sent once, what is only asked is asked again.

- `post` sends once, whatever happens. Refused, unresolved or not connected in time: `NotAccepted`. Broken off after bytes were
  sent: `OutcomeUnknown`. Any answer at all comes back as it is, for the provider to judge.
- `get` (polls) and `put` (uploads under an address of their own) change nothing when repeated, and are, with capped exponential
  backoff and full jitter, up to a total deadline.
- `download` streams into a temporary file, up to a cap, follows redirects by hand with every hop checked, and gives a whole
  file or none.

No key, no query (signed addresses are keys) and no body is ever in a message, a log line or a repr.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from talkmill.errors import AccountError, NotAccepted, OutcomeUnknown, ProviderError, Refused
from talkmill.providers.addresses import AllowList, Place, Resolve, resolve
from talkmill.providers.exchange import AGAIN, Answered, Limits, Watch, retry_after

__all__ = ["AGAIN", "Answered", "Client", "Limits", "retry_after"]

LOG = logging.getLogger("talkmill.http")
for _chatty in ("httpx", "httpcore"):  # theirs write whole addresses, and signed ones are keys
    logging.getLogger(_chatty).setLevel(logging.WARNING)

UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)
HOPS = 5
AGENT = "talkmill"


class Client:
    """A provider's client. Safe to use from several threads."""

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        headers: Callable[[], Mapping[str, str]] | None = None,
        domains: Sequence[str] = (),
        secrets: Callable[[], Iterable[str]] = tuple,
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        resolve: Resolve = resolve,
    ) -> None:
        """`headers` makes what only the API itself may see (the key), anew for each request; downloads go without.

        `domains` are the hosts, with all below them, from which results may come; `secrets` gives what must never be read in
        any message.
        """
        self.name, self.base = name, base_url.rstrip("/")
        self.limits = limits or Limits()
        self.allowed = AllowList(name, self.base, tuple(domain.lower() for domain in domains), resolve)
        self._headers, self._secrets, self._sleep = headers or dict, secrets, sleep
        self._http: httpx.Client | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Client({self.name!r}, {urlsplit(self.base).hostname!r})"

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        data: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answered:
        """Send once to the API (`path` below the base URL) and give the answer, whatever its status, also a redirect.

        Raises:
            NotAccepted: no connection came about, nothing was sent.
            OutcomeUnknown: it was sent, at least in part, and no whole answer came back.
        """
        body = {"json": json, "content": content, "data": data, "files": files, "params": params}
        return self._once("POST", self._api(path), {**self._headers(), **(headers or {})}, body)

    def get(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        again: Callable[[Answered], bool] = lambda answer: answer.status in AGAIN,
        patience: float | None = None,
    ) -> Answered:
        """Ask the API (`path`, or a whole address at the API's own host); repeated while it is not reached or `again` says so.

        `patience`: seconds with all repeats. Gives the last answer, whatever its status.

        Raises:
            NotAccepted: no whole answer until then.
            Refused: a whole address at another host: the key is not sent there.
        """
        return self._patiently(
            lambda: self._once("GET", self._api(path), {**self._headers(), **(headers or {})}, {"params": params}),
            again,
            patience,
        )

    def put(
        self, url: str, content: bytes, headers: Mapping[str, str] | None = None, patience: float | None = None
    ) -> Answered:
        """Upload to a whole address on the allow-list, without the API's key; repeated like `get`.

        Raises:
            NotAccepted: no whole answer until then.
            Refused: the address may not be gone to.
        """
        return self._patiently(
            lambda: self._once("PUT", self.allowed.check(url, "upload address"), dict(headers or {}), {"content": content}),
            lambda answer: answer.status in AGAIN,
            patience,
        )

    def download(
        self,
        url: str,
        target: Path,
        *,
        kind: str,
        largest: int = 1 << 30,
        fresh: Callable[[], str] | None = None,
        patience: float | None = None,
    ) -> Path:
        """Fetch `url` to `target`: whole, not empty, at most `largest` bytes, no page, and a decodable `kind`.

        `kind` is "image", "video" or "sound". Where the address has expired (401, 403, 410), `fresh` is asked for another,
        once. A 404 may be a file that is not everywhere yet: it is asked for again. What is cut short or
        broken is fetched again while patience lasts.

        Raises:
            NotAccepted: it could not be fetched now, or what came was broken each time.
            Refused: an address may not be gone to, or the result is gone, too large, or of another kind.
        """
        from talkmill.providers.results import check

        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        at = [url]

        def fetch() -> Answered:
            answer = self._stream(at[0], part, largest)
            if answer.status in (401, 403, 410) and fresh and len(at) == 1:
                at.append(at[0])
                at[0] = fresh()
                answer = self._stream(at[0], part, largest)
            if answer.status == 200:
                check(part, kind, self.name, answer.headers.get("content-type", ""))
            return answer

        try:
            later = AGAIN | {404}
            answer = self._patiently(fetch, lambda answer: answer.status in later, patience, tries=8)
            if answer.status in later:
                raise NotAccepted(
                    f"{self.name}: the result could not be fetched (HTTP {answer.status}). Run again.", answer.wait
                )
            if answer.status != 200:
                raise Refused(
                    f"{self.name}: the result is not to be had (HTTP {answer.status}). "
                    "If its address has expired, ask the provider's own console for it."
                )
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            if self._http:
                self._http.close()
            self._http = None

    def scrub(self, text: str) -> str:
        """`text` without what must not be read: for words of the provider's that go into a message."""
        for secret in self._secrets():
            if len(secret) >= 4:
                text = text.replace(secret, "***")
        return text

    # --- one exchange ----------------------------------------------------------------------------

    def _api(self, path: str) -> Place:
        """An address of the API itself, which alone sees the key."""
        parts, base = urlsplit(path), urlsplit(self.base)
        if parts.scheme or parts.netloc:
            if (parts.scheme, parts.netloc.lower()) != (base.scheme, base.netloc.lower()):
                raise Refused(
                    f"{self.name}: it names an address at another host for its API ({parts.hostname}). The key is not sent "
                    f"there; look at providers.{self.name}.base_url in config.yaml."
                )
            return self.allowed.check(path)
        return self.allowed.check(f"{self.base}/{path.lstrip('/')}")

    def _client(self) -> httpx.Client:
        with self._lock:
            if self._http is None:
                limits = self.limits
                self._http = httpx.Client(
                    timeout=httpx.Timeout(connect=limits.connect, read=limits.read, write=limits.write, pool=limits.pool),
                    # a kept connection that the other side has just closed looks like an answer that was lost: each has its own
                    limits=httpx.Limits(max_keepalive_connections=0, max_connections=64),
                    follow_redirects=False,
                    headers={"user-agent": AGENT},
                )
            return self._http

    @contextlib.contextmanager
    def _exchange(
        self, method: str, place: Place, headers: Mapping[str, str], body: Mapping[str, Any], total: float = 0
    ) -> Iterator[httpx.Response]:
        """One request, with the answer's head read; what goes wrong, also in reading on, is mapped, the key left out."""
        watch = Watch(total or self.limits.total)
        extensions = {"trace": watch.trace, "sni_hostname": place.host}
        given = {key: value for key, value in body.items() if value is not None}
        started, status = time.monotonic(), "-"
        wrong: ProviderError | None = None
        try:
            request = self._client().build_request(
                method, place.url, headers={**headers, "host": place.authority}, extensions=extensions, **given
            )
            with watch:
                response = self._client().send(request, stream=True)
                status = str(response.status_code)
                try:
                    yield response
                finally:
                    response.close()
        except (httpx.LocalProtocolError, UnicodeEncodeError):  # both hold the header itself
            wrong = AccountError(
                f"{self.name}: the key has characters that cannot be sent. Set it anew, without quotes or line ends."
            )
        except httpx.HTTPError as error:
            wrong = self._wrong(error, place, watch, sent=method == "POST" and not isinstance(error, UNSENT))
        except httpx.InvalidURL:
            wrong = Refused(f"{self.name}: an address cannot be read. Look at providers.{self.name} in config.yaml.")
        finally:
            path = place.target.partition("?")[0]
            ms = 1000 * (time.monotonic() - started)
            LOG.info("%s %s %s %s %.0f ms", method, place.host, self.scrub(path), status, ms)
        if wrong:
            raise wrong from None  # httpx's own error holds the request with its headers

    def _wrong(self, error: httpx.HTTPError, place: Place, watch: Watch, sent: bool) -> ProviderError:
        late = f"no end after {watch.seconds:g} s" if watch.fired else self.scrub(str(error)) or type(error).__name__
        if sent:
            return OutcomeUnknown(
                f"{self.name}: the request was sent to {place.host}, and its answer was lost ({type(error).__name__}: {late}). "
                "It may have been taken and billed."
            )
        return NotAccepted(
            f"{self.name}: {place.host} could not be reached ({type(error).__name__}: {late}). "
            "Look at the network, or run again later."
        )

    def _once(self, method: str, place: Place, headers: Mapping[str, str], body: Mapping[str, Any]) -> Answered:
        with self._exchange(method, place, headers, body) as response:
            pieces, size = [], 0
            for piece in response.iter_bytes():
                pieces.append(piece)
                size += len(piece)
                if size > self.limits.answer:
                    raise httpx.ReadError(f"the answer is larger than {self.limits.answer} bytes")
            return Answered(response.status_code, response.headers, b"".join(pieces))
        raise AssertionError("unreachable")

    def _stream(self, url: str, part: Path, largest: int) -> Answered:
        """The body of `url` in `part`; redirects are followed by hand."""
        for hop in range(HOPS + 1):
            place = self.allowed.check(url, "result's address" if not hop else "address it redirects to")
            with self._exchange("GET", place, {"accept-encoding": "identity"}, {}, self.limits.transfer) as response:
                if response.status_code in (301, 302, 303, 307, 308):
                    url = urljoin(url, response.headers.get("location", ""))
                    continue
                if response.status_code == 200:
                    self._save(response, part, largest)
                return Answered(response.status_code, response.headers, b"")
        raise Refused(f"{self.name}: the result's address redirects more than {HOPS} times. Nothing was fetched.")

    def _save(self, response: httpx.Response, part: Path, largest: int) -> None:
        declared = response.headers.get("content-length", "")
        wanted = int(declared) if declared.isdigit() else None
        size = 0
        if wanted is None or wanted <= largest:
            with part.open("wb") as file:
                for piece in response.iter_raw():
                    size += len(piece)
                    if size > largest:
                        break
                    file.write(piece)
        if max(size, wanted or 0) > largest:
            raise Refused(
                f"{self.name}: the result is too large (over {max(size, wanted or 0)} bytes; at most {largest} are taken). "
                "Nothing was kept."
            )
        if wanted is not None and size != wanted:
            raise NotAccepted(f"{self.name}: the result came cut short ({size} of {wanted} bytes). Run again.")
        if not size:
            raise NotAccepted(f"{self.name}: the result came empty. Run again.")

    # --- patience --------------------------------------------------------------------------------

    def _patiently(
        self, ask: Callable[[], Answered], again: Callable[[Answered], bool], patience: float | None, tries: int = 1000
    ) -> Answered:
        """`ask` until it is answered for good, or until patience or tries end: then the last answer or `NotAccepted`."""
        end = time.monotonic() + (self.limits.asking if patience is None else patience)
        turn = 0
        while True:
            answer, missed = None, None
            try:
                answer = ask()
                if not again(answer):
                    return answer
                told = answer.wait
            except NotAccepted as error:
                missed, told = error, error.wait
            cap = min(self.limits.longest_wait, self.limits.first_wait * 2**turn)
            wait = random.SystemRandom().uniform(0, cap) if told is None else told
            turn += 1
            if turn >= tries or time.monotonic() + wait >= end:
                if missed:
                    raise missed
                return answer  # type: ignore[return-value]
            self._sleep(wait)
