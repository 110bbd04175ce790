"""Nothing counts which statements take the time.

## What it finds

pg_stat_statements is not loaded (`shared_preload_libraries`), or is loaded and not made in this
database. pg_stat_monitor counts as well.

## Why it matters

Without it nobody can tell which statements take most of the time, so tuning is guessing; with it
the answer is one query away, at a cost of a few percent at most.

## How to fix

Load it (this needs a restart), then CREATE EXTENSION in the database from which it is read.

## When to ignore

It is made in another database of the cluster: its view shows the statements of all databases.

## Sources

- PostgreSQL manual, appendix F: pg_stat_statements; Shared Library Preloading.
"""

from __future__ import annotations

from collections.abc import Iterator

from dbwright.check.example import Example
from dbwright.check.rule import Fault, rule
from dbwright.check.rules.settings._server_setting import change, server_wide
from dbwright.model.catalog import Catalog, Setting
from dbwright.model.finding import Fix, ObjectRef, Severity
from dbwright.model.names import literal

MODULE = "pg_stat_statements"
LOADED = {"shared_preload_libraries": MODULE}

BAD = (
    Example(
        settings={"shared_preload_libraries": "auto_explain"},
        extensions=(MODULE,),
        objects=("shared_preload_libraries",),
    ),
    Example(settings=LOADED, extensions=(MODULE,), objects=(MODULE,)),
)
GOOD = Example(f"CREATE EXTENSION {MODULE};", settings=LOADED, extensions=(MODULE,))

TRACKERS = frozenset((MODULE, "pg_stat_monitor"))


@rule(
    severity=Severity.NOTICE, needs=("catalog.settings", "catalog.extensions"), bad=BAD, good=GOOD
)
def statements_not_tracked(catalog: Catalog) -> Iterator[Fault]:
    setting = server_wide(catalog, "shared_preload_libraries")
    if setting is None:
        return
    loaded = [name.strip().strip('"') for name in setting.value.split(",") if name.strip()]
    if not TRACKERS.intersection(name.rpartition("/")[2] for name in loaded):
        yield _not_loaded(catalog, setting, loaded)
    elif not TRACKERS.intersection(extension.name for extension in catalog.extensions):
        yield Fault(
            object=ObjectRef("extension", MODULE),
            message="statements are counted, and this database has no view to read them: "
            f"{MODULE} was not made in it",
            fix=Fix(
                up=f"CREATE EXTENSION {MODULE};",
                down=f"DROP EXTENSION {MODULE};",
                risk="it may be made in another database already, which is enough",
            ),
        )


def _not_loaded(catalog: Catalog, setting: Setting, loaded: list[str]) -> Fault:
    fix, instead = change(catalog, setting, MODULE)
    if fix is not None:
        # A list: as one string it would be the name of one library, and the server not start.
        names = ", ".join(map(literal, [*loaded, MODULE]))
        before = ", ".join(map(literal, loaded)) or "''"
        again = "-- then restart the server"
        from_system = (setting.source_file or "").endswith("postgresql.auto.conf")
        fix = Fix(
            up=f"ALTER SYSTEM SET {setting.name} = {names};\n{again}",
            down=(
                f"ALTER SYSTEM SET {setting.name} = {before};\n{again}"
                if from_system
                else f"ALTER SYSTEM RESET {setting.name};\n{again}"
            ),
            transactional=False,
            risk="takes effect only after a restart, and the server does not start where the "
            "module is not installed (package postgresql-contrib)",
        )
    return Fault(
        object=setting.ref,
        message=f"{MODULE} is not loaded: nothing counts which statements take the time",
        evidence={"value": setting.value, "source": setting.source},
        fix=fix,
        advice=instead,
    )
