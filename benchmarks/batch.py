"""A batch that pays: episodes of a minute against the sandbox with realistic latency. `python -m benchmarks.batch`.

Measured is everything that is bought (takes and segments) with the free work that it needs, as far as the `lipsync` tickets;
rendering is left out, and the sandbox gives clips of 480 lines, since here it shares the machine. The
sandbox's clock is scaled, and the waits of a purchase with it. The floor is what the provider itself needs: the time of all its
tasks over its slots.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from talkmill.money import spend
from talkmill.money.ledger import Ledger
from talkmill.plan import PURPOSE_VARIABLE, make_plan, ticket_path
from talkmill.providers.sandbox.elevenlabs import ElevenLabsService
from talkmill.providers.sandbox.fal import FalService
from talkmill.providers.sandbox.kling import KlingService
from talkmill.providers.sandbox.server import Sandbox, Shelf
from tests.portraits import admiral

HOME = Path(__file__).parents[1]
LINES = 10
WAITS = """\
import os, sys
if any(word.endswith(("speak.py", "lipsync.py")) for word in sys.orig_argv):
    from talkmill.money.terms import Settings
    names, values = list(Settings.__dataclass_fields__), list(Settings.__init__.__defaults__)
    for name in ("first_wait", "last_wait", "poll_wait"):
        values[names.index(name) - len(names)] *= float(os.environ["BATCH_SCALE"])
    Settings.__init__.__defaults__ = tuple(values)
"""
"""A sitecustomize: the provider's seconds are shorter, so are ours between two questions."""
SUBJECTS = ("moth", "relay", "switch", "wheel", "lamp", "valve", "paper tape", "drum", "clock", "cable")
NUMBERS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
PLACES = ("cellar", "tower", "yard")


class Small(KlingService):
    """Clips of 480 lines: the sandbox encodes them on this machine."""

    def _take(self, rule: Any, given: dict[str, Any], made: dict[str, Any], asked: Any) -> Any:
        return super()._take(rule, given, {**made, "height": 480}, asked)


def script(number: int) -> list[str]:
    """Ten lines of about six seconds; those of no two episodes are alike."""
    at = f"the {NUMBERS[number % 10]} {PLACES[number // 10 % 3]}"
    return [f"In {at} we found a {one} that nobody had looked at since the machine was built there." for one in SUBJECTS]


def project(root: Path, box: Sandbox, episodes: int, slots: int) -> None:
    """One photograph speaks in all episodes."""
    for folder in ("characters", "schedules", "photos"):
        (root / folder).mkdir(parents=True)
    Image.fromarray(admiral(0.7)).save(root / "photos/grace.png")
    voice = {"backend": "elevenlabs", "voice": "VoiceOfGrace0000000"}
    grace = {"name": "Grace", "portrait": {"file": "photos/grace.png"}, "voice": voice}
    (root / "characters/grace.yaml").write_text(yaml.safe_dump(grace))
    rows = [
        {"id": f"e{n:02}", "title": f"Episode {n}", "speaker": "grace", "formats": ["square"], "script": script(n)}
        for n in range(episodes)
    ]
    (root / "schedules/month.yaml").write_text(yaml.safe_dump({"episodes": rows}))
    providers = box.settings()
    for name in ("kling", "elevenlabs"):
        providers[name]["concurrency"] = slots
    routes = [{"style": "photo", "lipsync": {"backend": "kling"}}]
    config = {"fps": 24, "providers": providers, "routes": routes, "budget": {"per_call": 5, "per_day": 5000}}
    (root / "config.yaml").write_text(yaml.safe_dump(config))


def tree(first: int, parent: bytes = b"") -> Iterator[int]:
    """A process and all below it, but for those that are about to become another program: they have their parent's memory."""
    try:
        line = Path(f"/proc/{first}/cmdline").read_bytes()
    except OSError:
        return
    if line != parent:
        yield first
    for path in Path(f"/proc/{first}/task").glob("*/children"):
        try:
            children = path.read_text().split()
        except OSError:
            continue
        for child in children:
            yield from tree(int(child), line)


def memory(first: int) -> dict[str, list[int]]:
    """Bytes of each process's own share of memory (PSS) of a tree, by what it is."""
    found: dict[str, list[int]] = {}
    for each in tree(first):
        try:
            rows = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            own = next(int(row.split()[1]) * 1024 for row in rows if row.startswith("Pss:"))
            words = Path(f"/proc/{each}/cmdline").read_bytes().split(b"\0")
        except (OSError, StopIteration):
            continue
        names = [Path(os.fsdecode(word)).name for word in words if word.endswith(b".py")] or [os.fsdecode(words[0])]
        found.setdefault("snakemake" if b"snakemake" in words else Path(names[0]).name.partition("-")[0], []).append(own)
    return found


