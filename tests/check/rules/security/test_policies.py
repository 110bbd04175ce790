"""What is read out of policies' expressions, where the examples don't reach."""

from __future__ import annotations

import pytest

from dbwright.check.rules.security._policies import calls_without_columns, is_always_true

FUNCTIONS = frozenset(["current_setting", "auth.uid", "my schema.tenant"])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("true", True),
        ("(1 = 1)", True),
        ("(true OR (id > 1))", False),  # names a column: not looked at
        ("(true AND (2 = 2))", True),
        ("(true AND false)", False),
        ("(1 = 2)", False),
        ("(NOT false)", False),
        ("('a'::text = 'a'::text)", False),
        ("", False),
        (None, False),
    ],
)
def test_is_always_true(expression: str | None, expected: bool) -> None:
    assert is_always_true(expression) is expected


@pytest.mark.parametrize(
    ("expression", "calls"),
    [
        ("(tenant = auth.uid())", ["auth.uid()"]),
        ("(tenant = ( SELECT auth.uid() AS uid))", []),
        ("(EXISTS ( SELECT 1 FROM m WHERE (m.who = auth.uid())))", []),
        ("(('ä' || tenant) = current_setting('a)b'::text))", ["current_setting('a)b'::text)"]),
        ("(a = current_setting(('x'::text || b)))", []),
        ("(a = lower(current_setting(auth.uid())))", ["current_setting(auth.uid())"]),
        (
            '((a = "my schema".tenant()) OR (b = auth.uid()))',
            ['"my schema".tenant()', "auth.uid()"],
        ),
        ("(a = other.uid())", []),
        ("not an expression at all (", []),
    ],
)
def test_calls_without_columns(expression: str, calls: list[str]) -> None:
    found = calls_without_columns(expression, FUNCTIONS)
    assert [expression[start:end] for start, end in found] == calls
