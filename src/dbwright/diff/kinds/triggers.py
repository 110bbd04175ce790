"""Triggers, rules and policies of relations; event triggers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dbwright.diff.item import Item, Property
from dbwright.diff.kinds.kind import Changed, Kind
from dbwright.diff.kinds.privileges import COMMENT, OWNER, plain, role
from dbwright.diff.step import Step, Unwritable
from dbwright.diff.world import World
from dbwright.model.catalog import Catalog, EventTrigger, Policy, Table, Trigger, View
from dbwright.model.finding import ObjectRef
from dbwright.model.names import literal, quote

__all__ = ["EventTriggerKind", "InheritedTriggerKind", "PolicyKind", "RuleKind", "TriggerKind"]

ENABLED = {
    "origin": "ENABLE",
    "disabled": "DISABLE",
    "replica": "ENABLE REPLICA",
    "always": "ENABLE ALWAYS",
}


def _with_parts(catalog: Catalog) -> Iterator[Table | View]:
    yield from catalog.tables
    yield from catalog.views


class PartKind(Kind):
    """What is named within its relation."""

    def name(self, item: Item) -> str:
        return f"{quote(item.noun.name)} ON {item.whole.qualified}"

    def comment_target(self, item: Item) -> str:
        return f"{self.word} {self.name(item)}"


class EnabledKind(PartKind):
    """Triggers and rules: whole statements, that can be switched off."""

    def create(self, item: Item, world: World) -> Iterable[Step]:
        if item.noun.definition is None:
            raise Unwritable("its definition could not be read")
        yield Step(item.noun.definition.strip().rstrip(";"), item.ref)
        if item.noun.enabled != "origin":
            yield self._enabled(item)
        yield from self.extras(item, world)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        if changed.keys() - {"enabled"}:
            return None
        return [self._enabled(after)] if changed else []

    def _enabled(self, item: Item) -> Step:
        words = f"{ENABLED[item.noun.enabled]} {self.word} {quote(item.noun.name)}"
        return Step(f"ALTER TABLE {item.whole.qualified} {words}", item.ref)


class TriggerKind(EnabledKind):
    key = "trigger"
    rank = 120
    word = "TRIGGER"
    properties = (*plain("function", "timing", "events", "level", "definition", "enabled"), COMMENT)

    def items(self, catalog: Catalog) -> Iterable[Item]:
        """Those that a partitioned table gave its partitions are its own matter."""
        for relation in _with_parts(catalog):
            for trigger in relation.triggers:
                if not trigger.inherited:
                    ref = ObjectRef("trigger", f"{relation.qualified}.{quote(trigger.name)}")
                    yield Item(ref, self.key, trigger, relation.ref, relation)


class InheritedTriggerKind(Kind):
    """That a trigger which a partition has from its parent is switched otherwise than there."""

    key = "inherited trigger"
    rank = 121
    properties = (Property("enabled", lambda item: item.noun.enabled),)

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for table in catalog.tables:
            for trigger in table.triggers:
                if trigger.inherited and trigger.enabled != _above(catalog, table, trigger):
                    name = f"{table.qualified}.{quote(trigger.name)}"
                    ref = ObjectRef("inherited trigger", name)
                    parent = ObjectRef("partition", table.qualified)
                    yield Item(ref, self.key, trigger, parent, table)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        yield _switched(item, item.noun.enabled)

    def drop(self, item: Item, world: World) -> Iterable[Step]:
        table = world.target.find_table(item.whole.qualified)
        there = {one.name: one for one in table.triggers} if table is not None else {}
        if item.noun.name in there:
            yield _switched(item, there[item.noun.name].enabled)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        return self.create(after, world) if changed else ()


def _above(catalog: Catalog, table: Table, trigger: Trigger) -> str | None:
    parent = catalog.find_table(table.inherits[0]) if table.inherits else None
    found = (one.enabled for one in parent.triggers if one.name == trigger.name) if parent else ()
    return next(iter(found), None)


def _switched(item: Item, enabled: str) -> Step:
    words = f"{ENABLED[enabled]} TRIGGER {quote(item.noun.name)}"
    return Step(f"ALTER TABLE {item.whole.qualified} {words}", item.ref)


class RuleKind(EnabledKind):
    key = "rule"
    rank = 105
    word = "RULE"
    properties = (*plain("event", "instead", "definition", "enabled"), COMMENT)

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for relation in _with_parts(catalog):
            for rule in relation.rewrite_rules:
                ref = ObjectRef("rule", f"{relation.qualified}.{quote(rule.name)}")
                yield Item(ref, self.key, rule, relation.ref, relation)


class PolicyKind(PartKind):
    key = "policy"
    rank = 125
    word = "POLICY"
    properties = (
        *plain("command", "permissive"),
        Property("roles", lambda item: frozenset(item.noun.roles)),
        *plain("using", "check"),
        COMMENT,
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        for table in catalog.tables:
            for policy in table.policies:
                ref = table.policy_ref(policy.name)
                yield Item(ref, self.key, policy, table.ref, table)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        policy: Policy = item.noun
        if (policy.has_using and policy.using is None) or (
            policy.has_check and policy.check is None
        ):
            raise Unwritable("its expressions could not be read")
        words = [f"CREATE POLICY {self.name(item)}"]
        words += [] if policy.permissive else ["AS RESTRICTIVE"]
        words += [] if policy.command == "ALL" else [f"FOR {policy.command}"]
        words.append(f"TO {', '.join(map(role, policy.roles))}")
        words += [f"USING ({policy.using})"] if policy.using is not None else []
        words += [f"WITH CHECK ({policy.check})"] if policy.check is not None else []
        yield Step(" ".join(words), item.ref)
        yield from self.extras(item, world)


class EventTriggerKind(Kind):
    key = "event trigger"
    rank = 150
    word = "EVENT TRIGGER"
    properties = (
        *plain("event", "function", "enabled"),
        Property("commands", lambda item: frozenset(item.noun.tags)),
        OWNER,
        COMMENT,
    )

    def items(self, catalog: Catalog) -> Iterable[Item]:
        return (Item(one.ref, self.key, one) for one in catalog.event_triggers)

    def create(self, item: Item, world: World) -> Iterable[Step]:
        one: EventTrigger = item.noun
        when = f" WHEN TAG IN ({', '.join(map(literal, one.tags))})" if one.tags else ""
        sql = f"CREATE EVENT TRIGGER {item.ref.name} ON {one.event}{when}"
        yield Step(f"{sql} EXECUTE FUNCTION {one.function}()", item.ref)
        if one.enabled != "origin":
            yield self._enabled(item)
        yield from self.extras(item, world)

    def alter(
        self, before: Item, after: Item, changed: Changed, world: World
    ) -> Iterable[Step] | None:
        if changed.keys() - {"enabled"}:
            return None
        return [self._enabled(after)] if changed else []

    def _enabled(self, item: Item) -> Step:
        sql = f"ALTER EVENT TRIGGER {item.ref.name} {ENABLED[item.noun.enabled]}"
        return Step(sql, item.ref)
