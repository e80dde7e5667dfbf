"""Frames at 1080x1920: made, and handed to a process that takes them as the encoder does; against copying them in memory.

`python -m benchmarks.frames`. The limit is twice real time at 30 frames a second.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.clips import CAST, scene
from talkmill.backends.portray.avatar import Avatar
from talkmill.picture.compositor import Studio
from talkmill.picture.rig import Rig

SIZE, FPS, COUNT, ROUNDS = (1080, 1920), 30, 60, 3
SINK = "import os\nwhile os.read(0, 1 << 20): pass"
"""Takes what it is given, as the encoder does."""
LEAST = 60.0
"""Frames a second: twice real time."""


def studio(character: str, folder: Path) -> Studio:
    """A character that talks, nods and blinks for `COUNT` frames."""
    files = Avatar().run(CAST[character], {}, folder).files
    rig = Rig.load(files["rig"], {name: path for name, path in files.items() if name != "rig"})
    time_ = np.arange(COUNT) / FPS
    curves = {
        "open": np.abs(np.sin(9 * time_)), "width": np.sin(7 * time_), "round": np.abs(np.sin(4 * time_)),
        "teeth": np.full(COUNT, 0.5), "tongue": np.abs(np.sin(5 * time_)), "nod": np.sin(3 * time_), "tilt": np.sin(2 * time_),
        "turn": np.sin(2.5 * time_), "brow": np.sin(time_), "blink": np.clip(np.sin(4 * time_) * 3 - 2, 0, 1),
    }  # fmt: skip
    made = {"fps": FPS, "frames": COUNT, "curves": {name: values.tolist() for name, values in curves.items()}}
    shots = [{"character": character, "start": 0, "frames": COUNT}]
    return Studio(SIZE, FPS, shots, {character: scene(character)}, {character: rig}, [made], 1)


def best(task: Callable[[], object], clock: Callable[[], float]) -> float:
    """Seconds a frame: the best of some rounds, since others use the machine too."""
    times = []
    for _ in range(ROUNDS):
        start = clock()
        task()
        times.append((clock() - start) / COUNT)
    return min(times)


def measure(character: str) -> dict[str, float]:
    """Milliseconds a frame: `made`, `copied` (of a core), and `handed` (by the clock: made and taken by another process)."""
    with tempfile.TemporaryDirectory() as folder:
        made = studio(character, Path(folder))
        frames = [frame.copy() for frame in made.frames()]  # also makes the stage, once
        target = np.empty_like(frames[0])

        def hand() -> None:
            with subprocess.Popen([sys.executable, "-c", SINK], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as sink:
                for frame in made.frames():
                    sink.stdin.write(memoryview(frame).cast("B"))  # type: ignore[union-attr]

        found = {
            "made": best(lambda: [None for _ in made.frames()], time.process_time),
            "handed": best(hand, time.perf_counter),
            "copied": best(lambda: [np.copyto(target, frame) for frame in frames], time.process_time),
        }
    return {name: 1000 * seconds for name, seconds in found.items()}


def table() -> dict[str, str]:
    """Rows for `python -m benchmarks`; the speed is that of the slowest style."""
    rows, slowest = {}, 0.0
    for character in ("milo", "ada", "pia", "kit"):
        took = measure(character)
        slowest = max(slowest, took["handed"])
        rows[f"frames, {CAST[character]['style']}"] = (
            f"{took['made']:.1f} ms of a core, {took['made'] / took['copied']:.0f} times copying; "
            f"handed on {1000 / took['handed']:.0f} a second"
        )
    rows["frames, slowest style"] = f"{1000 / slowest:.0f} a second (at least {LEAST:.0f})"
    return rows


def main() -> None:
    """Run and print; ends with 1 where the slowest style is too slow."""
    rows = table()
    for name, value in rows.items():
        print(f"{name:<24} {value}")
    sys.exit(1 if float(rows["frames, slowest style"].split()[0]) < LEAST else 0)


if __name__ == "__main__":
    main()
