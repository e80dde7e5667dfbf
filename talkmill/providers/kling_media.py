"""What goes to Kling and what comes back: uploads that are the same bytes each time, results that are looked at before use.

What an upload shows is part of what names a purchase, so it must not change by itself: pictures go as PNG without
compression, sounds as WAV, both independent of any library's version. A clip goes as H.264, whose bytes are another ffmpeg's
own: it is named by its frames before they are packed, so that another ffmpeg does not buy lip sync again.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from talkmill.errors import BackendError, MediaError, RequestError
from talkmill.media import ffmpeg, frames
from talkmill.providers import results

if TYPE_CHECKING:
    import numpy as np

LARGEST_IMAGE, LARGEST_SOUND, LARGEST_CLIP = 10 << 20, 5 << 20, 100 << 20
"""Bytes."""
MOST_PIXELS = 3_200_000
"""Of a picture that is sent: with three bytes each and the head it stays under Kling's 10 MB."""
LEAST_SIDE = 300
"""Pixels of a picture's shorter side."""
ELONGATED = 2.5
"""Longer side over shorter side of a picture, at most."""
CLIP_SIDES = (720, 1920)
"""Pixels of a clip's sides for lip sync."""
WAY = "kling clip 1"
"""How a clip is packed; another number where what is seen of it changes, and then lip sync of clips is bought again."""
SHORT = 2.05
"""Seconds that a clip or sound is made long at least: Kling asks for 2."""
FRAMES_OFF = 2
"""Frames, of the coarser rate, by which a result may be shorter than asked for."""
LONGER = 0.3
"""Seconds by which it may be longer: Kling's 5 s clips have 5.04 to 5.1. What is too much is cut off at the end."""
SLOWEST = 20.0
"""Frames a second of a result at least."""
SHAPE = 0.03
"""Share by which the shape of a result may differ from that of what was sent."""


def picture(source: Path, target: Path, what: str = "image") -> tuple[int, int]:
    """Write the picture as Kling takes it, as a PNG without compression; gives its width and height as sent.

    Raises:
        RequestError: it is too small or too long and narrow for Kling.
        MediaError: it is no picture.
    """
    from talkmill.media import images

    return still(images.read(source).rgb, target, what)


def still(rgb: np.ndarray, target: Path, what: str = "image") -> tuple[int, int]:
    """The same for a picture in memory, uint8 (h, w, 3).

    Raises:
        RequestError: it is too small or too long and narrow for Kling.
    """
    import numpy as np

    height, width = rgb.shape[:2]
    if min(width, height) < LEAST_SIDE:
        raise RequestError(
            f"kling: the {what} is too small ({width}x{height}; {LEAST_SIDE} pixels a side at least). Give a larger one."
        )
    if max(width, height) > ELONGATED * min(width, height):
        raise RequestError(f"kling: the {what} is too long and narrow ({width}x{height}; 1:2.5 at most). Crop it.")
    if width * height > MOST_PIXELS:
        from PIL import Image

        share = (MOST_PIXELS / (width * height)) ** 0.5
        size = (int(width * share), int(height * share))
        rgb = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS))
        height, width = rgb.shape[:2]
    with target.open("wb") as file:
        for part in png(rgb):
            file.write(part)
    return width, height


BLOCK = 65535
"""Bytes of a stored block, at most (RFC 1951, 3.2.4)."""


