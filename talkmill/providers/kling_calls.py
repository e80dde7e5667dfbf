"""Kling's products: where each is submitted, how what is sent along goes into the body, and how tasks read.

| operation | `Call.model` | inputs | result |
| --- | --- | --- | --- |
| `image`, `image-from-image` | `kling-v3`, `kling-v2-1` | (`image`) | `image` |
| `image-to-video-720p`, `-1080p`, `-4k`, each also with `-audio` | `kling-v...`: the older API; `kling-3.0` and so on: the new standard | `image`, (`last`) | `clip` |
| `identify-face` | | `clip` | `faces`, at once |
| `lip-sync` | | `clip`, `sound` | `clip` |
| `lip-sync-single` (one call, older) | | `clip`, `sound` | `clip` |
| `avatar` | `std` (720p), `pro` (1080p) | `image`, `sound` | `clip` |
"""  # noqa: E501

from __future__ import annotations

import base64
import hashlib
import io
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from talkmill.model.calls import Call, Done, Failed, Pending

KEPT = 30 * 86400
"""Seconds for which Kling keeps a result."""
IMAGE_UNIT, VIDEO_UNIT = "kling-image-unit", "kling-unit"
"""Currencies of what Kling says it deducted."""
CONTENT = ("risk", "sensitive", "policy", "moderat", "safety", "violat", "illegal", "prohibit")


@dataclass(frozen=True)
class Product:
    """One operation of the API."""

    path: str  # where it is created; tasks of the older API are asked for below it
    result: str  # role of what comes out
    kind: str  # "image" or "video"
    public: bool = False  # whether the clip must lie at a public address
    new: bool = False  # the new standard
    at_once: bool = False

    @property
    def units(self) -> str:
        """The currency that its deductions are in."""
        return IMAGE_UNIT if self.kind == "image" else VIDEO_UNIT


PRODUCTS: dict[str, Product] = {
    "image": Product("v1/images/generations", "image", "image"),
    "image-from-image": Product("v1/images/generations", "image", "image"),
    "identify-face": Product("v1/videos/identify-face", "faces", "video", public=True, at_once=True),
    "lip-sync": Product("v1/videos/advanced-lip-sync", "clip", "video"),
    "lip-sync-single": Product("v1/videos/lip-sync", "clip", "video", public=True),
    "avatar": Product("v1/videos/avatar/image2video", "clip", "video"),
}


def product(call: Call) -> Product:
    """What a call is for."""
    if call.operation.startswith("image-to-video-"):
        if call.model.startswith("kling-v"):
            return Product("v1/videos/image2video", "clip", "video")
        return Product(f"image-to-video/{call.model}", "clip", "video", new=True)
    return PRODUCTS[call.operation]


def body(call: Call, files: Mapping[str, Path], handle: str, publish: Callable[[Path], str]) -> dict[str, Any]:
    """The JSON to send; `publish` gives a file's public address."""
    sent = {key: value for key, value in call.body.items()}
    if call.operation == "identify-face":
        return {**sent, "video_url": publish(files["clip"])}
    if call.operation == "lip-sync-single":
        given = {
            **sent["input"],
            "video_url": publish(files["clip"]),
            "audio_type": "file",
            "audio_file": _text(files["sound"]),
        }
        return {**sent, "input": given}
    if call.operation == "lip-sync":
        face = {**sent["face"], "face_id": call.context["face_id"], "sound_file": _text(files["sound"])}
        return {"session_id": call.context["session_id"], "face_choose": [face], "external_task_id": handle}
    if call.operation == "avatar":
        media = {"image": _text(files["image"]), "sound_file": _text(files["sound"])}
        return {**sent, "mode": call.model, **media, "external_task_id": handle}
    if product(call).new:
        frames = [{"type": "first_frame", "url": _text(files["image"])}]
        frames += [{"type": "last_frame", "url": _text(files["last"])}] if "last" in files else []
        options = {**sent.get("options", {}), "external_task_id": handle}
        return {**sent, "contents": [*sent.get("contents", []), *frames], "options": options}
    media = {"image": _text(files["image"])} if "image" in files else {}
    media |= {"image_tail": _text(files["last"])} if "last" in files else {}
    return {**sent, "model_name": call.model, **media, "external_task_id": handle}


