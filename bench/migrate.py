"""The four measures of `dbwright migrate`, each a bench of its own.

    python bench/migrate.py stall [--rows 5000000 …]     waits of an application
    python bench/migrate.py backfill [--rows 5000000 …]   batches beside one UPDATE
    python bench/migrate.py lint FOLDER …                 files a second, beside squawk
    python bench/migrate.py diff [--tables 1000 …]        two catalogs, beside reading them

What stands behind the name goes to that one; `python bench/migrate.py stall --help` says what it
takes. Run them when nothing else does: stalls and p99 are of the whole machine.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

MEASURES = ("stall", "backfill", "lint", "diff")


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in MEASURES:
        print(__doc__)
        sys.exit(0 if sys.argv[1:] in (["-h"], ["--help"]) else 2)
    file = Path(__file__).with_name(f"migrate_{sys.argv[1]}.py")
    sys.argv = [str(file), *sys.argv[2:]]
    runpy.run_path(str(file), run_name="__main__")


if __name__ == "__main__":
    main()
