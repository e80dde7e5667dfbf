"""What Kling accepts, what it says when it does not, and what it charges; by product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import TYPE_CHECKING, Any

from talkmill.providers.sandbox.parts import Charge

if TYPE_CHECKING:
    from talkmill.providers.sandbox.kling import KlingService

KEPT = 30 * 86400
CODES: dict[int, tuple[int, str]] = {
    1000: (401, "Authentication failed"), 1001: (401, "Authorization is empty"), 1002: (401, "Authorization is invalid"),
    1003: (401, "Authorization is not yet valid"), 1004: (401, "Authorization has expired"),
    1100: (429, "Account exception"), 1101: (429, "Account in arrears"), 1102: (429, "Account balance not enough"),
    1103: (403, "No permission to access the requested resource"), 1200: (400, "Invalid request parameters"),
    1201: (400, "Invalid parameters"), 1202: (404, "The requested method is invalid"),
    1203: (404, "The requested resource does not exist"), 1300: (400, "Trigger strategy of the platform"),
    1301: (400, "Failure to pass the risk control system"), 1302: (429, "Too many requests"),
    1303: (429, "parallel task over resource pack limit"), 1304: (429, "Trigger the platform's IP whitelisting policy"),
    5000: (500, "Internal server error"), 5001: (503, "Service temporarily unavailable"),
    5002: (504, "Service internal timeout"),
}  # fmt: skip
"""Code: HTTP status and words."""
ASPECTS = {
    "16:9": (16, 9), "9:16": (9, 16), "1:1": (1, 1), "4:3": (4, 3), "3:4": (3, 4), "3:2": (3, 2), "2:3": (2, 3),
    "21:9": (21, 9),
}  # fmt: skip
UNIT, IMAGE_UNIT = Decimal("0.14"), Decimal("0.0035")
MOTION = {
    # model: (US dollars a second by size and sound, lengths in seconds)
    "kling-v2-5-turbo": ({"std": "0.042", "pro": "0.07"}, (5, 10)),
    "kling-v2-6": ({"std": "0.042", "pro": "0.07", "pro audio": "0.14"}, (5, 10)),
    "kling-v3": (
        {"std": "0.084", "pro": "0.112", "4k": "0.42", "std audio": "0.126", "pro audio": "0.168", "4k audio": "0.42"},
        tuple(range(3, 16)),
    ),
}
NEW = {"kling-2.5-turbo": "kling-v2-5-turbo", "kling-2.6": "kling-v2-6", "kling-3.0": "kling-v3", "kling-3.0-turbo": "turbo"}
TURBO = ({"std audio": "0.112", "pro audio": "0.14"}, tuple(range(3, 16)))
SIZES = {"720p": "std", "1080p": "pro", "4k": "4k"}


class Wrong(Exception):
    """A refusal with one of Kling's codes."""

    def __init__(self, code: int, words: str = "") -> None:
        self.code, self.words = code, words
        super().__init__(words)


@dataclass(frozen=True)
class Price:
    """What something costs."""

    units: Decimal
    usd: Decimal


@dataclass(frozen=True)
class Rule:
    """One product."""

    name: str
    path: str  # below /v1/, or the new standard's own
    new: bool
    check: Callable[[KlingService, dict[str, Any], str], dict[str, Any]]


