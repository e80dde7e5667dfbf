"""What every spec is made of."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationInfo, field_validator

from talkmill.specs.scalars import field_leaves, typed

LANGUAGE_PATTERN = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"

Language = Annotated[str, StringConstraints(pattern=LANGUAGE_PATTERN)]
RelativePath = Annotated[str, StringConstraints(min_length=1, max_length=300)]
"""A path inside the project; the loader refuses what leaves it."""


class Spec(BaseModel):
    """Base of all specs: an unknown key is an error, a value never changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _decide_scalars(cls, value: Any, info: ValidationInfo) -> Any:
        return typed(field_leaves(cls, str(info.field_name)), value)
