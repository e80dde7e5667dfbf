"""A picture in which several faces were found."""

import pytest

from talkmill.errors import RequestError
from talkmill.model import Piece
from talkmill.stages import Job, lipsync
from talkmill.store import Making, Store, Ticket


def job(root, faces, backend):
    """A lipsync job for grace, one of so many faces."""
    clip = {"frames": 10, "fps": 24, "width": 64, "height": 64}
    track = {"face": 0, "mouth_box": None, "avoid": [], "faces": faces}
    lines = {"speech": {"backend": {"verb": "lipsync", "name": backend, "version": 1, "engine": {}}, "options": {}}}
    settings = {"seed": "s", "kinds": ["speech"], "figures": {"grace": {"play": "there_and_back", "lines": lines}}}
    tickets = {
        "animate:grace": Ticket("animate", "a", {"clip": Making("k", {"frames": "f"}, {})}, clip),
        "inspect:grace": Ticket("inspect", "i", {"track": Making("l", {"track": "t"}, {})}, track),
        "clean": Ticket("clean", "c", {"0": Making("m", {"sound": "s"}, {})}, {}),
    }
    return Job({"settings": settings, "folder": "build/e/en", "stage": "lipsync"}, tickets, Store(root), root)


@pytest.mark.parametrize(
    ("faces", "backend", "refused"), [(2, "kling", True), (2, "fal", True), (1, "kling", False), (2, "warp", False)]
)
def test_a_provider_is_not_paid_for_one_of_several_faces(tmp_path, faces, backend, refused):
    """Law: it cannot be told which of them speaks, so nothing is asked for; our own lip sync can."""
    piece = Piece("grace", 0, 24, 0, True, None)
    made = job(tmp_path, faces, backend)
    if refused:
        with pytest.raises(
            RequestError, match=f"grace: {backend} cannot be told which of several faces speaks.*2 faces were found"
        ):
            lipsync.filmed(made, piece, "0", {}, 2, {})
    else:
        assert lipsync.filmed(made, piece, "0", {}, 2, {})[0]["name"] == backend
