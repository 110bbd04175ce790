"""`dbwright design normalize`: from data to tables in normal form, and the proof of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from dbwright.configuration import Configuration
from dbwright.design.normalize.forms.theory import read_dependencies
from dbwright.design.normalize.heard import asked, confirmed
from dbwright.design.normalize.mining.inclusions import inclusions
from dbwright.design.normalize.mining.mine import mine
from dbwright.design.normalize.normalized import Normalized
from dbwright.design.normalize.page import inclusions_text, relation_text
from dbwright.design.normalize.ranking.judge import judge
from dbwright.design.normalize.ranking.references import JudgedInclusion, judge_inclusions
from dbwright.design.normalize.ranking.said import Said, proposal, read_said
from dbwright.design.normalize.reading.options import ReadingOptions
from dbwright.design.normalize.reading.sources import Sources, reading
from dbwright.design.normalize.stated_only import theory
from dbwright.design.normalize.told import as_data, inclusion_data
from dbwright.design.normalize.work import all_tried, taken_apart
from dbwright.errors import FileUnreadable, UsageError
from dbwright.model.document import Document
from dbwright.new_file import write_new
from dbwright.operation import Effect, Example, Parameter, operation
from dbwright.progress import Progress

__all__ = ["normalize"]

MOST_LEFT = 3


@operation(
    Effect.PLANS,
    examples=(
        Example("dbwright design normalize orders.csv", "what depends on what, and the tables"),
        Example(
            "dbwright design normalize postgresql://me@db/shop --table shop.order_lines "
            "--migration 012_split.sql",
            "a table of a database, with the migration that moves its rows",
        ),
        Example("dbwright design normalize orders.csv --propose said.yaml", "to be filled in"),
        Example("dbwright design normalize orders.csv --confirm said.yaml", "as it was filled in"),
        Example("dbwright design normalize customers.csv orders.json", "and what refers to what"),
        Example(
            "dbwright design normalize --given 'street, city -> zip; zip -> city'",
            "without data: keys, forms, 3NF and BCNF",
        ),
    ),
)
def normalize(
    sources: Annotated[
        tuple[str, ...],
        Parameter(
            "CSV, JSON (an array, or an object a line) or Parquet files; a URL, .sql files or a "
            "name in dbwright.toml",
            "SOURCE",
            argument=True,
        ),
    ] = (),
    *,
    table: Annotated[
        tuple[str, ...], Parameter("of a database only this table; may be given again", "NAME")
    ] = (),
    columns: Annotated[
        tuple[str, ...], Parameter("look at these only: a,b,c; may be given again", "NAMES")
    ] = (),
    rows: Annotated[int, Parameter("read at most so many of each source; 0: all", "N")] = 250_000,
    left: Annotated[int, Parameter("columns on a left side at most: 1 to 3", "N")] = 2,
    errors: Annotated[
        str, Parameter("rows that may break a dependency, to be shown as exceptions", "SHARE")
    ] = "0.1%",
    given: Annotated[
        tuple[str, ...],
        Parameter("dependencies that are meant: 'a, b -> c; c -> d'", "DEPENDENCIES"),
    ] = (),
    keep: Annotated[
        tuple[str, ...],
        Parameter("leave this column with the rows on purpose, and tell the cost", "COLUMN"),
    ] = (),
    split: Annotated[
        tuple[str, ...],
        Parameter("take apart what breaks 1NF: a column of lists, or tel for tel1, tel2", "COLUMN"),
    ] = (),
    propose: Annotated[
        Path | None, Parameter("write what is asked to this new YAML or JSON file", "FILE")
    ] = None,
    confirm: Annotated[
        Path | None, Parameter("what a person said, in a file of --propose", "FILE")
    ] = None,
    migration: Annotated[
        Path | None,
        Parameter("write the migration to this new file (of one relation)", "FILE"),
    ] = None,
    encoding: Annotated[
        str | None, Parameter("of CSV and JSON files, if not UTF-8 or as their mark says", "NAME")
    ] = None,
    delimiter: Annotated[str | None, Parameter("between fields of CSV", "CHARACTER")] = None,
    quote: Annotated[str | None, Parameter("around fields of CSV", "CHARACTER")] = None,
    null: Annotated[
        tuple[str, ...], Parameter("a text that stands for NULL in CSV, as nothing does", "TEXT")
    ] = (),
    no_header: Annotated[bool, Parameter("the first row of CSV holds data")] = False,
    no_trial: Annotated[bool, Parameter("don't run the decomposition in a sandbox")] = False,
    progress: Progress,
    configuration: Configuration,
) -> Document:
    """Find keys and dependencies in data, name what breaks a normal form, and take it apart.

    Every dependency that is told holds on all rows that were read, or on all but the few that are
    shown. Those that names and counts show to be meant are accepted; where the rows can't tell
    (may a price change?) you are asked, at a terminal or by --propose and --confirm, and nothing is
    made of it until you say so. What is taken apart is run on the rows on a throw-away server: the
    join of the parts must equal the original both ways, and the migration must come back. A live
    database is only read. Exit status 1: a decomposition failed its trial.
    """
    options = ReadingOptions(
        rows=rows,
        columns=tuple(name.strip() for text in columns for name in text.split(",")),
        encoding=encoding,
        delimiter={"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter),
        quote=quote,
        header=not no_header,
        null=null,
        tables=table,
    )
    tolerance = _share(errors)
    if not 1 <= left <= MOST_LEFT or rows < 0:
        raise UsageError(f"--left is 1 to {MOST_LEFT}, and --rows not below 0", "see --help")
    for path in (propose, migration):
        if path is not None and path.exists():
            raise FileUnreadable(f"{path} is there already", "name a new file")
    said_first = tuple(one for text in given for one in read_dependencies(text))
    if not sources and said_first:
        return theory(said_first)
    if not sources:
        raise UsageError("no source was named", "give files of data, or a database")
    with reading(sources, options, configuration, progress) as found:
        judgements = [
            judge(relation, mine(relation, left=left, tolerance=tolerance, progress=progress))
            for relation in found.relations
        ]
        names = [relation.name for relation in found.relations]
        said = read_said(confirm, names) if confirm else Said()
        judgements = [confirmed(one, said, said_first) for one in judgements]
        if confirm is None and propose is None:
            judgements = asked(judgements, progress)
        results = [taken_apart(one, found, said, keep, split) for one in judgements]
        if not no_trial:
            results = all_tried(results, found, progress)
        linked = _linked(found, tolerance, progress)
    return _document(results, linked, found.notes, propose, migration)


def _share(text: str) -> float:
    match = re.fullmatch(r"([0-9]*\.?[0-9]+) ?(%?)", text.strip())
    share = float(match[1]) / (100 if match[2] else 1) if match else 1.0
    if not match or share >= 0.5:
        raise UsageError(f"--errors {text!r} is no share below 50%", "such as 0.1% or 0")
    return share


def _linked(found: Sources, tolerance: float, progress: Progress) -> tuple[JudgedInclusion, ...]:
    if len(found.relations) < 2:
        return ()
    progress("looking for references")
    mined = inclusions(found.relations, tolerance=tolerance)
    return judge_inclusions(mined, found.relations)


def _document(
    results: Sequence[Normalized],
    linked: Sequence[JudgedInclusion],
    notes: Sequence[str],
    propose: Path | None,
    migration: Path | None,
) -> Document:
    texts = [relation_text(one) for one in results]
    if linked:
        texts.append(inclusions_text(linked))
    data: dict[str, Any] = {
        "relations": [as_data(one) for one in results],
        "inclusions": inclusion_data(linked),
        "notes": list(notes),
    }
    texts += [f"Note: {note}.\n" for note in notes]
    if migration is not None:
        apart = [one for one in results if one.migration]
        if len(apart) != 1:
            raise UsageError(
                f"--migration writes that of one relation, and {len(apart)} are taken apart",
                "name one with --table",
            )
        texts.append(_written(migration, apart[0].migration))
    if propose is not None:
        texts.append(_written(propose, proposal([one.judgement for one in results], propose)))
    failed = any(one.trial is not None and not one.trial.holds for one in results)
    return Document("design normalize", "\n".join(texts), data, failed=failed)


def _written(path: Path, text: str) -> str:
    try:
        write_new(path, text.encode())
    except OSError as problem:
        raise FileUnreadable(
            f"can't write {path}: {problem.strerror}", "name another file"
        ) from None
    return f"Written: {path}\n"
