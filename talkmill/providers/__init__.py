"""Providers: the protocols of paid services, one file each, on one polite HTTP client.

A provider is built from its settings (a mapping, as `providers.<name>` in config.yaml has it) and reads its keys from the
environment, never from settings. It keeps no state between calls and repeats no submit; see `talkmill.model.calls.Provider`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from talkmill.errors import RequestError
from talkmill.model.calls import Provider

REGISTRY: dict[str, str] = {
    "kling": "talkmill.providers.kling:Kling",
    "elevenlabs": "talkmill.providers.elevenlabs:ElevenLabs",
    "fal": "talkmill.providers.fal:Fal",
}
"""provider -> "module:Class"."""


def load(name: str, settings: Mapping[str, Any] | None = None) -> Provider:
    """The provider of that name with its settings; `RequestError` names the known ones."""
    try:
        module, _, attribute = REGISTRY[name].partition(":")
    except KeyError:
        known = ", ".join(sorted(REGISTRY))
        raise RequestError(f"providers: none of that name ({name!r}). Choose one of: {known}.") from None
    return getattr(importlib.import_module(module), attribute)(settings or {})
