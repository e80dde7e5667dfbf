"""The polite client: what it repeats, where it goes, what it says."""

import logging
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from talkmill.errors import AccountError, NotAccepted, OutcomeUnknown, Refused
from talkmill.providers.addresses import AllowList
from talkmill.providers.http import Client, Limits, retry_after
from talkmill.providers.sandbox.server import Reply, Sandbox, Service, route

KEY = "sk-canary-7f3a9"


class Echo(Service):
    """Answers what a test puts into `script`: replies in order, the last one for good."""

    name = "echo"

    def __init__(self):
        super().__init__()
        self.script, self.got = [], []

    def _next(self, asked):
        self.got.append(asked)
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    post = route("POST", "/{*}")(_next)
    get = route("GET", "/{*}")(lambda self, asked: self._next(asked))
    put = route("PUT", "/{*}")(lambda self, asked: self._next(asked))


@pytest.fixture
def box():
    with Sandbox(Echo()) as served:
        yield served


@pytest.fixture
def slept():
    return []


@pytest.fixture
def client(box, slept):
    made = Client(
        "echo", box.url("echo"), headers=lambda: {"authorization": f"Bearer {KEY}"}, secrets=lambda: [KEY],
        domains=("cdn.example",),
        limits=Limits(read=0.5, total=1.5, asking=3, first_wait=0.01, longest_wait=0.02), sleep=slept.append,
    )  # fmt: skip
    yield made
    made.close()


def test_a_post_is_sent_once_whatever_the_answer(client, box):
    """Any answer comes back as it is; an error status is no reason to send again."""
    for status in (200, 400, 429, 500, 503):
        box["echo"].script, box["echo"].got = [Reply({"n": 1}, status, {"Retry-After": "7"})], []
        answer = client.post("v1/things", json={"a": 1})
        assert (answer.status, answer.json(), answer.wait) == (status, {"n": 1}, 7.0)
        assert len(box["echo"].got) == 1
        assert box["echo"].got[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "reply", [Reply(drop=True), Reply(drop=True, reset=True), Reply(stall=0.8), Reply({"a": "b" * 99}, cut=5)]
)
def test_a_post_whose_answer_is_lost_has_an_unknown_outcome(client, box, reply):
    """Dropped, reset, silent or cut short after the request was sent: it may have been taken; it is not sent again."""
    box["echo"].script = [reply]
    with pytest.raises(OutcomeUnknown):
        client.post("v1/things", json={})
    assert len(box["echo"].got) == 1


def test_a_post_that_reached_nobody_was_not_accepted():
    """Refused connections and unknown names: nothing was sent."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for base in (f"http://127.0.0.1:{port}", "http://nobody.invalid"):
        with pytest.raises(NotAccepted):
            Client("echo", base).post("x", json={})


def test_an_answer_that_drips_ends_at_the_total_deadline():
    """A server that sends a byte now and then keeps nobody longer than the deadline."""
    server = socket.create_server(("127.0.0.1", 0))
    import threading

    def drip():
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            try:
                for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 200:
                    connection.sendall(bytes([byte]))
                    time.sleep(0.05)
            except OSError:
                pass

    thread = threading.Thread(target=drip)
    thread.start()
    client = Client("slow", f"http://127.0.0.1:{server.getsockname()[1]}", limits=Limits(total=0.6))
    start = time.monotonic()
    with pytest.raises(OutcomeUnknown, match=r"no end after 0\.6 s"):
        client.post("x", json={})
    assert time.monotonic() - start < 1.5
    thread.join()
    server.close()


def test_a_question_is_asked_again_with_capped_waits(client, box, slept):
    """Polls survive errors and lost answers; waits stay under the cap, and Retry-After is kept to."""
    box["echo"].script = [Reply({}, 503), Reply(drop=True), Reply({}, 429, {"Retry-After": "1"}), Reply({"ok": True})]
    assert client.get("v1/things/1").json() == {"ok": True}
    assert len(slept) == 3
    assert all(wait <= 0.02 for wait in slept[:2])
    assert slept[2] == 1


def test_a_question_ends_with_the_last_answer_or_not_accepted(client, box, slept):
    """Where patience ends, a status comes back as it is, and silence is `NotAccepted`; a long Retry-After is not waited for."""
    box["echo"].script = [Reply({}, 429, {"Retry-After": "600"})]
    assert client.get("v1/x").wait == 600
    assert not slept
    box["echo"].script = [Reply(drop=True)]
    with pytest.raises(NotAccepted):
        client.get("v1/x", patience=0.05)


def test_retry_after_is_seconds_or_a_date():
    """Both forms of RFC 9110; a date that is past is no wait, nonsense is none."""
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert retry_after("12") == 12
    assert 85 < retry_after(later) <= 90
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert retry_after("soon") is None


def test_the_key_goes_to_the_api_only(client, box):
    """A whole address is gone to with the key only at the API's own host."""
    box["echo"].script = [Reply({})]
    client.get(box.url("echo") + "/status/1")
    with pytest.raises(Refused, match="evil"):
        client.get("https://evil.example/status/1")


