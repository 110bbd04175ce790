"""A planned file as it is written: why each step is there, what it locks, and the way back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dbwright.migrate.plan.files import PlannedFile
from dbwright.migrate.plan.move import Manner, Move
from dbwright.model.effects import Effects
from dbwright.model.finding import LockMode

__all__ = ["locks_text", "text_of"]

HOW = {
    Manner.ALONE: "Each statement is a transaction of its own.",
    Manner.ROWS: "In batches along the key, each a transaction of its own.",
}
WIDTH = 98


def text_of(file: PlannedFile, effects: Sequence[Effects] = (), notes: Sequence[str] = ()) -> str:
    """`effects`: what the statements did on the judge, in their order; none where that is not
    known. `notes`: for the head."""
    title = file.words[:1].upper() + file.words[1:]
    head = [title, *notes]
    if file.deploy:
        head.append(f"Before this file, deploy {file.deploy}.")
    if file.manner in HOW:
        head.append(HOW[file.manner])
    lines = [line for text in head for line in _comment(text)]
    for name, value in file.options.items():
        lines.append(f"-- {name}" if value is None else f"-- {name}: {value}")
    lines += ["", "-- UP", ""]
    told = iter(effects)
    for move in file.moves:
        lines += _comment(move.note)
        for statement in move.up:
            found = next(told, None)
            lines += _comment(locks_text(found)) if found is not None else []
            lines.append(f"{statement};")
        lines.append("")
    lines += ["-- DOWN", ""]
    for move in reversed(file.moves):
        lines += [*_back(move), ""]
    return "\n".join(lines).rstrip() + "\n"


def locks_text(effects: Effects) -> str:
    """Which lock a statement takes, and what may go on meanwhile; empty where it takes no further
    one."""
    tables = [one for one in effects.locks if one.object.kind not in ("index", "sequence")]
    strongest = max((one.mode for one in tables), key=list(LockMode).index, default=None)
    waits = " It waits for older transactions first." if effects.waits_for_transactions else ""
    if strongest is None:
        return waits.strip()
    names = ", ".join(one.object.name for one in tables if one.mode is strongest)
    return f"{strongest} on {names}: {_goes_on(strongest, effects)}.{waits}"


def _goes_on(mode: LockMode, effects: Effects) -> str:
    long = bool(effects.rewritten or effects.scanned or effects.built)
    if mode.blocks_reads:
        return "nobody reads or writes" + (" until it is done" if long else ", for a moment")
    if mode.blocks_writes:
        return "others read, nobody writes" + (" until it is done" if long else ", for a moment")
    return "others read and write"


def _back(move: Move) -> Iterator[str]:
    if move.lost:
        yield from _comment(f"This does not bring again: {move.lost}.")
    for statement in move.down:
        yield f"{statement};"
    if not move.down and not move.lost:
        yield "-- Nothing has to be taken back."


def _comment(text: str) -> list[str]:
    """Lines of words, none of which begins as a part's mark or an option would."""
    lines: list[str] = []
    line = "--"
    for word in text.split():
        if len(line) + len(word) + 1 > WIDTH:
            lines.append(line)
            line = "--"
        line = f"{line} {word}"
    return [*lines, line] if line != "--" else lines
