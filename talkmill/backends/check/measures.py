"""Single measures with their limits: what platforms ask for and what viewers notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from talkmill.media import mp4
from talkmill.media.formats import Format

LOUDNESS = 0.5
"""LU by which the integrated loudness may miss what was asked for."""
PEAK = -1.0
"""dBTP of the decoded AAC."""
EARLY, LATE = 0.15, 0.15
"""Seconds by which the sound may seem early or late against the highlighted words; the estimate is good to 0.05."""
CLEAR = 0.35
"""Correlation under which nothing is said about the lag."""
FROZEN, BLACK = 0.5, 0.1
"""Seconds of a still or black picture that are let pass."""
BITRATE = 25_000_000
"""Bits a second, the lowest limit among the platforms (Reels)."""


@dataclass(frozen=True)
class Measure:
    """One measure with its limit; `sentence` says what is wrong where it fails."""

    name: str
    value: Any
    limit: str
    passed: bool
    sentence: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain values for the report."""
        verdict = "pass" if self.passed else "fail"
        found = {"name": self.name, "value": self.value, "limit": self.limit, "verdict": verdict}
        return found if self.passed else found | {"what": self.sentence}


def boxes(movie: mp4.Movie, shape: Format, fps: int, frames: int) -> list[Measure]:
    """What the container says, against what platforms ask for."""
    video, sound = movie.first("vide"), movie.first("soun")
    if video is None or sound is None:
        missing = "picture" if video is None else "sound"
        return [
            Measure(
                "tracks",
                [track.kind for track in movie.tracks],
                "a picture and a sound",
                False,
                f"file: there is no {missing} track",
            )
        ]
    seconds = frames / fps
    apart = abs(video.seconds - sound.seconds)
    edits = video.edits + sound.edits
    rate = movie.size * 8 / max(video.seconds, 1 / fps)
    size = [video.width, video.height]
    profile = f"{video.profile}@{video.level / 10:g}"
    spacing = video.deltas[0][1] * fps == video.timescale if video.deltas else False
    return [
        Measure("edit_lists", edits, "0", edits == 0, f"file: it has edit lists ({edits}), which platforms refuse or ignore"),
        Measure(
            "index_first",
            movie.fast_start,
            "true",
            movie.fast_start,
            "file: its index (moov) lies behind the media, so it cannot play while it loads",
        ),
        Measure(
            "frames", video.samples, str(frames), video.samples == frames, f"picture: {video.samples} frames, not {frames}"
        ),
        Measure(
            "constant_rate",
            spacing and video.constant,
            f"{fps} frames a second",
            spacing and video.constant,
            f"picture: frames do not come at an even {fps} a second",
        ),
        Measure(
            "seconds",
            round(video.seconds, 4),
            f"{seconds:.4f}",
            abs(video.seconds - seconds) < 0.5 / fps,
            f"picture: {video.seconds:.3f} s long, not {seconds:.3f} s",
        ),
        Measure(
            "sound_against_picture_ms",
            round((sound.seconds - video.seconds) * 1000, 2),
            f"within one frame ({1000 / fps:.1f})",
            apart <= 1 / fps + 1e-9,
            f"sound: {sound.seconds:.3f} s of sound for {video.seconds:.3f} s of picture",
        ),
        Measure(
            "start_ms",
            [round(video.start_seconds * 1000, 2), round(sound.start_seconds * 1000, 2)],
            "0 and 0",
            video.first_offset == 0 and sound.first_offset == 0,
            f"file: picture starts at {video.start_seconds * 1000:.1f} ms and sound at {sound.start_seconds * 1000:.1f} ms, "
            "not both at 0",
        ),
        Measure(
            "size",
            size,
            f"{shape.width}x{shape.height}",
            size == list(shape.size),
            f"picture: {video.width}x{video.height}, not {shape.width}x{shape.height}",
        ),
        Measure(
            "video_codec",
            f"{video.codec} {profile}",
            "avc1, High (100), level 4.2 or lower",
            video.codec == "avc1" and video.profile == 100 and video.level <= 42,
            f"picture: codec {video.codec} {profile}, not H.264 High up to level 4.2",
        ),
        Measure(
            "colour",
            list(video.colour) if video.colour else None,
            "BT.709, video range",
            video.colour == (1, 1, 1, False),
            "picture: it is not marked as BT.709 in video range, so apps may shift its colours",
        ),
        Measure(
            "audio_codec",
            f"{sound.codec} type {sound.object_type}, {sound.rate} Hz, {sound.channels} ch",
            "AAC-LC (2), 48000 Hz, 2 channels",
            (sound.codec, sound.object_type, sound.rate, sound.channels) == ("mp4a", 2, 48000, 2),
            "sound: not AAC-LC in stereo at 48 kHz",
        ),
        Measure(
            "bits_per_second",
            round(rate),
            f"at most {BITRATE}",
            rate <= BITRATE,
            f"file: {rate / 1e6:.1f} Mb/s, more than platforms take",
        ),
    ]


