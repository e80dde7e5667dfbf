"""Money in config.yaml: caps, prices, providers."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from talkmill.specs.base import Spec
from talkmill.specs.scalars import lacking, wrong
from talkmill.specs.yaml_file import quote

PROVIDERS = ("kling", "elevenlabs", "fal")
ProviderName = Literal["kling", "elevenlabs", "fal"]
CURRENCY_PATTERN = "^[A-Z]{3}$"
LARGEST = 1_000_000_000
"""The largest amount there is: more is a slip of the pen."""
_PLAIN = re.compile(r"([0-9]{1,15}(\.[0-9]{0,12})?|\.[0-9]{1,12})", re.ASCII)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_PRICE_ROW = re.compile(rf"({'|'.join(PROVIDERS)})/[^\s/]+(/\S+)?")


def _number(value: Any, above: bool) -> str:
    """A number as it is written: 0.1 stays a tenth. Plain decimals only, as everywhere in the YAML."""
    if isinstance(value, Decimal | int | float) and not isinstance(value, bool):
        value = f"{Decimal(str(value)):f}"
    text = value if isinstance(value, str) else ""
    if not _PLAIN.fullmatch(text) or (number := Decimal(text)) > LARGEST or (above and not number):
        found = "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else quote(str(value))
        kind = "number above 0" if above else "amount"
        raise wrong(f"is no {kind} (found {found})", "Write it in plain decimals, like 5.00, without a currency.")
    return str(number)


Amount = Annotated[str, BeforeValidator(lambda value: _number(value, False)), WithJsonSchema({"type": "number", "minimum": 0})]
"""Money, or another number that is counted exactly; text inside."""
Above = Annotated[
    str,
    BeforeValidator(lambda value: _number(value, True)),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
"""Such a number that is not 0."""


def _address(value: str) -> str:
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host = ""
    good = host and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)) and port != 0
    if not good or parts.username or parts.password or parts.query or parts.fragment or re.search(r"\s|\\", value):
        raise wrong(
            f"is no https address (found {quote(value)})",
            "Write https:// and a host, without a key or a question mark; http is for this machine alone.",
        )
    return value.rstrip("/")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong(f"is no time zone (found {quote(value)})", "Write a name such as Europe/Berlin.") from None
    return value


def _row(value: str) -> str:
    if not _PRICE_ROW.fullmatch(value):
        raise wrong(
            f"is no row of the price table (found {quote(value)})",
            f"Write provider/operation, or provider/operation/model; providers are {', '.join(PROVIDERS)}.",
        )
    return value


Address = Annotated[str, AfterValidator(_address)]
Row = Annotated[str, AfterValidator(_row)]


class Cap(Spec):
    """The most that may be spent, in the budget's currency. At a cap nothing is submitted."""

    per_call: Amount | None = Field(default=None, examples=[1])
    """By one call."""
    per_day: Amount | None = Field(default=None, examples=[20])
    """In a day."""
    per_month: Amount | None = Field(default=None, examples=[300])
    """In a calendar month."""


class Budget(Cap):
    """Caps over everything, and over parts. They hold across processes, and across machines that share the ledger."""

    providers: dict[ProviderName, Cap] = Field(default_factory=dict, examples=[{"kling": {"per_day": 10}}])
    """Caps of single providers."""
    characters: dict[str, Cap] = Field(default_factory=dict, examples=[{"nina": {"per_month": 50}}])
    """Caps of single characters."""
    currency: Annotated[str, StringConstraints(pattern=CURRENCY_PATTERN)] = "USD"
    """The currency of all caps and totals."""
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        default="UTC", min_length=1, max_length=60, examples=["Europe/Berlin"]
    )
    """Where days and months begin."""
    repeat_under: Amount = "0"
    """A call up to this price is repeated once when nobody can say what became of it; others wait for `talkmill reconcile`."""


class Flat(Spec):
    """A price for all up to some amount."""

    amount: Amount
    """Up to how much of the unit."""
    price: Amount
    """What that costs, however little of it is used."""


