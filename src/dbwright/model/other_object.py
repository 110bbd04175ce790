"""Objects of which a catalog says only how they are made: operators, casts, text search …"""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.model.finding import ObjectRef

__all__ = ["OtherObject"]


@dataclass(frozen=True, slots=True)
class OtherObject:
    """An operator, operator class or family, cast, text search configuration or dictionary, or
    foreign-data wrapper."""

    oid: int
    kind: str
    """In the server's words: `text search configuration`."""
    name: str
    """With arguments where its kind has some, as the server writes it."""
    target: str
    """As DROP and COMMENT ON name it: `OPERATOR CLASS shop.money_ops USING btree`."""
    statements: tuple[str, ...]
    """What makes it, without semicolons."""
    owner: str | None = None
    """None for a cast, which nobody owns."""
    comment: str | None = None

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(self.kind, self.name)
