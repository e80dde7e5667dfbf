"""A second detector of faces, for measuring only: dlib's 68 points, in a process of its own.

Not part of Talkmill and not needed by it: the file of the 68 points was trained on pictures whose licence does not allow
commercial use. `pip install dlib-bin face-recognition-models numpy` into any Python, named by TALKMILL_SECOND_PYTHON.

As a program it reads "width height" and then raw R'G'B' frames, and writes 136 float32 a frame (NaN: no face).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

NAME = "dlib, 68 points"
EVERY = 10
"""Frames after which the face is looked for anew."""
NUDGE = 0.03
"""Share of the face's box by which it is moved about: the median over five boxes is steadier than one box's points."""


def detector() -> tuple[Callable[[np.ndarray], list], Callable[[], None]] | None:
    """A `talkmill.measure.landmarks.Detect` and what ends it; None where there is no second detector on this machine."""
    from talkmill.measure.landmarks import Marks

    python = os.environ.get("TALKMILL_SECOND_PYTHON", sys.executable)
    asked = "import dlib, importlib.util as u; assert u.find_spec('face_recognition_models')"
    if subprocess.run([python, "-c", asked], capture_output=True, check=False).returncode:
        return None
    process: subprocess.Popen[bytes] | None = None

    def detect(picture: np.ndarray) -> list[Marks]:
        nonlocal process
        if process is None:
            process = subprocess.Popen([python, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            process.stdin.write(f"{picture.shape[1]} {picture.shape[0]}\n".encode())
        process.stdin.write(picture.tobytes())
        process.stdin.flush()
        points = np.frombuffer(process.stdout.read(4 * 136), "<f4").reshape(68, 2).astype(float)
        if np.isnan(points).any():
            return []
        rigid = (*range(17, 36), 36, 39, 42, 45)
        groups = ((36, 45), (60, 64), (61, 62, 63), (67, 66, 65), rigid)
        return [Marks(*(points[list(group)] for group in groups))]

    def close() -> None:
        if process is not None:
            process.stdin.close()
            process.wait()

    return detect, close


def serve() -> None:
    """The program."""
    import importlib.util

    import dlib

    folder = Path(importlib.util.find_spec("face_recognition_models").origin).parent / "models"
    find, predict = (
        dlib.get_frontal_face_detector(),
        dlib.shape_predictor(str(folder / "shape_predictor_68_face_landmarks.dat")),
    )
    width, height = (int(part) for part in sys.stdin.buffer.readline().split())
    step = max(1, min(width, height) // 240)
    box, centre, number = None, None, 0
    while len(data := sys.stdin.buffer.read(3 * width * height)) == 3 * width * height:
        picture = np.frombuffer(data, np.uint8).reshape(height, width, 3)
        if box is None or number % EVERY == 0:
            found = find(np.ascontiguousarray(picture[::step, ::step]), 0)
            if found:
                one = max(found, key=lambda face: face.area())
                box = [step * value for value in (one.left(), one.top(), one.right(), one.bottom())]
                centre = None
        out = np.full((68, 2), np.nan, "<f4")
        if box is not None:
            side = (box[2] - box[0]) * NUDGE
            tried = []
            for x, y in ((0, 0), (-side, 0), (side, 0), (0, -side), (0, side)):
                area = dlib.rectangle(*(int(value + move) for value, move in zip(box, (x, y, x, y), strict=True)))
                tried.append([(point.x, point.y) for point in predict(picture, area).parts()])
            out[:] = np.median(tried, axis=0)
            now = out[27:48].mean(axis=0)
            if centre is not None:
                move = now - centre
                box = [value + move[index % 2] for index, value in enumerate(box)]
            centre = now
        sys.stdout.buffer.write(out.tobytes())
        sys.stdout.buffer.flush()
        number += 1


if __name__ == "__main__":
    serve()
