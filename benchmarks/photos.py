"""Talking photographs, read from the decoded mp4s: `python -m benchmarks.photos [--write] [--quick]`.

`--write` brings docs/reference/photo-quality.md up to date. Portraits come from Python packages (scikit-image's astronaut,
matplotlib's Grace Hopper) and are never kept; a third is a character that Talkmill draws, taken as a picture. A second detector
repeats the measure where there is one (`benchmarks/second.py`).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import controls, photos_long, photos_still, second
from benchmarks.clips import VOICES, Workshop, scene
from benchmarks.lipsync import EN, shown
from benchmarks.photos_page import COLUMNS, page
from talkmill.backends import load
from talkmill.backends.lipsync.warp import Warp
from talkmill.measure import filmed, listen
from talkmill.measure.landmarks import DETECTOR, mesh
from talkmill.measure.review import lip_sync
from talkmill.measure.subject import Line, Subject
from talkmill.media import encode, faces, frames, sound
from talkmill.model import SAMPLE_RATE, Take
from talkmill.picture.compositor import Studio
from talkmill.picture.rig import Rig

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "photo-quality.md"
FPS, LEAD, TAIL = 30, 9, 12
PORTRAITS = {
    "hopper": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
    "astronaut": ("skimage", "data/astronaut.png"),
    "drawing": None,
}
"""Name -> (package, file in it): shut lips, glasses and wrinkles; an open smile with teeth; a drawing of Talkmill's own."""
DRAWN = "ada"
"""The character of `benchmarks.clips.CAST` that is the drawing."""
LINES = (("joe", EN[0]), ("heart", EN[1]))
HELD = (
    ("heart", "Nobody plays the piano before supper, but Pam may whistle a happy tune by the pond."),
    ("espeak", "Most people pick a warm room, open the window and move the lamp closer to the book."),
)
"""Sentences that are measured only: the warp was not made with them."""
DEVELOPED = (
    ("alpha", EN[4]),
    ("heart", EN[5]),
    ("espeak", "We hope to bring warm bread and a pot of plum jam to the picnic by noon."),
)
"""More lines that the warp was made with, and two more voices."""
SETS = {"": (*LINES, *DEVELOPED), ", held out": HELD}
"""What a video's name ends with -> its lines."""
Curves = Callable[[Mapping[str, Any], Mapping[str, Path], Mapping[str, Any]], Mapping[str, Any]]


class Spoilt(Warp):
    """A mouth that is wrong on purpose."""

    def __init__(self, change: Curves) -> None:
        self.change = change

    def curves(self, request: Mapping[str, Any], inputs: Mapping[str, Path]) -> tuple[Mapping[str, np.ndarray], dict[str, Any]]:
        """The right curves, changed."""
        right, facts = super().curves(request, inputs)
        plain = {"curves": {name: values.tolist() for name, values in right.items()}}
        return {name: np.array(values) for name, values in self.change(plain, inputs, request)["curves"].items()}, facts


@dataclass
class Portrait:
    """A portrait's idle clip and the track of its face."""

    name: str
    clip: frames.Clip
    track: Path
    face: int
    mouth: tuple[float, float]
    area: tuple[int, int, int, int]


@dataclass
class Row:
    """One video, measured by one detector."""

    clip: str
    detector: str
    found: filmed.Judged
    late: float


