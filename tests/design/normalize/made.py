"""Relations made of rows in a test."""

from __future__ import annotations

from collections.abc import Sequence

from dbwright.design.normalize.kinds import inferred
from dbwright.design.normalize.relation import Builder, Relation

__all__ = ["order_lines", "relation"]


def relation(
    names: str, rows: Sequence[Sequence[object]], name: str = "things", **more: object
) -> Relation:
    """Of values as texts; None is NULL."""
    builder = Builder(names.split())
    builder.add([[None if cell is None else str(cell) for cell in row] for row in rows])
    columns = tuple(map(inferred, builder.columns()))
    return Relation(name, columns, builder.rows, f"{name}.csv", **more)  # type: ignore[arg-type]


def order_lines(orders: int = 120) -> Relation:
    """Three lines of each order; orders have customers, these cities; lines have products."""
    rows = []
    for order in range(1, orders + 1):
        customer = order * 7 % 25
        city = customer % 6
        for line in (1, 2, 3):
            product = (order * 11 + line * 5) % 30
            rows.append(
                (
                    *(
                        order,
                        line,
                        f"2024-01-{order % 28 + 1:02}",
                        customer,
                        f"Customer {customer}",
                    ),
                    *(city, f"City {city}", product, f"Product {product}", product % 4 + 0.5),
                    order * line % 9 + 1,
                )
            )
    names = """order_id line_no order_date customer_id customer_name city_id city_name product_id
        product_name unit_price quantity"""
    return relation(names, rows, "order_lines")
