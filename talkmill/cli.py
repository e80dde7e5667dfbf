"""The `talkmill` command: what is not a file.

Ends with 0 (done), 1 (the work failed), 2 (the request was wrong) or 3 (money is held for a person). No traceback for what a
person can mend, unless TALKMILL_DEBUG=1.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from talkmill import __version__
from talkmill.errors import SpecError, TalkmillError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        code = int(arguments.run(arguments) or 0)
        sys.stdout.flush()
        return code
    except TalkmillError as error:
        if os.environ.get("TALKMILL_DEBUG") == "1":
            raise
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (head, less) has seen enough; keep Python from complaining once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="talkmill", description="Talking characters from YAML: what is not a file.")
    parser.add_argument("--version", action="version", version=f"talkmill {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    validate = commands.add_parser("validate", help="read all YAML and tell every problem")
    validate.add_argument(
        "root", nargs="?", default=".", type=Path, metavar="ROOT", help="the project's folder (default: here)"
    )
    validate.add_argument("--json", action="store_true", help="for programs: {ok, characters, schedules, episodes, problems}")
    validate.set_defaults(run=_validate)

    new = commands.add_parser("new", help="write a YAML file to start from")
    new.add_argument("kind", choices=("character", "schedule"))
    new.add_argument("id", metavar="ID", help="name of the file, and its id")
    new.set_defaults(run=_new)

    check = commands.add_parser("check", help="measure the lip sync of a finished video")
    check.add_argument("file", type=Path, metavar="FILE", help="an mp4 in out/, beside its manifest.json")
    check.add_argument("--json", action="store_true", help="for programs: everything that was measured")
    check.add_argument("--picture", type=Path, metavar="OUT.png", help="draw the mouth over time, and its worst moments")
    check.set_defaults(run=_check)
    return parser


def _validate(arguments: argparse.Namespace) -> int:
    from talkmill.backend_checks import CHECKS
    from talkmill.specs import load

    try:
        project = load(arguments.root, CHECKS)
    except SpecError as error:
        if not arguments.json:
            raise
        problems = [dataclasses.asdict(problem) for problem in error.problems]
        print(json.dumps({"ok": False, "problems": problems}, ensure_ascii=False, indent=2))
        return error.exit_code
    counts = {
        "characters": len(project.characters),
        "schedules": len(project.schedules),
        "episodes": len(project.episodes),
    }
    if arguments.json:
        print(json.dumps({"ok": True, **counts, "problems": []}, indent=2))
    else:
        print(f"{', '.join(_count(number, noun) for noun, number in counts.items())}: nothing to mend.")
    return 0


def _count(number: int, plural: str) -> str:
    return f"{number} {plural if number != 1 else plural.removesuffix('s')}"


def _check(arguments: argparse.Namespace) -> int:
    from talkmill.measure.review import review, sentences

    found = review(arguments.file)
    if arguments.json:
        print(json.dumps(found.to_json(), ensure_ascii=False, indent=1))
    else:
        print("\n".join(sentences(found)))
    if arguments.picture:
        from talkmill.measure.picture import draw

        draw(found, arguments.picture)
    return 0 if found.passed else 1


def _new(arguments: argparse.Namespace) -> int:
    from talkmill.specs import templates

    write = templates.new_character if arguments.kind == "character" else templates.new_schedule
    path = write(Path.cwd(), arguments.id)
    print(f"{path.parent.name}/{path.name} is written. Edit it, then run `talkmill validate`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
