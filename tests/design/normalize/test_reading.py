"""Files of data: what is read, and what is said of a file that can't be."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dbwright.design.normalize.reading.csv_ import read_csv
from dbwright.design.normalize.reading.json_ import read_json
from dbwright.design.normalize.reading.options import ReadingOptions
from dbwright.design.normalize.reading.parquet import read_parquet
from dbwright.design.normalize.relation import Relation
from dbwright.errors import BadData, MissingExtra
from dbwright.progress import silent

CSV = 'a,b\n1,"x, y"\n2,"say ""so"""\n'


def csv(tmp_path: Path, content: str | bytes, **options: object) -> Relation:
    path = tmp_path / "data.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_csv(path, "data", ReadingOptions(**options), silent)  # type: ignore[arg-type]


def cells(of: Relation) -> list[tuple[str | None, ...]]:
    return [tuple(column.value(row) for column in of.columns) for row in range(of.rows)]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (CSV.encode(), {}),
        (codecs.BOM_UTF8 + CSV.encode(), {}),
        (CSV.encode("utf-16"), {}),
        (CSV.replace(",b", ";b").replace('1,"', '1;"').replace('2,"', '2;"').encode(), {}),
        (CSV.replace(",b", "\tb").replace('1,"', '1\t"').replace('2,"', '2\t"').encode(), {}),
        (CSV.replace("\n", "\r\n").encode() + b"\r\n\r\n", {}),
        (CSV.replace('"', "'").replace("''so'''", '"so"\'').encode(), {"quote": "'"}),
    ],
)
def test_dialects_and_encodings(tmp_path: Path, content: bytes, options: dict[str, object]) -> None:
    assert cells(csv(tmp_path, content, **options)) == [("1", "x, y"), ("2", 'say "so"')]


def test_types_nulls_limits_and_chosen_columns(tmp_path: Path) -> None:
    text = "i,n,b,d,t,z,e,c\n1,1.50,t,2024-02-29,2024-01-01 10:00Z,007,,é\n"
    text += "2,1.5,f,2023-02-28,2024-01-01T11:00+01:00,7,,NA\n3,,t,,,8,,x\n"
    of = csv(tmp_path, text.encode("latin-1"), encoding="latin-1", null=("NA",))
    assert {column.name: column.type for column in of.columns} == {
        "i": "bigint",
        "n": "numeric",
        "b": "boolean",
        "d": "date",
        "t": "timestamptz",
        "z": "text",
        "e": "text",
        "c": "text",
    }
    # One number and one moment, however they are written; NULL is counted as a value.
    assert [of.column(name).distinct for name in "int"] == [3, 2, 2]
    assert of.column("c").value(1) is None
    assert any("only NULLs in e" in note for note in of.notes)
    few = csv(tmp_path, text.encode("latin-1"), encoding="latin-1", rows=2, columns=("z", "i"))
    assert (few.names, few.rows, few.whole) == (("i", "z"), 2, False)
    assert "only the first 2 rows" in few.notes[-1]
    bare = csv(tmp_path, "1,2\n3,4\n", header=False)
    assert (bare.names, bare.rows) == (("column1", "column2"), 2)


BAD: list[tuple[str | bytes, str]] = [
    ("", "1:1: the file is empty"),
    ("a,b\n", "2:1: there are no rows"),
    ("a,b\n1,2\n", "2:1: there is one row only"),
    ("a,b\n,\n,\n", "3:1: every value is NULL"),
    ("a,b\n1,2\n1,2,3\n", "3:5: 3 fields, and the header has 2"),
    ('a,b\n"x\ny",2\n1\n', "4:2: 1 fields, and the header has 2"),
    ('a,b\n1,2\n"open,2\n3,4\n', "3:1: no CSV from this row on"),
    ('a,b\n1,2\n"x"y,2\n', "3:1: no CSV from this row on"),
    ("a,b,a\n1,2,3\n", "1:1: two columns are named 'a'"),
    ("a,,c\n1,2,3\n", "1:3: a column has no name"),
    ("é" * 32 + ",b\n1,2\n", "1:1: a column's name is longer than 63 bytes"),
    ("a,b\n1,caf\xe9\n".encode("latin-1"), "2:6: the byte 0xe9 is no utf-8"),
    (b"a,b\n1,x\0y\n2,z\n", "2:4: a NUL is no text"),
    (",".join(f"c{n}" for n in range(1000)), "1:891: there are 1,000 columns"),
]


