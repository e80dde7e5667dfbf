"""What paid lip sync shares: a segment cut into pieces of a length that the provider takes, sent as files, and put together.

A piece that is too short is sent with frames to spare, which are dropped afterwards; a segment that is too long is cut into
equal pieces that overlap by a second, and blended there.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from talkmill.errors import BackendError, MediaError
from talkmill.media import ffmpeg
from talkmill.model import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from talkmill.media.frames import Clip

    Frame = NDArray[np.uint8]

OVERLAP = 1.0
"""Seconds that two neighbouring pieces share."""
LACKING = 3
"""Frames that may be missing at the end of what comes back; the last one is shown in their place."""
SENT = ["-c:v", "libx264", "-preset", "faster", "-crf", "12", "-threads", "2", "-pix_fmt", "yuv420p", "-bf", "2", "-g", "30"]
"""How a clip is sent: hardly any loss, and the same bytes each time from the same ffmpeg."""
WAY = "clip 1"
"""Names that way where a purchase is named by what was sent; another number where what is seen changes."""


@dataclass(frozen=True)
class Piece:
    """Some frames of a segment; `sent` is `count`, or more where the provider takes nothing as short."""

    first: int
    count: int
    sent: int


def cut(frames: int, fps: int, least: float, most: float, step: int = 1) -> list[Piece]:
    """The pieces of a segment of so many frames, in the way that costs less: equal ones, or full ones and a rest.

    Args:
        frames: of the segment.
        fps: frames a second.
        least: seconds that the provider takes at least.
        most: seconds that the provider takes at most.
        step: seconds to which its price is rounded up.
    """
    shortest, longest = math.ceil(least * fps), math.floor(most * fps)
    if frames <= longest:
        return [Piece(0, frames, max(frames, shortest))]
    shared = round(OVERLAP * fps)
    number = math.ceil((frames - shared) / (longest - shared))
    even = [round(n * (frames - shared) / number) for n in range(number + 1)]
    full = [*range(0, frames - shared, longest - shared), frames - shared]

    def along(edges: Sequence[int]) -> list[Piece]:
        counts = [end + shared - start for start, end in itertools.pairwise(edges)]
        return [Piece(start, count, max(count, shortest)) for start, count in zip(edges, counts, strict=False)]

    return min(along(even), along(full), key=lambda found: sum(math.ceil(one.sent / (step * fps)) for one in found))


def spared(order: Sequence[int], piece: Piece) -> list[int]:
    """The clip's frames that are sent for a piece: the segment's, and then back again as long as there are frames to spare."""
    mine = list(order[piece.first : piece.first + piece.count])
    back = [*mine[-2:0:-1], *mine] if len(mine) > 2 else mine
    while len(mine) < piece.sent:
        mine += back
    return mine[: piece.sent]


def shown(clip: Clip, order: Sequence[int]) -> str:
    """The digest of what `clip_file` shows."""
    from talkmill.media import frames

    seen = frames.Shown(clip.read(order), WAY, clip.fps)
    for _ in seen:
        pass
    return seen.digest


def clip_file(clip: Clip, order: Sequence[int], target: Path) -> Path:
    """Write the clip's frames of these numbers as mp4, without sound."""
    from talkmill.media import frames

    between = frames.write(clip.read(order), (clip.width, clip.height), clip.fps, target.with_suffix(".mkv"))
    given = ["-i", ffmpeg.url(between.path), "-map_metadata", "-1", "-bitexact"]
    colours = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"]
    ffmpeg.run([*given, *SENT, *colours, "-movflags", "+faststart", "-an", "-y", ffmpeg.url(target)])
    between.path.unlink()
    return target


def sound_file(take: Path, piece: Piece, lead: int, fps: int, target: Path) -> Path:
    """Write the sound of a piece as WAV (48 kHz mono): silence for `lead` frames of the segment, the take, silence."""
    import numpy as np

    from talkmill.media import sound

    table, _ = sound.read(take)
    frame = SAMPLE_RATE // fps
    line = np.concatenate([np.zeros(lead * frame, np.float32), table.mean(axis=1)])
    mine = line[piece.first * frame : (piece.first + piece.count) * frame]
    sound.write(target, np.pad(mine, (0, piece.sent * frame - len(mine))))
    return target


def returned(path: Path, size: tuple[int, int], fps: int, count: int, who: str) -> Iterator[Frame]:
    """The first `count` frames of what came back, I420 in `size` (width, height), at `fps`.

    Raises:
        BackendError: it is shorter than what was sent, or cannot be decoded.
    """
    import numpy as np

    width, height = size
    chain = f"scale={width}:{height}:flags=lanczos+accurate_rnd:out_color_matrix=bt709:out_range=tv,setsar=1,format=yuv420p"
    raw = ["-map", "0:v:0", "-vf", f"{chain},fps={fps}:round=near", "-f", "rawvideo", "pipe:1"]
    got = 0
    last: Frame | None = None
    try:
        for data in ffmpeg.stream(["-i", ffmpeg.url(path), *raw], width * height * 3 // 2):
            if got < count:
                last = np.frombuffer(data, np.uint8).reshape(height * 3 // 2, width)
                yield last
            got += 1
    except MediaError as error:
        raise BackendError(f"lipsync: {who}: what came back cannot be decoded ({error}).") from None
    if last is None or got < count - LACKING:
        raise BackendError(
            f"lipsync: {who}: what came back is too short ({got / fps:.2f} s for {count / fps:.2f} s of speech). "
            "Choose another model, or report it to the provider."
        )
    for _ in range(got, count):
        yield last


def joined(pieces: Sequence[Piece], parts: Iterable[Iterator[Frame]]) -> Iterator[Frame]:
    """The segment's frames, of its pieces' in order; where two overlap they are blended, the first into the second."""
    import numpy as np

    held: deque[Frame] = deque()
    for n, (piece, part) in enumerate(zip(pieces, parts, strict=True)):
        after = pieces[n + 1] if n + 1 < len(pieces) else None
        keep = piece.first + piece.count - after.first if after else 0
        total = len(held)
        for at, frame in enumerate(part):
            if at < total:
                share = (at + 1) / (total + 1)
                old = held.popleft()
                frame = np.rint(old * (1 - share) + frame * share).astype(np.uint8)
            if at < piece.count - keep:
                yield frame
            else:
                held.append(frame)
    yield from held
