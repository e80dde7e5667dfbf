"""Who is in one frame together: problems that the `shots`, `shot` and `overlap` of one episode can have."""

from __future__ import annotations

from collections.abc import Iterator

from talkmill.errors import Problem
from talkmill.specs.acting import MOST, TOGETHER
from talkmill.specs.models import Episode
from talkmill.specs.yaml_file import Sheet, Where, quote


def cast(episode: Episode) -> list[str]:
    """Who speaks in an episode, in the order in which they first do."""
    return list(dict.fromkeys(line.speaker or episode.speaker or "" for line in episode.script))


def together(episode: Episode) -> list[str]:
    """Who is in the frame when everyone is, from left to right."""
    return list(episode.shots.together or cast(episode))


def asked(episode: Episode) -> list[list[str] | None]:
    """For each line the characters that its `shot` names, or None."""
    found: list[list[str] | None] = []
    for line in episode.script:
        shot = [line.shot] if isinstance(line.shot, str) else line.shot
        found.append(together(episode) if shot == [TOGETHER] else None if shot is None else list(shot))
    return found


def problems(sheet: Sheet, where: Where, episode: Episode) -> Iterator[Problem]:
    """Every problem of one episode's picture; `where` is its place in the file."""
    speakers = cast(episode)
    shown = any(line.shot == TOGETHER for line in episode.script)
    named = episode.shots.together
    place: Where = (*where, "shots", "together") if named else (*where, "shots")
    if named is not None:
        unknown = [one for one in named if one not in speakers]
        left_out = [one for one in speakers if one not in named]
        if unknown:
            what = f"names who speaks no line here (found {', '.join(map(quote, unknown))})"
            yield sheet.problem(place, what, f"Who speaks here: {', '.join(speakers)}.")
        elif left_out:
            what = f"leaves out who speaks here ({', '.join(map(quote, left_out))})"
            yield sheet.problem(place, what, "Add them, or give their lines to somebody in the frame.")
    elif len(speakers) > MOST and (shown or episode.shots.by != "speaker"):
        what = f"asks for more than {MOST} characters in one frame (found {len(speakers)}: {', '.join(speakers)})"
        yield sheet.problem(place, what, "Use `by: speaker`, which cuts to whoever speaks.")
    elif len(speakers) < 2 and (shown or episode.shots.by == "together"):
        what = f"asks for several characters in one frame, and only {quote(speakers[0])} speaks"
        yield sheet.problem(place, what, "Take it away, or give somebody else a line.")
    for index, line in enumerate(episode.script):
        at: Where = (*where, "script", index)
        names = [line.shot] if isinstance(line.shot, str) else line.shot or []
        unknown = [one for one in names if one not in speakers and not (one == TOGETHER and len(names) == 1)]
        if unknown:
            what = f"shows who speaks no line here (found {', '.join(map(quote, unknown))})"
            yield sheet.problem((*at, "shot"), what, f"Write `together`, or who speaks here: {', '.join(speakers)}.")
        if line.overlap and index == 0:
            yield sheet.problem((*at, "overlap"), "is set on the first line", "There is no line before it: take it away.")
        elif line.overlap and (line.speaker or episode.speaker) == (episode.script[index - 1].speaker or episode.speaker):
            what = "would have somebody speak over a line of their own"
            yield sheet.problem((*at, "overlap"), what, "Take it away, or let somebody else speak.")
