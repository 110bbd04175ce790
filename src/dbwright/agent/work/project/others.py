"""Settings that name a database: of Node's libraries, Rails, docker-compose, and .env.

Of variables and services the names alone are taken: what they hold may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dbwright.agent.work.project.files import FileKind, ProjectFile, text_of
from dbwright.agent.work.queries.literals import Language, literals
from dbwright.errors import DbwrightError
from dbwright.trees.yaml_ import read_yaml

__all__ = ["ENGINES", "engine_of", "other_file"]

ENGINES = {
    "postgresql": "postgresql postgres pg postgis pgvector timescaledb timescale psycopg pgx citus",
    "mysql": "mysql mysql2 mariadb percona",
    "sqlite": "sqlite sqlite3 better-sqlite3",
    "sql server": "mssql sqlserver tedious",
    "oracle": "oracle oracledb",
    "mongodb": "mongo mongodb",
    "redis": "redis ioredis valkey",
    "cockroachdb": "cockroachdb cockroach",
    "clickhouse": "clickhouse clickhouse-server",
    "elasticsearch": "elasticsearch opensearch",
}
"""Engines by the names of drivers, images and providers."""
BY_WORD = {word: engine for engine, words in ENGINES.items() for word in words.split()}
NODE = re.compile(
    r"(knexfile|ormconfig|data-source|datasource|drizzle\.config|sequelize\.config|\.sequelizerc)"
    r"(\.\w+)?",
    re.IGNORECASE,
)
COMPOSE = re.compile(r"(docker-)?compose([.-][\w.-]+)?\.ya?ml", re.IGNORECASE)
ERB = re.compile(r"<%(?P<value>=)?.*?%>", re.DOTALL)
VARIABLE = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", re.MULTILINE)
OF_DATABASE = re.compile(
    r"(^|_)(DATABASE|DB|PG|POSTGRES|POSTGRESQL|MYSQL|REDIS|MONGO|MONGODB)(_|$)|^PG[A-Z]+$|DSN"
)


def engine_of(word: str) -> str:
    """The engine that a driver, an image or an adapter is of; empty where none is known."""
    name = word.lower().rpartition("/")[2].partition(":")[0].partition("@")[0].partition("+")[0]
    return BY_WORD.get(name, "")


def other_file(path: Path, shown: str) -> Iterator[ProjectFile]:
    """What the file tells, where it is one of these."""
    name = path.name
    try:
        if COMPOSE.fullmatch(name):
            yield from _compose(text_of(path), shown)
        elif name in ("database.yml", "database.yaml"):
            yield _rails(text_of(path), shown)
        elif name == ".env" or name.startswith(".env.") or name.endswith(".env"):
            yield from _environment(text_of(path), shown)
        elif match := NODE.fullmatch(name):
            tool = match[1].lower().removeprefix(".").removesuffix("rc").removesuffix("file")
            yield _node(text_of(path), shown, {"ormconfig": "typeorm"}.get(tool, tool))
    except (ValueError, OSError, DbwrightError) as problem:
        kind = FileKind.SERVICE if COMPOSE.fullmatch(name) else FileKind.SETTINGS
        if ".env" in name:
            kind = FileKind.ENVIRONMENT
        said = problem.message if isinstance(problem, DbwrightError) else str(problem)
        remedy = problem.next_step if isinstance(problem, DbwrightError) else ""
        yield ProjectFile(shown, kind, unread=said, remedy=remedy)


def _compose(text: str, shown: str) -> Iterator[ProjectFile]:
    tree = read_yaml(text, shown, merges=True).value
    services = tree.get("services") if isinstance(tree, Mapping) else None
    for name, service in services.items() if isinstance(services, Mapping) else ():
        image = _image(service)
        engine = engine_of(image) if isinstance(image, str) else ""
        if engine:
            yield ProjectFile(
                shown, FileKind.SERVICE, "docker-compose", (f"{name}: {image}",), engine
            )


def _image(service: Any) -> Any:
    """Its own, or what `<<` brings."""
    if not isinstance(service, Mapping):
        return None
    return service.get("image") or _image(service.get("<<"))


def _rails(text: str, shown: str) -> ProjectFile:
    """Without its ERB, which is not run; lines keep their numbers."""
    plain = ERB.sub(_without_erb, text)
    tree = read_yaml(plain, shown, merges=True).value
    adapters = sorted(_adapters(tree))
    engine = next((found for one in adapters if (found := engine_of(one))), "")
    names = tuple(str(key) for key in tree) if isinstance(tree, Mapping) else ()
    return ProjectFile(shown, FileKind.SETTINGS, "rails", names, engine)


def _without_erb(code: re.Match[str]) -> str:
    lines = "\n" * code[0].count("\n")
    return f"erb{lines}" if code["value"] else lines


def _adapters(value: Any) -> set[str]:
    if isinstance(value, Mapping):
        own = value.get("adapter")
        found = {own} if isinstance(own, str) else set()
        return found.union(*(_adapters(one) for one in value.values()))
    return set()


def _environment(text: str, shown: str) -> Iterator[ProjectFile]:
    names = tuple(
        dict.fromkeys(name for name in VARIABLE.findall(text) if OF_DATABASE.search(name))
    )
    if names:
        yield ProjectFile(shown, FileKind.ENVIRONMENT, holds=names)


def _node(text: str, shown: str, tool: str) -> ProjectFile:
    """The engine is what a text in it names: `client: 'pg'`, `dialect: "postgresql"`."""
    texts = [one.text for one in literals(text, Language.SCRIPT)]
    engine = next((found for one in texts if (found := engine_of(one))), "")
    return ProjectFile(shown, FileKind.SETTINGS, tool, engine=engine)
