"""The keys of a table's rows, that rows of others refer to."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["MOST_KEYS", "Keys", "ListedKeys", "NumberedKeys"]

MOST_KEYS = 250_000
"""Keys that are held in memory: of larger tables only the first ones are referred to."""


class NumberedKeys:
    """Of one column that counts: nothing is held."""

    def __init__(self, start: int, count: int = 0) -> None:
        self.start = start
        self.count = count

    def __len__(self) -> int:
        return self.count

    def at(self, places: Sequence[int]) -> list[str]:
        start = self.start
        return [str(start + place) for place in places]


class ListedKeys:
    """As fragments, in the order of the rows."""

    def __init__(self) -> None:
        self.fragments: list[str] = []

    def __len__(self) -> int:
        return len(self.fragments)

    def at(self, places: Sequence[int]) -> list[str]:
        fragments = self.fragments
        return [fragments[place] for place in places]

    def add(self, lines: Sequence[str], positions: Sequence[int]) -> None:
        """From finished rows: the fields at these positions. Keys with a NULL in them are none."""
        room = MOST_KEYS - len(self.fragments)
        if room <= 0:
            return
        if len(positions) == 1:
            place = positions[0]
            found = [line.split("\t", place + 1)[place] for line in lines[:room]]
            self.fragments += [one for one in found if one != "\\N"]
            return
        for line in lines[:room]:
            fields = line.split("\t")
            chosen = [fields[place] for place in positions]
            if "\\N" not in chosen:
                self.fragments.append("\t".join(chosen))


Keys = NumberedKeys | ListedKeys
