"""Which line of the application sent a statement: the first frame outside of libraries.

Frames are told apart by their file's name alone, each name once. Where everything is installed as
a library (an application may be, too), the first frame is taken that is neither of the database
libraries nor of Python's own.
Lines are worked out when a place is seen for the first time: that is slow compared with the rest.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable, Iterator
from types import CodeType, FrameType
from typing import Any, NamedTuple

__all__ = ["APPLICATION", "Place", "Places", "Site", "site_of"]

APPLICATION, LIBRARY, INSIDE = 0, 1, 2

DRIVERS = frozenset(
    "psycopg psycopg_pool psycopg_binary psycopg_c psycopg2 asyncpg pg8000 sqlalchemy sqlmodel "
    "greenlet flask_sqlalchemy aiosqlite".split()
)
"""Packages that send statements for somebody else."""

GENERATED = ("<frozen", "<sqlalchemy")
"""Beginnings of the names of code that is in no file and of no application."""

PACKAGES = ("/site-packages/", "/dist-packages/")


Place = tuple[CodeType | None, int]
"""Where a program stood, code and instruction: cheap to take, compared by identity."""


class Site(NamedTuple):
    """A place in words."""

    file: str
    line: int
    function: str


class Places:
    """Finds places; remembers of each file what it belongs to.

    `application`: beginnings of paths that are the application's although they are installed.
    """

    def __init__(self, application: Iterable[str] = ()) -> None:
        self.kinds: dict[str, int] = {}
        """Of each file's name. Read directly where every nanosecond counts."""
        self._application = tuple(application)
        paths = sysconfig.get_paths()
        # Scripts, too: what starts an installed application (gunicorn …) is none.
        names = ("stdlib", "platstdlib", "scripts")
        self._standard = tuple({paths[name].replace("\\", "/") + "/" for name in names})
        self._own = __file__.rpartition("/")[0] + "/"

    def find(self, frame: FrameType | None) -> Place:
        """The innermost frame of the application, from `frame` outwards."""
        kinds = self.kinds
        here = frame
        while here is not None:
            code = here.f_code
            kind = kinds.get(code.co_filename)
            if kind is None:
                kind = self._kind(code.co_filename)
            if kind == APPLICATION:
                return code, here.f_lasti
            here = here.f_back or _outside_of_greenlet(here)
        return self._library(frame)

    def _library(self, frame: FrameType | None) -> Place:
        """The innermost frame that is of no database library, where all are of libraries."""
        while frame is not None:
            if self.kinds[frame.f_code.co_filename] == LIBRARY:
                return frame.f_code, frame.f_lasti
            frame = frame.f_back or _outside_of_greenlet(frame)
        return None, 0

    def _kind(self, file: str) -> int:
        """Of a file seen for the first time."""
        kind = self.kinds[file] = self._classify(file.replace("\\", "/"))
        return kind

    def _classify(self, file: str) -> int:
        if self._application and file.startswith(self._application):
            return APPLICATION
        if file.startswith(self._own) or any(file.startswith(each) for each in _driver_folders()):
            return INSIDE
        for mark in PACKAGES:
            _, found, inside = file.rpartition(mark)
            if found:
                package = inside.partition("/")[0].removesuffix(".py")
                return INSIDE if package in DRIVERS else LIBRARY
        if file.startswith((*GENERATED, *self._standard)):
            return INSIDE
        return APPLICATION


def _driver_folders() -> Iterator[str]:
    """Where those that are loaded are: not all are installed among the packages."""
    for name in DRIVERS:
        file = getattr(sys.modules.get(name), "__file__", None)
        if file and file.endswith("__init__.py"):
            yield file.replace("\\", "/").rpartition("/")[0] + "/"


def site_of(code: CodeType | None, instruction: int) -> Site | None:
    """The place in words; None for nowhere."""
    if code is None:
        return None
    line = code.co_firstlineno
    for start, end, found in code.co_lines():
        if start <= instruction < end and found is not None:
            line = found
    return Site(code.co_filename, line, code.co_qualname)


def _outside_of_greenlet(outermost: FrameType) -> FrameType | None:
    """SQLAlchemy runs its synchronous inside in a greenlet, whose frames end where it began; the
    application waits in the one around it. None where `outermost` is the outermost of all."""
    greenlet: Any = sys.modules.get("greenlet")
    if greenlet is None:
        return None
    parent = greenlet.getcurrent().parent
    found: FrameType | None = None if parent is None else parent.gr_frame
    frame = found
    while frame is not None:
        if frame is outermost:
            return None
        frame = frame.f_back
    return found
