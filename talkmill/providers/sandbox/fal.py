"""fal's stand-in: the queue with its states, the storage, and real media back; the models that Talkmill has ready-made.

Faithful where it matters: a submit is taken before its input is looked at, a job that failed is COMPLETED with an error and its
result's address answers with that, the addresses of a request leave out what follows the model's owner and alias, more jobs
than slots wait, what is made is billed by model. Keys that start with `sk-test` are good. Faults: see `FAULTS`.
"""

from __future__ import annotations

import base64
import itertools
import json
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any, ClassVar

from talkmill.errors import MediaError
from talkmill.media import ffmpeg
from talkmill.providers import fal_models
from talkmill.providers.results import film, image_size, sound_seconds
from talkmill.providers.sandbox.server import Asked, Reply, Service, route

FAULTS = {
    "locked": "403, the balance is used up",
    "payment": "402",
    "throttled": "429 with Retry-After",
    "error": "500 at the submit, nothing taken",
    "invalid": "the job ends as COMPLETED, its result is a 422",
    "failed": "the job ends as COMPLETED with an error, its result is a 500",
    "unready": "503 at a question for the state",
    "expired": "the address of the result has expired",
    "page": "an HTML page in place of the result",
    "truncated": "a result that breaks off",
    "empty": "a result without a byte",
    "drop": "the connection closes before anything is done",
    "drop-charged": "the job is taken, and the connection closes without an answer",
}

PRICES: Mapping[str, tuple[str, int]] = {
    "fal-ai/kling-video/lipsync/audio-to-video": ("0.014", 5),
    "fal-ai/latentsync": ("0.005", 40),
    "fal-ai/musetalk": ("0.01", 1),
    "fal-ai/kling-video/ai-avatar/v2/standard": ("0.056", 1),
    "fal-ai/kling-video/ai-avatar/v2/pro": ("0.115", 1),
    "fal-ai/flux/dev": ("0.025", 1),
    "fal-ai/flux/schnell": ("0.003", 1),
    "fal-ai/kling-video/v2.5-turbo/standard/image-to-video": ("0.042", 5),
    "fal-ai/kling-video/v2.5-turbo/pro/image-to-video": ("0.07", 5),
    "fal-ai/kling-video/v3/standard/image-to-video": ("0.084", 1),
    "fal-ai/kling-video/v3/pro/image-to-video": ("0.112", 1),
}
"""USD a unit, and the units to which it is rounded up."""

SIZES = {"square_hd": (1024, 1024), "square": (512, 512), "portrait_4_3": (768, 1024), "portrait_16_9": (576, 1024)}
SIZES |= {"landscape_4_3": (1024, 768), "landscape_16_9": (1024, 576)}
CODED = [
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
    "-pix_fmt",
    "yuv420p",
    "-threads",
    "1",
    "-bitexact",
    "-movflags",
    "+faststart",
]
MOUTH = "drawbox=x=iw*2/5:y=ih*3/5:w=iw/5:h=ih/20:color=black@0.8:t=fill:enable='lt(mod(n,8),4)'"
"""What the stand-in's lip sync does to a picture: a dark bar, eight frames open and shut."""

BREATH = "drawbox=x=0:y=ih-8:w=iw:h=8:color=black@0.5:t=fill:enable='lt(mod(n,60),30)'"


class Wrong(Exception):
    """A validation error of a job, found when it runs: the field, and what is wrong with it."""

    def __init__(self, field: str, kind: str, message: str) -> None:
        self.field, self.kind = field, kind
        super().__init__(message)


@dataclass
class Job:
    """One request in the queue."""

    id: str
    model: str
    input: Mapping[str, Any]
    state: str = "IN_QUEUE"
    status: int = 200  # of the result
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    made: bytes = b""
    seconds: float = 0.0