def png(rgb: np.ndarray) -> Iterator[bytes]:
    """A PNG of uint8 (h, w, 3) in which nothing is compressed: its bytes depend on the pixels only. In pieces, since several
    jobs write one at a time."""
    height, width = rgb.shape[:2]
    size = height * (1 + 3 * width)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    def packed() -> Iterator[bytes]:
        """The zlib stream of all rows, each with a 0 before it: no filter."""
        yield b"\x78\x01"
        waiting, left, check = bytearray(), size, 1
        for row in rgb:
            line = b"\0" + row.tobytes()
            check = zlib.adler32(line, check)
            waiting += line
            while len(waiting) >= BLOCK or (waiting and len(waiting) == left):
                block = bytes(waiting[:BLOCK])
                del waiting[:BLOCK]
                left -= len(block)
                yield struct.pack("<BHH", left == 0, len(block), len(block) ^ 0xFFFF) + block
        yield struct.pack(">I", check)

    yield b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    yield struct.pack(">I", 2 + size + 5 * -(-size // BLOCK) + 4) + b"IDAT"
    check = zlib.crc32(b"IDAT")
    for part in packed():
        check = zlib.crc32(part, check)
        yield part
    yield struct.pack(">I", check) + chunk(b"IEND", b"")


def sound(take: Path, lead: float, seconds: float, target: Path) -> float:
    """Write a take as the sound of its whole segment: `lead` seconds of silence, the take, silence up to `seconds`; mono WAV.

    Gives its length in seconds: `SHORT` at least. 48 kHz, where Kling's 5 MB do not hold it 24 kHz.

    Raises:
        RequestError: it is too long.
    """
    import numpy as np

    from talkmill.media import sound as sounds

    samples, rate = sounds.read(take)
    mono = samples.mean(axis=1, dtype=np.float32) if samples.shape[1] > 1 else samples[:, 0]
    whole = np.zeros(round(max(seconds, SHORT) * rate), np.float32)
    start = round(lead * rate)
    part = mono[: max(0, len(whole) - start)]
    whole[start : start + len(part)] = part
    if 2 * len(whole) + 44 > LARGEST_SOUND:
        whole, rate = sounds.resample(whole, rate, 24_000), 24_000
    if 2 * len(whole) + 44 > LARGEST_SOUND:
        raise RequestError(
            f"kling: the line is too long ({seconds:.0f} s; a sound of {LARGEST_SOUND >> 20} MB holds 109 s). Split it."
        )
    sounds.write(target, whole, rate)
    return len(whole) / rate


def clip(source: frames.Clip, order: Sequence[int], target: Path) -> tuple[tuple[int, int], str, Callable[[], Path]]:
    """The frames of `order` as an mp4 for lip sync, both sides within `CLIP_SIDES`.

    Gives its width and height, the digest that names it (of the frames, the size, the rate and `WAY`), and what writes it to
    `target`: it is packed when it is sent, and not where it was bought before.

    Raises:
        RequestError: its shape does not fit, or (when it is written) it is too large.
    """
    least, most = CLIP_SIDES
    share = max(1.0, least / min(source.width, source.height))
    share = min(share, most / max(source.width, source.height)) if max(source.width, source.height) > most else share
    width, height = (max(2, round(side * share / 2) * 2) for side in (source.width, source.height))
    if not (least <= min(width, height) and max(width, height) <= most):
        raise RequestError(
            f"kling: the clip does not fit lip sync ({source.width}x{source.height}; {least} to {most} pixels a side). "
            "Crop it, or use the method avatar."
        )
    shown = frames.Shown(source.read(order), WAY, source.fps, width, height)
    for _ in shown:
        pass
    scale = [f"scale={width}:{height}:flags=lanczos+accurate_rnd"] if (width, height) != (source.width, source.height) else []

    def write() -> Path:
        middle = target.with_suffix(".mkv")
        frames.write(source.read(order), (source.width, source.height), source.fps, middle)
        ffmpeg.run(
            ["-loglevel", "error", "-i", ffmpeg.url(middle), "-vf", ",".join([*scale, "setsar=1", frames.TAGS]),
             "-map_metadata", "-1", "-c:v", "libx264", "-preset", "medium", "-crf", "14", "-pix_fmt", "yuv420p",
             "-threads:v", "2", "-maxrate", "60M", "-bufsize", "60M", "-flags:v", "+bitexact", "-fflags", "+bitexact",
             "-movflags", "+faststart", "-f", "mp4", "-y", ffmpeg.url(target)]
        )  # fmt: skip
        middle.unlink()
        if target.stat().st_size > LARGEST_CLIP:
            raise RequestError(
                f"kling: the clip is too large ({target.stat().st_size >> 20} MB; 100 at most). Use shorter lines."
            )
        return target

    return (width, height), shown.digest, write


def accept(
    raw: Path,
    target: Path,
    *,
    seconds: float,
    fps: int,
    shape: tuple[int, int],
    least: int,
    size: tuple[int, int] | None = None,
    count: int | None = None,
) -> tuple[frames.Clip, results.Film]:
    """Look at a clip that was bought, and write it as lossless frames of a constant `fps`; (clip, what the raw one is).

    It must last `seconds`, have the `shape` (width, height, as a proportion) of what was sent, and `least` pixels on its
    shorter side. `size` is what it is brought to (without one its own, made even); `count` frames of it are kept.

    Raises:
        BackendError: it is not what was paid for; says what was found. The raw file stays where it was bought.
    """
    try:
        film = results.film(raw)
    except MediaError as error:
        raise BackendError(f"kling: the clip that was bought cannot be decoded ({error}). {_cure()}") from None
    wrong = []
    effective = film.frames / film.seconds if film.seconds else 0.0
    if not -FRAMES_OFF / min(fps, max(effective, 1)) <= film.seconds - seconds <= LONGER:
        wrong.append(f"{film.seconds:.2f} s long, {seconds:.2f} s were asked for")
    if effective < SLOWEST:
        wrong.append(f"{effective:.1f} frames a second, at least {SLOWEST:.0f} are expected")
    if abs(film.width / film.height / (shape[0] / shape[1]) - 1) > SHAPE:
        wrong.append(f"{film.width}x{film.height}, another shape than {shape[0]}x{shape[1]}")
    if min(film.width, film.height) < least:
        wrong.append(f"{film.width}x{film.height}, {least} pixels a side are expected at least")
    if wrong:
        raise BackendError(f"kling: the clip that was bought is not what was asked for ({'; '.join(wrong)}). {_cure()}")
    width, height = size or (film.width // 2 * 2, film.height // 2 * 2)
    kept = round(seconds * fps) if count is None else count
    chain = [
        "setpts=PTS-STARTPTS", f"fps={fps}:round=near", f"tpad=stop_mode=clone:stop={fps}",
        f"scale={width}:{height}:flags=lanczos+accurate_rnd+full_chroma_int:in_color_matrix={film.matrix}:out_color_matrix=bt709:out_range=tv",
        "setsar=1", "format=yuv420p", frames.TAGS,
    ]  # fmt: skip
    ffmpeg.run(
        ["-loglevel", "error", "-threads", "2", "-i", ffmpeg.url(raw), "-map", "0:v:0", "-an", "-sn", "-dn",
         "-vf", ",".join(chain),
         "-frames:v", str(kept), *frames.encoding(), "-y", ffmpeg.url(target)]
    )  # fmt: skip
    return frames.Clip(target, kept, fps, width, height), film


def _cure() -> str:
    return "It is kept as it is: change the request, or buy it anew with TALKMILL_REBUY (see docs/how-to/money.md)."
