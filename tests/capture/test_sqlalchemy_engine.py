"""What SQLAlchemy's engines record, on a real server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import ForeignKey, create_engine, event, select, text
from sqlalchemy.exc import DataError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from tests.capture.captured import Captured, captured

from dbwright import capture
from dbwright.capture import Recorder
from servers.postgresql import Database


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    orders: Mapped[list[Order]] = relationship()


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    total: Mapped[int]


@pytest.fixture
def url(shop: Database) -> str:
    return f"postgresql+psycopg://dbwright@/{shop.name}?host={shop.server.socket_directory}"


def written(recorder: Recorder, tmp_path: Path) -> Captured:
    recorder.stop()
    assert recorder.problem is None
    return captured(tmp_path / "capture.jsonl")


def test_core(url: str, recorder: Recorder, tmp_path: Path) -> None:
    engine = create_engine(url)
    capture.sqlalchemy(engine, recorder)
    with engine.connect() as connection:
        for number in range(10):
            connection.execute(text("SELECT name, '10%' FROM users WHERE id = :id"), {"id": number})
        connection.execute(
            text("INSERT INTO users VALUES (:id, :name)"),
            [{"id": n, "name": "x"} for n in range(50, 53)],
        )
        with pytest.raises(DataError), connection.begin_nested():
            connection.exec_driver_sql("SELECT 1 / 0")
        connection.commit()
    engine.dispose()
    found = written(recorder, tmp_path)
    by_id = found.calls["SELECT name, '10%' FROM users WHERE id = $1"]
    assert (by_id["calls"], by_id["rows"]) == (10, 9)
    insert = found.calls["INSERT INTO users VALUES ($1, $2)"]
    assert (insert["calls"], insert["batches"], insert["sets"], insert["rows"]) == (1, 1, 3, 3)
    assert found.calls["SELECT 1 / 0"]["errors"] == 1
    assert set(found.sites.values()) == {"test_sqlalchemy_engine.py:test_core"}


def test_a_loop_over_a_relationship_is_seen_with_the_line_that_loops(
    url: str, recorder: Recorder, tmp_path: Path
) -> None:
    engine = create_engine(url)
    capture.sqlalchemy(engine, recorder)

    def report(session: Session) -> int:
        users = session.scalars(select(User).order_by(User.id)).all()
        return sum(order.total for user in users for order in user.orders)

    for _ in range(2):
        with Session(engine) as session:
            assert report(session) == 5050
    engine.dispose()
    found = written(recorder, tmp_path)
    assert len(found.sequences) == 2
    for (parent, once), (child, times) in found.sequences:
        assert parent.startswith("SELECT users.id, users.name")
        assert child.startswith("SELECT orders.id")
        assert "$1" in child
        assert (once, times) == (1, 20)
        assert found.sites[child].endswith("report.<locals>.<genexpr>")
        assert found.sites[parent].endswith("report")


def test_async_engines_tell_the_line_of_the_application(
    url: str, recorder: Recorder, tmp_path: Path
) -> None:
    async def names() -> list[str]:
        engine = create_async_engine(url)
        capture.sqlalchemy(engine, recorder)
        async with engine.connect() as connection:
            rows = (await connection.execute(text("SELECT name FROM users ORDER BY id"))).all()
        await engine.dispose()
        return [row[0] for row in rows]

    assert asyncio.run(names())[0] == "user 1"
    found = written(recorder, tmp_path)
    assert found.calls["SELECT name FROM users ORDER BY id"]["rows"] == 20
    assert set(found.sites.values()) == {
        "test_sqlalchemy_engine.py:test_async_engines_tell_the_line_of_the_application"
        ".<locals>.names"
    }


def test_transactions_are_told_apart(url: str, recorder: Recorder, tmp_path: Path) -> None:
    engine = create_engine(url)
    capture.sqlalchemy(engine, recorder)
    with engine.connect() as connection:
        for _ in range(3):
            connection.execute(text("SELECT 1"))
            connection.execute(text("SELECT 2"))
            connection.commit()
    engine.dispose()
    found = written(recorder, tmp_path)
    assert found.sequences == [[("SELECT 1", 1), ("SELECT 2", 1)]] * 3


def test_with_autocommit_there_are_no_transactions(
    url: str, recorder: Recorder, tmp_path: Path
) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", pool_size=1)
    capture.sqlalchemy(engine, recorder)
    for _ in range(3):
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
        connection.execute(text("SELECT 2"))
    engine.dispose()
    assert written(recorder, tmp_path).transactions == 1


def test_the_line_that_flushes_is_told(url: str, recorder: Recorder, tmp_path: Path) -> None:
    engine = create_engine(url)
    capture.sqlalchemy(engine, recorder)
    with Session(engine) as session:
        session.add(User(id=900, name="x"))
        session.flush()
    engine.dispose()
    (place,) = written(recorder, tmp_path).sites.values()
    assert place == "test_sqlalchemy_engine.py:test_the_line_that_flushes_is_told"


def test_values_of_named_parameters(url: str, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "capture.jsonl", values=True)
    engine = create_engine(url)
    capture.sqlalchemy(engine, recorder)
    with engine.connect() as connection:
        statement = text("SELECT * FROM users WHERE name = :name AND id > :id OR name = :name")
        connection.execute(statement, {"id": 7, "name": "x"})
    engine.dispose()
    calls = written(recorder, tmp_path).calls
    sent = "SELECT * FROM users WHERE name = $1 AND id > $2 OR name = $1"
    assert calls[sent]["values"] == [["x", "7"]]


def test_stop_gives_the_engine_back(url: str, recorder: Recorder, tmp_path: Path) -> None:
    engine = create_engine(url)
    before = engine.dialect.do_execute
    capture.sqlalchemy(engine, recorder)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    recorder.stop()
    assert engine.dialect.do_execute == before
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 2")).scalar_one() == 2
    engine.dispose()
    assert written(recorder, tmp_path).texts == ["SELECT 1"]


def test_others_may_stand_in_the_same_place(url: str, recorder: Recorder, tmp_path: Path) -> None:
    """Another library (or recorder) that stands in the same place, above us or below."""
    engine = create_engine(url)
    other = Recorder(tmp_path / "other.jsonl")
    capture.sqlalchemy(engine, recorder)
    capture.sqlalchemy(engine, other)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        recorder.gate.closed = True
        connection.execute(text("SELECT 2"))
        recorder.stop()  # below: it can't be taken out, and is silent
        connection.execute(text("SELECT 3"))
    engine.dispose()
    other.stop()
    below, above = written(recorder, tmp_path), captured(tmp_path / "other.jsonl")
    assert (below.texts, below.missed) == (["SELECT 1"], 1)
    assert above.texts == ["SELECT 1", "SELECT 2", "SELECT 3"]


def test_other_listeners_are_still_called(url: str, recorder: Recorder, tmp_path: Path) -> None:
    engine = create_engine(url)
    seen: list[str] = []
    capture.sqlalchemy(engine, recorder)

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def comment(_c, _cursor, statement, parameters, _context, _many):  # type: ignore[no-untyped-def]
        seen.append(statement)
        return f"/* tag */ {statement}", parameters

    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    engine.dispose()
    assert seen == ["SELECT 1"]
    assert written(recorder, tmp_path).texts == ["/* tag */ SELECT 1"]