def occupancy(ledger: Path, begun: float, ended: float, slots: int) -> dict[str, Any]:
    """How Kling's slots were used, in seconds of ours and shares of all slots: when the first was taken and when the last came
    free; the share that was held in each tenth of the time between; and of a held slot's time, what was before its task was
    known, while its task was at work or done and not yet asked for, and until the next one had it."""
    calls = [each for each in spend.attempts(Ledger(ledger)) if each.first["provider"] == "kling"]
    moments = [{one["state"]: one["at"] for one in each.records} for each in calls]
    spans = sorted((each["reserved"], each["succeeded"]) for each in moments)
    first, last = spans[0][0], max(end for _, end in spans)
    tenth = (last - first) / 10
    shares = []
    for number in range(10):
        start, end = first + number * tenth, first + (number + 1) * tenth
        held = sum(max(0.0, min(each[1], end) - max(each[0], start)) for each in spans)
        shares.append(round(held / (slots * tenth), 2))
    return {
        "first_slot_after_s": round(first - begun, 1),
        "end_after_last_slot_s": round(ended - last, 1),
        "slots_held": round(sum(end - start for start, end in spans) / (slots * (last - first)), 3),
        "slots_held_in_each_tenth": shares,
        "submit_s": round(sum(each["submitted"] - each["reserved"] for each in moments) / len(moments), 2),
        "task_s": round(sum(each["succeeded"] - each["submitted"] for each in moments) / len(moments), 2),
    }


def measure(root: Path, episodes: int, slots: int, pace: float, scale: float, cores: int) -> dict[str, Any]:
    """Run the batch, and say how long it took and what it held."""
    kling, eleven = Small(slots=slots, pace=pace), ElevenLabsService(concurrent=slots)
    box = Sandbox(kling, Shelf(), eleven, FalService(), scale=scale)
    with box:
        project(root / "project", box, episodes, slots)
        (root / "site").mkdir()
        (root / "site/sitecustomize.py").write_text(WAITS)
        own = {"PYTHONPATH": f"{root / 'site'}:{HOME}", "BATCH_SCALE": str(scale), PURPOSE_VARIABLE: "final"}
        environment = {**os.environ, **own, **box.environ()}
        plan = make_plan(root / "project")
        targets = [ticket_path(recipe, name) for name, recipe in plan.recipes.items() if recipe["stage"] == "lipsync"]
        command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--snakefile", str(HOME / "Snakefile")]
        command += ["--workflow-profile", str(HOME / "profiles/default"), "--directory", str(root / "project"), *targets]
        log = root / "log"
        begun, busiest, clock = time.monotonic(), [], time.time()
        peak: dict[str, list[int]] = {}
        with log.open("wb") as stream:
            run = subprocess.Popen(command, env=environment, cwd=root / "project", stdout=stream, stderr=subprocess.STDOUT)
            while run.poll() is None:
                now = memory(run.pid)
                if sum(map(sum, now.values())) > sum(map(sum, peak.values())):
                    peak = now
                busiest.append(os.getloadavg()[0])
                time.sleep(0.5)
        wall = time.monotonic() - begun
        if run.returncode:
            raise SystemExit(log.read_text()[-3000:])
        kling.settle()
        seconds = [max(kling.least, float(task.made["seconds"]) * pace) for task in kling.tasks.values()]
        floor = sum(seconds) / slots * scale
        bill = box.bill.to_json()
        slot_use = occupancy(root / "project/ledger", clock, clock + wall, slots)
    return {
        "episodes": episodes,
        "calls": len(bill["charges"]),
        "billed_usd": bill["total"],
        "output_s": round(sum(float(task.made["seconds"]) for task in kling.tasks.values())),
        "slots": slots,
        "pace": pace,
        "scale": scale,
        "cores": cores,
        "wall_s": round(wall, 1),
        "floor_s": round(floor, 1),
        "ratio": round(wall / floor, 3),
        "task_floor_s": round(sum(seconds) / len(seconds) * scale, 2),
        **slot_use,
        "peak_memory_mb": round(sum(map(sum, peak.values())) / 1e6),
        "at_peak_mb": {name: [round(own / 1e6) for own in sorted(each)] for name, each in sorted(peak.items())},
        "load": round(sum(busiest) / max(len(busiest), 1), 1),
        "last_line": next((row for row in reversed(log.read_text().splitlines()) if row.startswith("Bought")), ""),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=30)
    parser.add_argument("--slots", type=int, default=5)
    parser.add_argument("--pace", type=float, default=7, help="the provider's seconds for a second of its result (default 7)")
    parser.add_argument("--scale", type=float, default=0.1, help="how long one of its seconds lasts (default 0.1)")
    parser.add_argument("--cores", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="talkmill-batch-") as folder:
        found = measure(Path(folder), given.episodes, given.slots, given.pace, given.scale, given.cores)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
