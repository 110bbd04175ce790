"""A plan is the same however it was pasted: from psql in all its styles, from pgAdmin, from a mail,
from a log of auto_explain, with Windows line ends, with its indentation lost."""

from __future__ import annotations

import csv
import html
import io
import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbwright.engines.postgresql.plan import read_plan, read_plans
from dbwright.errors import NotAPlan
from dbwright.model.plan import Plan
from servers.postgresql import Database

SCHEMA = """
CREATE TABLE a (id int PRIMARY KEY, note text);
CREATE TABLE b (id int, a_id int REFERENCES a);
INSERT INTO a SELECT n, 'note ' || n FROM generate_series(1, 300) n;
INSERT INTO b SELECT n, n % 300 + 1 FROM generate_series(1, 900) n;
ANALYZE a; ANALYZE b;
"""
QUERY = (
    "SELECT a.note, count(*) FROM a JOIN b ON b.a_id = a.id WHERE a.note <> '->  x (cost=1)' "
    "AND a.note <> E'dear\\nSir,\\n\\n  ->  Seq Scan on a  (cost=0.00..1.00 rows=1 width=1)\\n(2 rows)' "
    "AND b.id > (SELECT avg(id) FROM b) GROUP BY a.note ORDER BY 2 DESC, a.note LIMIT 7"
)

TEXT = """\
Limit  (cost=81.44..81.45 rows=3 width=16) (actual time=1.123..1.126 rows=3 loops=1)
  Buffers: shared hit=14, temp read=3 written=4
  InitPlan 1 (returns $0)
    ->  Aggregate  (cost=16.50..16.51 rows=1 width=32) (actual time=0.300..0.301 rows=1 loops=1)
          ->  Seq Scan on b b_1  (cost=0.00..14.00 rows=900 width=4) (actual time=0.006..0.101 rows=900 loops=1)
                Filter: ((note <> 'Filter: ->  x (cost=1)'::text) AND (a_id > 3))
                Rows Removed by Filter: 12
  ->  Sort  (cost=64.93..65.68 rows=300 width=16) (actual time=1.122..1.123 rows=3 loops=1)
        Sort Key: (count(*)) DESC, a.note
        Sort Method: top-N heapsort  Memory: 25kB
        ->  Hash Join  (cost=10.75..28.13 rows=300 width=8) (actual time=0.400..0.901 rows=450 loops=1)
              Hash Cond: (b.a_id = a.id)
              ->  Seq Scan on b  (cost=0.00..16.25 rows=300 width=4) (actual time=0.3..0.5 rows=450 loops=1)
              ->  Hash  (cost=7.00..7.00 rows=300 width=12) (actual time=0.090..0.090 rows=300 loops=1)
                    Buckets: 1024  Batches: 1  Memory Usage: 22kB
                    ->  Seq Scan on "A b" a  (cost=0.00..7.00 rows=300 width=12) (never executed)
Planning Time: 0.3 ms
Execution Time: 1.2 ms
"""
WHOLE = read_plan(TEXT)


