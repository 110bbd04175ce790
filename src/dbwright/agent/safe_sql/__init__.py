"""One query of somebody whom nobody trusts, run so that it can only read.

Nouns: a `SafeSession` runs queries under `Limits` and a `Policy`, and gives a `Result`; what does
more than read is a `QueryRefused`. Seven layers, each of which is enough for most attacks:

1. a role that may do little (`dbwright agent role` prints its SQL); a superuser is warned;
2. the extended protocol: one statement a message (`session`);
3. the statement's kind by the parser (`statement`), then what the server's own analysis of it
   names: functions judged by facts of the catalog (`functions`), relations, secrets (`lineage`);
   nothing was planned until then, and what is run is the very statement that was judged;
4. a READ ONLY transaction that is always rolled back;
5. time-outs and limits of memory, kept by the server;
6. rows, cells and bytes are counted while they come, and no more are read (`stream`);
7. the session is reset after each query.

A statement that is only to be planned is judged by `guard_of`, on the server that plans it.
"""

from __future__ import annotations

from dbwright.agent.safe_sql.limits import Limits, Policy
from dbwright.agent.safe_sql.masking import Masker
from dbwright.agent.safe_sql.planned import guard_of, require_plannable
from dbwright.agent.safe_sql.result import MASKED, Result, ResultColumn
from dbwright.agent.safe_sql.session import SafeSession

__all__ = [
    "MASKED",
    "Limits",
    "Masker",
    "Policy",
    "Result",
    "ResultColumn",
    "SafeSession",
    "guard_of",
    "require_plannable",
]
