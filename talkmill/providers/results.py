"""What a provider sent is looked at before it is believed: a file of the kind it should be, and decodable to its end."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from talkmill.errors import MediaError, NotAccepted
from talkmill.media import ffmpeg, mp4

PAGE = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*(?:<!doctype|<html|<\?xml|<head|<body|<!--)", re.IGNORECASE)
STREAM = re.compile(r"Stream #0:\d+\S*: (Video|Audio): ")
SIZE = re.compile(r"[ ,](\d{2,5})x(\d{2,5})[ ,\[]")
RATE = re.compile(r"([\d.]+k?) fps")
DURATION = re.compile(r"Duration: (\d+):(\d+):(\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Film:
    """What decoding a clip showed."""

    frames: int
    seconds: float  # of the pictures: presentation time of the last one, with its own length
    fps: float  # as the container says
    width: int
    height: int
    sound: bool  # whether it has a sound track
    constant: bool  # whether all pictures are equally far apart
    matrix: str  # "bt709", or "bt601" where the file says so; untagged ones are taken as bt709


def film(path: Path) -> Film:
    """Decode all pictures of a clip.

    Raises:
        MediaError: it is no clip, or it breaks off.
    """
    arguments = ["-xerror", "-i", ffmpeg.url(path), "-map", "0:v:0", "-vf", "showinfo=checksum=0", "-fps_mode", "passthrough"]
    _, words = ffmpeg.run([*arguments, "-f", "null", "-"])
    times = [float(found) for found in re.findall(r"pts_time:\s*(-?[\d.]+)", words)]
    head = words.partition("Output #0")[0]
    video = next((line for line in head.splitlines() if (m := STREAM.search(line)) and m[1] == "Video"), "")
    size, rate = SIZE.search(video), RATE.search(video)
    if not times or not size or not rate:
        raise MediaError(f"{path.name}: not a clip (no picture in it).")
    with path.open("rb") as file:
        declared = mp4.read(path).first("vide") if file.read(8)[4:] == b"ftyp" else None
    if declared and declared.samples != len(times):
        raise MediaError(f"{path.name}: the clip breaks off (picture {len(times)} of {declared.samples}).")
    steps = [late - early for early, late in itertools.pairwise(times)]
    usual = sorted(steps)[len(steps) // 2] if steps else 1 / float(rate[1])
    return Film(
        frames=len(times),
        seconds=times[-1] - times[0] + usual,
        fps=float(rate[1]),
        width=int(size[1]),
        height=int(size[2]),
        sound=any((m := STREAM.search(line)) and m[1] == "Audio" for line in head.splitlines()),
        constant=all(abs(step - usual) < 0.0015 for step in steps),
        matrix="bt601" if any(name in video for name in ("smpte170m", "bt470bg")) else "bt709",
    )


def sound_seconds(path: Path) -> float:
    """Length of a sound file, decoded to its end.

    Raises:
        MediaError: it is no sound, or it breaks off.
    """
    arguments = ["-xerror", "-i", ffmpeg.url(path), "-map", "0:a:0", "-ac", "1", "-ar", "48000", "-f", "s16le"]
    data, _ = ffmpeg.run([*arguments, "pipe:1"])
    if not data:
        raise MediaError(f"{path.name}: not a sound (no sample in it).")
    return float(Fraction(len(data) // 2, 48000))


def image_size(path: Path) -> tuple[int, int]:
    """Width and height of a PNG, JPEG or WebP, decoded to its end.

    Raises:
        MediaError: it is none of them, or it breaks off.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG", "JPEG", "WEBP")) as picture:
            picture.load()
            return picture.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise MediaError(f"{path.name}: not a picture that can be read ({error}).") from None


def check(path: Path, kind: str, name: str, declared: str = "") -> None:
    """Look at a result that was fetched from provider `name`; `declared` is its Content-Type.

    Raises:
        NotAccepted: it is a page, another kind of thing or broken, as a bad transfer leaves it: it may be fetched again.
    """
    with path.open("rb") as file:
        head = file.read(512)
    if PAGE.match(head) or declared.partition(";")[0].strip().lower() in ("text/html", "application/json"):
        raise NotAccepted(
            f"{name}: a page came in place of the {kind} ({declared or 'no type'}, {path.stat().st_size} bytes). Run again."
        )
    try:
        {"image": image_size, "video": film, "sound": sound_seconds}[kind](path)
    except MediaError as error:
        why = str(error).partition(" Run it by hand")[0]  # the file is gone by then
        raise NotAccepted(f"{name}: the {kind} that came cannot be decoded ({why.rstrip('.')}). Run again.") from None