def mail(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def windows(text: str) -> str:
    return text.replace("\n", "\r\n")


def quoted(text: str) -> str:
    doubled = (line.replace('"', '""') for line in text.splitlines())
    return "\n".join(f'"{line}"' for line in doubled)


def boxed(text: str) -> str:
    lines = text.splitlines()
    width = max(map(len, lines))
    edge = f"+-{'-' * width}-+"
    rows = [f"| {line.ljust(width)} |" for line in lines]
    head = f"| {'QUERY PLAN'.center(width)} |"
    return "\n".join([edge, head, edge, *rows, edge, f"({len(rows)} rows)"])


def headed(text: str) -> str:
    lines = text.splitlines()
    rows = "\n".join(f" {line}" for line in lines)
    return f"{'QUERY PLAN':^80}\n{'-' * 80}\n{rows}\n({len(lines)} rows)\n\nTime: 1.234 ms\n"


def indented(text: str) -> str:
    return "\n".join(f"        {line}" for line in text.splitlines())


def tabbed(text: str) -> str:
    return "\n".join(f"\t{line}" for line in text.splitlines())


def hard_spaces(text: str) -> str:
    return text.replace("  ", "\u00a0 ")


def logged(text: str) -> str:
    plan = "\n".join(text.splitlines()[:-2])  # auto_explain writes no times of its own
    return (
        "2024-05-06 07:08:09.123 UTC [4242] app@shop LOG:  duration: 1.234 ms  plan:\n"
        f"\tQuery Text: SELECT 1\n\t  FROM b;\n{tabbed(plan)}\n"
        "2024-05-06 07:08:10.123 UTC [4242] app@shop LOG:  checkpoint starting: time"
    )


DECORATIONS: dict[str, Callable[[str], str]] = {
    each.__name__: each
    for each in (mail, windows, quoted, boxed, headed, indented, tabbed, hard_spaces)
}


@given(st.lists(st.sampled_from(sorted(DECORATIONS)), max_size=3, unique=True))
def test_what_stands_around_a_plan_is_taken_off(names: list[str]) -> None:
    outer = [name for name in names if name in ("quoted", "boxed", "headed")]
    inner = [name for name in names if name not in outer and name not in ("mail", "windows")]
    last = [name for name in ("mail", "windows") if name in names]
    text = TEXT
    for name in (*inner, *outer[:1], *last):  # a terminal draws around it, then a mail quotes it
        text = DECORATIONS[name](text)
    assert read_plan(text) == WHOLE


def test_a_log_line() -> None:
    found = read_plan(logged(TEXT))
    assert found.root == WHOLE.root
    assert found.query == "SELECT 1\nFROM b;"


def test_wrapped_lines_are_joined() -> None:
    lines = []
    for line in TEXT.splitlines():
        if len(line) > 80 and "Seq Scan on b b_1" not in line:
            cut = line.rindex(" ", 0, 80)
            lines += [line[:cut], line[cut + 1 :]]
        else:
            lines.append(line)
    assert read_plan("\n".join(lines)) == WHOLE


def test_lost_indentation_is_found_again_where_it_can_be() -> None:
    head = [line for line in TEXT.splitlines() if "InitPlan" not in line]
    head = head[:2] + head[5:]  # without what hangs below the InitPlan
    whole = read_plan("\n".join(head))
    assert read_plan("\n".join(line.strip() for line in head)) == whole
    assert [node.name for node in whole.nodes][:3] == ["Limit", "Sort", "Hash Join"]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(line.strip() for line in TEXT.splitlines()),
        "Hash Join  (cost=1..2 rows=1 width=1)\n->  Append  (cost=1..2 rows=1 width=1)\n"
        "->  Seq Scan on a  (cost=1..2 rows=1 width=1)\n->  Seq Scan on b  (cost=1..2 rows=1 width=1)\n",
        "Sort  (cost=1..2 rows=1 width=1)\n->  Hash Join  (cost=1..2 rows=1 width=1)\n"
        "->  Seq Scan on a  (cost=1..2 rows=1 width=1)\n",
    ],
)
def test_an_ambiguous_tree_is_refused_not_guessed(text: str) -> None:
    with pytest.raises(NotAPlan, match="indentation is lost"):
        read_plan(text)


@pytest.fixture(scope="module")
def forms(postgresql: Any) -> dict[str, str]:
    """The same plan as the server gives it in JSON and in text, without anything that changes."""
    postgresql.create_database("pastes")
    url = postgresql.url("pastes")
    found = {"url": url}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        for name in ("JSON", "TEXT", "XML", "YAML"):
            rows = connection.execute(f"EXPLAIN (VERBOSE, FORMAT {name}) {QUERY}".encode())
            cells = [row[0] for row in rows.fetchall()]
            found[name] = json.dumps(cells[0], indent=2) if name == "JSON" else "\n".join(cells)
    return found


def psql(forms: dict[str, str], bin_: Any, statement: str, *options: str) -> str:
    done = subprocess.run(
        [bin_ / "psql", "-X", *options, "-c", statement, forms["url"]],
        capture_output=True,
        text=True,
        check=True,
        env={"PSQL_PAGER": "cat", "PATH": "/usr/bin:/bin"},
    )
    return done.stdout


