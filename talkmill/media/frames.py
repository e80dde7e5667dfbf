"""Pictures in between: lossless video that one backend writes and the next one reads, frame by frame.

The file is UtVideo in Matroska, 8-bit 4:2:0 in BT.709 limited range, constant frame rate, even sides: what the encoder of the
finished video takes, so a frame that nothing changes goes through to the end unconverted. Each frame stands by itself, so
reading from the middle, or backwards, costs no more than reading on. Measured at 1080x1920 with grain on two cores, in frames
a second written / read and MB a second of video at 30 fps: UtVideo 112 / 254, 48; FFV1 36 / 33, 39; x264 -qp 0 55 / 59, 46;
and for RGB UtVideo 79 / 129, 88; FFV1 24 / 23, 57; x264rgb 22 / 26, 112.

A frame in memory is I420: uint8 of shape (h * 3 // 2, w), as in `talkmill.picture.colour.Planes`.
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkmill.errors import MediaError, PrerequisiteError
from talkmill.media import ffmpeg

if TYPE_CHECKING:
    import numpy as np

NAME = "frames.mkv"
"""What backends call the file of the role `frames`."""
TAGS = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
"""Filter that says what the numbers are, and changes none."""
CHUNK = 24
"""Frames that are held at a time where a clip is read backwards: 75 MB at 1080x1920."""
TURN = 0.4
"""Seconds in which a clip that is played there and back slows down to its turn, and as much again to set off."""


@dataclass(frozen=True)
class Clip:
    """A lossless video and what is known of it; `facts` of a making hold the same."""

    path: Path
    frames: int
    fps: int
    width: int
    height: int

    @classmethod
    def of(cls, path: Path, facts: dict[str, Any]) -> Clip:
        """A file of the store, and the facts of the making that it belongs to."""
        return cls(path, facts["frames"], facts["fps"], facts["width"], facts["height"])

    @property
    def facts(self) -> dict[str, int]:
        """`frames`, `fps`, `width`, `height`."""
        return {name: value for name, value in asdict(self).items() if name != "path"}

    def read(self, order: Sequence[int] | None = None) -> Iterator[np.ndarray]:
        """The frames of these numbers (may repeat, and run backwards), else all; I420. Memory does not grow with the length.

        Raises:
            MediaError: a number is outside the clip, or the file is damaged.
        """
        wanted = range(self.frames) if order is None else order
        if len(wanted) and not 0 <= min(wanted) <= max(wanted) < self.frames:
            raise MediaError(f"{self.path.name}: has no frame {max(wanted)} (it has {self.frames}). Make the clip again.")
        for run in _runs(wanted):
            if run[-1] >= run[0]:
                yield from self._forward(run)
            else:
                for at in range(0, len(run), CHUNK):
                    piece = run[at : at + CHUNK]
                    yield from reversed(list(self._forward(piece[::-1])))

    def _forward(self, run: Sequence[int]) -> Iterator[np.ndarray]:
        """Frames whose numbers never fall."""
        import numpy as np

        first, count = run[0], run[-1] - run[0] + 1
        shape = (self.height * 3 // 2, self.width)
        seek = ["-ss", f"{(first - 0.5) / self.fps:.6f}"] if first else []
        arguments = [
            "-loglevel", "error", "-threads", "2", *seek, "-i", ffmpeg.url(self.path), "-map", "0:v:0", "-frames:v", str(count),
            "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "rawvideo", "pipe:1",
        ]  # fmt: skip
        at = 0
        for number, data in enumerate(ffmpeg.stream(arguments, shape[0] * shape[1]), first):
            frame = np.frombuffer(data, np.uint8).reshape(shape)
            while at < len(run) and run[at] == number:
                yield frame
                at += 1
        if at < len(run):
            raise MediaError(f"{self.path.name}: ends early (frame {run[at]} of {self.frames} is not there). Make it again.")


def _runs(order: Sequence[int]) -> Iterator[list[int]]:
    """`order` cut where it turns."""
    run: list[int] = []
    falling = False
    for number in order:
        if len(run) > 1 and number != run[-1] and (number < run[-1]) != falling and run[0] != run[-1]:
            yield run
            run = []
        if run and number != run[-1]:
            falling = number < run[-1]
        run.append(number)
    if run:
        yield run


def write(frames: Iterable[np.ndarray], size: tuple[int, int], fps: int, target: Path) -> Clip:
    """Write I420 frames of `size` (width, height, both even) as they are.

    Raises:
        MediaError: ffmpeg failed, a frame has another size, or there is none.
        PrerequisiteError: the disk is full.
    """
    width, height = size
    shape, count = (height * 3 // 2, width), 0
    command = [
        ffmpeg.executable(), "-hide_banner", "-nostdin", "-protocol_whitelist", "file,pipe,fd", "-loglevel", "error",
        "-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{width}x{height}", "-framerate", str(fps),
        "-i", "pipe:0", "-vf", TAGS, *encoding(), "-y", ffmpeg.url(target.absolute()),
    ]  # fmt: skip
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=words)
        try:
            for frame in frames:
                if frame.shape != shape or frame.dtype != "uint8":
                    raise MediaError(f"frames: frame {count} is no I420 picture of {width}x{height} (found {frame.shape}).")
                process.stdin.write(memoryview(frame if frame.flags.c_contiguous else frame.copy()).cast("B"))  # type: ignore[union-attr]
                count += 1
            process.stdin.close()  # type: ignore[union-attr]
            code = process.wait()
        except BrokenPipeError:
            code = process.wait() or 1
        except BaseException:
            process.kill()
            raise
        finally:
            with contextlib.suppress(OSError):
                process.stdin.close()  # type: ignore[union-attr]
            process.wait()
        words.seek(0)
        log = words.read().decode("utf-8", "replace")
    if code:
        target.unlink(missing_ok=True)
        if "No space left on device" in log:
            raise PrerequisiteError(f"{target.parent}: the disk is full. Free some space and run again.")
        raise MediaError(f"frames: ffmpeg could not write {target.name} ({ffmpeg.last_words(log)}).")
    if not count:
        raise MediaError(f"frames: {target.name} would have no frame.")
    return Clip(target, count, fps, width, height)


class Shown:
    """Frames on their way into an encoder, and a digest of what they show: it stays when another ffmpeg packs them."""

    def __init__(self, frames: Iterable[np.ndarray], *about: object) -> None:
        """`about`: what else decides what is seen: the size and rate that they are sent in, and the way of packing them."""
        self._frames = frames
        self._hash = hashlib.sha256(repr(about).encode())

    def __iter__(self) -> Iterator[np.ndarray]:
        for frame in self._frames:
            self._hash.update(repr((frame.shape, str(frame.dtype))).encode())
            self._hash.update(frame.tobytes())
            yield frame

    @property
    def digest(self) -> str:
        """Of all frames that have passed, in their order."""
        return self._hash.hexdigest()


def encoding() -> list[str]:
    """ffmpeg's options for the file's format."""
    return [
        "-map_metadata", "-1", "-c:v", "utvideo", "-pred", "median", "-pix_fmt", "yuv420p", "-threads:v", "2",
        "-flags:v", "+bitexact", "-fflags", "+bitexact", "-f", "matroska",
    ]  # fmt: skip


def rgb(frame: np.ndarray) -> np.ndarray:
    """An I420 frame as R'G'B', uint8 (h, w, 3)."""
    import cv2
    import numpy as np

    width = frame.shape[1]
    height = frame.shape[0] * 2 // 3
    flat, quarter = frame.reshape(-1), width * height // 4
    planes = [frame[:height]]
    for at in (width * height, width * height + quarter):
        half = flat[at : at + quarter].reshape(height // 2, width // 2)
        planes.append(cv2.resize(half, (width, height), interpolation=cv2.INTER_LINEAR))
    return cv2.transform(cv2.merge(planes), np.hstack([_INVERSE, -_INVERSE @ np.array([[16], [128], [128]])]))


def half(frame: np.ndarray) -> np.ndarray:
    """An I420 frame as R'G'B' of half its width and height: a tenth of the time, enough to find faces in."""
    import cv2
    import numpy as np

    width = frame.shape[1]
    height = frame.shape[0] * 2 // 3
    flat, quarter = frame.reshape(-1), width * height // 4
    chroma = [flat[at : at + quarter].reshape(height // 2, width // 2) for at in (width * height, width * height + quarter)]
    luma = cv2.resize(frame[:height], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return cv2.transform(cv2.merge([luma, *chroma]), np.hstack([_INVERSE, -_INVERSE @ np.array([[16], [128], [128]])]))


def i420(picture: np.ndarray) -> np.ndarray:
    """R'G'B', uint8 (h, w, 3) with even sides, as an I420 frame."""
    import cv2
    import numpy as np

    height, width = picture.shape[:2]
    made = np.empty((height * 3 // 2, width), np.uint8)
    flat, quarter = made.reshape(-1), width * height // 4
    half = cv2.resize(picture, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    made[:height] = cv2.transform(picture, np.hstack([_FORWARD[:1], [[16]]])).reshape(height, width)
    chroma = cv2.transform(half, np.hstack([_FORWARD[1:], [[128], [128]]]))
    flat[width * height : width * height + quarter] = chroma[..., 0].reshape(-1)
    flat[width * height + quarter :] = chroma[..., 1].reshape(-1)
    return made


def _matrices() -> tuple[Any, Any]:
    """R'G'B' in 0..255 to Y'CbCr in limited range without offsets (BT.709-6 items 3.2 to 3.4), and its inverse."""
    import numpy as np

    red, blue = 0.2126, 0.0722
    forward = np.array([
        [219 * red, 219 * (1 - red - blue), 219 * blue],
        [-112 * red / (1 - blue), -112 * (1 - red - blue) / (1 - blue), 112],
        [112, -112 * (1 - red - blue) / (1 - red), -112 * blue / (1 - red)],
    ]) / 255  # fmt: skip
    return forward, np.linalg.inv(forward)


_FORWARD, _INVERSE = _matrices()


def there_and_back(count: int, frames: int, fps: int, avoid: Sequence[Sequence[int]] = ()) -> list[int]:
    """Which frame of a clip of `count` frames is seen in each of `frames`: from frame 0, there and back, to frame 0.

    It starts and ends at frame 0 and at rest, so segments join without a jump wherever they stand. At each turn it slows down
    over `TURN` seconds, as a head does, and never jumps: neighbours differ by one frame at most. A clip that is shorter than
    half of the segment is played there and back several times. `avoid` are [first, last] frames at which it must not turn,
    because eyes are shut there: it turns before them, and waits for as long as it would have gone on.
    """
    import math

    import numpy as np

    if count < 2 or frames < 3:
        return [0] * frames
    soft = TURN * fps

    def way(legs: int) -> tuple[float, float]:
        """Length of one leg in frames of the segment, and how far it gets in frames of the clip."""
        leg = (frames - 1) / legs
        ease = min(soft, leg / 2)
        return leg, leg - ease  # the eased ends run at half the speed on average

    legs = 2
    while way(legs)[1] > count - 1:
        legs += 2
    leg, _ = way(legs)
    ease = min(soft, leg / 2)
    places = []
    for frame in range(frames):
        number, within = divmod(frame, leg)
        if within < ease:
            done = within * within / (2 * ease)
        elif within > leg - ease:
            done = (leg - ease) - (leg - within) ** 2 / (2 * ease)
        else:
            done = within - ease / 2
        places.append(done if int(number) % 2 == 0 else (leg - ease) - done)
    made = [math.floor(place + 0.5) for place in np.clip(places, 0, count - 1)]
    turn = top = max(made)
    for first, last in sorted(avoid, key=lambda span: -span[1]):
        if first <= turn + 2 and turn - 2 <= last:
            turn = max(0, first - 3)
    return [min(place, turn) for place in made] if turn < top else made


def through(count: int, frames: int, start: int, fps: int) -> list[int]:
    """The same for a clip that runs on with the episode: from its frame `start`; at its end it turns, and runs back."""
    if count < 2:
        return [0] * frames
    period = 2 * (count - 1)
    places = [(start + frame) % period for frame in range(frames)]
    return [place if place < count else period - place for place in places]


def play(count: int, frames: int, fps: int, how: str, start: int = 0, avoid: Sequence[Sequence[int]] = ()) -> list[int]:
    """`there_and_back`, `through`, or `round` (from `start` on, and from the end to the beginning: for a clip that ends as it
    begins), as a request's `play`, `start` and `avoid` say."""
    if how == "round":
        return [(start + frame) % count for frame in range(frames)]
    return through(count, frames, start, fps) if how == "through" else there_and_back(count, frames, fps, avoid)