def inputs(call: Call, files: Mapping[str, Path]) -> tuple[str, ...]:
    """Names of what is sent, for a message about moderation."""
    words = {"image": "the image", "last": "the last image", "clip": "the clip", "sound": "the sound"}
    prompted = "prompt" in call.body or any(part.get("type") == "prompt" for part in call.body.get("contents", ()))
    return (*(("the prompt",) if prompted else ()), *(words[role] for role in files if role in words))


def task_id(data: Any) -> str | None:
    """The id in the answer to a create, in either standard."""
    found = (data.get("task_id") or data.get("id")) if isinstance(data, dict) else None
    return str(found) if found else None


def outcome(call: Call, task: Mapping[str, Any]) -> Pending | Done | Failed:
    """What became of a task, in the words of either standard."""
    status = str(task.get("task_status") or task.get("status") or "")
    number = task_id(task) or ""
    charged, currency = _deducted(task, product(call))
    if status in ("succeed", "succeeded"):
        url = _address(task, product(call))
        if not url:
            return Failed("it says that it is ready, and names no result", charged=charged > 0 if charged is not None else None)
        return Done(
            {product(call).result: url}, _expires(url, task), charged, currency, {"task": number, "duration": _duration(task)}
        )
    if status == "failed":
        reason = " ".join(str(task.get("task_status_msg") or task.get("message") or "no reason given").split())[:300]
        paid = None if charged is None else charged > 0
        content = any(word in reason.lower() for word in CONTENT)
        return Failed(reason, charged=paid, again=paid is False and not content)
    return Pending(status or "no state given")


def amount(value: Any) -> Decimal | None:
    """A number as Kling writes it (a text, mostly); None where it is none."""
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _deducted(task: Mapping[str, Any], what: Product) -> tuple[Decimal | None, str]:
    """What it says it took: units (older API), or one bill in money or units (new standard)."""
    bills = [bill for bill in task.get("billing") or () if isinstance(bill, dict) and amount(bill.get("amount")) is not None]
    if len({(bill.get("charge_type"), bill.get("currency")) for bill in bills}) == 1:
        total = sum((amount(bill["amount"]) or Decimal(0) for bill in bills), Decimal(0))
        cash = bills[0].get("charge_type") == "cash"
        return total, str(bills[0].get("currency") or "USD") if cash else what.units
    return amount(task.get("final_unit_deduction")), what.units


def _address(task: Mapping[str, Any], what: Product) -> str | None:
    outputs = task.get("outputs") or []
    if not outputs and isinstance(task.get("task_result"), dict):
        outputs = task["task_result"].get("images" if what.kind == "image" else "videos") or []
    return next((str(item["url"]) for item in outputs if isinstance(item, dict) and item.get("url")), None)


def _duration(task: Mapping[str, Any]) -> str | None:
    outputs = task.get("outputs") or (task.get("task_result") or {}).get("videos") or []
    return next((str(item["duration"]) for item in outputs if isinstance(item, dict) and item.get("duration")), None)


def _expires(url: str, task: Mapping[str, Any]) -> float | None:
    signed = parse_qs(urlsplit(url).query).get("Expires", [""])[0]
    if signed.isdigit():
        return float(signed)
    done = amount(task.get("updated_at") or task.get("update_time"))
    return float(done) / 1000 + KEPT if done else None


def _text(path: Path) -> str:
    """A file as Kling takes it: base64 without a `data:` prefix; pictures are packed on the way, without loss.

    What a purchase is called goes by the file as it was given, which does not depend on how well a library packs.
    """
    with path.open("rb") as file:
        if file.read(4) != b"\x89PNG":
            return base64.b64encode(path.read_bytes()).decode()
        file.seek(0)
        known = hashlib.file_digest(file, "sha256").digest()
    with _PACKING:  # one at a time: it takes a second, and many lines of an episode send the same picture
        if known not in _PACKED:
            _PACKED.clear()
            _PACKED[known] = base64.b64encode(_packed(path)).decode()
        return _PACKED[known]


_PACKED: dict[bytes, str] = {}
"""The picture that was packed last, by its digest."""
_PACKING = threading.Lock()


def _packed(path: Path) -> bytes:
    from PIL import Image

    packed = io.BytesIO()
    with Image.open(path) as picture:
        picture.save(packed, "PNG", compress_level=6)
    return packed.getvalue() if packed.tell() < path.stat().st_size else path.read_bytes()