STYLES = [
    (),
    ("-P", "border=0"),
    ("-P", "border=2"),
    ("-P", "border=2", "-P", "linestyle=unicode"),
    ("-P", "linestyle=old-ascii"),
    ("-A",),
    ("-A", "-t"),
    ("--csv",),
    ("-P", "border=2", "-P", "linestyle=unicode", "-P", "unicode_border_linestyle=double"),
    ("-x",),
    ("-x", "-P", "border=0"),
    ("-x", "-P", "border=2"),
    ("-x", "-A"),
    ("-x", "-H"),
    ("-x", "-P", "format=wrapped", "-P", "columns=80"),
    ("-H",),
    ("-P", "format=wrapped", "-P", "columns=4000"),
    ("-P", "format=wrapped", "-P", "columns=90"),
]


@pytest.mark.parametrize("style", STYLES, ids=" ".join)
@pytest.mark.parametrize("form", ["JSON", "TEXT", "XML", "YAML"])
def test_psql(forms: dict[str, str], postgresql: Any, style: tuple[str, ...], form: str) -> None:
    statement = f"EXPLAIN (VERBOSE, FORMAT {form}) {QUERY}"
    shown = psql(forms, postgresql.programs.bin, statement, *style)
    assert read_plan(shown) == read_plan(forms[form])


def test_lines_of_a_literal_stay(forms: dict[str, str]) -> None:
    wanted = shape(read_plan(forms["JSON"]))
    assert any("dear\nSir,\n\n  ->  Seq" in str(part) for node in wanted for part in node)
    for form in ("TEXT", "XML", "YAML"):
        for around in (str, mail, quoted, boxed, headed, fenced, rows, tuples):
            assert shape(read_plan(around(forms[form] + "\n"))) == wanted, (form, around)


@pytest.mark.parametrize("form", ["json", "text", "xml", "yaml"])
def test_auto_explain(database: Database, form: str) -> None:
    """As the server itself logs it."""
    notices: list[str] = []
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        connection.execute("LOAD 'auto_explain'")
        for name, value in {
            "auto_explain.log_min_duration": "0",
            "auto_explain.log_analyze": "on",
            "auto_explain.log_timing": "off",
            "auto_explain.log_format": form,
            "client_min_messages": "log",
        }.items():
            connection.execute("SELECT set_config(%s, %s, false)", [name, value])
        connection.add_notice_handler(lambda each: notices.append(each.message_primary or ""))
        connection.execute(QUERY.encode())
        connection.execute("SET client_min_messages = warning")
        direct = connection.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {QUERY}".encode())
        wanted = read_plan(direct.fetchall()[0][0])
    (message,) = [each for each in notices if "GROUP BY" in each]
    prefix = "2024-05-06 07:08:09.123 UTC [4242] app@shop LOG:  "
    found = read_plan(prefix + message.replace("\n", "\n\t"))
    assert shape(found) == shape(wanted)
    assert found.query == QUERY
    assert found.analyzed


def shape(plan: Plan) -> list[tuple[object, ...]]:
    return [(n.name, n.on, n.rows, n.actual_rows, n.filter, len(n.children)) for n in plan.nodes]


def test_the_cell_of_a_csv_file(forms: dict[str, str]) -> None:
    for form in ("JSON", "XML", "YAML"):
        out = io.StringIO()
        csv.writer(out, quoting=csv.QUOTE_ALL).writerow([forms[form]])
        assert read_plan(out.getvalue()) == read_plan(forms[form])


@pytest.mark.parametrize(
    "text",
    [
        '- Plan: \n    Node Type: "Sort"\n    Filter: "(a = ',
        '- Plan: \n    Node Type: "Sort"\n  Plans: \n  - Node Type: "Limit"\n- - 3',
        '- Plan:\nNode Type: "Sort"\n',
    ],
)
def test_damaged_yaml_is_told(text: str) -> None:
    with pytest.raises(NotAPlan) as refused:
        read_plan(text)
    assert refused.value.next_step


def fenced(text: str) -> str:
    return f"My plan (it is slow):\n\n```\n{text}```\n\nAny ideas? I ran ANALYZE.\n-- \nBob"


def in_words(text: str) -> str:
    return f"Hi, this took (cost=12) long:\n\n{text}\nAny ideas? It has no index (I think)."


def edged(text: str) -> str:
    width = max(map(len, text.splitlines()))
    rows = "\n".join(f"{line:{width}}|" for line in text.splitlines())
    return f"{'QUERY PLAN':{width}}|\n{'-' * width}+\n{rows}"


