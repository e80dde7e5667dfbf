"""A small project that pays the sandbox, made stage by stage in this process."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import date
from importlib import import_module
from pathlib import Path

import yaml

from talkmill.plan import Plan, make_plan, store_of
from talkmill.quote import Quote, Quoter, digest_of, needed
from talkmill.stages import Job
from talkmill.stages.paying import buyer_of
from talkmill.store import Store, Ticket

NORA = """\
name: Nora
portrait: {style: personas, seed: nora}
voice: {backend: elevenlabs, voice: abc, model: eleven_v3}
"""

OTTO = """\
name: Otto
portrait: {backend: kling, prompt: A calm man, aspect_ratio: "9:16"}
voice: {backend: espeak}
animate: {backend: kling, resolution: 720p}
lipsync: {backend: kling, method: lip-sync}
"""

SCHEDULE = """\
episodes:
  - id: talk
    title: Talk
    formats: [square]
    script:
      - nora: Good morning to you.
      - otto: And to you too.
      - nora: We are closed today.
  - id: again
    title: Again
    formats: [square]
    speaker: nora
    script:
      - Good morning to you.
      - See you soon.
"""


class Factory:
    """The project at `root`, paying the sandbox `box`; `config` as config.yaml has it, providers left out."""

    def __init__(self, root: Path, box, **config) -> None:
        self.root, self.box = root, box
        self.write("characters/nora.yaml", NORA)
        self.write("characters/otto.yaml", OTTO)
        self.write("schedules/week.yaml", SCHEDULE)
        self.configure(**config)

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def configure(self, **config) -> None:
        """A new config.yaml."""
        self.write("config.yaml", yaml.safe_dump({"fps": 24, "providers": self.box.settings(), **config}))

    @property
    def plan(self) -> Plan:
        return make_plan(self.root, date(2026, 11, 25))

    @property
    def store(self) -> Store:
        return store_of(self.root)

    def quote(self, *episodes: str) -> Quote:
        """Of these episodes, or of all that are due."""
        plan = self.plan
        releases = [one for one in plan.due if not episodes or one.episode in episodes]
        return Quoter(plan, self.store, buyer_of(self.root, self.store, plan.project.config), self.root).quote(releases)

    def make(self, *stages: str, episodes: tuple[str, ...] = ()) -> dict[str, Ticket]:
        """Run these stages of what is due, upstream first, as jobs would; tickets by recipe."""
        plan, tickets = self.plan, {}
        for release in plan.due:
            if episodes and release.episode not in episodes:
                continue
            for name in needed(plan, release):
                recipe = plan.recipes[name]
                if recipe["stage"] not in stages or name in tickets:
                    continue
                upstream = {role: tickets[digest_of(path)] for role, path in recipe["inputs"].items()}
                job = Job(recipe, upstream, self.store, self.root)
                try:
                    outcome = import_module(f"talkmill.stages.{recipe['stage']}").run(job)
                finally:
                    job.close()
                tickets[name] = Ticket(recipe["stage"], name, outcome.makings, outcome.facts)
        return tickets


def keys(monkeypatch, box) -> None:
    """The sandbox's keys in the environment, and nothing else of ours."""
    for name in [name for name in os.environ if name.startswith(("TALKMILL_RE", "TALKMILL_RUN", "TALKMILL_PURPOSE"))]:
        monkeypatch.delenv(name)
    for name, value in box.environ().items():
        monkeypatch.setenv(name, value)


__all__ = ["Factory", "keys", "replace"]
