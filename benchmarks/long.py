"""Whether memory stays flat over ten minutes of one episode: its frames drawn small, and a minute of it drawn and encoded."""

from __future__ import annotations

import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from benchmarks.episode import HOME
from talkmill.backends.lipsync.listen import Listen
from talkmill.backends.portray.avatar import Avatar
from talkmill.backends.render.ffmpeg import Faces
from talkmill.media import encode
from talkmill.model import SAMPLE_RATE, Segment, Timeline
from talkmill.model.shots import cut, pieces
from talkmill.picture.compositor import Studio
from talkmill.picture.rig import Rig
from talkmill.specs import resolve
from talkmill.specs.load import load

FPS, LINE = 30, 4
CAST = ("milo", "ada")


def studio(folder: Path, seconds: int, size: tuple[int, int]) -> Studio:
    """A dialogue of lines of four seconds, cut by `auto`, with a face file a line and a listener."""
    project = load(HOME)
    rigs, scenes = {}, {}
    for name in CAST:
        (folder / name).mkdir(exist_ok=True)
        options = resolve.portrait(project.characters[name])
        files = Avatar().run({key: value for key, value in options.items() if key != "backend"}, {}, folder / name).files
        rigs[name] = Rig.load(files["rig"], {role: path for role, path in files.items() if role != "rig"})
        scenes[name] = resolve.scene(project.config, name, project.characters[name])
    frames = LINE * FPS
    timeline = Timeline(FPS, tuple(Segment(CAST[i % 2], i * frames, frames, 3) for i in range(seconds // LINE)))
    shots = cut(timeline, "auto", CAST, [None] * len(timeline.segments))
    faces, paths = [], []
    for number, piece in enumerate(pieces(timeline, shots)):
        request = {"fps": FPS, "frames": piece.frames, "heard": [], "emotion": "neutral", "strength": 1.0, "seed": str(number)}
        (folder / f"face-{number}").mkdir(exist_ok=True)
        path = Listen().run(request, {}, folder / f"face-{number}").files["curves"]
        if piece.speaks:
            made = json.loads(path.read_text())
            made["curves"]["open"] = [0.5 * (frame % 9 < 4) for frame in range(piece.frames)]
            path.write_text(json.dumps(made))
        paths.append(path)
        face = {"character": piece.character, "start": piece.start, "frames": piece.frames}
        faces.append({**face, "speaks": piece.speaks, "towards": piece.towards})
    seen = [{"cast": shot.cast, "start": shot.start, "frames": shot.frames} for shot in shots]
    return Studio(size, FPS, seen, scenes, rigs, Faces(paths), 1, faces=faces, order=CAST)


def watched(frames: Iterator[Any], every: int, found: list[tuple[int, int]]) -> Iterator[Any]:
    """The frames as they come; `found` gets the memory in use of this process and of all ffmpegs it started, in bytes."""
    me = psutil.Process()
    for number, frame in enumerate(frames):
        if number % every == 0:
            found.append((me.memory_info().rss, sum(child.memory_info().rss for child in me.children(recursive=True))))
        yield frame


def measure(workdir: Path, seconds: int = 600, full: int = 60) -> dict[str, object]:
    """Rows of a table: memory early and late in MB."""
    drawn: list[tuple[int, int]] = []
    for _ in watched(studio(workdir, seconds, (270, 480)).frames(), 10 * FPS, drawn):
        pass
    early, late = (max(own for own, _ in part) / 1e6 for part in (drawn[: len(drawn) // 5], drawn[-(len(drawn) // 5) :]))
    rows: dict[str, object] = {
        f"{seconds} s drawn small, MB in the first fifth": round(early, 1),
        f"{seconds} s drawn small, MB in the last fifth": round(late, 1),
    }
    silence, sound = workdir / "silence.wav", workdir / "sound.m4a"
    with wave.open(str(silence), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(bytes(2 * SAMPLE_RATE * full))
    encode.sound(silence, sound, SAMPLE_RATE * full)
    made: list[tuple[int, int]] = []
    frames = watched(studio(workdir, full, (1080, 1920)).frames(), 2 * FPS, made)
    encode.video(frames, (1080, 1920), FPS, sound, workdir / "long.mp4")
    half = len(made) // 2
    for index, who in enumerate(("Talkmill", "ffmpeg")):
        early, late = (max(values[index] for values in part) / 1e6 for part in (made[half // 2 : half], made[half:]))
        rows[f"{full} s at 1080x1920, MB of {who}, second quarter"] = round(early, 1)
        rows[f"{full} s at 1080x1920, MB of {who}, second half"] = round(late, 1)
    return rows
