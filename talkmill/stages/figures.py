"""Characters that are photographs or clips: what their stages share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from talkmill.errors import RequestError


@contextmanager
def about(name: str | None) -> Iterator[None]:
    """Errors about the user's own file begin with its name, which is no part of any content key."""
    try:
        yield
    except RequestError as error:
        if name is None:
            raise
        raise RequestError("\n".join(f"{name}: {line}" for line in str(error).splitlines())) from None


def in_clip(box: Sequence[float] | None, clip: Mapping[str, Any], picture: Mapping[str, Any] | None) -> list[float] | None:
    """A `mouth_box` (fractions of the user's own picture) as fractions of the clip that was made of it.

    `clip` and `picture` are the facts of `animate` and `portray`; of a video that is the portrait itself there is no `picture`.
    """
    if box is None or picture is None:
        return list(box) if box else None
    x, y, width, height = box
    wide, tall = (picture[side] * clip["scale"] for side in ("width", "height"))
    left, top = clip["corner"]
    made = [(x * wide - left) / clip["width"], (y * tall - top) / clip["height"]]
    made += [width * wide / clip["width"], height * tall / clip["height"]]
    return [round(part, 5) for part in made]
