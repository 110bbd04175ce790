"""`dbwright design normalize` on a table of order lines that repeat customers and products.

    python bench/normalize.py [--rows 100000] [--trial]

Makes the table (100,000 x 15, one city misspelt once), reads it from CSV, mines keys and
dependencies with at most two columns on the left, judges them, and takes the table apart; with
`--trial` the migration is tried on a throw-away server too. Prints the time and the most memory
that this process had, beside the limits of 20 s and 1.5 GB.
"""

from __future__ import annotations

import argparse
import csv
import platform
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from dbwright.design.normalize.mining.mine import mine
from dbwright.design.normalize.moving.parts import decomposed
from dbwright.design.normalize.moving.trial import on_rows, tried
from dbwright.design.normalize.ranking.judge import judge
from dbwright.design.normalize.reading.csv_ import read_csv
from dbwright.design.normalize.reading.options import ReadingOptions
from dbwright.progress import silent
from dbwright.sandbox import start

SECONDS = 20
MEGABYTES = 1500
COLUMNS = """order_id line_no order_date customer_id customer_name customer_email city_id city_name
    region product_id product_name category unit_price quantity status""".split()


def order_lines(rows: int) -> Iterator[list[object]]:
    """The same rows each time."""
    chance = random.Random(1)
    regions = [f"Region {chance.randrange(8)}" for _ in range(120)]
    cities = [chance.randrange(120) for _ in range(3000)]
    products = [(chance.choice("ABCDEFG"), round(chance.random() * 90, 2)) for _ in range(800)]
    order = made = 0
    while made < rows:
        order += 1
        customer = chance.randrange(3000)
        city = cities[customer]
        date = f"2024-{chance.randrange(1, 13):02}-{chance.randrange(1, 28):02}"
        for line, product in enumerate(chance.sample(range(800), chance.randrange(1, 6)), 1):
            made += 1
            name = f"City {city}" if made != 77_777 else "Ctiy"
            category, price = products[product]
            yield [
                *(order, line, date, customer, f"Customer {customer}", f"c{customer}@example.org"),
                *(city, name, regions[city], product, f"Product {product}", category, price),
                *(chance.randrange(1, 10), chance.choice(["new", "paid", "sent"])),
            ]
            if made == rows:
                return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--trial", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "order_lines.csv")
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(order_lines(options.rows))
        run(path, options.trial)


def run(path: Path, trial: bool) -> None:
    began, cpu = time.perf_counter(), time.process_time()
    relation = read_csv(path, "order_lines", ReadingOptions(rows=0), silent)
    read = time.perf_counter()
    mined = mine(relation, left=2, tolerance=0.001)
    judgement = judge(relation, mined)
    found = decomposed(judgement)
    done, used = time.perf_counter(), time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Python {platform.python_version()}, {relation.rows:,} x {len(relation.columns)}")
    print(f"reading           {read - began:8.1f} s")
    print(f"mining, judging   {done - read:8.1f} s")
    print(f"together          {done - began:8.1f} s   limit {SECONDS} s   ({used:.1f} s of CPU)")
    print(f"most memory       {memory:8.0f} MB  limit {MEGABYTES} MB")
    print(f"keys {len(mined.keys)}, dependencies {len(mined.dependencies)}, ", end="")
    print(f"with exceptions {len(mined.near)}")
    for part in found.parts if found else ():
        print(f"  {part.name} ({', '.join(part.columns)}): {part.rows:,} rows")
    if found and trial:
        with start() as server, on_rows(server, relation, 1, silent) as connection:
            print(tried(connection, found, silent))


if __name__ == "__main__":
    main()