class FalService(Service):
    """`POST /{model}`, `GET /{owner}/{alias}/requests/{id}[/status]`, `PUT .../cancel`, the storage, and the files."""

    name = "fal"
    fault_names = tuple(FAULTS)
    environ: ClassVar[Mapping[str, str]] = {"FAL_KEY": "sk-test-sandbox"}

    def __init__(self, concurrent: int = 2, latency: float = 5.0, a_second: float = 6.0) -> None:
        """`latency` and `a_second` (of what is made) are the provider's seconds that a job takes."""
        super().__init__()
        self.latency, self.a_second = latency, a_second
        self.jobs: dict[str, Job] = {}
        self.files: dict[str, tuple[bytes, str]] = {}
        self.headers: list[Mapping[str, str]] = []  # of the submits, for tests; without the key
        self._slots = threading.Semaphore(concurrent)
        self._number = itertools.count(1)

    # --- storage ---------------------------------------------------------------------------------

    @route("POST", "/storage/upload/initiate")
    def initiate(self, asked: Asked) -> Reply:
        """Two addresses: where to put a file, and where it will be."""
        body = asked.json()
        if refusal := self._key(asked):
            return refusal
        if not isinstance(body, dict) or not isinstance(body.get("file_name"), str):
            return invalid("file_name", "missing", "Field required")
        name = f"{next(self._number):04d}/{Path(body['file_name']).name or 'file'}"
        return Reply({"upload_url": f"{asked.base}/put/{name}?signature=sandbox", "file_url": f"{asked.base}/files/{name}"})

    @route("PUT", "/put/{*}")
    def keep(self, asked: Asked) -> Reply:
        """Keep an uploaded file; the address is signed, the key is not needed."""
        with self.lock:
            self.files[asked.match[0]] = (asked.body, asked.headers.get("content-type", "application/octet-stream"))
        return Reply(b"", 200)

    @route("GET", "/files/{*}")
    def file(self, asked: Asked) -> Reply:
        """A file of the storage, or a result."""
        found = self.files.get(asked.match[0])
        if found is None:
            return Reply({"detail": "Not found"}, 404)
        fault = self.faults.take(asked.match[0], ("expired", "page", "truncated", "empty"))
        if fault == "expired":
            return Reply({"detail": "Forbidden"}, 403)
        if fault == "page":
            return Reply(b"<!doctype html><title>Sorry</title>", 200, {"Content-Type": "text/html"})
        body = {"empty": b"", "truncated": found[0][: len(found[0]) // 3]}.get(fault or "", found[0])
        return Reply(body, 200, {"Content-Type": found[1]})

    # --- queue -----------------------------------------------------------------------------------

    @route("GET", "/{}/{}/requests/{}/status")
    def status(self, asked: Asked) -> Reply:
        """The state of a request."""
        job = self._job(asked)
        if isinstance(job, Reply):
            return job
        if self.faults.take(job.model, ("unready",)):
            return Reply({"detail": "Service unavailable"}, 503)
        urls = self._urls(asked.base, job)
        if job.state == "IN_QUEUE":
            waiting = [one.id for one in self.jobs.values() if one.state == "IN_QUEUE"]
            return Reply(
                {"status": "IN_QUEUE", "queue_position": waiting.index(job.id) if job.id in waiting else 0, **urls}, 202
            )
        if job.state == "IN_PROGRESS":
            return Reply({"status": "IN_PROGRESS", "logs": None, **urls}, 202)
        more = {"error": job.error, "error_type": "runner_error"} if job.error else {}
        return Reply({"status": "COMPLETED", "logs": None, "metrics": {"inference_time": job.seconds}, **more, **urls})

    @route("GET", "/{}/{}/requests/{}")
    def request(self, asked: Asked) -> Reply:
        """The result of a request, under a new address each time; or its error."""
        job = self._job(asked)
        if isinstance(job, Reply):
            return job
        if job.state != "COMPLETED":
            return Reply({"detail": "Request is still in progress"}, 400)
        headers = {"x-fal-request-id": job.id}
        if job.status != 200:
            return Reply(job.result, job.status, {**headers, "X-Fal-Retryable": "true" if job.status >= 500 else "false"})
        kind = fal_models.OPERATIONS[fal_models.ready()[job.model]["operation"]]
        name = f"results/{job.id}-{next(self._number)}.{'png' if kind == 'image' else 'mp4'}"
        with self.lock:
            self.files[name] = (job.made, "image/png" if kind == "image" else "video/mp4")
        media = {"url": f"{asked.base}/files/{name}", "content_type": self.files[name][1], "file_size": len(job.made)}
        if kind == "image":
            return Reply({"images": [{**media, **job.result}], "seed": job.input.get("seed", 1)}, 200, headers)
        return Reply({"video": media}, 200, headers)

    @route("PUT", "/{}/{}/requests/{}/cancel")
    def stop(self, asked: Asked) -> Reply:
        """Cancel what waits."""
        job = self._job(asked)
        if isinstance(job, Reply):
            return job
        if job.state != "IN_QUEUE":
            return Reply({"status": "ALREADY_COMPLETED"}, 400)
        job.state, job.status, job.result = "COMPLETED", 499, {"detail": "Request was cancelled"}
        return Reply({"status": "CANCELLATION_REQUESTED"}, 202)

    @route("POST", "/{*}")
    def submit(self, asked: Asked) -> Reply:
        """Put a job into the queue; its input is looked at when it runs."""
        model, body = asked.match[0], asked.json()
        if refusal := self._key(asked):
            return refusal
        if model not in fal_models.ready():
            return Reply({"detail": f"Application '{model}' not found"}, 404)
        if not isinstance(body, dict):
            return invalid("", "json_invalid", "JSON decode error")
        fault = self.faults.take(model, ("locked", "payment", "throttled", "error", "drop", "drop-charged"))
        if fault == "locked":
            return Reply({"detail": "User is locked. Reason: Exhausted balance. Top up your balance."}, 403)
        if fault == "payment":
            return Reply({"detail": "Payment required"}, 402)
        if fault == "throttled":
            return Reply({"detail": "Rate limit exceeded"}, 429, {"Retry-After": "1"})
        if fault == "error":
            return Reply({"detail": "Internal server error"}, 500)
        if fault == "drop":
            return Reply(drop=True)
        job = Job(f"request-{next(self._number):06d}", model, body)
        with self.lock:
            self.jobs[job.id] = job
            self.headers.append({name: value for name, value in asked.headers.items() if name.startswith("x-fal")})
        threading.Thread(target=self._run, args=(job, asked.base), daemon=True).start()
        if fault == "drop-charged":
            return Reply(drop=True)
        return Reply({"status": "IN_QUEUE", "queue_position": 0, **self._urls(asked.base, job)})

    # --- parts -----------------------------------------------------------------------------------

    def _key(self, asked: Asked) -> Reply | None:
        scheme, _, key = asked.headers.get("authorization", "").partition(" ")
        if scheme == "Key" and key.startswith("sk-test"):
            return None
        return Reply({"detail": "Authentication is required to access this application"}, 401)

    def _job(self, asked: Asked) -> Job | Reply:
        if refusal := self._key(asked):
            return refusal
        owner, alias, number = asked.match
        job = self.jobs.get(number)
        if job is None or not job.model.startswith(f"{owner}/{alias}"):
            return Reply({"detail": "Request not found"}, 404)
        return job

    def _urls(self, base: str, job: Job) -> dict[str, str]:
        at = f"{base}/{'/'.join(job.model.split('/')[:2])}/requests/{job.id}"
        return {"request_id": job.id, "response_url": at, "status_url": f"{at}/status", "cancel_url": f"{at}/cancel"}

    def _run(self, job: Job, base: str) -> None:
        with self._slots:
            if job.state != "IN_QUEUE":
                return
            job.state = "IN_PROGRESS"
            started = time.monotonic()
            fault = self.faults.take(job.model, ("invalid", "failed"))
            try:
                if fault == "invalid":
                    raise Wrong("video_url", "face_detection_error", "Could not detect a face in the video")
                if fault == "failed":
                    job.status, job.error, job.result = 500, "Runner error", {"detail": "Internal server error"}
                else:
                    self._make(job, base)
            except Wrong as error:
                place = ["body", *filter(None, [error.field])]
                job.status, job.result = 422, {"detail": [{"loc": place, "msg": str(error), "type": error.kind}]}
            except Exception as error:  # whatever it is: a job that never ends would hang its caller
                job.status, job.error, job.result = 500, "Runner error", {"detail": str(error)}
            job.seconds = round(time.monotonic() - started, 3)
            job.state = "COMPLETED"

    def _make(self, job: Job, base: str) -> None:
        model = fal_models.model(job.model)
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            files = {role: self._fetched(job.input, name, base, work / role) for role, name in model.files.items()}
            if model.operation in ("image", "image-to-video") and not isinstance(job.input.get("prompt"), str):
                raise Wrong("prompt", "missing", "Field required")
            seconds, size = measured(model, files)
            for role, most in model.megabytes.items():
                if role in files and files[role].stat().st_size > most * 1_000_000:
                    raise Wrong(model.files[role], "file_too_large", f"File size exceeds {most} MB")
            if why := model.refusal(seconds, size):
                raise Wrong(next(iter(model.files.values()), ""), "value_error", why)
            if model.duration:
                wanted = str(job.input.get(model.duration, model.durations[0]))
                if not wanted.isdigit() or int(wanted) not in model.durations:
                    raise Wrong(model.duration, "literal_error", f"Input should be one of {model.durations}")
                seconds["duration"] = float(wanted)
            shape = _shape(job.input.get(model.size)) if model.kind == "image" else (0, 0)
            self.clock.sleep(self.latency + self.a_second * max(seconds.values(), default=0.0))
            target = work / ("out.png" if model.kind == "image" else "out.mp4")
            made(model.operation, files, seconds, shape, target)
            job.made = target.read_bytes()
        if model.kind == "image":
            job.result = {"width": shape[0], "height": shape[1]}
        price, step = PRICES[job.model]
        amount = (model.amount(seconds, shape) / step).to_integral_value(ROUND_CEILING) * step
        self.bill.add(self.name, f"{model.operation}/{job.model}", amount, Decimal(price) * amount, task=job.id)

    def _fetched(self, given: Mapping[str, Any], name: str, base: str, path: Path) -> Path:
        """The file at an address of the storage, or in a data URI; nothing outside this machine is asked."""
        url = given.get(name)
        if not isinstance(url, str):
            raise Wrong(name, "missing", "Field required")
        if url.startswith("data:"):
            path.write_bytes(base64.b64decode(url.partition("base64,")[2]))
            return path
        found = self.files.get(url.removeprefix(f"{base}/files/"))
        if not url.startswith(f"{base}/files/") or found is None:
            raise Wrong(name, "file_download_error", "Failed to download the file. Please check that the URL is accessible.")
        path.write_bytes(found[0])
        return path


def invalid(field: str, kind: str, message: str) -> Reply:
    """A validation error."""
    return Reply({"detail": [{"loc": ["body", *filter(None, [field])], "msg": message, "type": kind}]}, 422)


def measured(model: fal_models.Model, files: Mapping[str, Path]) -> tuple[dict[str, float], tuple[int, int] | None]:
    """Seconds by role, and the size of the clip.

    Raises:
        Wrong: a file is not what it should be.
    """
    seconds: dict[str, float] = {}
    size = None
    for role, path in files.items():
        try:
            if role == "clip":
                clip = film(path)
                seconds[role], size = clip.seconds, (clip.width, clip.height)
            elif role == "sound":
                seconds[role] = sound_seconds(path)
            else:
                image_size(path)
        except MediaError as error:
            raise Wrong(model.files[role], "unsupported_file", str(error)) from None
    return seconds, size


def made(operation: str, files: Mapping[str, Path], seconds: Mapping[str, float], shape: tuple[int, int], target: Path) -> None:
    """Write what a model of this operation gives back: real media of the right length and size."""
    if operation == "image":
        shown = f"gradients=size={shape[0]}x{shape[1]}:seed=7:nb_colors=3,format=rgb24"
        ffmpeg.run(["-f", "lavfi", "-i", shown, "-frames:v", "1", "-bitexact", "-y", ffmpeg.url(target)])
        return
    if operation == "lip-sync":
        given = ["-i", ffmpeg.url(files["clip"]), "-i", ffmpeg.url(files["sound"])]
        view = ["-map", "0:v:0", "-map", "1:a:0", "-vf", MOUTH, "-af", f"apad=whole_dur={seconds['clip']}"]
        ffmpeg.run([*given, *view, *CODED, "-c:a", "aac", "-t", f"{seconds['clip']}", "-y", ffmpeg.url(target)])
        return
    fitted = "scale='trunc(min(720,iw)/2)*2':-2:flags=bilinear,setsar=1,format=yuv420p,loop=-1:1,setpts=N/(30*TB),fps=30"
    still = ["-i", ffmpeg.url(files["image"])]
    if operation == "avatar":
        still += ["-i", ffmpeg.url(files["sound"])]
        view = ["-map", "0:v:0", "-map", "1:a:0", "-vf", f"{fitted},{MOUTH}", "-c:a", "aac"]
        ffmpeg.run([*still, *view, *CODED, "-t", f"{seconds['sound']}", "-y", ffmpeg.url(target)])
        return
    view = ["-vf", f"{fitted},{BREATH}", "-an"]
    ffmpeg.run([*still, *view, *CODED, "-t", f"{seconds['duration']}", "-y", ffmpeg.url(target)])


def _shape(given: Any) -> tuple[int, int]:
    if isinstance(given, Mapping):
        sides = (given.get("width"), given.get("height"))
        if all(isinstance(side, int) and 64 <= side <= 4096 for side in sides):
            return sides  # type: ignore[return-value]
        raise Wrong("image_size", "value_error", f"Invalid size {json.dumps(dict(given))}")
    if given is not None and given not in SIZES:
        raise Wrong("image_size", "literal_error", "Input should be 'square_hd', 'square', 'portrait_4_3', ...")
    return SIZES[given or "landscape_4_3"]
