"""For the processes of a test's run: a purchase waits less; where the environment says so, adapters have another version."""

import os
import sys


def _default(kind, **values):
    """Other defaults of a dataclass."""
    names = list(kind.__dataclass_fields__)
    defaults = list(kind.__init__.__defaults__)
    for name, value in values.items():
        defaults[names.index(name) - len(names)] = value
    kind.__init__.__defaults__ = tuple(defaults)


if any(word.endswith(("speak.py", "lipsync.py")) for word in sys.orig_argv):
    from talkmill.money.terms import Settings
    from talkmill.providers.exchange import Limits

    _default(Settings, first_wait=0.1, last_wait=0.3)
    _default(Limits, first_wait=0.05, longest_wait=0.1)

if os.environ.get("TEST_ADAPTERS"):
    from talkmill.backends.lipsync.kling import Kling
    from talkmill.backends.speak.elevenlabs import ElevenLabs

    Kling.version = ElevenLabs.version = int(os.environ["TEST_ADAPTERS"])
