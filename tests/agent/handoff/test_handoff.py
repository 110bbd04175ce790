"""The noun: four kinds, nothing lost on the way through, and wrong fields named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from dbwright.agent.handoff.handoff import kinds, payload_of, read_handoff
from dbwright.agent.handoff.parts import seconds
from dbwright.agent.handoff.schema import schema
from dbwright.errors import BadDocument
from dbwright.trees.read import parsed
from dbwright.trees.yaml_ import read_yaml, yaml_text

EXAMPLES = {
    "design_database_schema": """
handoff: design_database_schema
from: software-architect
to: database
ticket_id: T-7
priority: high
payload:
  pattern: modular monolith
  services:
  - name: orders
    owns: [shop.orders, shop.order_lines]
    team: {lead: Ada}
  - billing
  data_ownership:
    billing: [shop.invoices]
    search: shop.words
  access_patterns:
  - {name: last orders, service: orders, tables: [shop.orders], kind: read, per_second: 40, x: 1}
  - all invoices of a month
  growth: 2x
""",
    "provision_database_infrastructure": """
handoff: provision_database_infrastructure
from: architect
ticket_id: 12
payload:
  name: shop
  engine: postgresql
  version: 16.10
  topology: {replicas: 2, high_availability: true, zones: [a, b]}
  backup_policy: {rpo: 5 minutes, rto: PT1H, retention: 14d, offsite: true}
  storage_gb: 100
  cost_limit: 400.50
""",
    "secure_database_access": """
handoff: secure_database_access
payload:
  classification:
  - {object: shop.customers.email, level: restricted, personal: true, law: GDPR}
  encryption: {at_rest: true, in_transit: true, columns: [shop.customers.card]}
  access_model:
  - {role: app, tables: [shop.orders], privileges: [select, INSERT], rows: tenant_id = 1, why: x}
  audit: {tables: [shop.orders], retention: 90 days}
""",
    "diagnose_query_performance": """
handoff: diagnose_query_performance
from: debugging
payload:
  symptom: the list of orders takes 4 s
  metrics: {p95_ms: 4100, cpu: 95%, seen: {from: 10:00, to: 11:00}, none: null}
  suspected_queries:
  - {sql: "SELECT * FROM orders WHERE customer_id = 7", where: app/orders.py:12, mean_ms: 3900.5, id: 3}
  - SELECT 1
  diagnostics_needed: [explained_plans, missing_indexes, something else]
  since: 2026-05-04
