"""A public address for a clip: Kling's lip sync fetches its video itself and takes no upload.

`providers.kling.upload` in config.yaml is one of::

    upload: {to: s3, bucket: my-bucket, endpoint: https://..., region: auto, prefix: talkmill}
    upload: {to: fal}
    upload: {to: command, command: [my-share, "{file}"]}

- `s3`: any S3-compatible bucket (AWS, Cloudflare R2, Backblaze B2, MinIO), which stays private: file and address are signed,
  the address for a day. Keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (AWS_SESSION_TOKEN too). Signed by obstore (MIT,
  one wheel without dependencies; boto3 would bring a hundred megabytes for one signature).
- `fal`: fal's own storage, with FAL_KEY.
- `command`: a program of yours; `{file}` is replaced by the clip's path, and the last line it prints is the https address.

What is uploaded is named by its content, so the same clip is put in the same place. Its address is part of no content key.
"""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from talkmill.errors import AccountError, NotAccepted, OutcomeUnknown, Refused
from talkmill.providers.http import Client, Limits

AWS_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
FAL = "https://rest.fal.ai"
LIVES = timedelta(hours=24)
PATIENCE = 300
"""Seconds that a command of the user's may take."""
TYPES = {".mp4": "video/mp4", ".mov": "video/quicktime", ".wav": "audio/wav", ".png": "image/png", ".jpg": "image/jpeg"}
UPLOADS = ("fal.ai", "fal.media", "storage.googleapis.com", "amazonaws.com", "r2.cloudflarestorage.com")
"""Hosts to which fal's storage has us upload."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def missing(settings: Mapping[str, Any] | None, environ: Mapping[str, str]) -> str:
    """What must be set before anything can be uploaded, as a sentence; empty where all is there. Asks nobody."""
    where = "providers.kling.upload in config.yaml"
    if not settings:
        return (
            f"kling: lip sync needs a public address for its clip, and {where} says nothing. Set it to an S3 bucket, to fal "
            "or to a command of yours, or use the method avatar, which needs none."
        )
    to = settings.get("to")
    if to == "s3":
        lacking = [name for name in AWS_KEYS if not environ.get(name)]
        if not settings.get("bucket"):
            return f"kling: {where} names no bucket. Add `bucket`."
        if lacking:
            return (
                f"kling: {where} is an S3 bucket, and its keys are not set ({', '.join(lacking)}). Set them in the environment."
            )
        return _no_obstore()
    if to == "fal":
        return "" if environ.get("FAL_KEY") else f"kling: {where} is fal, and FAL_KEY is not set. Set it in the environment."
    if to == "command":
        command = settings.get("command")
        if not isinstance(command, list) or not command or not all(isinstance(part, str) for part in command):
            return f"kling: {where}: `command` must be a list of words ({command!r}). Write `command: [my-share, '{{file}}']`."
        if not any("{file}" in part for part in command):
            return f"kling: {where}: the command does not say where the file goes ({' '.join(command)}). Add '{{file}}'."
        import shutil

        return "" if shutil.which(command[0]) else f"kling: {where}: there is no such program ({command[0]}). Install it."
    return f"kling: {where}: `to` must be s3, fal or command ({to!r}). Choose one."


def publish(path: Path, settings: Mapping[str, Any] | None, environ: Mapping[str, str], limits: Limits | None = None) -> str:
    """Put the file where Kling can fetch it; gives its address. The same file gives the same place. `limits` is the patience.

    Raises:
        AccountError: something is not set, or the storage does not accept the key.
        NotAccepted: it could not be uploaded now; nothing was submitted to Kling.
        Refused: what came back is no address that Kling could fetch.
    """
    lacking = missing(settings, environ)
    if lacking or settings is None:
        raise AccountError(lacking)
    put = {"s3": _s3, "fal": _fal, "command": _command}[settings["to"]]
    url = put(path, settings, environ, limits)
    try:
        parts = urlsplit(url)
        good = (parts.scheme == "https" and bool(parts.hostname)) or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    except ValueError:
        good = False
    if not good or any(letter.isspace() for letter in url):
        raise Refused(
            f"kling: upload to {settings['to']} gave no https address (it begins with {url[:8]!r}). "
            "Correct providers.kling.upload in config.yaml."
        )
    return url


def name_of(path: Path) -> str:
    """The name a file is put under: its content's digest, with its suffix."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() + path.suffix


