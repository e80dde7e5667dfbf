"""A user's video as lossless frames: upright, constant frame rate, square pixels, BT.709, progressive; streamed by ffmpeg."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from talkmill.errors import MediaError
from talkmill.media import ffmpeg, frames

LONGEST = 1920
"""Pixels of the longer side that are kept."""
SHORTEST = 1080
"""Pixels of the shorter side that are kept."""
LEAST = 128
"""Pixels of the shorter side under which a face cannot be seen."""
MOST_SECONDS = 600.0
LEAST_SECONDS = 0.5
LACKING = 0.95
"""Share of the length that the file says it has which must be there."""

_STREAM = re.compile(r"Stream #0:\d+[^\n]*?: Video: (?P<codec>\w+)[^\n]*?, (?P<w>\d{2,5})x(?P<h>\d{2,5})(?P<rest>[^\n]*)")
_TURN = re.compile(r"rotation of (-?\d+(?:\.\d+)?) degrees")
_VFR = re.compile(r"VFR:([0-9.]+)")


@dataclass(frozen=True)
class Source:
    """What a video is, by its head."""

    codec: str
    width: int  # as it is shown: turned, pixels square
    height: int
    seconds: float
    fps: float
    turned: int  # degrees, by the file's own matrix
    pixels: str  # pixel format and colour, as ffmpeg names them
    hdr: bool
    square: bool

    @property
    def facts(self) -> dict[str, Any]:
        """For the ticket."""
        return {"codec": self.codec, "fps": self.fps, "width": self.width, "height": self.height, "seconds": self.seconds}


def probe(path: Path) -> Source:
    """What the video at `path` is.

    Raises:
        MediaError: it is no video that ffmpeg can read; begins with what is wrong and ends with what to do.
    """
    try:
        words = ffmpeg.run(["-i", ffmpeg.url(path), "-map", "0:v:0", "-c", "copy", "-t", "0", "-f", "null", "-"])[1]
    except MediaError as error:
        said = str(error)
        reason = "cut off" if "moov atom" in said else "no video, or a damaged one"
        raise MediaError(f"cannot be read as a video ({reason}). Export or copy it again, as mp4, mov or webm.") from None
    head = words.split("Output #0")[0]
    match = _STREAM.search(head)
    if not match or "attached pic" in match[0]:
        raise MediaError("has no picture (found no video stream). Give a video in which the face is seen.")
    width, height = int(match["w"]), int(match["h"])
    aspect = re.search(r"SAR (\d+):(\d+)", match[0])
    square = not aspect or aspect[1] == aspect[2] or "0" in (aspect[1], aspect[2])
    if not square and aspect:
        width = round(width * int(aspect[1]) / int(aspect[2]))
    turn = _TURN.search(head)
    turned = round(float(turn[1])) % 360 if turn else 0
    if turned % 180 == 90:
        width, height = height, width
    length = re.search(r"Duration: (\d+):(\d+):(\d+(?:\.\d+)?)", head)
    seconds = int(length[1]) * 3600 + int(length[2]) * 60 + float(length[3]) if length else 0.0
    rate = re.search(r"([\d.]+)(k?) fps", match["rest"])
    fps = float(rate[1]) * (1000 if rate[2] else 1) if rate else 0.0
    pixels = match[0].split("Video:")[1].split(f", {match['w']}x{match['h']}")[0]
    hdr = any(name in pixels for name in ("smpte2084", "arib-std-b67"))
    return Source(match["codec"], width, height, seconds, fps, turned, pixels.strip(), hdr, square)


def fitted(width: int, height: int) -> tuple[int, int]:
    """The size that a video is kept at: never larger than it is, both sides even."""
    share = min(1.0, LONGEST / max(width, height), SHORTEST / min(width, height))
    return max(2, round(width * share / 2) * 2), max(2, round(height * share / 2) * 2)


def decode(
    path: Path, fps: int, target: Path, start: float = 0.0, end: float | None = None
) -> tuple[frames.Clip, Source, list[str]]:
    """Write the frames from `start` to `end` (seconds) as `talkmill.media.frames` says; (clip, source, what was changed).

    Raises:
        MediaError: it is no video, damaged, cut off, too long, too short or too small; begins with what is wrong.
    """
    source = probe(path)
    if min(source.width, source.height) < LEAST:
        raise MediaError(f"is too small ({source.width}x{source.height} pixels). Give the original.")
    last = min(end, source.seconds) if end is not None and source.seconds else (end or source.seconds)
    wanted = last - start
    if source.seconds and wanted > MOST_SECONDS:
        cure = "Cut it, or name the part with `start` and `end`."
        raise MediaError(f"is too long ({wanted:.0f} s, {MOST_SECONDS:.0f} s at most). {cure}")
    if source.seconds and wanted < LEAST_SECONDS:
        raise MediaError(f"is too short ({max(wanted, 0):.1f} s from second {start:g}). Give half a second at least.")
    width, height = fitted(source.width, source.height)
    notes = _notes(source, (width, height))
    chain = ["bwdif=mode=send_frame:deint=interlaced", "vfrdet"]
    if source.hdr:
        chain += ["zscale=t=linear:npl=203", "format=gbrpf32le", "zscale=p=bt709", "tonemap=tonemap=hable:desat=0"]
        chain += [f"zscale=w={width}:h={height}:t=bt709:m=bt709:r=limited:d=error_diffusion"]
    else:
        chain += [f"scale={width}:{height}:flags=lanczos+accurate_rnd+full_chroma_int:out_color_matrix=bt709:out_range=tv"]
    chain += ["setsar=1", "format=yuv420p", f"fps={fps}:round=near", frames.TAGS]
    arguments = [
        "-loglevel", "info", "-nostats", "-threads", "2", *(["-ss", f"{start:.6f}"] if start else []), "-i", ffmpeg.url(path),
        *(["-t", f"{min(end - start, MOST_SECONDS):.6f}"] if end is not None else ["-t", f"{MOST_SECONDS + 1:.0f}"]),
        "-map", "0:v:0", "-an", "-sn", "-dn", "-vf", ",".join(chain), *frames.encoding(), "-y", ffmpeg.url(target),
    ]  # fmt: skip
    try:
        _, words = ffmpeg.run(arguments, timeout=3600)
    except MediaError as error:
        raise MediaError(f"cannot be decoded ({_reason(str(error))}). Export it again, as mp4 with H.264.") from None
    counted = re.findall(r"frame=\s*(\d+)", words)
    count = int(counted[-1]) if counted else 0
    if not count:
        raise MediaError("holds no frame that can be decoded (found none). Export or copy it again.")
    if source.seconds and count / fps < LACKING * wanted - 2 / fps:
        cure = "Copy or export the file again."
        raise MediaError(f"is cut off: {count / fps:.1f} of its {wanted:.1f} seconds can be decoded. {cure}")
    if count > MOST_SECONDS * fps + 1:
        raise MediaError(f"is too long (more than {MOST_SECONDS:.0f} s). Cut it, or name the part with `start` and `end`.")
    varying = _VFR.findall(words)
    if varying and float(varying[-1]) > 0.02:
        notes.append(f"its varying frame rate made a constant {fps}")
    elif source.fps and abs(source.fps - fps) > 0.01:
        notes.append(f"brought from {source.fps:g} to {fps} frames a second")
    return frames.Clip(target, count, fps, width, height), source, notes


def _notes(source: Source, size: tuple[int, int]) -> list[str]:
    """What is changed in every frame."""
    notes = [f"turned by {source.turned} degrees as the file says"] if source.turned else []
    if not source.square:
        notes.append("its pixels made square")
    if source.hdr:
        notes.append("brought from HDR to BT.709")
    if abs(size[0] - source.width) > 2 or abs(size[1] - source.height) > 2:
        notes.append(f"reduced from {source.width}x{source.height} to {size[0]}x{size[1]}")
    return notes


def _reason(said: str) -> str:
    """What ffmpeg said, without its command line."""
    return said.split("failed (")[-1].split("). Run it by hand")[0][:120]
