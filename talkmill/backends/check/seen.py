"""What a finished video shows and sounds like, from one decode at a small size, two stretches of it at a time."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from talkmill.errors import MediaError
from talkmill.media import ffmpeg
from talkmill.media.formats import Format

if TYPE_CHECKING:
    import numpy as np

SCALE = 8
"""Pixels of the video that become one pixel here, in each direction."""
RATE = 8000
"""Samples a second of the sound that comes back."""
BLACK = 20
"""Mean luma under which a picture is black (16 is black in video range)."""
CHANGED = 4
"""Levels by which a small pixel must differ to count as changed: what a keyframe alone changes stays under it."""
SHARE = 0.0005
"""Share of changed pixels from which the picture has moved."""
STRETCH = 20.0
"""Seconds of the video, about, that one process decodes; two work at once, and what they found waits in memory."""


@dataclass(frozen=True)
class Seen:
    """What was found; times in seconds."""

    pictures: int  # that were looked at
    black: float  # longest black stretch
    frozen: float  # longest stretch in which nothing but captions moved
    frozen_at: float  # where it starts
    sound: np.ndarray  # float32, mono, RATE samples a second


def look(video: Path, shape: Format, fps: int, frames: int, captions: tuple[int, int, int, int] | None) -> Seen:
    """Decode the video once: every picture that others build on (one in three, with two B-frames) and the whole sound.

    The area of the `captions` (x0, y0, x1, y1 in the video's pixels) does not count as movement. `frames` is the length that
    the video should have: what is beyond it is looked at as well.

    Raises:
        MediaError: the file cannot be decoded to its end.
    """
    import numpy as np

    width, height = shape.width // SCALE, shape.height // SCALE
    mask = np.ones((height, width), bool)
    if captions:
        x0, y0, x1, y1 = (value // SCALE for value in captions)
        mask[max(0, y0 - 1) : y1 + 2, max(0, x0 - 1) : x1 + 2] = False
    dark, still = _Dark(), _Still()
    times: list[float] = []
    with ThreadPoolExecutor(2) as pool:
        hearing = pool.submit(_heard, video)
        for found, pictures in _stretches(pool, video, (width, height), fps, frames):
            for at, picture in zip(found, pictures, strict=True):
                dark.look(len(times), picture)
                still.look(len(times), picture[mask])
                times.append(at)
        heard = hearing.result()
    if not times:
        raise MediaError(f"{video.name}: its pictures cannot be decoded (there is none). Make it anew.")
    ends = [*times[1:], times[-1] + 1 / fps]
    black, _ = _longest(dark.stretches, times, ends)
    frozen, at = _longest(still.stretches, times, ends)
    return Seen(len(times), black, frozen, at, heard)


def _stretches(
    pool: ThreadPoolExecutor, video: Path, size: tuple[int, int], fps: int, frames: int
) -> Iterator[tuple[list[float], list[np.ndarray]]]:
    """The pictures of all stretches in order, with their times; the next one is decoded while one is looked at."""
    count = max(1, round(frames / fps / STRETCH + 0.25))
    starts = [round(index * frames / count) for index in range(count)]
    waiting: deque[Any] = deque()
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        waiting.append(pool.submit(_stretch, video, size, fps, start, end))
        if len(waiting) > 2:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _stretch(video: Path, size: tuple[int, int], fps: int, start: int, end: int | None) -> tuple[list[float], list[np.ndarray]]:
    """The pictures from frame `start` up to `end` (None: all that follow) as luma, uint8 (height, width), and their times."""
    import numpy as np

    width, height = size
    # Half a frame before: whatever a time is rounded to, a picture falls into one stretch only.
    first = max(0.0, (start - 0.5) / fps)
    part = ["-ss", f"{first:.6f}"] if start else []
    part += ["-t", f"{(end - 0.5) / fps - first:.6f}"] if end is not None else []
    with tempfile.TemporaryDirectory(prefix="talkmill-check-") as folder:
        data = ffmpeg.stream([
            "-nostats", "-loglevel", "error", "-xerror", "-err_detect", "explode", "-threads", "1",
            "-skip_frame", "noref", "-skip_loop_filter", "all", *part, "-i", ffmpeg.url(video.absolute()),
            "-map", "0:v:0", "-fps_mode", "passthrough",
            "-vf", f"scale={width}:{height}:flags=fast_bilinear,format=gray,"
            "metadata=mode=add:key=talkmill:value=1,metadata=mode=print:file=times.txt",
            "-f", "rawvideo", "pipe:1",
        ], width * height, cwd=Path(folder))  # fmt: skip
        pictures = [np.frombuffer(each, np.uint8).reshape(height, width) for each in data]
        # From a file: ffmpeg's threads share the log, and a line that another one breaks into would be a picture that is lost.
        written = Path(folder, "times.txt").read_text("utf-8") if Path(folder, "times.txt").exists() else ""
    times = [first + float(line.split("pts_time:")[1].split()[0]) for line in written.splitlines() if "pts_time:" in line]
    if len(pictures) != len(times):
        count = f"{len(pictures)} of {len(times)} from {first:.1f} s on"
        raise MediaError(f"{video.name}: its pictures cannot be decoded to the end ({count}). Make it anew.")
    # ffmpeg counts a length from the first picture that it shows, which may be later than where it began.
    own = sum(end is None or at < (end - 0.5) / fps for at in times)
    return times[:own], pictures[:own]


def _heard(video: Path) -> np.ndarray:
    """The whole sound, mono, `RATE` samples a second, float32."""
    import numpy as np

    options = ["-nostats", "-loglevel", "error", "-xerror", "-err_detect", "explode", "-i", ffmpeg.url(video.absolute())]
    data, _ = ffmpeg.run([*options, "-map", "0:a:0", "-ac", "1", "-ar", str(RATE), "-f", "f32le", "pipe:1"])
    return np.frombuffer(data, "<f4")


def _longest(stretches: Sequence[tuple[int, int]], times: Sequence[float], ends: Sequence[float]) -> tuple[float, float]:
    """Length and start in seconds of the longest of the stretches (first and last picture)."""
    found = [(ends[last] - times[first], times[first]) for first, last in stretches]
    return max(found, default=(0.0, 0.0), key=lambda one: one[0])


class _Dark:
    """Stretches of black pictures."""

    def __init__(self) -> None:
        self.stretches: list[tuple[int, int]] = []

    def look(self, number: int, picture: np.ndarray) -> None:
        if picture.mean() >= BLACK:
            return
        if self.stretches and self.stretches[-1][1] == number - 1:
            self.stretches[-1] = (self.stretches[-1][0], number)
        else:
            self.stretches.append((number, number))


class _Still:
    """Stretches without movement: every picture is held against the stretch's first one, so that a slow sway adds up to a
    movement and does not count as still."""

    def __init__(self) -> None:
        self.stretches: list[tuple[int, int]] = []
        self._start, self._first = 0, None

    def look(self, number: int, picture: np.ndarray) -> None:
        import numpy as np

        values = picture.astype(np.int16)
        if self._first is None or np.count_nonzero(np.abs(values - self._first) > CHANGED) > SHARE * values.size:
            self._start, self._first = number, values
            return
        if self.stretches and self.stretches[-1][0] == self._start:
            self.stretches.pop()
        self.stretches.append((self._start, number))


def lag(sound: np.ndarray, spoken: Sequence[tuple[float, float]], furthest: float = 0.5) -> tuple[float, float]:
    """By how many seconds the sound comes after the highlighted words, and how clear that is (correlation, 0 to 1).

    The loudness of every 10 ms is held against whether a word is highlighted, at every shift up to `furthest`.
    """
    import numpy as np

    step = RATE // 100
    count = len(sound) // step
    if count < 100 or not spoken:
        return 0.0, 0.0
    level = np.sqrt((sound[: count * step].reshape(count, step).astype(np.float64) ** 2).mean(axis=1))
    loud = np.log10(level + 1e-3)
    words = np.zeros(count)
    for start, stop in spoken:
        words[max(0, round(start * 100)) : round(stop * 100)] = 1
    if words.std() == 0 or loud.std() == 0:
        return 0.0, 0.0
    reach = round(furthest * 100)
    scores = []
    for shift in range(-reach, reach + 1):
        a = words[max(0, -shift) : count - max(0, shift)]
        b = loud[max(0, shift) : count - max(0, -shift)]
        scores.append(float(np.corrcoef(a, b)[0, 1]) if a.std() and b.std() else 0.0)
    best = int(np.argmax(scores))
    return (best - reach) / 100, scores[best]
