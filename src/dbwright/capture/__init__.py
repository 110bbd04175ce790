"""What an application asks its database, recorded from inside the application.

A server's log knows what was asked, not by which line of code. This library does: it listens where
statements are sent and adds up, for each statement and the line that sent it, calls, time, rows
and errors, with samples of what followed what in a transaction. The file it writes is what
`dbwright tune --workload dbwright-capture.jsonl` reads.

    from dbwright import capture

    recorder = capture.Recorder("dbwright-capture.jsonl")
    capture.sqlalchemy(engine, recorder)                       # SQLAlchemy, sync or async
    psycopg.connect(url, cursor_factory=capture.cursor_factory(recorder))
    ...
    recorder.stop()                                            # also done at the program's end

It imports nothing else of dbwright, and neither driver before it is asked to. It never raises into
the application, never records values unless told to (`values=True`), and its memory and its file
are bounded. The file's form is described in `capture.file`.
"""

from __future__ import annotations

from dbwright.capture.psycopg_cursors import async_cursor_factory, cursor_factory
from dbwright.capture.recorder import Recorder
from dbwright.capture.sqlalchemy_engine import sqlalchemy

__all__ = ["Recorder", "async_cursor_factory", "cursor_factory", "sqlalchemy"]
