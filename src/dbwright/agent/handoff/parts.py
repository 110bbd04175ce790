"""What payloads are made of. A payload says which of its fields dbwright reads; all others are
kept as they are (`model_extra`)."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

__all__ = [
    "Amount",
    "Duration",
    "Named",
    "Number",
    "Part",
    "Text",
    "Version",
    "names_in",
    "seconds",
]

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
DURATION = re.compile(
    r"(\d+(?:\.\d+)?)\s*(s|m|h|d|w|secs?|seconds?|mins?|minutes?|hours?|days?|weeks?)",
    re.IGNORECASE,
)
ISO = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE)


class Part(BaseModel):
    """Fields that are known, and all others beside them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    @property
    def written(self) -> dict[str, Any]:
        """As plain values, with the fields that were given and no others."""
        return self.model_dump(mode="json", exclude_unset=True)


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _duration(text: str) -> str:
    seconds(text)
    return text


Text = Annotated[StrictStr, AfterValidator(_filled), Field(json_schema_extra={"minLength": 1})]
Number = StrictInt | StrictFloat
Amount = Annotated[Number, Field(ge=0)]
Duration = Annotated[StrictStr, AfterValidator(_duration)]
"""`5 minutes`, `24h`, `PT15M`; `0` is at once."""
Version = StrictStr | StrictInt | StrictFloat


class Named(Part):
    """Something that has a name, and more that its writer says of it."""

    name: Text


def seconds(text: str) -> float:
    """What a duration means. Raises ValueError."""
    text = text.strip()
    if text in ("0", "zero", "none"):
        return 0.0
    found = DURATION.fullmatch(text)
    if found:
        return float(found[1]) * SECONDS[found[2][0].lower()]
    iso = ISO.fullmatch(text)
    if iso and any(iso.groups()):
        days, hours, minutes, rest = (int(part or 0) for part in iso.groups())
        return float(days * 86400 + hours * 3600 + minutes * 60 + rest)
    raise ValueError("is no time such as '15 minutes', '24h' or 'PT5M'")


def names_in(items: tuple[Named | str, ...]) -> tuple[str, ...]:
    """Of things that are written by their names alone, or with more."""
    return tuple(item if isinstance(item, str) else item.name for item in items)
