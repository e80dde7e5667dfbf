"""Frames, sound and captions become one publish-ready mp4, in one ffmpeg process.

The file is what every platform takes without touching it: H.264 High 4.2, 4:2:0, BT.709 in video range, two B-frames, a
closed group of pictures of half a second, AAC-LC 48 kHz stereo, index first, **no edit lists**. Without edit lists nothing
tells a player to skip the 1024 samples by which an AAC encoder runs late, nor the delay of B-frames, so both are taken out
of the stream itself: 1024 samples are cut from the head of the sound before it is encoded (an episode starts silent), and
composition offsets are negative (version 1 of `ctts`), so that sound and picture both start at 0.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from talkmill.errors import MediaError, PrerequisiteError
from talkmill.media import ffmpeg, subtitles
from talkmill.model import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np

PRIMING = 1024
"""Samples by which ffmpeg's AAC encoder runs late."""
THREADS = 2
"""Threads of x264: fixed, because the bytes depend on it."""
PRESET = ("-preset", "ultrafast", "-qp", "18", "-i_qfactor", "0.4")
TOOLS = "open-gop=0:b-pyramid=0:b-adapt=0:cabac=0:8x8dct=1:no-deblock=0"
"""A constant quantiser, and what x264 does beyond its quickest. Measured on drawn characters at 1080x1920 with these groups of
pictures, against veryfast at crf 18: a third of the processor time, an SSIM of 0.9970 (there 0.9965), 3.2 Mb/s instead of 0.85.
CABAC would make the same pictures 12 % smaller, a fifth slower to encode, twice as slow to decode. The finer quantiser of the
I-pictures carries the still background, and keeps its gradients free of bands. Platforms encode the file again: what they are
given counts."""
FILMED = ("-preset", "superfast", "-crf", "19", "-maxrate", "12M", "-bufsize", "24M")
"""For photographs and clips: their grain would take whatever a constant quantiser gives."""
STALL = 120.0
"""Seconds without any progress after which ffmpeg counts as hung."""
AHEAD = 2
"""Frames that may wait to be written."""
PIPE = 1 << 20
"""Bytes that the pipe to ffmpeg holds, where the system allows it."""


@dataclass(frozen=True)
class Encoded:
    """What was written."""

    frames: int
    drawing: subtitles.Drawing | None  # what libass said; None without captions


def sound(source: Path, target: Path, samples: int) -> None:
    """Encode `source` (WAV at 48 kHz) to AAC in an mp4 that plays at the right time without an edit list.

    `target` plays `samples` samples: the head is cut by `PRIMING`, the tail is filled with silence.

    Raises:
        MediaError: ffmpeg failed.
    """
    rest = samples - PRIMING
    trim = f"atrim=start_sample={PRIMING},asetpts=PTS-STARTPTS,apad=whole_len={rest},atrim=end_sample={rest}"
    ffmpeg.run([
        "-loglevel", "error", "-i", ffmpeg.url(source), "-vn", "-map_metadata", "-1", "-af", trim,
        "-c:a", "aac", "-aac_coder", "fast", "-profile:a", "aac_low", "-b:a", "128k", "-ar", str(SAMPLE_RATE), "-ac", "2",
        "-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "mp4", "-use_editlist", "0", "-y", ffmpeg.url(target),
    ])  # fmt: skip