""",
}


NAMES = st.text("äxyz -:#.", min_size=1, max_size=6).map(lambda text: f"x{text}")


def test_there_is_an_example_of_each() -> None:
    assert set(EXAMPLES) == set(kinds())


@pytest.mark.parametrize("kind", kinds())
def test_every_field_comes_back(kind: str) -> None:
    tree = read_yaml(EXAMPLES[kind], "x")
    found = read_handoff(tree)
    assert found.kind == kind
    again = yaml_text(found.document())
    assert read_yaml(again, "x").value == tree.value
    assert yaml_text(read_handoff(read_yaml(again, "y")).document()) == again
    # The typed payload has all of it, too: what is known and what is not.
    assert found.payload.written == json.loads(json.dumps(tree.value["payload"]))
    as_json = read_handoff(parsed(json.dumps(tree.value), "x.json"))
    assert as_json.payload == found.payload


EXTRA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6).filter(str.isprintable),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)


def mappings(value: Any) -> list[dict[str, Any]]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value] if isinstance(value, dict) else []
    return own + [each for one in inner for each in mappings(one)]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(kinds()), st.dictionaries(NAMES, EXTRA, max_size=3), st.data())
def test_fields_that_nobody_knows_come_back_wherever_they_are(
    kind: str, extra: dict[str, Any], data: st.DataObject
) -> None:
    value = read_yaml(EXAMPLES[kind], "x").value
    # What stands in these mappings is for their writer to choose.
    data.draw(st.sampled_from(mappings(value))).update(extra)
    value.get("payload", {}).get("data_ownership", {}).clear()
    text = yaml_text(value)
    found = read_handoff(read_yaml(text, "x"))
    assert found.document() == value
    assert read_yaml(yaml_text(found.document()), "y").value == value
    assert found.payload.written == value["payload"]


@pytest.mark.parametrize("kind", kinds())
def test_its_schema_holds_for_it_and_lets_more_be_there(kind: str) -> None:
    document = json.loads(schema(kind))
    Draft202012Validator.check_schema(document)
    validator = Draft202012Validator(document)
    good = read_yaml(EXAMPLES[kind], "x").value
    validator.validate(good)
    for wrong in ({**good, "handoff": "other"}, {**good, "payload": []}, {"handoff": kind}):
        with pytest.raises(ValidationError):
            validator.validate(wrong)


def test_the_payload_may_stand_beside_the_envelope() -> None:
    tree = read_yaml("type: diagnose_query_performance\nfrom: a\nsymptom: slow\nx: 1\n", "x")
    found = read_handoff(tree)
    assert (found.kind, found.sender) == ("diagnose_query_performance", "a")
    assert found.payload.written == {"symptom": "slow", "x": 1}
    assert found.document() == {
        "handoff": "diagnose_query_performance", "from": "a", "symptom": "slow", "x": 1,
    }  # fmt: skip


PAYLOAD = "handoff: {}\npayload:\n  {}\n"


@pytest.mark.parametrize(
    ("kind", "payload", "said"),
    [
        ("design_database_schema", "services: []", "x:3: payload.pattern: is missing"),
        ("design_database_schema", "pattern: ''", "x:3: payload.pattern: is empty"),
        ("design_database_schema", "pattern: 7", "payload.pattern: is a number, and has to be a text"),
        ("design_database_schema", "pattern: a\n  services: b", "x:4: payload.services: is a text, and has to be a list"),
        ("design_database_schema", "pattern: a\n  services:\n  - a\n  - nme: b", "x:6: payload.services[1].name: is missing"),
        ("design_database_schema", "pattern: a\n  services:\n  - a\n  - name: b\n    owns:\n    - [c]", "x:8: payload.services[1].owns[0]: is a list, and has to be a text"),
        ("design_database_schema", "pattern: a\n  services: [9]", "payload.services[0]: is a number, and has to be a mapping or a text"),
        ("design_database_schema", "pattern: a\n  access_patterns:\n  - kind: look", "x:5: payload.access_patterns[0].kind: is 'look', and may be 'read', 'write' or 'mixed'"),
        ("design_database_schema", "pattern: a\n  access_patterns:\n  - per_second: -1", "payload.access_patterns[0].per_second: is -1, and has to be at least 0"),
        ("provision_database_infrastructure", "engine: oracle", "payload.engine: is 'oracle', and may be 'postgresql'"),
        ("provision_database_infrastructure", "backup_policy: {rpo: soon}", "payload.backup_policy.rpo: is no time such as"),
        ("provision_database_infrastructure", "backup_policy: {RPO: 5}", "payload.backup_policy.RPO: is a number, and has to be a text"),
        ("provision_database_infrastructure", "topology: {replicas: 1.5}", "payload.topology.replicas: is a number, and has to be a whole number"),
        ("provision_database_infrastructure", "topology: {replicas: many}", "payload.topology.replicas: is a text, and has to be a whole number"),
        ("provision_database_infrastructure", "topology: {replicas: true}", "is true or false, and has to be a whole number"),
        ("secure_database_access", "access_model:\n  - {role: a, tables: [t]}", "x:4: payload.access_model[0].privileges: is missing"),
        ("secure_database_access", "access_model:\n  - {role: a, tables: [t], privileges: [drop]}", "privileges[0]: is 'drop', and may be"),
        ("diagnose_query_performance", "symptom: a\n  suspected_queries:\n  - sql: ' '", "x:5: payload.suspected_queries[0].sql: is empty"),
        ("diagnose_query_performance", "symptom: a\n  metrics: high", "payload.metrics: is a text, and has to be a mapping"),
        ("diagnose_query_performance", "- symptom", "x:3: payload: is a list"),
        ("diagnose_queries", "symptom: a", "x:1: handoff: there is no handoff 'diagnose_queries'"),
        ("[1]", "symptom: a", "x:1: handoff: there is no handoff a list"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_path_and_line(kind: str, payload: str, said: str) -> None:
    with pytest.raises(BadDocument) as told:
        read_handoff(read_yaml(PAYLOAD.format(kind, payload), "x"))
    assert said in told.value.message, told.value.message
    assert "\n" not in told.value.message and told.value.next_step


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "x:1: empty, where a handoff is a mapping"),
        ("- a", "a list, where"),
        ("a: 1", "says nowhere which handoff it is"),
        ("handoff: diagnose_query_performance\nsymptom: a\nfrom: [b]", "x:3: from: is a list"),
        (
            "handoff: diagnose_query_performance\nsymptom: a\nticket_id: 1.5",
            "x:3: ticket_id: is a number",
        ),
    ],
)
def test_what_is_no_handoff(text: str, said: str) -> None:
    with pytest.raises(BadDocument) as told:
        read_handoff(read_yaml(text, "x"))
    assert said in told.value.message
    assert told.value.next_step


def test_durations() -> None:
    for text, meant in {
        "5 minutes": 300, "90s": 90, "1.5h": 5400, "2 Days": 172800, "PT15M": 900, "P1DT1H": 90000,
        "0": 0, "none": 0, "3w": 1814400,
    }.items():  # fmt: skip
        assert seconds(text) == meant
    for text in ("", "5", "P", "PT", "-5m", "5 months", "1m30s"):
        with pytest.raises(ValueError, match="is no time such as"):
            seconds(text)


def test_every_payload_says_what_it_is() -> None:
    for kind in kinds():
        assert len((payload_of(kind).__doc__ or "").split()) > 5


def test_all_that_is_wrong_is_named() -> None:
    text = (
        "handoff: provision_database_infrastructure\npayload:\n  engine: mysql\n"
        "  topology: {replicas: -1}\n  backup_policy: {rto: soon}\n"
    )
    with pytest.raises(BadDocument) as told:
        read_handoff(read_yaml(text, "f"))
    every = told.value.message + str(told.value.next_step)
    for path in ("payload.engine", "payload.topology.replicas", "payload.backup_policy.rto"):
        assert path in every, every
