"""Money in config.yaml: caps, prices, providers."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema, model_validator

from talkmill.specs.base import Spec
from talkmill.specs.scalars import wrong
from talkmill.specs.yaml_file import quote

PROVIDERS = ("kling", "elevenlabs", "fal")
ProviderName = Literal["kling", "elevenlabs", "fal"]


def _amount(value: Any) -> Any:
    """A number as it is written: 0.1 stays a tenth."""
    text = value if isinstance(value, str) else str(value)
    try:
        number = Decimal(text)
    except ArithmeticError:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or number < 0:
        raise wrong(f"is no amount of money (found {quote(text)})", "Write a number such as 5.00.")
    return str(number)


Amount = Annotated[str, BeforeValidator(_amount), WithJsonSchema({"type": "number", "minimum": 0})]
"""Money, or another number that is counted exactly; text inside."""


def _address(value: str) -> str:
    if not value.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
        raise wrong(f"is no https address (found {quote(value)})", "Write https://…; http is for this machine alone.")
    return value.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]


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
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")] = "USD"
    """The currency of all caps and totals."""
    timezone: str = Field(default="UTC", min_length=1, max_length=60, examples=["Europe/Berlin"])
    """Where days and months begin."""
    repeat_under: Amount = "0"
    """A call up to this price is repeated once when nobody can say what became of it; above it, `talkmill reconcile` asks
    you."""


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
    step: Amount = "1"
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
    rate: Amount = Field(examples=[0.14])
    """How many of those one is."""
    as_of: str = Field(default="", max_length=40)
    """When."""


class Prices(Spec):
    """Prices that stand over those that come with Talkmill."""

    rows: dict[str, Price] = Field(default_factory=dict)
    """By `provider/operation` or `provider/operation/model`."""
    rates: dict[str, Rate] = Field(default_factory=dict)
    """By unit or currency."""


Host = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{1,253}$")]


class Provider(Spec):
    """How a paid provider is reached. Keys never stand here: they come from the environment."""

    base_url: Address | None = Field(default=None, examples=["https://api.example.com"])
    """Its address; without it the provider's own."""
    concurrency: int = Field(default=3, ge=1, le=100)
    """Calls in flight at once, over all processes and machines that share the ledger."""
    account: str = Field(default="default", min_length=1, max_length=60)
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
            raise wrong(f"goes to {self.to} and names no {needed}", f"Add `{needed}`.")
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