def video(
    frames: Iterable[np.ndarray],
    size: tuple[int, int],
    fps: int,
    audio: Path | Callable[[], Path],
    target: Path,
    *,
    burner: subtitles.Burner | None = None,
    filmed: bool = False,
) -> Encoded:
    """Encode `frames` with the sound of `audio` (made by `sound`) to `target`; with `burner`, captions are burnt in.

    `frames` are uint8 arrays of h*3//2 rows and w columns: planar 4:2:0 (I420), BT.709, video range. They are written as they
    lie in memory, without a copy. `audio` may be a function that gives the file: it is called when the last frame is encoded,
    so that the sound can be made meanwhile. `filmed` frames are those of photographs or clips, in part or all.

    Raises:
        MediaError: ffmpeg failed, or a frame has another size.
        PrerequisiteError: the disk is full.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        pictures = Path(folder) / "pictures.nut"  # keeps both times of every picture, as an mp4 without edit lists cannot
        done = _pictures(frames, size, fps, pictures, target, burner, FILMED if filmed else PRESET)
        _join(pictures, audio if isinstance(audio, Path) else audio(), fps, target)
    return done


def _pictures(
    frames: Iterable[np.ndarray],
    size: tuple[int, int],
    fps: int,
    written: Path,
    target: Path,
    burner: subtitles.Burner | None,
    preset: Sequence[str],
) -> Encoded:
    """The H.264 stream of `frames`, in `written`; errors name `target`."""
    width, height = size
    gop = fps // 2
    chain = ["setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"] + ([burner.filter] if burner else [])
    command = [
        ffmpeg.executable(), "-hide_banner", "-nostdin", "-nostats", "-protocol_whitelist", "file,pipe,fd",
        "-loglevel", subtitles.LOG_LEVEL if burner else "error",
        "-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{width}x{height}", "-framerate", str(fps),
        "-i", "pipe:0", "-map_metadata", "-1",
        "-vf", ",".join(chain), "-c:v", "libx264", "-profile:v", "high", "-level:v", "4.2", "-pix_fmt", "yuv420p", *preset,
        "-threads:v", str(THREADS),
        "-bf", "2", "-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0", "-flags:v", "+cgop+bitexact",
        "-x264-params", TOOLS,
        "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv",
        "-fflags", "+bitexact", "-f", "nut", "-y", ffmpeg.url(written.absolute()),
    ]  # fmt: skip
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=words,
            cwd=burner.folder if burner else None, env=dict(burner.environment) if burner else None,
        )  # fmt: skip
        try:
            count, broken = _feed(process, frames, (height * 3 // 2, width))
        except BaseException:
            process.kill()
            raise
        finally:
            with contextlib.suppress(OSError):
                process.stdin.close()  # type: ignore[union-attr]
            try:
                code = process.wait(STALL)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
        words.seek(0)
        log = words.read().decode("utf-8", "replace")
    if code or broken:
        raise failure(log, target, code)
    return Encoded(count, subtitles.require_drawn(log, target.name) if burner else None)


def _join(pictures: Path, audio: Path, fps: int, target: Path) -> None:
    """Pictures and sound, as they are, in one mp4: index first, no edit lists, both from 0."""
    arguments = [
        "-loglevel", "error", "-i", ffmpeg.url(pictures.absolute()), "-i", ffmpeg.url(audio.absolute()),
        "-map", "0:v:0", "-map", "1:a:0", "-map_metadata", "-1", "-c", "copy", "-fflags", "+bitexact",
        "-video_track_timescale", str(fps * 512), "-movflags", "+faststart+negative_cts_offsets", "-use_editlist", "0",
        "-f", "mp4", "-y", ffmpeg.url(target.absolute()),
    ]  # fmt: skip
    try:
        ffmpeg.run(arguments)
    except MediaError as error:
        target.unlink(missing_ok=True)
        raise failure(str(error), target, 1) from None


def failure(log: str, target: Path, code: int) -> MediaError | PrerequisiteError:
    """The error for an encode that ended badly, by what ffmpeg said last."""
    if "No space left on device" in log:
        return PrerequisiteError(
            f"{target.parent}: the disk is full (ffmpeg could not write {target.name}). Free some space and run again."
        )
    lacking = re.search(r"No such filter: '?(ass)|Unknown encoder '(libx264|aac)'", log)
    if lacking:
        return PrerequisiteError(
            f"ffmpeg: the one that is used lacks a part ({lacking[1] or lacking[2]}). "
            "Remove ffmpeg.path from config.yaml to use the one that comes with Talkmill."
        )
    said = [line for line in log.splitlines() if "error" in line.lower() or "invalid" in line.lower() or "fail" in line.lower()]
    words = ffmpeg.last_words("\n".join(said) or log)
    ended = f"signal {-code}" if code < 0 else f"exit code {code}"
    return MediaError(
        f"ffmpeg: the encode of {target.name} stopped early ({ended}: {words}). Run the same command again; if it stops again, "
        "look at config.yaml's ffmpeg.path and at the free memory."
    )


def _feed(process: subprocess.Popen[bytes], frames: Iterable[np.ndarray], shape: tuple[int, int]) -> tuple[int, bool]:
    """Write frames until there are no more or ffmpeg no longer reads; (frames written, whether ffmpeg stopped reading)."""
    pipe = process.stdin.fileno()  # type: ignore[union-attr]
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)
    os.set_blocking(pipe, False)
    count = written = 0
    with ThreadPoolExecutor(1) as writer:  # the next frame is drawn while this one goes through the pipe
        waiting: deque[Future[bool]] = deque()
        for frame in frames:
            if frame.shape != shape or frame.dtype != "uint8":
                raise MediaError(
                    f"encode: a frame is no I420 picture of the video's size "
                    f"(frame {count}: {frame.dtype} {frame.shape}, not uint8 {shape})."
                )
            waiting.append(writer.submit(_write, pipe, frame if frame.flags.c_contiguous else frame.copy()))
            count += 1
            if len(waiting) > AHEAD:
                if not waiting.popleft().result():
                    return written, True
                written += 1
        for one in waiting:
            if not one.result():
                return written, True
            written += 1
    return written, False


def _write(pipe: int, frame: np.ndarray) -> bool:
    """Write one frame; False: ffmpeg no longer reads."""
    rest = memoryview(frame).cast("B")
    while rest:
        try:
            rest = rest[os.write(pipe, rest) :]
        except BlockingIOError:
            if not select.select([], [pipe], [], STALL)[1]:
                what = f"took no frame for {STALL:.0f} s"
                raise MediaError(f"ffmpeg: {what}. Look at the machine's load and run again.") from None
        except BrokenPipeError:
            return False
    return True


def still(picture: np.ndarray, target: Path) -> None:
    """Write an RGB picture as a JPEG of quality 90 (4:2:0), which stays under 2 MB at 1080x1920.

    Raises:
        MediaError: it could not be written.
    """
    from PIL import Image

    try:
        Image.fromarray(picture, "RGB").save(target, "JPEG", quality=90, optimize=True)
    except OSError as error:
        raise MediaError(f"{target.name}: the cover cannot be written ({error}). Look at the free space.") from None
