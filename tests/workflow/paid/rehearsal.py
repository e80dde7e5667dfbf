"""A project that pays: photographs that speak with bought voices and bought lips, at the sandbox."""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from talkmill.money import spend
from talkmill.money.ledger import Ledger
from talkmill.money.records import Attempt
from talkmill.plan import PURPOSE_VARIABLE
from talkmill.providers.sandbox.elevenlabs import ElevenLabsService
from talkmill.providers.sandbox.fal import FalService
from talkmill.providers.sandbox.kling import KlingService
from talkmill.providers.sandbox.server import Charge, Sandbox, Shelf
from tests.portraits import admiral
from tests.workflow.project import Done, Project

CANARIES = {
    "ELEVENLABS_API_KEY": "sk-test-CANARY-eleven-7f3a9c1e",
    "KLING_API_KEY": "sk-test-CANARY-kling-51d0b2aa",
    "FAL_KEY": "sk-test-CANARY-fal-e4470c36",
}
"""Keys that the sandbox takes and that are found wherever they should not be."""

PLANNED = """
import sys
from pathlib import Path
from talkmill.plan import make_plan, ticket_path
for name, recipe in make_plan(Path(".")).recipes.items():
    if recipe["stage"] == sys.argv[1]:
        print(ticket_path(recipe, name))
"""
SITE = Path(__file__).parent / "site"

GRACE = """\
name: Grace
portrait: {file: photos/grace.png}
voice: {backend: espeak}
routes:
  - purpose: final
    voice: {backend: elevenlabs, voice: VoiceOfGrace0000000}
"""
ADA = """\
name: Ada
portrait: {backend: avatar, style: avataaars, seed: ada}
voice: {backend: espeak}
"""
TEN = (
    "We found a moth.", "It was in the relay.", "So we taped it in.", "The book is still here.", "You may look at it.",
    "It is a small bug.", "The name has stayed.", "Every fault is one.", "We look for them.", "And then we go home.",
)  # fmt: skip


def sandbox() -> Sandbox:
    """All providers, quick, with slots enough."""
    kling, eleven = KlingService(slots=12, stall=0.2), ElevenLabsService(concurrent=12)
    return Sandbox(kling, Shelf(), eleven, FalService(), scale=0.01)


class Paid(Project):
    """The project's folder, its sandbox, and what a user does."""

    box: Sandbox
    env: dict[str, str]

    @classmethod
    def at(cls, root: Path, box: Sandbox, episodes: dict[str, list[str]], **config: Any) -> Paid:
        """Grace says the lines of every episode."""
        for folder in ("characters", "schedules", "photos"):
            (root / folder).mkdir(parents=True)
        Image.fromarray(admiral(1.0)).save(root / "photos/grace.png")
        (root / "characters/grace.yaml").write_text(GRACE)
        (root / "characters/ada.yaml").write_text(ADA)
        found = cls(root)
        found.box, found.env = box, {PURPOSE_VARIABLE: "final", **CANARIES}
        found.script(episodes)
        providers = box.settings()
        for name in ("kling", "elevenlabs"):
            providers[name]["concurrency"] = 10
        routes = [{"purpose": "final", "style": "photo", "lipsync": {"backend": "kling"}}]
        found.config = {"fps": 24, "providers": providers, "routes": routes, "budget": {"per_call": 2, "per_day": 20}}
        found.set(**config)
        return found

    def script(self, episodes: dict[str, list[Any]]) -> None:
        """Write the schedule."""
        rows = [
            {"id": name, "title": name, "speaker": "grace", "formats": ["square"], "script": lines}
            for name, lines in episodes.items()
        ]
        (self.root / "schedules/week.yaml").write_text(yaml.safe_dump({"episodes": rows}, sort_keys=False))

    def set(self, **config: Any) -> None:
        """Change settings of config.yaml."""
        self.config = {**self.config, **config}
        (self.root / "config.yaml").write_text(yaml.safe_dump(self.config))

    def copy(self, root: Path) -> Paid:
        """The project as it stands, at another place, at the same sandbox."""
        shutil.copytree(self.root, root, symlinks=True)
        found = type(self)(root, self.home)
        found.box, found.env, found.config = self.box, dict(self.env), copy.deepcopy(self.config)
        return found

    def environment(self) -> dict[str, str]:
        """The caller's without its own keys; ours."""
        kept = {name: value for name, value in super().environment().items() if name not in CANARIES}
        return kept | {"PYTHONPATH": os.pathsep.join([str(SITE), str(self.home)])} | self.env

    def ask(self, *arguments: str, code: int | None = 0) -> str:
        """What a `talkmill` command prints."""
        command = [sys.executable, "-m", "talkmill", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment(), cwd=self.root, check=False)
        assert code in (None, done.returncode), done.stdout + done.stderr
        return done.stdout or done.stderr

    def targets(self, stage: str) -> list[str]:
        """The tickets of that stage, as a run of this project plans them."""
        command = [sys.executable, "-c", PLANNED, stage]
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment(), cwd=self.root, check=True)
        return done.stdout.split()

    def lips(self, *arguments: str) -> Done:
        """Run as far as the segments are bought: everything that is paid for, and little else."""
        return self.run(*self.targets("lipsync"), *arguments)

    def bought(self) -> Bought:
        """The bill from now on."""
        return Bought(self.box)

    def attempts(self) -> list[Attempt]:
        """Every attempt of the ledger."""
        return spend.attempts(Ledger(self.root / "ledger"))

    def spent(self) -> Decimal:
        """What the ledger says was spent."""
        return sum((each.counts for each in self.attempts() if each.over), Decimal(0))


class Bought:
    """What the sandbox has billed since this was made."""

    def __init__(self, box: Sandbox) -> None:
        self.box, self._before = box, len(box.bill.lines())

    @property
    def lines(self) -> list[Charge]:
        """Lines of the bill."""
        return self.box.bill.lines()[self._before :]

    @property
    def counts(self) -> dict[str, int]:
        """How many of each service."""
        return dict(Counter(line.service for line in self.lines))

    @property
    def total(self) -> Decimal:
        """Their sum."""
        return sum((line.amount for line in self.lines), Decimal(0))