@dataclass
class TaskState:
    """One task."""

    number: str
    external: str
    rule: Rule
    made: dict[str, Any]  # what is needed to make the result
    created: float
    lasts: float  # seconds of the service's time
    base: str
    end: str = ""
    result_fault: str = ""
    slots: int = 1
    state: str = "submitted"
    updated: float = 0
    address: int = 0
    charge: Charge | None = None

    @property
    def product(self) -> str:
        """As the bill names it."""
        return self.rule.name

    @property
    def quantity(self) -> Decimal:
        """How much of it, rounded up to the billing step."""
        if self.rule.name == "images/generations":
            return Decimal(self.made["n"])
        seconds = Decimal(str(round(self.made["seconds"], 2)))
        if "lip-sync" in self.rule.name:
            return (seconds / 5).to_integral_value(ROUND_CEILING) * 5
        return seconds.to_integral_value(ROUND_CEILING)

    @property
    def price(self) -> Price:
        """What it costs."""
        return priced(self.rule.name, self.quantity, self.made)

    def url(self) -> str:
        """The signed address of its result."""
        suffix = "png" if self.rule.name == "images/generations" else "mp4"
        return f"{self.base}/files/{self.number}.{suffix}?Expires={int(self.updated + KEPT)}&Signature=sandbox&v={self.address}"

    def words(self) -> str:
        """Why it failed."""
        return {"failed": "Internal error, please try again", "unsafe": "Failure to pass the risk control system"}.get(
            self.end, ""
        )

    def shown(self, created: bool = False) -> dict[str, Any]:
        """As the older API shows it; right after it was made, without results."""
        image = self.rule.name == "images/generations"
        data: dict[str, Any] = {
            "task_id": self.number, "task_info": {"external_task_id": self.external}, "task_status": self.state,
            "created_at": round(self.created * 1000), "updated_at": round((self.updated or self.created) * 1000),
        }  # fmt: skip
        if created:
            return data
        data["task_status_msg"] = self.words() if self.state == "failed" else ""
        if self.state == "failed":
            data["final_unit_deduction"] = "0"
        if self.state == "succeed":
            item: dict[str, Any] = {"url": self.url(), "watermark_url": ""}
            item |= {"index": 0} if image else {"id": f"video-{self.number}", "duration": f"{self.made['seconds']:.1f}"}
            data["task_result"] = {"images" if image else "videos": [item]}
            data["final_unit_deduction"] = str(self.price.units)
        return data

    def shown_new(self) -> dict[str, Any]:
        """As the new standard shows it, also tasks of the older API."""
        data: dict[str, Any] = {
            "id": self.number, "status": {"succeed": "succeeded"}.get(self.state, self.state), "external_id": self.external,
            "message": self.words() if self.state == "failed" else "",
            "create_time": round(self.created * 1000), "update_time": round((self.updated or self.created) * 1000),
        }  # fmt: skip
        if self.state == "succeed":
            kind = "image" if self.rule.name == "images/generations" else "video"
            length = {} if kind == "image" else {"duration": f"{self.made['seconds']:.1f}"}
            data["outputs"] = [{"type": kind, "id": f"out-{self.number}", "url": self.url(), **length}]
            data["billing"] = [
                {
                    "charge_type": "unit",
                    "package_type": kind,
                    "amount": str(self.price.units),
                    "list_price": str(self.price.usd),
                }
            ]
        return data


def priced(name: str, quantity: Decimal, made: dict[str, Any]) -> Price:
    """Units and US dollars of a product."""
    if name == "images/generations":
        usd = Decimal("0.014" if made["model"] == "kling-v2-1" and not made.get("image") else "0.028") * quantity
        return Price(usd / IMAGE_UNIT, usd)
    if name == "identify-face":
        return Price(Decimal("0.05"), Decimal("0.007"))
    if "lip-sync" in name:
        return Price(quantity / 10, quantity / 10 * UNIT)
    each = Decimal({"std": "0.056", "pro": "0.112"}[made["mode"]] if "avatar" in name else made["each"])
    return Price((each * quantity / UNIT).quantize(Decimal("0.0001")), each * quantity)


def seconds_of(what: str, seconds: float, least: float, most: float) -> None:
    """Refuse a length outside of the bounds."""
    if not least <= seconds <= most:
        raise Wrong(1201, f"{what} duration must be between {least:g}s and {most:g}s, got {seconds:.2f}s")


def text(given: dict[str, Any], name: str, longest: int = 2500) -> str:
    """A text field within its length."""
    value = given.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > longest):
        raise Wrong(1201, f"{name} must not exceed {longest} characters")
    return value or ""


def choice(given: dict[str, Any], name: str, among: tuple[Any, ...], default: Any) -> Any:
    """A field with few values."""
    value = given.get(name, default)
    if value not in among:
        raise Wrong(1201, f"{name} value '{value}' is invalid, allowed values: {', '.join(map(str, among))}")
    return value