def in_a_session(text: str) -> str:
    return f"shop=> EXPLAIN ANALYZE SELECT 1;\n{boxed(text)}\n\nTime: 12.3 ms\nshop=> \n"


def broken(text: str) -> str:
    """By a terminal of 80 columns."""
    return "\n".join(
        line[at : at + 80] for line in text.splitlines() for at in range(0, len(line), 80)
    )


def rows(text: str) -> str:
    return json.dumps([{"QUERY PLAN": line} for line in text.splitlines()])


def tuples(text: str) -> str:
    """Rows as Python prints them."""
    return "\n".join(str((line,)) for line in text.splitlines())


def quoted_answer(text: str) -> str:
    return f"Bob wrote:\n\n> hi, see:\n{mail(headed(text))}\n\nHave you tried an index?\n"


def syslog(text: str) -> str:
    lines = ["app LOG:  duration: 1.2 ms  plan:", "Query Text: SELECT 1", *text.splitlines()]
    return "\n".join(
        f"Nov 23 17:00:0{n % 3} db1 postgres[42]: [5-{n}] #011{line}"
        for n, line in enumerate(lines)
    )


def container(text: str) -> str:
    return "\n".join(f"2026-11-23T17:00:00.12{n}Z stdout F {line}" for n, line in _numbered(text))


def numbered(text: str) -> str:
    return "\n".join(f"{n:6}\t{line}" for n, line in _numbered(text))


def comment(text: str) -> str:
    return "\n".join(["/*", *(f" * {line}" for line in text.splitlines()), " */"])


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    yield from enumerate(text.splitlines(), 1)


def escaped(text: str) -> str:
    return json.dumps({"at": "12:00", "plan": text})


def objects(text: str) -> str:
    return "\n".join(json.dumps({"QUERY PLAN": line}) for line in text.splitlines())


def page(text: str) -> str:
    return f"<html><body><pre><code>{html.escape(text)}</code></pre></body></html>"


def arrows(text: str) -> str:
    """Of an office program."""
    lines = text.splitlines()
    return "\n".join(
        line.replace("->", "→", 1) if line.lstrip()[:2] == "->" else line for line in lines
    )


def csvlog(text: str) -> str:
    quoted = "duration: 1.2 ms  plan:\nQuery Text: SELECT a\n" + text.replace('"', '""')
    return f'2024-05-06 07:08:09.123 UTC,"bob","shop",77,LOG,00000,"{quoted}",,,"psql",,0\n'


def jsonlog(text: str) -> str:
    message = f"duration: 1.2 ms  plan:\nQuery Text: SELECT 1\n{text}"
    line = json.dumps({"timestamp": "2024-05-06 07:08:09.123 UTC", "message": message})
    other = json.dumps({"timestamp": "2024-05-06 07:08:09.123 UTC", "message": "connection"})
    return f"{other}\n{line}\n"


def markdown_table(text: str) -> str:
    lines = [line.replace("|", "\\|") for line in text.splitlines()]
    return "\n".join(f"| {line} |" for line in ("QUERY PLAN", *lines)).replace(
        "| QUERY PLAN |", "| QUERY PLAN |\n|---|"
    )


AROUND = (
    *(fenced, in_words, edged, in_a_session, broken, rows, tuples, csvlog, jsonlog),
    *(quoted_answer, markdown_table, syslog, container, numbered, comment),
    *(escaped, objects, page, arrows),
)


@pytest.mark.parametrize("around", AROUND)
def test_what_programs_and_people_put_around_it(around: Callable[[str], str]) -> None:
    (found,) = read_plans(around(TEXT))
    assert found.root == WHOLE.root
    assert found.execution_seconds == WHOLE.execution_seconds


def test_words_after_a_plan_without_times_are_not_its_condition() -> None:
    text = "Seq Scan on t  (cost=0.00..9.00 rows=5 width=4)\n  Filter: (a = 1)\n"
    assert read_plan(f"{text}How can I make it faster?").root.filter == "(a = 1)"
    assert read_plan(f"{text}```\n").root.filter == "(a = 1)"


def test_json_in_a_condition_makes_no_document_of_a_text() -> None:
    text = (
        "Seq Scan on t  (cost=0.00..9.00 rows=5 width=4)\n"
        """  Filter: ((doc = '{"Plan": 1}'::jsonb) OR (note = '{"Node Type": "x"}'::text))\n"""
    )
    plan = read_plan(text)
    assert "Plan" in plan.root.filter
    assert read_plan(quoted(text)) == plan


