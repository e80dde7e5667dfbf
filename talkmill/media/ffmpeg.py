"""Starting ffmpeg: always an argument list, always `file:` paths, never a network protocol."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from talkmill.errors import MediaError, PrerequisiteError

SAFE = ("-hide_banner", "-nostdin", "-protocol_whitelist", "file,pipe,fd")
"""Options before every input: no prompt, no network."""


def executable() -> str:
    """Path of the ffmpeg to use: `TALKMILL_FFMPEG` (set from `ffmpeg.path` in config.yaml), or the one of imageio-ffmpeg.

    Raises:
        PrerequisiteError: there is none.
    """
    named = os.environ.get("TALKMILL_FFMPEG")
    if named:
        found = shutil.which(named)
        if not found:
            raise PrerequisiteError(
                f"ffmpeg: the one that config.yaml names is not there or cannot be run ({named}). "
                "Correct ffmpeg.path, or remove it to use the one that comes with Talkmill."
            )
        return found
    import imageio_ffmpeg

    try:
        return imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise PrerequisiteError(
            f"ffmpeg: none found ({error}). "
            "Install the Python package imageio-ffmpeg, or name one as ffmpeg.path in config.yaml."
        ) from None


def url(path: Path) -> str:
    """`path` as ffmpeg takes it safely, whatever characters it has."""
    return f"file:{path}"


def run(
    arguments: Sequence[str],
    *,
    data: bytes | None = None,
    timeout: float = 600,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[bytes, str]:
    """Run ffmpeg with `arguments` (after `SAFE`); gives (stdout, stderr). `cwd` and `environment` replace this process's.

    Raises:
        MediaError: ffmpeg failed; the message ends with its last line of words.
        PrerequisiteError: there is no ffmpeg.
    """
    command = [executable(), *SAFE, *arguments]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=timeout, check=False, cwd=cwd, env=environment)
    except subprocess.TimeoutExpired:
        raise MediaError(
            f"ffmpeg: no end after {timeout:.0f} s. Look at the file it was given: {' '.join(arguments)}"
        ) from None
    words = done.stderr.decode("utf-8", "replace")
    if done.returncode:
        raise MediaError(f"ffmpeg: failed ({last_words(words)}). Run it by hand to see more: ffmpeg {' '.join(arguments)}")
    return done.stdout, words


def stream(arguments: Sequence[str], size: int, *, cwd: Path | None = None) -> Iterator[bytes]:
    """Run ffmpeg in `cwd` with `arguments` (after `SAFE`), which write to `pipe:1`; gives its output in pieces of `size` bytes.

    Raises:
        MediaError: ffmpeg failed, or its output ends within a piece.
        PrerequisiteError: there is no ffmpeg.
    """
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen([executable(), *SAFE, *arguments], stdout=subprocess.PIPE, stderr=words, cwd=cwd)
        try:
            piece = b""
            while piece := process.stdout.read(size):  # type: ignore[union-attr]
                if len(piece) < size:
                    break
                yield piece
            code = process.wait()
        finally:
            process.kill()
            process.stdout.close()  # type: ignore[union-attr]
            process.wait()
        words.seek(0)
        said = last_words(words.read().decode("utf-8", "replace"))
    if code or piece:
        raise MediaError(f"ffmpeg: failed ({said}). Run it by hand to see more: ffmpeg {' '.join(arguments)}")


def last_words(stderr: str) -> str:
    """The last line that ffmpeg wrote, which is where it says why it stopped."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