def portrait(name: str, folder: Path) -> Portrait | None:
    """The portrait made ready; None where its package is not installed."""
    workdir = folder / name
    shutil.rmtree(workdir, ignore_errors=True)
    workdir.mkdir()
    if PORTRAITS[name] is None:
        image = drawing(workdir)
    else:
        package, inside = PORTRAITS[name]
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            return None
        image = Path(spec.origin).parent / inside
    request = {"name": name, "fps": FPS, "shapes": ["vertical"], "motion": 1.0, "seed": 1}
    made = load("animate", "idle").run(request, {"image": image}, workdir)
    clip = frames.Clip.of(made.files["frames"], dict(made.facts))
    track = faces.track((frames.rgb(one) for one in clip.read()), FPS)
    track.save(workdir / "track.npz")
    face = int(np.argmax(track.seen.mean(axis=0)))
    points = track.landmarks[:, face, :, :2]
    low = np.maximum(np.nanmin(points, axis=(0, 1)) - 0.2 * np.ptp(points[0], axis=0), 0) // 2 * 2
    high = np.minimum(np.nanmax(points, axis=(0, 1)) + 0.2 * np.ptp(points[0], axis=0), (clip.width, clip.height)) // 2 * 2
    x, y = points[0, [78, 308]].mean(axis=0)
    area = (int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
    return Portrait(name, clip, workdir / "track.npz", face, (float(x), float(y)), area)


def drawing(folder: Path) -> Path:
    """A picture of a drawn character at rest."""
    from PIL import Image

    shop = Workshop(folder / "shop")
    made = shop.portrait(DRAWN)
    shop.close()
    files = {role: shop.store.object(digest) for role, digest in made.files.items()}
    plain = {**scene(DRAWN), "name_line": {"show": False}}
    studio = Studio(
        (1080, 1920), FPS, [{"character": DRAWN, "start": 0, "frames": 1}], {DRAWN: plain},
        {DRAWN: Rig.load(files.pop("rig"), files)}, [{"frames": 1, "curves": {}}], 1,
    )  # fmt: skip
    Image.fromarray(studio.still(0)).save(folder / "drawing.png")
    return folder / "drawing.png"


def said(voice: str, text: str, folder: Path) -> tuple[dict[str, Any], Path]:
    """A take as JSON and its cleaned sound."""
    folder.mkdir(parents=True)
    verb, options = VOICES[voice]
    speaker = load("speak", verb)
    made = speaker.run({"text": text, "language": "en", "seed": 1, **options}, {}, folder)
    getattr(speaker, "close", lambda: None)()
    (folder / "clean").mkdir()
    cleaned = load("clean", "classic").run({"level": -20, "highpass": 80}, {"sound": made.files["sound"]}, folder / "clean")
    return json.loads(made.files["times"].read_text()), cleaned.files["sound"]


def request_for(one: Portrait, take: Mapping[str, Any]) -> dict[str, Any]:
    """A segment's request."""
    count = int(np.ceil(take["samples"] * FPS / SAMPLE_RATE)) + LEAD + TAIL
    return {
        "fps": FPS, "frames": count, "lead": LEAD, "take": take, "emotion": "neutral", "strength": 1.0, "sync_strength": 0.9,
        "temporal_smoothing": 0.0, "seed": 1, "play": "there_and_back", "start": 0, "clip": one.clip.facts, "face": one.face,
        "mouth_box": None, "face_threshold": 0.0, "speaks": True,
    }  # fmt: skip


def film(
    one: Portrait, backend: Warp, take: Mapping[str, Any], voice: Path, folder: Path, late: int = 0
) -> tuple[Subject, float]:
    """A finished mp4 of one line, and seconds of wall time a frame of lip sync; `late`: ms by which its sound is late."""
    folder.mkdir(parents=True)
    request = request_for(one, take)
    start = time.perf_counter()
    made = backend.run(request, {"clip": one.clip.path, "track": one.track, "sound": voice}, folder)
    seconds = (time.perf_counter() - start) / request["frames"]
    whole = np.zeros(request["frames"] * SAMPLE_RATE // FPS, np.float32)
    from talkmill.backends.lipsync.sound import read

    samples, at = read(voice), LEAD * SAMPLE_RATE // FPS + late * SAMPLE_RATE // 1000
    part = samples[: len(whole) - at]
    whole[at : at + len(part)] = part
    sound.write(folder / "whole.wav", whole)
    encode.sound(folder / "whole.wav", folder / "whole.mp4", len(whole))
    clip = frames.Clip.of(made.files["frames"], dict(made.facts))
    video, size = folder / "video.mp4", (clip.width, clip.height)
    encode.video(clip.read(), size, FPS, folder / "whole.mp4", video)
    made.files["frames"].unlink()
    line = Line(one.name, LEAD * SAMPLE_RATE // FPS, Take.from_json(dict(take)), voice)
    return Subject(video, FPS, request["frames"], size, (), (line,)), seconds


def measured(subject: Subject, one: Portrait, detect: Any = None) -> filmed.Judged:
    """By one detector."""
    face = filmed.Filmed(one.name, 0, subject.frames, one.mouth, one.area)
    return filmed.judge(subject, [face], listen.listen(subject), detect)


def measure(subject: Subject, one: Portrait, name: str, other: bool) -> list[Row]:
    """By the shipped detector, and by the second one where that is asked for and there."""
    heard = listen.listen(subject)
    face = filmed.Filmed(one.name, 0, subject.frames, one.mouth, one.area)
    rows = [Row(name, DETECTOR, filmed.judge(subject, [face], heard), heard.late)]
    there = second.detector() if other else None
    if there is not None:
        detect, close = there
        rows.append(Row(name, second.NAME, filmed.judge(subject, [face], heard, detect), heard.late))
        close()
    for row in rows:
        values = ", ".join(f"{key} {shown(lip_sync(row.found.score), key)}" for key in COLUMNS)
        print(f"{name} by {row.detector}: {values}, identity {row.found.identity:.2f} mm, flicker {row.found.flicker:.2f}, "
              f"sharpness {row.found.sharp:.2f}, repeated {row.found.repeated}", flush=True)  # fmt: skip
    return rows


def copying(one: Portrait, count: int, folder: Path) -> float:
    """Seconds a frame of reading a clip and writing it again."""
    order = frames.play(one.clip.frames, count, FPS, "there_and_back")
    start = time.perf_counter()
    frames.write(one.clip.read(order), (one.clip.width, one.clip.height), FPS, folder / "copy.mkv")
    (folder / "copy.mkv").unlink()
    return (time.perf_counter() - start) / count


class Bench:
    """Makes and measures in `folder`; portraits and takes once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._portraits: dict[str, Portrait | None] = {}
        self._takes: dict[tuple[str, str], tuple[dict[str, Any], Path]] = {}

    def scratch(self, make: Callable[[Path], Any]) -> Any:
        """What `make` gives for a folder that is then deleted."""
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            return make(Path(scratch))

    def portrait(self, name: str) -> Portrait | None:
        """The portrait made ready, once."""
        if name not in self._portraits:
            folder = self.folder / "portraits"
            folder.mkdir(exist_ok=True)
            self._portraits[name] = portrait(name, folder)
        return self._portraits[name]

    def take(self, line: tuple[str, str]) -> tuple[dict[str, Any], Path]:
        """A line that is spoken, once."""
        if line not in self._takes:
            self._takes[line] = said(*line, self.folder / f"take-{len(self._takes)}")
        return self._takes[line]

    def line(self, name: str, label: str, line: tuple[str, str], control: Any = None) -> tuple[list[Row], float]:
        """A video of one line measured, and seconds a frame."""

        def make(scratch: Path) -> tuple[list[Row], float]:
            one = self.portrait(name)
            assert one is not None  # noqa: S101 - known to be there
            backend = Spoilt(control.change) if control and control.change else Warp()
            subject, cost = film(one, backend, *self.take(line), scratch / "film", control.late if control else 0)
            return measure(subject, one, label, True), cost

        return self.scratch(make)

    def still(self, name: str, rows: list[Row]) -> list[photos_still.Floor]:
        """What the detectors make of a mouth that is held shut; `rows` are the same line's, spoken."""

        def make(scratch: Path) -> list[photos_still.Floor]:
            one = self.portrait(name)
            assert one is not None  # noqa: S101 - known to be there
            subject, _ = film(one, Spoilt(photos_still.held), *self.take(LINES[0]), scratch / "film")
            out = []
            for row in rows:
                detect, close = (second.detector() or (None, None)) if row.detector == second.NAME else (None, None)
                found = measured(subject, one, detect)
                if close:
                    close()
                detect, close = (second.detector() or (None, None)) if close else (mesh(FPS), None)
                wide = photos_still.widths(one, request_for(one, self.take(LINES[0])[0]), detect)
                if close:
                    close()
                out.append(photos_still.floor(name, row.detector, found, row.found, FPS, wide))
                print(out[-1], flush=True)
            return out

        return self.scratch(make)

    def pace(self, name: str) -> float:
        """Seconds a frame that is copied."""
        return self.scratch(lambda scratch: copying(self.portrait(name), 200, scratch))  # type: ignore[arg-type]

    def long(self, name: str, seconds: float) -> Any:
        """The long line."""

        def make(scratch: Path) -> Any:
            return photos_long.run(self.portrait(name), *self.take(LINES[0]), seconds, request_for, scratch / "long")

        return self.scratch(make)


def there(name: str) -> bool:
    """Whether the portrait's package is installed."""
    return PORTRAITS[name] is None or importlib.util.find_spec(PORTRAITS[name][0]) is not None


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)}")
    parser.add_argument("--only", default="", metavar="TEXT", help="portraits whose name holds the text")
    parser.add_argument("--quick", action="store_true", help="one line each, and one held out")
    parser.add_argument("--long", type=float, default=180, metavar="SECONDS", help="of the long line; 0 leaves it out")
    arguments = parser.parse_args()
    names = [name for name in PORTRAITS if arguments.only in name and there(name)]
    some = slice(1 if arguments.quick else None)
    rows: list[Row] = []
    wrong: list[Row] = []
    floors: list[photos_still.Floor] = []
    speed: dict[str, tuple[float, float]] = {}
    long: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        for name in names:
            for held, lines in SETS.items():
                drawn = PORTRAITS[name] is None
                for index, line in enumerate((lines[:2] if drawn else lines)[some], 1):
                    found, cost = bench.line(name, f"{name} {index}{held}", line)
                    rows += found
                    speed.setdefault(name, (cost, bench.pace(name)))
                    if index == 1 and not held and not drawn:
                        floors += bench.still(name, found)
            if PORTRAITS[name] is None:
                continue
            for control in controls.CONTROLS:
                wrong += bench.line(name, f"{name} 1, {control.name}", LINES[0], control)[0]
            if arguments.long:
                long[name] = bench.long(name, arguments.long)
                print(f"{name}: {long[name]}", flush=True)
    if arguments.write:
        PAGE.write_text(page(rows, wrong, floors, speed, long), encoding="utf-8")
    passing = [f"{row.clip} by {row.detector}" for row in wrong if not _fails(row)]
    print("\n".join(f"{name}: passes" for name in passing) or "Every control fails.")
    sys.exit(1 if passing else 0)


def _fails(row: Row) -> bool:
    return abs(row.late) > 0.010 or any(one.verdict == "fail" for one in lip_sync(row.found.score))


if __name__ == "__main__":
    main()