def _picture(service: KlingService, value: Any, what: str, largest: int = 10 << 20) -> tuple[bytes, int, int]:
    data, size = service.media(value, what, "image", largest)
    if min(size.width, size.height) < 300:
        raise Wrong(1201, f"{what} width and height must not be less than 300px")
    if not 1 / 2.5 <= size.width / size.height <= 2.5:
        raise Wrong(1201, f"{what} aspect ratio must be between 1:2.5 and 2.5:1")
    return data, size.width, size.height


def _images(service: KlingService, given: dict[str, Any], _: str) -> dict[str, Any]:
    model = choice(given, "model_name", ("kling-v3", "kling-v2-1"), "kling-v3")
    if not text(given, "prompt"):
        raise Wrong(1201, "prompt is required")
    image = _picture(service, given["image"], "image")[0] if given.get("image") else None
    if text(given, "negative_prompt") and image:
        raise Wrong(1201, "negative_prompt is not supported when image is given")
    count = given.get("n", 1)
    if not isinstance(count, int) or not 1 <= count <= 9:
        raise Wrong(1201, "n must be between 1 and 9")
    aspect = ASPECTS[choice(given, "aspect_ratio", tuple(ASPECTS), "16:9")]
    large = choice(given, "resolution", ("1k", "2k"), "1k")
    side = {"1k": 1024, "2k": 2048}[large]
    ratio = aspect[0] / aspect[1]
    size = (side, round(side / ratio / 2) * 2) if ratio >= 1 else (round(side * ratio / 2) * 2, side)
    return {"model": model, "image": image, "n": count, "size": size, "seed": given["prompt"], "seconds": 0.0}


def _motion(service: KlingService, given: dict[str, Any], _: str) -> dict[str, Any]:
    model = given.get("model_name", "kling-v2-6")
    if model not in MOTION:
        raise Wrong(1203, f"model {model} is discontinued or does not exist")
    if not given.get("image") and not given.get("image_tail"):
        raise Wrong(1201, "image or image_tail is required")
    text(given, "prompt")
    text(given, "negative_prompt")
    image = _picture(service, given.get("image") or given.get("image_tail"), "image")[0]
    duration = given.get("duration", "5")
    if not isinstance(duration, str):
        raise Wrong(1200, "duration must be a string")
    return _moving(model, MOTION[model], given.get("mode", "std"), given.get("sound", "off") == "on", duration, image)


def _motion_new(service: KlingService, given: dict[str, Any], model: str) -> dict[str, Any]:
    if model not in NEW:
        raise Wrong(1203, f"model {model} does not exist")
    settings, contents = given.get("settings") or {}, given.get("contents") or []
    for old in ("negative_prompt", "cfg_scale", "mode", "image_tail", "image", "duration"):
        if old in given or (old in settings and old != "duration"):
            raise Wrong(1201, f"unknown parameter {old}")
    first = [part.get("url") for part in contents if part.get("type") == "first_frame"]
    if len(first) != 1:
        raise Wrong(1201, "first_frame is required")
    image = _picture(service, first[0], "first_frame", 50 << 20)[0]
    duration = settings.get("duration", 5)
    if not isinstance(duration, int):
        raise Wrong(1200, "settings.duration must be an integer")
    row = TURBO if model == "kling-3.0-turbo" else MOTION[NEW[model]]
    if model == "kling-3.0-turbo" and "audio" in settings:
        raise Wrong(1201, "settings.audio is not supported by this model")
    audio = model == "kling-3.0-turbo" or settings.get("audio", "off") == "native"
    return _moving(model, row, SIZES.get(settings.get("resolution", "720p"), "?"), audio, str(duration), image)


def _moving(
    model: str, row: tuple[dict[str, str], tuple[int, ...]], mode: str, audio: bool, duration: str, image: bytes
) -> dict[str, Any]:
    prices, lengths = row
    each = prices.get(f"{mode} audio" if audio else mode)
    if each is None:
        raise Wrong(1201, f"mode {mode} with sound {'on' if audio else 'off'} is not supported by {model}")
    if duration not in {str(length) for length in lengths}:
        raise Wrong(1201, f"duration value '{duration}' is invalid, allowed values: {', '.join(map(str, lengths))}")
    height = {"std": 720, "pro": 1080, "4k": 2160}[mode]
    return {"model": model, "image": image, "seconds": float(duration), "height": height, "each": each, "fps": 24.0}


