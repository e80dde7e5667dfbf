"""A public address for a clip: by S3, by fal, by a command."""

import hashlib
import hmac
import re
import sys
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import pytest

from talkmill.errors import AccountError, NotAccepted, Refused
from talkmill.providers import upload
from talkmill.providers.http import Limits
from talkmill.providers.sandbox.server import Reply, Sandbox, Service, Shelf, route
from tests.providers.conftest import AWS


class FalStorage(Service):
    """fal's storage: an address to put to, and one to fetch from."""

    name = "falstore"
    status = 200

    @route("POST", "/storage/upload/initiate")
    def initiate(self, asked):
        if asked.headers.get("authorization") != "Key fal-canary":
            return Reply({"detail": "no"}, 401)
        name = asked.json()["file_name"]
        shelf = asked.base.replace("falstore", "shelf")
        return Reply({"upload_url": f"{shelf}/fal/{name}?sig=1", "file_url": f"{shelf}/fal/{name}"}, self.status)


@pytest.fixture
def box():
    with Sandbox(Shelf(), FalStorage()) as served:
        yield served


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a clip.mp4"
    path.write_bytes(b"not really a clip" * 100)
    return path


def s3(box, **more):
    return {"to": "s3", "bucket": "clips", "endpoint": box.url("shelf"), "prefix": "talkmill"} | more


def test_s3_puts_by_content_and_gives_a_signed_address(box, file):
    """The same file goes to the same place; the address is signed, and what is fetched there is the file."""
    first = upload.publish(file, s3(box), AWS)
    second = upload.publish(file, s3(box), AWS)
    name = hashlib.sha256(file.read_bytes()).hexdigest() + ".mp4"
    assert urlsplit(first).path == urlsplit(second).path == f"/shelf/clips/talkmill/{name}"
    assert "X-Amz-Signature=" in first
    assert "X-Amz-Expires=86400" in first
    assert httpx.get(first).content == file.read_bytes()
    assert list(box["shelf"].files) == [f"/clips/talkmill/{name}".lstrip("/")]


def signature(url, method, secret):
    """The signature of a presigned address, by Amazon's page "Authenticating Requests: Using Query Parameters"."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    query.pop("X-Amz-Signature")
    asked = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in sorted(query.items()))
    request = "\n".join((method, parts.path, asked, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"))
    scope = query["X-Amz-Credential"].split("/", 1)[1]
    text = "\n".join(("AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, hashlib.sha256(request.encode()).hexdigest()))
    key = f"AWS4{secret}".encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


def test_s3_signs_as_amazon_says(box, file):
    """The signature, worked out by the published steps."""
    url = upload.publish(file, s3(box), AWS)
    assert dict(parse_qsl(urlsplit(url).query))["X-Amz-Signature"] == signature(url, "GET", AWS["AWS_SECRET_ACCESS_KEY"])


def test_fal_storage_takes_it(box, file):
    """Initiate, put, and the public address."""
    settings = {"to": "fal", "base_url": box.url("falstore")}
    url = upload.publish(file, settings, {"FAL_KEY": "fal-canary"})
    assert httpx.get(url).content == file.read_bytes()
    with pytest.raises(AccountError, match="FAL_KEY") as caught:
        upload.publish(file, settings, {"FAL_KEY": "other-canary"})
    assert "canary" not in str(caught.value)
    box["falstore"].status = 500
    with pytest.raises(NotAccepted):
        upload.publish(file, settings, {"FAL_KEY": "fal-canary"})


def command(tmp_path, code):
    script = tmp_path / "share.py"
    script.write_text(code)
    return {"to": "command", "command": [sys.executable, str(script), "{file}"]}


def test_a_command_of_the_users_takes_it(file, tmp_path):
    """The last line it prints is the address; the file is given as one word, blanks and all."""
    said = "import sys; assert open(sys.argv[1], 'rb').read(); print('uploading'); print('https://share.example/x.mp4')"
    assert upload.publish(file, command(tmp_path, said), {}) == "https://share.example/x.mp4"


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("import sys; sys.exit('no disk')", NotAccepted, "no disk"), ("pass", NotAccepted, "said nothing"),
        ("print('http://share.example/x')", Refused, "no https"), ("print('done: see mail')", Refused, "no https"),
    ],
)  # fmt: skip
def test_a_command_that_fails_is_said_so(file, tmp_path, code, error, words):
    """Exit codes, silence, no https address."""
    with pytest.raises(error, match=words):
        upload.publish(file, command(tmp_path, code), {})


def test_a_bucket_that_does_not_take_it(box, file, monkeypatch):
    """Wrong rights are the account's, silence is for later; no key in either."""
    for status, error in ((403, AccountError), (500, NotAccepted), (404, NotAccepted)):
        monkeypatch.setattr(Shelf, "answer", lambda self, asked, status=status: Reply(b"", status))
        with pytest.raises(error) as caught:
            upload.publish(file, s3(box), AWS, Limits(asking=0.1))
        assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "environ", "words"),
    [
        (None, {}, "says nothing"), ({"to": "ftp"}, {}, "s3, fal or command"),
        ({"to": "s3", "bucket": "b"}, {}, "AWS_SECRET_ACCESS_KEY"),
        ({"to": "s3"}, AWS, "bucket"), ({"to": "fal"}, {}, "FAL_KEY"), ({"to": "command", "command": "x {file}"}, {}, "list"),
        ({"to": "command", "command": ["x"]}, {}, r"\{file\}"),
        ({"to": "command", "command": ["no-such-program-1", "{file}"]}, {}, "no such"),
    ],
)  # fmt: skip
def test_what_is_missing_is_known_in_planning(settings, environ, words, file):
    """A sentence that names the setting or variable; an upload in spite of it is the same sentence."""
    assert re.search(words, upload.missing(settings, environ))
    with pytest.raises(AccountError, match=words):
        upload.publish(file, settings, environ)


def test_nothing_is_missing_where_all_is_set():
    """Each way, whole."""
    assert not upload.missing({"to": "s3", "bucket": "b"}, AWS)
    assert not upload.missing({"to": "fal"}, {"FAL_KEY": "k"})
    assert not upload.missing({"to": "command", "command": [sys.executable, "{file}"]}, {})
