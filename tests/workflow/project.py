"""A small project in a folder of its own, run by real Snakemake."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).parents[2]

CHARACTER = """\
name: {name}
portrait:
  backend: avatar
  style: {style}
  seed: {seed}
voice:
  backend: espeak
scene:
  background:
    colour: "{colour}"
"""

SCHEDULE = """\
languages: [en]
episodes:
  - id: talk
    title: A talk
    script:
      - ada: Good morning to you.
      - milo: The bread is warm.
      - ada: Then let us eat it now.
  - id: alone
    title: Alone
    speaker: milo
    script:
      - Only one of us is here.
"""


@dataclass
class Done:
    """How a run ended."""

    code: int
    text: str

    @property
    def jobs(self) -> dict[str, int]:
        """Rule -> how many of its jobs ended well; target rules left out."""
        rules = re.findall(r"^Finished jobid: \d+ \(Rule: (\w+)\)$", self.text, re.M)
        return dict(Counter(rule for rule in rules if rule not in ("all", "audio", "validate")))


class Project:
    """The project's folder, and what a user does in it."""

    def __init__(self, root: Path, home: Path = HOME) -> None:
        self.root, self.home = root, home

    @classmethod
    def new(cls, root: Path) -> Project:
        """Two characters, a dialogue and a monologue."""
        (root / "characters").mkdir(parents=True)
        (root / "schedules").mkdir()
        ada = CHARACTER.format(name="Ada", style="avataaars", seed="ada", colour="#F4D9C6")
        milo = CHARACTER.format(name="Milo", style="avataaars", seed="milo", colour="#C6DDF4")
        (root / "characters/ada.yaml").write_text(ada)
        (root / "characters/milo.yaml").write_text(milo)
        (root / "schedules/week.yaml").write_text(SCHEDULE)
        (root / "config.yaml").write_text("fps: 24\n")
        return cls(root)

    def copy(self, root: Path) -> Project:
        """The project as it stands, at another place."""
        shutil.copytree(self.root, root, symlinks=True)
        return Project(root, self.home)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace one text in one file."""
        path = self.root / file
        text = path.read_text()
        assert text.count(old) >= 1, f"{file} does not hold {old!r}"
        path.write_text(text.replace(old, new))

    def command(self, *arguments: str) -> list[str]:
        """The command line of a run."""
        snakefile = str(self.home / "Snakefile")
        base = [sys.executable, "-m", "snakemake", "--cores", "2", "--snakefile", snakefile, "--directory", str(self.root)]
        return [*base, "--workflow-profile", str(self.home / "profiles/default"), *arguments]

    def environment(self) -> dict[str, str]:
        """Nothing of the caller's settings of Talkmill."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TALKMILL_")}
        return kept | {"PYTHONPATH": str(self.home)}

    def run(self, *arguments: str, timeout: float = 240) -> Done:
        """Run Snakemake to its end."""
        done = subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            timeout=timeout,
            env=self.environment(),
            check=False,
            cwd=self.root,
        )
        return Done(done.returncode, done.stdout + done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start Snakemake and do not wait."""
        return subprocess.Popen(
            self.command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment(),
            cwd=self.root,
            start_new_session=True,
        )

    def makings(self) -> dict[str, str]:
        """Content key -> verb of every making that the store remembers."""
        found = {}
        for path in (self.root / "store/makings").rglob("*.json"):
            found[path.stem] = json.loads(path.read_bytes())["request"]["verb"]
        return found

    def manifest(self, episode: str, language: str = "en") -> dict:
        """The manifest of a release."""
        return json.loads((self.root / f"out/{episode}/{language}/manifest.json").read_bytes())

    def tickets(self, stage: str) -> set[str]:
        """Every ticket of a stage."""
        return {str(path.relative_to(self.root)) for path in (self.root / "build").rglob(f"{stage}-*.json")}

    def bytes(self) -> dict[str, bytes]:
        """Content of every file in out/ except the gallery."""
        out = self.root / "out"
        return {
            str(path.relative_to(out)): path.read_bytes()
            for path in sorted(out.rglob("*"))
            if path.is_file() and path.name != "report.html"
        }


def stop(process: subprocess.Popen[str]) -> None:
    """Kill the main process as the kernel would, and leave its jobs alone."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def verbs(before: dict[str, str], after: dict[str, str]) -> dict[str, int]:
    """How many makings of each verb are new."""
    return dict(Counter(after[key] for key in after.keys() - before.keys()))
