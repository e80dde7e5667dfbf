"""Ten jobs an episode: what they and the plan load before they begin, and how quickly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STAGES = sorted(
    path.stem for path in (ROOT / "talkmill/stages").glob("*.py") if path.stem not in ("__init__", "figures", "paying")
)
HEAVY = ("httpx", "httpcore", "pandas", "numpy", "cv2", "elevenlabs", "jwt", "PIL", "scipy", "soundfile", "onnxruntime")
HEAVY += ("openfacefx", "fontTools", "imageio_ffmpeg", "snakemake", "jinja2", "concurrent.futures.thread")
SPECS = ("pydantic", "pydantic_core", "yaml", "talkmill.specs")


def loaded(module: str, more: str = "") -> set[str]:
    """Names of the modules that a fresh process has when it has imported one."""
    program = f"import sys, {module}\n{more}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-B", "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(done.stdout.split())


def test_the_plan_loads_nothing_that_makes_or_buys():
    """Nor do the command line's own commands."""
    for module in ("talkmill.plan", "talkmill.cli"):
        assert sorted(loaded(module) & set(HEAVY)) == [], module
    assert sorted(loaded("talkmill.cli") & set(SPECS)) == []


@pytest.mark.parametrize("stages", [STAGES])
def test_a_job_loads_no_specs_until_it_buys(stages):
    """All stages in one process: a doorway loads one of them, and the job's frame."""
    modules = ", ".join(f"talkmill.stages.{stage}" for stage in stages)
    assert sorted(loaded(f"talkmill.job, {modules}") & {*HEAVY, *SPECS}) == []


def test_classes_of_backends_and_providers_are_cheap():
    """What the plan asks them is on the class; nothing heavy comes along."""
    program = "from talkmill import backends\nfor verb, name in backends.REGISTRY:\n    backends.load(verb, name)"
    heavy = set(HEAVY) - {"numpy", "openfacefx", "concurrent.futures.thread"}  # openfacefx knows the names of mouths
    assert sorted(loaded("talkmill.backends", program) & heavy) == []
