"""Kling's two kinds of keys: an API key as it is, or an access key with a secret from which a short-lived token is made."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from talkmill.errors import AccountError

API_KEY, ACCESS_KEY, SECRET_KEY = "KLING_API_KEY", "KLING_ACCESS_KEY", "KLING_SECRET_KEY"
LIFE = 1800
"""Seconds that a token is good for."""
EARLY = 60
"""Seconds before now from which it is good: a clock that is ahead by less does no harm (Kling's own example has 5)."""
SKEW = 60
"""Seconds by which the clocks may differ before that is named as the cause."""


class Keys:
    """The keys of one account, from the environment; nothing is read from files or settings."""

    def __init__(self, environ: Mapping[str, str], clock: Callable[[], float] = time.time) -> None:
        self._api = environ.get(API_KEY, "").strip()
        self._access = environ.get(ACCESS_KEY, "").strip()
        self._secret = environ.get(SECRET_KEY, "").strip()
        self._clock = clock

    def __repr__(self) -> str:
        return f"Keys({self.kind or 'none'})"

    @property
    def kind(self) -> str:
        """`api key`, `access key` or nothing."""
        return "api key" if self._api else "access key" if self._access and self._secret else ""

    @property
    def opens_all(self) -> bool:
        """Whether it is an API key: access keys open the older half of the API only."""
        return bool(self._api)

    def secrets(self) -> list[str]:
        """What no message may hold."""
        return [part for part in (self._api, self._access, self._secret) if part]

    def missing(self) -> str:
        """What is missing, as a sentence for planning; empty where there is a key."""
        if self.kind:
            return ""
        if self._access or self._secret:
            lacking = SECRET_KEY if self._access else ACCESS_KEY
            return f"kling: half of a key pair is not set ({lacking}). Set it, or set {API_KEY} in its place."
        return f"kling: no key is set. Set {API_KEY}, or {ACCESS_KEY} and {SECRET_KEY}, in the environment."

    def bearer(self, new: bool) -> str:
        """The value of the Authorization header, made anew for each request; `new`: for the API's new standard.

        Raises:
            AccountError: there is no key, or none that opens this part.
        """
        if self.missing():
            raise AccountError(self.missing())
        if self._api:
            return f"Bearer {self._api}"
        if new:
            raise AccountError(
                f"kling: access keys do not open the API's new standard. Make an API key in Kling's console and set {API_KEY}, "
                "or choose a model whose name begins with kling-v."
            )
        import jwt

        now = int(self._clock())
        claims = {"iss": self._access, "exp": now + LIFE, "nbf": now - EARLY}
        return f"Bearer {jwt.encode(claims, self._secret.encode(), algorithm='HS256')}"

    def refused(self, code: int, date: str | None) -> AccountError:
        """Why a token made just now is not yet or no longer good; `date` is the Date header of the answer."""
        state = "not valid yet" if code == 1003 else "expired"
        try:
            theirs = parsedate_to_datetime(date or "")
        except ValueError:
            theirs = None
        if theirs is not None:
            ahead = self._clock() - theirs.replace(tzinfo=theirs.tzinfo or UTC).timestamp()
            if abs(ahead) > SKEW:
                now = datetime.fromtimestamp(self._clock(), UTC)
                return AccountError(
                    f"kling: this machine's clock is {_length(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} Kling's "
                    f"(here {now:%H:%M:%S}, there {theirs:%H:%M:%S} UTC), so its tokens are {state}. "
                    "Set the clock, and run again."
                )
        return AccountError(
            f"kling: the token made just now counts as {state} (code {code}). Look at this machine's clock, then at "
            f"{ACCESS_KEY} and {SECRET_KEY}."
        )


def _length(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 5400 else f"{seconds / 60:.0f} minutes"
