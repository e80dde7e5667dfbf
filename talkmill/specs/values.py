"""What the YAML's values are made of: the types of single values, and the base of all specs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    field_validator,
)

from talkmill.specs.scalars import field_leaves, typed
from talkmill.specs.shorthand import ID_PATTERN, moment, one_line, texts_kind, trait, unique

LANGUAGE_PATTERN = r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$"
COLOUR_PATTERN = r"^#[0-9A-Fa-f]{6}$"
HASHTAG_PATTERN = r"^[^#\s]{1,60}$"

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Language = Annotated[str, StringConstraints(pattern=LANGUAGE_PATTERN)]
Colour = Annotated[str, StringConstraints(pattern=COLOUR_PATTERN)]
RelativePath = Annotated[str, StringConstraints(min_length=1, max_length=300)]
"""A path inside the project; the loader refuses what leaves it."""

MAX_LINE = 1000
"""Characters of one line: over a minute of speech, more than anybody says in one go, and all of it one take that is made anew
when a letter changes."""

_NO_TEXT = {
    "what": "must be a text, or one text for each language",
    "cure": "Write one text, or `en: ...` and `es: ...` below it.",
}
_by_language = Discriminator(texts_kind, custom_error_type="own", custom_error_message="{what}", custom_error_context=_NO_TEXT)

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), AfterValidator(one_line)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(one_line)]
Spoken = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_LINE)]
PostText = Annotated[str, StringConstraints(max_length=5000)]
Titles = Annotated[
    Annotated[Title, Tag("text")] | Annotated[dict[Language, Title], Field(min_length=1), Tag("by_language")], _by_language
]
SpokenTexts = Annotated[
    Annotated[Spoken, Tag("text")] | Annotated[dict[Language, Spoken], Field(min_length=1), Tag("by_language")], _by_language
]
PostTexts = Annotated[
    Annotated[PostText, Tag("text")] | Annotated[dict[Language, PostText], Field(min_length=1), Tag("by_language")],
    _by_language,
]
Hashtag = Annotated[str, StringConstraints(pattern=HASHTAG_PATTERN)]
Languages = Annotated[list[Language], Field(min_length=1), AfterValidator(unique)]
FormatName = Literal["vertical", "square", "wide"]
Formats = Annotated[list[FormatName], Field(min_length=1), AfterValidator(unique)]
Moment = Annotated[datetime, BeforeValidator(moment)]
Trait = Annotated[str | list[str] | float | int | bool, BeforeValidator(trait)]


class Spec(BaseModel):
    """Base of all specs: an unknown key is an error, a value never changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @field_validator("*", mode="before")
    @classmethod
    def _decide_scalars(cls, value: Any, info: ValidationInfo) -> Any:
        return typed(field_leaves(cls, str(info.field_name)), value)