def _s3(path: Path, settings: Mapping[str, Any], environ: Mapping[str, str], limits: Limits | None) -> str:
    import obstore
    from obstore.store import S3Store

    endpoint = settings.get("endpoint")
    keys = dict(zip(("access_key_id", "secret_access_key"), (environ[name] for name in AWS_KEYS), strict=True))
    if environ.get("AWS_SESSION_TOKEN"):
        keys["session_token"] = environ["AWS_SESSION_TOKEN"]
    given = (
        {"endpoint": endpoint, "virtual_hosted_style_request": False} if endpoint else {"virtual_hosted_style_request": True}
    )
    region = settings.get("region") or ("auto" if endpoint else "us-east-1")
    plain = str(endpoint).startswith("http://")
    store = S3Store(settings["bucket"], region=region, **keys, **given, client_options={"allow_http": plain})
    key = "/".join(part for part in (str(settings.get("prefix") or "talkmill").strip("/"), name_of(path)) if part)
    address = obstore.sign(store, "PUT", key, LIVES)
    parts = urlsplit(address)
    client = Client("upload", f"{parts.scheme}://{parts.netloc}", secrets=lambda: keys.values(), limits=limits)
    try:
        answer = client.put(address, path.read_bytes(), {"content-type": TYPES.get(path.suffix, "application/octet-stream")})
    finally:
        client.close()
    if answer.status in (401, 403):
        raise AccountError(
            f"kling: the bucket {settings['bucket']!r} does not take the upload (HTTP {answer.status}). Look at the AWS keys, "
            "their rights, and region and endpoint of providers.kling.upload in config.yaml."
        )
    if answer.status not in (200, 201, 204):
        _failed("s3", answer.status)
    return str(obstore.sign(store, "GET", key, LIVES))


def _fal(path: Path, settings: Mapping[str, Any], environ: Mapping[str, str], limits: Limits | None) -> str:
    key = environ["FAL_KEY"]
    base = str(settings.get("base_url") or FAL)
    kind = TYPES.get(path.suffix, "application/octet-stream")
    client = Client(
        "fal", base, headers=lambda: {"authorization": f"Key {key}"}, domains=UPLOADS, secrets=lambda: [key], limits=limits
    )
    try:
        # one more place for the same file costs nothing and is taken back by nobody, so this POST is no submit of ours
        answer = client.post("storage/upload/initiate", json={"file_name": name_of(path), "content_type": kind})
        places = answer.json()
        if answer.status in (401, 403):
            raise AccountError(f"fal: the key is not accepted (HTTP {answer.status}). Set FAL_KEY anew.")
        if answer.status != 200 or not isinstance(places, dict) or not {"upload_url", "file_url"} <= set(places):
            _failed("fal", answer.status)
        put = client.put(str(places["upload_url"]), path.read_bytes(), {"content-type": kind})
        if put.status not in (200, 201, 204):
            _failed("fal", put.status)
    except OutcomeUnknown as error:
        raise NotAccepted(f"kling: the upload to fal was broken off ({error}). Nothing was submitted; run again.") from None
    finally:
        client.close()
    return str(places["file_url"])


def _command(path: Path, settings: Mapping[str, Any], environ: Mapping[str, str], limits: Limits | None) -> str:
    command = [part.replace("{file}", str(path.absolute())) for part in settings["command"]]
    shown = {name: value for name, value in environ.items() if not name.startswith("KLING_")}  # no business of its
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL, env=shown
        )
    except subprocess.TimeoutExpired:
        raise NotAccepted(f"kling: the upload command had no end after {PATIENCE} s ({command[0]}). Run it by hand.") from None
    except OSError as error:
        raise NotAccepted(f"kling: the upload command cannot be run ({command[0]}: {error.strerror}).") from None
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    if done.returncode or not lines:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1][:200]
        raise NotAccepted(
            f"kling: the upload command failed ({command[0]}: exit code {done.returncode}, {said}). Run it by hand."
        )
    return lines[-1]


def _failed(to: str, status: int) -> None:
    raise NotAccepted(f"kling: the upload to {to} failed (HTTP {status}). Nothing was submitted; run again later.")


def _no_obstore() -> str:
    from importlib.util import find_spec

    return "" if find_spec("obstore") else "kling: an S3 upload needs the package obstore. Install it: pip install obstore."