class Price(Spec):
    """What one provider takes for one thing."""

    unit: Literal["second", "character", "image", "call", "megapixel"]
    """What is counted."""
    price: Amount
    """Of one unit."""
    currency: str = Field(default="USD", min_length=1, max_length=40)
    """A currency, or a unit of the provider's that `rates` turns into one."""
    step: Above = "1"
    """Amounts are rounded up to a multiple of it: 5 where five seconds are billed for three."""
    least: Amount = "0"
    """The smallest amount that is billed."""
    flat: Flat | None = None
    """Where a first part has a price of its own; `price` is then that of each unit beyond it."""
    source: str = Field(default="config.yaml", max_length=300)
    """Where the price is told."""
    as_of: str = Field(default="", max_length=40, examples=["2026-11-20"])
    """When."""


class Rate(Spec):
    """What a unit or currency is worth."""

    per: str = Field(min_length=1, max_length=40, examples=["USD"])
    """In which currency or unit."""
    rate: Above = Field(examples=[0.14])
    """How many of those one is."""
    as_of: str = Field(default="", max_length=40)
    """When."""


class Prices(Spec):
    """Prices that stand over those that come with Talkmill."""

    rows: dict[Row, Price] = Field(default_factory=dict)
    """By `provider/operation` or `provider/operation/model`."""
    rates: dict[str, Rate] = Field(default_factory=dict)
    """By unit or currency."""


HOST_PATTERN = r"^[a-z0-9.-]{1,253}$"
ACCOUNT_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$"
Host = Annotated[str, StringConstraints(pattern=HOST_PATTERN)]


class Provider(Spec):
    """How a paid provider is reached. Keys never stand here: they come from the environment."""

    base_url: Address | None = Field(default=None, examples=["https://api-singapore.klingai.com"])
    """Its address; without it the provider's own."""
    concurrency: int = Field(default=3, ge=1, le=100)
    """Calls in flight at once, over all processes and machines that share the ledger."""
    account: Annotated[str, StringConstraints(pattern=ACCOUNT_PATTERN)] = "default"
    """Name of the account behind the key, where you have several: slots are counted for each."""
    hosts: list[Host] = Field(default_factory=list, max_length=20, examples=[["cdn.example.com"]])
    """Further hosts from which results may be fetched."""


class Upload(Spec):
    """Where a clip is put for somebody to fetch it."""

    to: Literal["s3", "fal", "command"]
    """`s3`: a private bucket, with keys from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; `fal`: fal's own storage, with
    FAL_KEY; `command`: a program of yours."""
    bucket: str | None = Field(default=None, min_length=1, max_length=200)
    """Of s3: its name."""
    endpoint: Address | None = None
    """Of s3: where it is, when it is not at Amazon."""
    region: str | None = Field(default=None, max_length=60)
    """Of s3: its region."""
    prefix: str | None = Field(default=None, max_length=200)
    """Of s3: a folder in it; without it `talkmill`."""
    base_url: Address | None = None
    """Of fal: its address; without it fal's own."""
    command: list[str] | None = Field(default=None, min_length=1, max_length=50, examples=[["my-share", "{file}"]])
    """Of command: program and arguments; `{file}` becomes the path, and the last line that it prints is the https address. No
    shell is involved."""

    @model_validator(mode="after")
    def _fitting(self) -> Upload:
        takes = {"s3": ("bucket", "endpoint", "region", "prefix"), "fal": ("base_url",), "command": ("command",)}
        told = [name for name in type(self).model_fields if name != "to" and getattr(self, name) is not None]
        if strange := [name for name in told if name not in takes[self.to]]:
            raise wrong(f"says {', '.join(strange)}, which an upload to {self.to} does not take", "Take it away.")
        needed = {"s3": "bucket", "command": "command"}.get(self.to)
        if needed and getattr(self, needed) is None:
            raise lacking(f"goes to {self.to} and names no {needed}", f"Add `{needed}`.")
        return self


class Kling(Provider):
    """Kling."""

    upload: Upload | None = None
    """Where clips are put for Kling to fetch; `lip-sync` needs it, `avatar` does not."""


class Providers(Spec):
    """The paid providers."""

    kling: Kling = Kling()
    """KLING_API_KEY, or KLING_ACCESS_KEY and KLING_SECRET_KEY."""
    elevenlabs: Provider = Provider()
    """ELEVENLABS_API_KEY."""
    fal: Provider = Provider()
    """FAL_KEY."""
