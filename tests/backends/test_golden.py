"""A backend whose result changed has a new version: otherwise stores would keep serving the old result."""

from __future__ import annotations

import json

from talkmill.backends import REGISTRY, load
from tests.backends import golden


def test_what_a_backend_makes_changes_only_with_its_version() -> None:
    """The digests of golden.json hold."""
    stored, now = json.loads(golden.STORED.read_text()), golden.made()
    changed = sorted(key for key in now if stored.get(key) != now[key])
    assert not changed, (
        f"the result of {', '.join(changed)} is not what golden.json says. If that is meant, raise the backend's `version` "
        "(unless it has never been released with this one) and run: python -m tests.backends.golden --write"
    )
    assert stored.keys() == now.keys()


def test_every_embedded_backend_is_watched(tmp_path) -> None:
    """All but paid ones, and those whose result depends on ffmpeg's own build or on a net's last bits; each of these has a test
    that makes it twice. The aligners are watched through `recording`."""
    unwatched = {("render", "ffmpeg"), ("check", "file"), ("align", "sphinx"), ("align", "synthesis")}
    unwatched |= {("animate", "idle"), ("animate", "clip"), ("inspect", "landmarks")}
    paid = {name for name in REGISTRY if hasattr(load(*name), "provider")}
    assert set(REGISTRY) - set(golden.requests(tmp_path)) - paid == unwatched