def _avatar(service: KlingService, given: dict[str, Any], _: str) -> dict[str, Any]:
    image = _picture(service, given.get("image"), "image")[0]
    mode = choice(given, "mode", ("std", "pro"), "std")
    text(given, "prompt")
    if given.get("audio_id") and given.get("sound_file"):
        raise Wrong(1201, "audio_id and sound_file are mutually exclusive")
    sound, heard = service.media(given.get("sound_file"), "sound_file", "sound", 5 << 20)
    seconds_of("sound_file", heard.seconds, 2, 300)
    return {
        "mode": mode,
        "image": image,
        "sound": sound,
        "seconds": heard.seconds,
        "height": 720 if mode == "std" else 1080,
        "fps": 25.0,
    }


def _lip_sync_single(service: KlingService, given: dict[str, Any], _: str) -> dict[str, Any]:
    inner = given.get("input")
    if not isinstance(inner, dict) or inner.get("mode") is None:
        raise Wrong(1201, "input.mode must not be null; allowed values text2video, audio2video")
    if inner["mode"] != "audio2video":
        raise Wrong(1201, "text is required")
    if inner.get("audio_type") not in ("file", "url"):
        raise Wrong(1201, "Audio type is null; allowed values file, url")
    clip, film = service.clip_of(inner, 2, 10, 720, 1920)
    sound, heard = service.media(inner.get("audio_file"), "audio_file", "sound", 5 << 20)
    seconds_of("audio_file", heard.seconds, 2, 60)
    return {"clip": clip, "sound": sound, "seconds": film.seconds, "fps": film.fps}


def _lip_sync(service: KlingService, given: dict[str, Any], _: str) -> dict[str, Any]:
    held = service.sessions.get(str(given.get("session_id")))
    if held is None or service.clock.now() - held[2] > 86400:
        raise Wrong(1201, "session_id is invalid or has expired")
    clip, film, _since = held
    chosen = given.get("face_choose")
    if not isinstance(chosen, list) or len(chosen) != 1:
        raise Wrong(1201, "face_choose must hold exactly one face")
    face = chosen[0]
    sound, heard = service.media(face.get("sound_file"), "sound_file", "sound", 5 << 20)
    seconds_of("sound_file", heard.seconds, 2, 60)
    times = [face.get(name) for name in ("sound_start_time", "sound_end_time", "sound_insert_time")]
    if not all(isinstance(time, int) for time in times):
        raise Wrong(1201, "sound_start_time, sound_end_time and sound_insert_time are required")
    start, end, at = times
    if not 0 <= start < end <= round(heard.seconds * 1000) + 1:
        raise Wrong(1201, "sound_end_time exceeds the audio")
    if end - start < 2000:
        raise Wrong(1201, "the cropped audio must not be shorter than 2 seconds")
    if at + end - start > round(film.seconds * 1000) + 50:
        raise Wrong(1201, "the inserted audio exceeds the video")
    return {"clip": clip, "sound": sound, "seconds": film.seconds, "fps": film.fps}


def _none(service: KlingService, given: dict[str, Any], _: str) -> dict[str, Any]:
    raise Wrong(1202)


PRODUCTS: dict[str, Rule] = {
    rule.path: rule
    for rule in (
        Rule("images/generations", "images/generations", False, _images),
        Rule("image2video", "videos/image2video", False, _motion),
        Rule("image-to-video", "image-to-video", True, _motion_new),
        Rule("avatar", "videos/avatar/image2video", False, _avatar),
        Rule("lip-sync", "videos/lip-sync", False, _lip_sync_single),
        Rule("advanced-lip-sync", "videos/advanced-lip-sync", False, _lip_sync),
        Rule("identify-face", "videos/identify-face", False, _none),
    )
}