@pytest.mark.parametrize(("content", "said"), BAD)
def test_what_is_wrong_has_its_line_and_column(
    tmp_path: Path, content: str | bytes, said: str
) -> None:
    with pytest.raises(BadData) as raised:
        csv(tmp_path, content)
    assert raised.value.message.startswith(f"{tmp_path / 'data.csv'}:{said}")
    assert raised.value.next_step


def test_unknown_encodings_and_delimiters(tmp_path: Path) -> None:
    with pytest.raises(BadData, match="no encoding is named 'klingon'"):
        csv(tmp_path, CSV, encoding="klingon")
    with pytest.raises(BadData, match="one character each"):
        csv(tmp_path, CSV, delimiter="ab")
    with pytest.raises(BadData, match="no column is named"):
        csv(tmp_path, CSV, columns=("nope",))


def json_(tmp_path: Path, text: str) -> Relation:
    path = tmp_path / "data.json"
    path.write_text(text, encoding="utf-8")
    return read_json(path, "data", ReadingOptions(), silent)


@pytest.mark.parametrize("form", ["array", "lines"])
def test_json(tmp_path: Path, form: str) -> None:
    rows = [{"a": 1, "b": "x", "tags": ["p", "q"]}, {"a": 1.50, "c": True}, {"b": None, "a": 2}]
    lines = "\n".join(json.dumps(row) for row in rows)
    of = json_(tmp_path, json.dumps(rows, indent=1) if form == "array" else lines)
    assert of.names == ("a", "b", "tags", "c")
    assert cells(of)[1] == ("1.5", None, None, "true")
    assert of.column("tags").nested == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: the file is empty"),
        ('[{"a": 1},\n {"a": }]', "2:8: expecting value"),
        ('[{"a": 1} {"a": 2}]', "1:11: a comma is missing"),
        ('[{"a": 1}, 7]', "1:12: this is no object"),
        ('[{"a": 1}, {"a": 2}', "1:20: the array is never closed"),
        ('[{"a": 1}] x', "1:12: more text behind the array"),
        ('{"a": 1}\n{"a": \n', "3:1: expecting value"),
        ('[{"a": null}, {"a": null}]', "1:1: every value is NULL"),
        ('[{"a": "x"}, {"a": "\\ud800"}]', "1:1: a in row 2 has a character that is no text"),
        ("[" * 100_000, "1:2: it nests too deep"),
    ],
)
def test_bad_json(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadData) as raised:
        json_(tmp_path, text)
    assert (
        raised.value.message == f"{tmp_path / 'data.json'}:{said}"
        or raised.value.message.startswith(f"{tmp_path / 'data.json'}:{said}:")
    )


def test_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "data.parquet"
    table = pyarrow.table({"a": [1, 2, 2], "b": ["x", None, "z"], "c": [[1], [], None]})
    pyarrow.parquet.write_table(table, path)
    read: Callable[..., Relation] = read_parquet
    of = read(path, "data", ReadingOptions(rows=2), silent)
    assert cells(of) == [("1", "x", "[1]"), ("2", None, "[]")]
    assert (of.column("a").type, of.column("c").nested, of.whole) == ("bigint", 2, False)
    path.write_bytes(b"PAR1 and no more of it PAR1")
    with pytest.raises(BadData, match="no Parquet"):
        read(path, "data", ReadingOptions(), silent)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match="pyarrow"):
        read(path, "data", ReadingOptions(), silent)