def captioned(captions: Any, shape: Format) -> list[Measure]:
    """Measures of how captions are drawn."""
    x0, y0, x1, y1 = shape.safe
    places = ", ".join(f"at {when:.2f} s x {box[0]}-{box[2]}, y {box[1]}-{box[3]}" for when, box in captions.outside[:3])
    limit = f"x {x0}-{x1}, y {y0}-{y1}"
    problems = captions.drawing.problems()
    fonts = [list(pair) for pair in captions.drawing.selected]
    wrong = [problem for problem in problems if not problem.startswith("no glyph")]
    missing = list(captions.drawing.missing)
    return [
        Measure(
            "caption_box",
            list(captions.box) if captions.box else None,
            limit,
            not captions.outside,
            f"captions: {len(captions.outside)} of {captions.states} reach into the area of the apps' own buttons "
            f"({places}; free is {limit})",
        ),
        Measure("caption_fonts", fonts, "as asked for", not wrong, f"captions: {'; '.join(wrong)}"),
        Measure("missing_glyphs", missing, "none", not missing, f"captions: no glyph for {' '.join(missing)}"),
    ]


def levels(integrated: float, peak: float, wanted: float) -> list[Measure]:
    """Loudness and true peak of the sound as it is heard."""
    return [
        Measure(
            "loudness",
            round(integrated, 2),
            f"{wanted:g} +- {LOUDNESS:g} LUFS",
            abs(integrated - wanted) <= LOUDNESS,
            f"sound: {integrated:.1f} LUFS, not {wanted:g}",
        ),
        Measure(
            "true_peak",
            round(peak, 2),
            f"at most {PEAK:g} dBTP",
            peak <= PEAK,
            f"sound: peaks reach {peak:.1f} dBTP (at most {PEAK:g})",
        ),
    ]


def pictures(black: float, frozen: float, at: float) -> list[Measure]:
    """Black and still pictures."""
    return [
        Measure("black_seconds", round(black, 2), f"at most {BLACK:g}", black <= BLACK, f"picture: black for {black:.2f} s"),
        Measure(
            "frozen_seconds",
            round(frozen, 2),
            f"at most {FROZEN:g}",
            frozen <= FROZEN,
            f"picture: nothing moves for {frozen:.2f} s from {at:.2f} s on",
        ),
    ]


def in_step(shift: float, clear: float) -> list[Measure]:
    """Speech against the highlighted words: seconds it comes late, and how clear that is."""
    passed = clear < CLEAR or -EARLY <= shift <= LATE
    side, limit = ("late", LATE) if shift > 0 else ("early", EARLY)
    sentence = (
        f"sound: speech comes {abs(shift) * 1000:.0f} ms {side} against the highlighted words (at most {limit * 1000:.0f} ms)"
    )
    return [
        Measure(
            "speech_against_captions_ms", round(shift * 1000), f"-{EARLY * 1000:.0f} to {LATE * 1000:.0f}", passed, sentence
        ),
        Measure("speech_against_captions_clear", round(clear, 2), "for information", True),
    ]
