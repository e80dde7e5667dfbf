"""The specs: what the YAML says, checked and resolved.

`load` reads a project or raises `SpecError` with every problem; `resolve` says what holds for one character in one episode.
"""

from talkmill.specs.load import Check, Project, load

__all__ = ["Check", "Project", "load"]
