"""The master, the faces and the captions become the finished mp4 of one shape, and its cover."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from talkmill.backends import JSON, Result
from talkmill.errors import BackendError
from talkmill.media import encode, subtitles
from talkmill.media.formats import named
from talkmill.model import SAMPLE_RATE

CEILING = -2.0
"""dBTP of the levelled sound before AAC, which adds about 0.6 dB."""
PEAK = -1.0
"""dBTP that the finished sound may reach."""
TOLERANCE = 0.4
"""LU by which the finished sound may miss the target before it is levelled again; the check allows 0.5."""
ROUNDS = 4
LIPS = 0.45
"""How far a mouth is open in a good cover: clearly speaking, not gaping."""


class Ffmpeg:
    """One ffmpeg process a video: drawn frames in, H.264 and AAC out."""

    name: ClassVar[str] = "ffmpeg"
    version: ClassVar[int] = 5
    licence: ClassVar[str] = ""
    packages: ClassVar[tuple[str, ...]] = (
        "imageio-ffmpeg", "numpy", "opencv-python-headless", "pillow", "soxr",
    )  # fmt: skip

    def run(self, request: Mapping[str, JSON], inputs: Mapping[str, Path], workdir: Path) -> Result:
        """Render as the package says.

        Raises:
            BackendError: the sound cannot be brought to the wanted loudness, or the shots do not fit the curves.
            MediaError, PrerequisiteError: ffmpeg failed, or the disk is full.
        """
        shape, fps = named(request["format"]), request["fps"]
        shots: Sequence[Mapping[str, Any]] = request["shots"]
        frames = sum(shot["frames"] for shot in shots)
        samples = frames * (SAMPLE_RATE // fps)
        curves = Faces([inputs.get(f"curves:{face['curves']}") for face in request["faces"]])
        for index, face in enumerate(request["faces"]):
            if (found := curves[index].get("frames", face["frames"])) != face["frames"]:
                raise BackendError(
                    f"render: the face {face['curves']} has another length ({found} frames, not {face['frames']})."
                )
        scratch = workdir / "scratch"
        scratch.mkdir()
        try:
            with ThreadPoolExecutor(1) as aside:  # the sound is levelled while the picture is drawn
                levelling = aside.submit(level, inputs["master"], scratch, samples, request["loudness"])
                studio = _studio(request, inputs, shape.size, curves)
                files = {"video": workdir / f"{shape.name}.mp4", "cover": workdir / "cover.jpg"}
                with subtitles.burner(inputs["ass"], _fonts(inputs)) if "ass" in inputs else nullcontext() as burner:
                    done = encode.video(
                        studio.frames(),
                        shape.size,
                        fps,
                        lambda: levelling.result()[0],
                        files["video"],
                        burner=burner,
                        filmed=bool(request.get("figures")),
                    )
                _, loudness = levelling.result()
        finally:
            for path in scratch.iterdir():
                path.unlink()
            scratch.rmdir()
        if done.frames != frames:
            raise BackendError(f"render: the picture has another length than its shots ({done.frames} frames, not {frames}).")
        encode.still(studio.still(cover_frame(request, curves)), files["cover"])
        facts = {
            "frames": frames, "fps": fps, "width": shape.width, "height": shape.height, "samples": samples,
            "loudness": round(loudness.integrated, 2), "true_peak": round(loudness.true_peak, 2),
        }  # fmt: skip
        return Result(files, facts)


def _fonts(inputs: Mapping[str, Path]) -> list[Path]:
    """The font files among the inputs, in their order."""
    numbered = [(int(key[6:]), path) for key, path in inputs.items() if re.fullmatch(r"fonts-\d+", key)]
    return [path for _, path in sorted(numbered)]


def level(master: Path, folder: Path, samples: int, target: float) -> tuple[Path, Any]:
    """AAC of the master at `target` LUFS, at most `PEAK` dBTP as it is heard; (file in `folder`, its `Loudness`).

    What counts is the decoded AAC, so it is measured, and the levelling is repeated with what it missed by.

    Raises:
        BackendError: four rounds do not reach it.
    """
    from talkmill.media import loudness

    wanted, ceiling = target, CEILING
    for number in range(ROUNDS):
        levelled, encoded = folder / f"level-{number}.wav", folder / f"sound-{number}.m4a"
        loudness.normalise(master, levelled, wanted, ceiling)
        encode.sound(levelled, encoded, samples)
        levelled.unlink()
        heard = loudness.measure(encoded)
        if not math.isfinite(heard.integrated):
            raise BackendError("render: the episode's sound is silent. Look at its voices and lines.")
        missed, over = target - heard.integrated, heard.true_peak - PEAK
        if abs(missed) <= TOLERANCE and over <= 0:
            return encoded, heard
        if abs(missed) > TOLERANCE:
            wanted += missed
        if over > 0:
            ceiling -= over + 0.1
    raise BackendError(
        f"render: the sound does not reach {target:g} LUFS below {PEAK:g} dBTP "
        f"(it came to {heard.integrated:.1f} LUFS, {heard.true_peak:.1f} dBTP). "
        "Set a lower loudness in config.yaml, or look for a line that is almost silent."
    )


class Faces(Sequence[Mapping[str, Any]]):
    """curves.json files, read when they are asked for; the last few are kept, so an hour takes no more memory than a minute."""

    KEPT = 8

    def __init__(self, paths: Sequence[Path | None]) -> None:
        self.paths = paths
        self._read = lru_cache(self.KEPT)(self._load)

    def _load(self, index: int) -> Mapping[str, Any]:
        path = self.paths[index]
        return json.loads(path.read_text("utf-8")) if path else {"curves": {}}  # frames of which no curves are known

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Mapping[str, Any]:  # type: ignore[override]
        return self._read(index)


def cover_frame(request: Mapping[str, Any], curves: Sequence[Mapping[str, Any]]) -> int:
    """The episode's frame that makes the best cover: the speaker in the picture with open, still eyes and the mouth in
    mid-word, rather early."""
    best, chosen = float("inf"), 0
    total = sum(shot["frames"] for shot in request["shots"])
    shots = iter(request["shots"])
    shot = next(shots)
    for face, curve in sorted(zip(request["faces"], curves, strict=True), key=lambda item: item[0]["start"]):
        if not face["speaks"]:
            continue
        while shot["start"] + shot["frames"] <= face["start"]:
            shot = next(shots)
        if face["character"] not in shot["cast"]:
            continue
        values = curve["curves"]
        at, count = face["start"], min(face["frames"], shot["start"] + shot["frames"] - face["start"])
        still = [0.0] * count
        blink, lips = values.get("blink", still), values.get("open", still)
        press, nod, tilt = values.get("press", still), values.get("nod", still), values.get("tilt", still)
        for frame in range(count):
            near = max(blink[max(0, frame - 2) : frame + 3])
            cost = (
                abs(lips[frame] - LIPS)
                + 4 * near
                + press[frame]
                + 0.4 * abs(nod[frame])
                + 0.3 * abs(tilt[frame])
                + 0.2 * (at + frame) / total
            )
            if cost < best - 1e-9:
                best, chosen = cost, at + frame
    return chosen


def _studio(
    request: Mapping[str, JSON], inputs: Mapping[str, Path], size: tuple[int, int], curves: Sequence[Mapping[str, Any]]
) -> Any:
    """The picture of every frame, from the rigs, curves and backgrounds among the inputs."""
    from talkmill.picture.compositor import Studio
    from talkmill.picture.rig import Rig

    names = list(dict.fromkeys(name for shot in request["shots"] for name in shot["cast"]))
    figures = request.get("figures", {})
    rigs = {}
    for name in names:
        if name in figures:
            continue
        prefix = f"layer:{name}:"
        layers = {key.removeprefix(prefix): path for key, path in inputs.items() if key.startswith(prefix)}
        rigs[name] = Rig.load(inputs[f"rig:{name}"], layers)
    backgrounds = {name: inputs[f"background:{name}"] for name in names if f"background:{name}" in inputs}
    return Studio(
        size=size, fps=request["fps"], shots=request["shots"], scenes=request["scenes"], rigs=rigs, curves=curves,
        seed=request["seed"], backgrounds=backgrounds, faces=request["faces"], order=request["order"],
        figures=figures, clips=_clips(request, inputs),
    )  # fmt: skip


def _clips(request: Mapping[str, JSON], inputs: Mapping[str, Path]) -> dict[int, Any]:
    """The frames of the faces that have some, by number."""
    from talkmill.media.frames import Clip

    made = {}
    for index, face in enumerate(request["faces"]):
        if (path := inputs.get(f"frames:{face['curves']}")) is not None:
            figure = request["figures"][face["character"]]
            made[index] = Clip(path, face["frames"], request["fps"], figure["width"], figure["height"])
    return made
