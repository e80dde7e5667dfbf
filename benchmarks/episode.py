"""One episode of 30 s, specs to out/, everything cold, against a plain encode of the same frames; and `snakemake -n`."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from benchmarks.measure import Cost, run
from talkmill.media import ffmpeg

HOME = Path(__file__).parents[1]

TEXT = """\
The best coffee you can make at home costs less than a bus ticket, and it starts with the water.
Fill the kettle with fresh water, bring it to a boil, and then wait for half a minute.
While you wait, grind the beans until they look like coarse sand.
Pour slowly, in small circles, and stop when the bed is wet all over.
Give it thirty seconds to bloom, then pour the rest in three calm rounds.
If it tastes sour, grind a little finer. If it tastes bitter, grind a little coarser.
That is the whole secret, and tomorrow morning it is yours."""


def project(root: Path, text: str = TEXT) -> Path:
    """A project with one episode: the demo's Milo says `text`, one utterance a line."""
    (root / "characters").mkdir(parents=True)
    (root / "schedules").mkdir()
    shutil.copy(HOME / "characters/milo.yaml", root / "characters")
    lines = "".join(f"      - {json.dumps(line)}\n" for line in text.splitlines())
    (root / "schedules/bench.yaml").write_text(
        f"episodes:\n  - id: coffee\n    title: Coffee\n    speaker: milo\n    script:\n{lines}"
    )
    return root


def snakemake(root: Path, *arguments: str) -> list[str]:
    """The command line of a run in `root`."""
    base = [sys.executable, "-m", "snakemake", "--cores", "2", "--snakefile", str(HOME / "Snakefile"), "--directory", str(root)]
    return [*base, "--workflow-profile", str(HOME / "profiles/default"), *arguments]


def environment() -> dict[str, str]:
    """Talkmill on the path, and none of the caller's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TALKMILL_")}
    return kept | {"PYTHONPATH": str(HOME)}


def reference(video: Path, workdir: Path) -> Cost:
    """The plain encode of the same frames: raw video on disk, libx264 veryfast crf 18."""
    raw = workdir / "frames.yuv"
    ffmpeg.run(["-i", ffmpeg.url(video), "-f", "rawvideo", "-pix_fmt", "yuv420p", ffmpeg.url(raw)])
    command = [ffmpeg.executable(), "-hide_banner", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p"]
    command += [
        "-s",
        "1080x1920",
        "-r",
        "30",
        "-i",
        str(raw),
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-crf",
        "18",
        str(workdir / "ref.mp4"),
    ]
    try:
        return min((run(command, workdir) for _ in range(2)), key=lambda cost: cost.seconds)
    finally:
        raw.unlink()


def measure(workdir: Path) -> dict[str, object]:
    """Every figure, as a table's rows; of the episode, as of the plain encode, the quicker of two runs."""
    roots = [project(workdir / str(number)) for number in range(2)]
    runs = [run(snakemake(root), root, environment(), watch=True) for root in roots]
    whole, root = min(runs, key=lambda cost: cost.seconds), roots[0]
    manifest = json.loads((root / "out/coffee/en/manifest.json").read_bytes())
    plain = reference(root / "out/coffee/en/vertical.mp4", workdir)
    rows: dict[str, object] = {
        "episode, seconds of video": manifest["formats"][0]["seconds"],
        "episode, seconds to make": round(whole.seconds, 1),
        "episode, CPU seconds": round(whole.cpu, 1),
        "episode, peak MB": round(whole.peak / 1e6),
        "plain encode, seconds": round(plain.seconds, 1),
        "episode / plain encode (at most 2.5)": round(whole.seconds / plain.seconds, 2),
    }
    return rows


def dry_run(workdir: Path) -> dict[str, object]:
    """`snakemake -n` on the demo against Snakemake's own start."""
    root = workdir / "demo"
    root.mkdir()
    for name in ("characters", "schedules", "config.yaml"):
        source = HOME / name
        if source.is_dir():
            shutil.copytree(source, root / name)
        else:
            shutil.copy(source, root / name)
    empty = workdir / "empty"
    empty.mkdir()
    (empty / "Snakefile").write_text("")
    bare = [sys.executable, "-m", "snakemake", "-n", "--cores", "1"]
    runs = [(run(snakemake(root, "-n"), root, environment()).seconds, run(bare, empty).seconds) for _ in range(5)]
    demo, start = (sorted(column)[len(runs) // 2] for column in zip(*runs, strict=True))
    return {
        "snakemake -n on the demo / on an empty Snakefile (under 3)": round(demo / start, 2),
        "snakemake -n, seconds": round(demo, 2),
    }
