"""What an unquoted YAML scalar means, decided by the field it lands in."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticCustomError

from talkmill.specs.yaml_file import Plain, quote

_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,14})?\.[0-9]{1,20}")
_TYPED = (bool, int, float)


def wrong(what: str, cure: str) -> PydanticCustomError:
    """An error of a validator in our own words: what is wrong, and what to do."""
    return PydanticCustomError("own", "{what}. {cure}", {"what": what, "cure": cure})


LACK = "lack"
"""Type of an error that says that something is missing: of no interest where that was there, and wrong."""


def lacking(what: str, cure: str) -> PydanticCustomError:
    """Such an error, as `wrong`."""
    return PydanticCustomError(LACK, "{what}. {cure}", {"what": what, "cure": cure})


def core(text: str) -> bool | int | float | str:
    """The value of a plain scalar where nothing else says its type: true/false and plain decimals, else the text itself."""
    if text in ("true", "false"):
        return text == "true"
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return str(text)


def plain(value: Any) -> Any:
    """A value of any shape as YAML 1.2 has it, where no field says its type."""
    if isinstance(value, Plain):
        if value == "":
            raise wrong("holds an empty value", "Give a value, or take its key away.")
        return core(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def leaves(annotation: Any) -> Iterator[Any]:
    """The types that an annotation allows, with `Annotated`, unions and `Literal` taken apart."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from leaves(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from leaves(member)
    elif origin is Literal:
        yield from {type(choice) for choice in get_args(annotation)}
    else:
        yield annotation


@cache
def field_leaves(model: type[BaseModel], name: str) -> tuple[Any, ...]:
    """`leaves` of one field of a model."""
    return tuple(leaves(model.model_fields[name].annotation))


def typed(allowed: tuple[Any, ...], value: Any) -> Any:
    """The value with its plain scalars turned into what `allowed` takes.

    Raises an error in our own words where a number or a flag is wanted and something else is there.
    """
    if isinstance(value, Plain) and value == "":
        raise wrong("is empty", "Give a value, or take the key away.")
    numbers = tuple(kind for kind in allowed if kind in _TYPED)
    texts = any(kind in (str, datetime, date) for kind in allowed)
    if numbers and not texts and isinstance(value, (str, bool, int, float)):
        return _number(numbers, value)
    return _untyped(allowed, value)


def _untyped(allowed: tuple[Any, ...], value: Any) -> Any:
    """Texts, and what lies in lists and mappings; their own errors are left to pydantic, which knows the item."""
    if Any in allowed:
        return plain(value)
    if isinstance(value, Plain):
        return core(value) if any(kind in _TYPED for kind in allowed) else str(value)
    for kind in allowed:
        if isinstance(value, list) and get_origin(kind) is list:
            inner = tuple(leaves(get_args(kind)[0]))
            return value if _is_spec(inner) else [_untyped(inner, item) for item in value]
        if isinstance(value, dict) and get_origin(kind) is dict:
            inner = tuple(leaves(get_args(kind)[1]))
            return value if _is_spec(inner) else {key: _untyped(inner, item) for key, item in value.items()}
    return value


def _is_spec(allowed: tuple[Any, ...]) -> bool:
    """Whether the values are models, which look after their own scalars."""
    return any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in allowed)


def _number(numbers: tuple[type, ...], value: Any) -> Any:
    found = core(value) if isinstance(value, Plain) else value
    if isinstance(found, bool) and bool in numbers:
        return found
    if isinstance(found, (int, float)) and not isinstance(found, bool) and set(numbers) & {int, float}:
        if float not in numbers and found != int(found):
            raise wrong(f"must be a whole number (found {value})", "Take the fraction away.")
        return found
    shown = quote(value) if isinstance(value, str) else str(value).lower()
    if bool in numbers:
        raise wrong(f"must be true or false (found {shown})", "Write true or false, without quotes.")
    if isinstance(value, str) and not isinstance(value, Plain) and not isinstance(core(value), (bool, str)):
        raise wrong(f"must be a number (found the text {shown})", "Take the quotes away.")
    kind = "number" if float in numbers else "whole number"
    raise wrong(f"must be a {kind} (found {shown})", "Write it in plain decimals, like 12 or 0.5.")
