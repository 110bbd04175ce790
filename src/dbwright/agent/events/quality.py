"""What was really run of a piece of work: one word, or why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

__all__ = ["DONE", "QualityCheck", "QualityChecks"]

DONE = {
    "schema": "validated",
    "performance": "analyzed",
    "security": "reviewed",
    "migrations": "tested",
}
"""The word for each check that was run and went well."""

NOT_DONE = ("failed", "skipped")

FORM = re.compile(r"(failed|skipped): (\S.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class QualityCheck:
    """How one check went: `validated`, `analyzed`, `reviewed` or `tested`; else `failed` or
    `skipped`, and then `reason` says why, in one line."""

    result: str
    reason: str = ""

    def __post_init__(self) -> None:
        if self.result not in (*DONE.values(), *NOT_DONE):
            raise ValueError(f"{self.result!r} is no result of a check")
        if (self.result in NOT_DONE) != bool(self.reason.strip()):
            needs = "needs" if self.result in NOT_DONE else "takes no"
            raise ValueError(f"{self.result} {needs} reason")

    @property
    def is_done(self) -> bool:
        """Was it run, and did it go well?"""
        return self.result not in NOT_DONE

    @classmethod
    def failed(cls, reason: str) -> QualityCheck:
        """It was run, and what it looks for is there."""
        return cls("failed", " ".join(reason.split()))

    @classmethod
    def skipped(cls, reason: str) -> QualityCheck:
        """It was not run."""
        return cls("skipped", " ".join(reason.split()))

    @classmethod
    def parse(cls, text: str) -> QualityCheck:
        """As it stands in an event. Raises ValueError."""
        found = FORM.fullmatch(text)
        return cls(found[1], found[2]) if found else cls(text)

    def __str__(self) -> str:
        """`tested`, or `skipped: there are no migrations`."""
        return f"{self.result}: {self.reason}" if self.reason else self.result


@dataclass(frozen=True, slots=True)
class QualityChecks:
    """The four that each piece of work answers for."""

    schema: QualityCheck
    performance: QualityCheck
    security: QualityCheck
    migrations: QualityCheck

    def __post_init__(self) -> None:
        for name, check in self.by_name().items():
            if check.is_done and check.result != DONE[name]:
                raise ValueError(f"{name} is {DONE[name]}, failed or skipped, not {check.result}")

    def by_name(self) -> dict[str, QualityCheck]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def all_done(self) -> bool:
        return all(check.is_done for check in self.by_name().values())

    def document(self) -> dict[str, str]:
        """As plain JSON values."""
        return {name: str(check) for name, check in self.by_name().items()}
