"""What Kling gives back: real media, or what a fault makes of it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from talkmill.providers.sandbox import media
from talkmill.providers.sandbox.server import Asked, Reply

if TYPE_CHECKING:
    from talkmill.providers.sandbox.kling_rules import TaskState

TRANSFER = ("html", "truncated", "cut", "empty", "garbage", "redirect", "redirect-private", "redirect-loop")
CONTENT = ("long", "short", "slow", "varying", "small", "sound")
FAULTS = (*TRANSFER, *CONTENT)
PAGE = b"<!DOCTYPE html><html><body>Sign in</body></html>"


def serve(task: TaskState, asked: Asked) -> Reply:
    """The result's bytes as they go out."""
    fault = task.result_fault
    kind = "image/png" if task.product == "images/generations" else "video/mp4"
    here = f"{asked.base}{asked.path}?" + "&".join(f"{key}={value}" for key, value in asked.query.items())
    if fault.startswith("redirect"):
        to = {"redirect-private": "http://169.254.169.254/latest/meta-data/", "redirect-loop": here}
        if fault == "redirect" and "moved" not in asked.query:
            return Reply(b"", 302, {"Location": here + "&moved=1"})
        if fault != "redirect":
            return Reply(b"", 302, {"Location": to[fault]})
    if fault == "html":
        return Reply(PAGE, 200, {"Content-Type": "text/html; charset=utf-8"})
    body = result(task)
    if fault == "truncated":
        body = body[: len(body) * 2 // 3]
    elif fault == "empty":
        body = b""
    elif fault == "garbage":
        body = bytes(range(256)) * 64
    return Reply(body, 200, {"Content-Type": kind}, cut=len(body) // 3 if fault == "cut" else 0)


def result(task: TaskState) -> bytes:
    """The result itself; made when it is fetched, once."""
    if "result" not in task.made:
        task.made["result"] = _make(task)
    done: bytes = task.made["result"]
    return done


def _make(task: TaskState) -> bytes:
    made, fault = task.made, task.result_fault
    if task.product == "images/generations":
        width, height = made["size"]
        if fault == "small":
            width, height = width // 4, height // 4
        return media.picture(width, height, zlib.crc32(made["seed"].encode()))
    seconds = made["seconds"] + {"long": 1.0, "short": -1.0}.get(fault, 0.0)
    fps = 12.0 if fault == "slow" else made["fps"]
    if fault == "sound":
        return bytes(made.get("sound") or b"RIFF")
    if "clip" in made:
        clip = media.from_clip(made["clip"], made["sound"], seconds, fps if fault == "slow" else None)
    else:
        height = made["height"] // (4 if fault == "small" else 1)
        clip = media.from_image(made["image"], seconds, height, fps, sound=made.get("sound"))
    return media.uneven(clip) if fault == "varying" else clip
