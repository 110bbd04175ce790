"""Terraform for PostgreSQL on Amazon RDS: the server, its replicas, its settings, its backups."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from dbwright.agent.handoff.generated.file import LABEL, parsed_by

__all__ = ["Server", "terraform"]


@dataclass(frozen=True, slots=True)
class Server:
    """What the files are made of; None is left to whoever applies them, as a variable."""

    name: str
    """Letters, digits and hyphens."""
    version: str | None
    instance_class: str | None
    storage_gb: int | None
    replicas: int
    high_availability: bool
    retention_days: int
    preload: tuple[str, ...]
    """Libraries of shared_preload_libraries."""


Block = list[tuple[str, "str | int | bool | Raw | Block"]]


class Raw(str):
    """An expression, written as it is."""


def terraform(server: Server) -> tuple[str, str]:
    """The text of one file, and what parsed it."""
    blocks = [*_settings(), *_variables(server), *_resources(server), *_outputs(server)]
    head = f"# {LABEL}: look at `terraform plan` before you apply it.\n\n"
    content = head + "\n\n".join(_text(title, body) for title, body in blocks) + "\n"
    return content, parsed_by("terraform", ("fmt", "-check", "-diff"), "main.tf", content)


def _settings() -> list[tuple[str, Block]]:
    aws: Block = [("source", "hashicorp/aws"), ("version", "~> 5.0")]
    return [
        (
            "terraform",
            [("required_version", ">= 1.3"), ("required_providers {", [("aws =", aws)])],
        )
    ]


def _variables(server: Server) -> list[tuple[str, Block]]:
    asked: list[tuple[str, str, str | int | None]] = [
        ("engine_version", "string", server.version),
        ("instance_class", "string", server.instance_class),
        ("storage_gb", "number", server.storage_gb),
        ("subnet_group", "string", None),
    ]
    found: list[tuple[str, Block]] = []
    for name, type_, default in asked:
        body: Block = [("type", Raw(type_))]
        if default is not None:
            body.append(("default", default))
        found.append((f'variable "{name}"', body))
    found.append(('variable "security_groups"', [("type", Raw("list(string)"))]))
    return found


def _resources(server: Server) -> list[tuple[str, Block]]:
    parameters: list[tuple[str, str, str]] = [
        ("rds.force_ssl", "1", "immediate"),
        ("log_lock_waits", "1", "immediate"),
        ("log_min_duration_statement", "1000", "immediate"),
        ("shared_preload_libraries", ",".join(server.preload), "pending-reboot"),
    ]
    group: Block = [("name_prefix", f"{server.name}-"), ("family", Raw(FAMILY))]
    for name, value, method in parameters:
        group.append(("parameter", [("name", name), ("value", value), ("apply_method", method)]))
    group.append(("lifecycle", [("create_before_destroy", True)]))
    primary: Block = [
        ("identifier", server.name),
        ("engine", "postgres"),
        ("engine_version", Raw("var.engine_version")),
        ("instance_class", Raw("var.instance_class")),
        ("allocated_storage", Raw("var.storage_gb")),
        ("storage_type", "gp3"),
        ("storage_encrypted", True),
        ("username", "administrator"),
        ("manage_master_user_password", True),
        ("multi_az", server.high_availability),
        ("db_subnet_group_name", Raw("var.subnet_group")),
        ("vpc_security_group_ids", Raw("var.security_groups")),
        ("publicly_accessible", False),
        ("parameter_group_name", Raw("aws_db_parameter_group.this.name")),
        ("backup_retention_period", server.retention_days),
        ("copy_tags_to_snapshot", True),
        ("deletion_protection", True),
        ("skip_final_snapshot", False),
        ("final_snapshot_identifier", f"{server.name}-final"),
        ("auto_minor_version_upgrade", False),
        ("performance_insights_enabled", True),
    ]
    found = [
        ('resource "aws_db_parameter_group" "this"', group),
        ('resource "aws_db_instance" "primary"', primary),
    ]
    if server.replicas:
        found.append(('resource "aws_db_instance" "replica"', _replica(server)))
    return found


FAMILY = '"postgres${split(".", var.engine_version)[0]}"'


def _replica(server: Server) -> Block:
    return [
        ("count", server.replicas),
        ("identifier", Raw(f'"{server.name}-replica-${{count.index + 1}}"')),
        ("replicate_source_db", Raw("aws_db_instance.primary.identifier")),
        ("instance_class", Raw("var.instance_class")),
        ("storage_encrypted", True),
        ("vpc_security_group_ids", Raw("var.security_groups")),
        ("publicly_accessible", False),
        ("parameter_group_name", Raw("aws_db_parameter_group.this.name")),
        ("skip_final_snapshot", True),
        ("auto_minor_version_upgrade", False),
    ]


def _outputs(server: Server) -> list[tuple[str, Block]]:
    found: list[tuple[str, Block]] = [
        ('output "address"', [("value", Raw("aws_db_instance.primary.address"))]),
    ]
    if server.replicas:
        every = Raw("aws_db_instance.replica[*].address")
        found.append(('output "replica_addresses"', [("value", every)]))
    return found


def _text(title: str, body: Block, depth: int = 0) -> str:
    """A block as `terraform fmt` writes it: equals signs of neighbours in one column."""
    pad = "  " * depth
    lines = [f"{pad}{title}" + ("" if title.endswith("{") else " {")]
    for run in _runs(body):
        width = max((len(name) for name, value in run if not isinstance(value, list)), default=0)
        for name, value in run:
            if isinstance(value, list):
                lines.append(_text(name, value, depth + 1))
            else:
                lines.append(f"{pad}  {name:<{width}} = {_value(value)}")
    return "\n".join([*lines, f"{pad}}}"])


def _runs(body: Block) -> list[Block]:
    """Neighbours of the same sort: values, or one block."""
    runs: list[Block] = []
    for item in body:
        if runs and not isinstance(item[1], list) and not isinstance(runs[-1][-1][1], list):
            runs[-1].append(item)
        else:
            runs.append([item])
    return runs


def _value(value: str | int | bool | Raw | Sequence[object]) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value).replace("${", "$${").replace("%{", "%%{")
    return json.dumps(value)