def test_nodes_are_not_lost_behind_what_is_not_understood() -> None:
    lines = "\n".join(f"[{n}] => Array\n [QUERY PLAN] => {line}" for n, line in _numbered(TEXT))
    with pytest.raises(NotAPlan, match="before each line"):
        read_plan(lines)


def test_a_kind_that_nobody_knows_is_no_head() -> None:
    text = "Quantum Sort  (cost=0.00..9.00 rows=5 width=4)\n  Sort Key: Quantum\n"
    assert read_plan(text).root.name == "Quantum Sort"


def test_a_literal_that_was_cut_off_hides_no_node() -> None:
    text = (
        "Nested Loop  (cost=1.00..2.00 rows=1 width=1)\n"
        "  ->  Seq Scan on a  (cost=1.00..2.00 rows=1 width=1)\n"
        "        Filter: (note = 'it goes on and on...\n"
        "  ->  Seq Scan on b  (cost=1.00..2.00 rows=1 width=1)\n"
        "        Filter: (note = 'x'::text)\n"
    )
    assert [node.name for node in read_plan(text).nodes] == ["Nested Loop", "Seq Scan", "Seq Scan"]


def test_pythons_own_literals(forms: dict[str, str]) -> None:
    assert read_plan(repr(json.loads(forms["JSON"]))) == read_plan(forms["JSON"])
    assert read_plan(json.dumps(forms["JSON"])) == read_plan(forms["JSON"])


def test_a_label_that_was_wrapped_is_no_other_plan() -> None:
    whole = (
        "Nested Loop  (cost=1.00..2.00 rows=1 width=1)\n"
        "  ->  Index Scan using orders_customer on orders  (cost=1.00..2.00 rows=1 width=1)\n"
        "        Filter: ((data -> 'a'::text) = '1'::jsonb)\n"
        "        Rows Removed by Filter: 12\n"
        "  ->  Seq Scan on b  (cost=1.00..2.00 rows=1 width=1)\n"
    )
    wrapped = whole.replace("on orders  (", "on\norders  (").replace("(data ->", "(data\n->")
    assert read_plans(wrapped) == read_plans(whole)


def test_spaces_that_a_browser_made_one() -> None:
    flat = [line for line in TEXT.splitlines() if "InitPlan" not in line]
    flat = flat[:2] + flat[5:]
    text = "\n".join(f" {' '.join(line.split())}" for line in flat)
    assert shape(read_plan(text)) == shape(read_plan("\n".join(flat)))


def test_several_plans_in_one_paste(forms: dict[str, str]) -> None:
    for form in ("JSON", "TEXT", "XML", "YAML"):
        assert read_plans(f"{forms[form]}\n{forms[form]}\n") == (read_plan(forms[form]),) * 2
    found = read_plans(logged(TEXT) + "\n" + logged(TEXT))
    assert [plan.query for plan in found] == ["SELECT 1\nFROM b;"] * 2
    assert found[0].root == found[1].root == WHOLE.root


def test_parameters_of_the_log_are_no_part_of_the_query() -> None:
    text = logged(TEXT).replace("FROM b;", "FROM b;\n\tQuery Parameters: $1 = '7'")
    assert read_plan(text).query == "SELECT 1\nFROM b;"


@given(st.data())
def test_a_part_of_a_document_is_never_taken_for_the_whole(
    forms: dict[str, str], data: st.DataObject
) -> None:
    form = data.draw(st.sampled_from(["JSON", "XML"]))
    text = forms[form].rstrip()
    cut = data.draw(st.integers(0, len(text) - 2))
    try:
        found = read_plan(text[:cut])
    except NotAPlan:
        return
    assert found == read_plan(text)  # only the brackets around it were cut off


@given(st.data())
def test_damage_is_told_and_never_crashes(forms: dict[str, str], data: st.DataObject) -> None:
    text = forms[data.draw(st.sampled_from(["JSON", "TEXT", "XML", "YAML"]))]
    at = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(at, min(len(text), at + 40)))
    junk = data.draw(st.text(max_size=20))
    try:
        read_plan(text[:at] + junk + text[end:])
    except NotAPlan as refused:
        assert refused.next_step