def test_no_key_is_in_any_message_log_or_repr(client, box, caplog):
    """Errors, the log, reprs: the key and signed queries are in none of them."""
    caplog.set_level(logging.DEBUG)
    said = [repr(client), repr(client.allowed)]
    box["echo"].script = [Reply({"m": KEY}, 200)]
    said.append(repr(client.post("x", params={"signature": "s3cr3t"})))
    box["echo"].script = [Reply(drop=True)]
    for ask in (lambda: client.post(f"x/{KEY}"), lambda: client.get("x", params={"signature": "s3cr3t"}, patience=0.05)):
        with pytest.raises((OutcomeUnknown, NotAccepted)) as caught:
            ask()
        said += [str(caught.value), repr(caught.value)]
    bad = Client("echo", box.url("echo"), headers=lambda: {"authorization": KEY + "\nx"})
    with pytest.raises(AccountError) as caught:
        bad.post("x")
    said += [str(caught.value), caplog.text, caplog.handler.format(caplog.records[0])]
    assert "POST 127.0.0.1 /echo/x 200" in caplog.text
    assert not [text for text in said if KEY in text or "s3cr3t" in text]


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.example/a", "https://cdn.example:8443/a", "https://evil.example/a", "https://notcdn.example/a", "ftp://cdn.example/a",
        "https://127.0.0.1/a", "https://[::1]/a", "https://169.254.169.254/latest", "https://10.0.0.1/", "https://[::ffff:10.0.0.1]/",
        "https://u:p@cdn.example/a", "file:///etc/passwd", "https:///x", "https://0/", "http://127.0.0.1:1/x", "",
    ],
)  # fmt: skip
def test_addresses_off_the_list_are_refused(url):
    """Another scheme, port, host, a private address in any spelling, a user name: not gone to."""
    with pytest.raises(Refused):
        AllowList("p", "http://127.0.0.1:9", ("cdn.example",), lambda host, port: ["93.184.216.34"]).check(url)


def test_a_name_that_leads_inside_is_refused_and_the_checked_address_is_the_one_connected_to():
    """One private address among several refuses the name; what was checked is what is connected to, under the host's name."""
    inside = AllowList("p", "https://api.example", ("cdn.example",), lambda host, port: ["93.184.216.34", "192.168.1.1"])
    with pytest.raises(Refused, match=r"192\.168|93\.184"):
        inside.check("https://a.cdn.example/x")
    place = AllowList("p", "https://api.example", ("cdn.example",), lambda host, port: ["93.184.216.34"]).check(
        "https://a.cdn.example/x?y=1"
    )
    assert (place.url, place.authority) == ("https://93.184.216.34:443/x?y=1", "a.cdn.example")
