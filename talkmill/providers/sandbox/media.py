"""Real media for the stand-ins: pictures and clips of a test pattern, of the right length and size."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from talkmill.errors import MediaError
from talkmill.media import ffmpeg
from talkmill.media.frames import TAGS
from talkmill.providers import results

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-movflags", "+faststart")


SWAY = "pad=iw+16:ih+16:8:8:color=gray,fillborders=8:8:8:8:smear,crop=iw-16:ih-16:8+8*sin(t*2):8+4*sin(t*3)"
"""A filter that moves the picture to and fro, as a bought clip is never still."""


@dataclass(frozen=True)
class Sized:
    """What a received file turned out to be."""

    seconds: float = 0
    width: int = 0
    height: int = 0
    fps: float = 0


def look(data: bytes, kind: str) -> Sized | None:
    """Decode what was sent ("image", "video" or "sound"); None where it is none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "given"
        path.write_bytes(data)
        try:
            if kind == "image":
                width, height = results.image_size(path)
                return Sized(width=width, height=height)
            if kind == "sound":
                return Sized(results.sound_seconds(path))
            film = results.film(path)
            return Sized(film.seconds, film.width, film.height, film.fps)
        except MediaError:
            return None


def picture(width: int, height: int, seed: int) -> bytes:
    """A PNG: soft colours with a face-like disc in the middle, others for another seed."""
    import io

    from PIL import Image, ImageDraw

    tint = [(seed >> shift) % 128 + 64 for shift in (0, 7, 14)]
    image = Image.new("RGB", (width, height), tuple(tint))
    radius = min(width, height) // 3
    x, y = width // 2, height // 2
    draw = ImageDraw.Draw(image)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(235, 200, 175))
    for side in (-1, 1):
        eye = (x + side * radius // 2, y - radius // 4)
        draw.ellipse(
            (eye[0] - radius // 10, eye[1] - radius // 10, eye[0] + radius // 10, eye[1] + radius // 10), fill=(30, 30, 40)
        )
    draw.ellipse((x - radius // 3, y + radius // 3, x + radius // 3, y + radius // 2), fill=(150, 60, 60))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def from_image(image: bytes, seconds: float, height: int, fps: float, *, sound: bytes | None = None) -> bytes:
    """An mp4 of `seconds` that shows the image, its short side `height` high, with a bar that moves; with sound where given."""
    frames = round(seconds * fps)
    with tempfile.TemporaryDirectory() as folder:
        still, out = Path(folder) / "still", Path(folder) / "out.mp4"
        still.write_bytes(image)
        scale = (
            f"scale='if(gt(iw,ih),-2,{height})':'if(gt(iw,ih),{height},-2)':flags=bilinear:out_color_matrix=bt709:out_range=tv"
        )
        # Decoded and scaled once, and shown again and again.
        scale += f",setsar=1,format=yuv420p,{TAGS},loop=loop=-1:size=1,setpts=N/({_rate(fps)})/TB,{SWAY}"
        given = ["-framerate", _rate(fps), "-i", ffmpeg.url(still)]
        given += _sound(folder, sound)
        ffmpeg.run(
            [*given, "-map", "0:v:0", *(["-map", "1:a:0", "-c:a", "aac", "-af", "apad", "-shortest"] if sound else []),
             "-vf", f"{scale},{_mouth(fps)}",
             "-frames:v", str(frames), *X264, "-y", ffmpeg.url(out)]
        )  # fmt: skip
        return out.read_bytes()


def from_clip(clip: bytes, sound: bytes, seconds: float, fps: float | None = None) -> bytes:
    """The clip again, cut or held to `seconds`, with that sound; at another frame rate where one is given."""
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "given", Path(folder) / "out.mp4"
        given.write_bytes(clip)
        rate = fps or results.film(given).fps
        chain = f"fps={_rate(rate)},tpad=stop_mode=clone:stop_duration=60,{_mouth(rate)},{TAGS}"
        ffmpeg.run(
            ["-i", ffmpeg.url(given), *_sound(folder, sound), "-map", "0:v:0", "-map", "1:a:0", "-vf", chain, "-c:a", "aac",
             "-frames:v", str(round(seconds * rate)), *X264, "-y", ffmpeg.url(out)]
        )  # fmt: skip
        return out.read_bytes()


def uneven(clip: bytes) -> bytes:
    """The clip with a varying frame rate: pictures are missing, the others keep their times."""
    with tempfile.TemporaryDirectory() as folder:
        given, out = Path(folder) / "given", Path(folder) / "out.mp4"
        given.write_bytes(clip)
        drop = "select='not(eq(mod(n,7),3))'"
        ffmpeg.run(["-i", ffmpeg.url(given), "-vf", drop, "-fps_mode", "vfr", "-an", *X264, "-y", ffmpeg.url(out)])
        return out.read_bytes()


def _mouth(fps: float) -> str:
    """A filter that draws a bar where a mouth may be, three times a second."""
    beat = max(2, round(fps / 3))
    return f"drawbox=x=iw/2-iw/16:y=ih*0.6:w=iw/8:h=ih/40:color=black:t=fill:enable='lt(mod(n,{beat}),{(beat + 1) // 2})'"


def _sound(folder: str, sound: bytes | None) -> list[str]:
    if sound is None:
        return []
    path = Path(folder) / "sound"
    path.write_bytes(sound)
    return ["-i", ffmpeg.url(path)]


def _rate(fps: float) -> str:
    exact = Fraction(fps).limit_denominator(1001)
    return f"{exact.numerator}/{exact.denominator}"
