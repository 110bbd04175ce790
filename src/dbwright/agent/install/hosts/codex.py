"""Codex: `.codex/agents`, `.agents/skills`, `.codex/config.toml`."""

from __future__ import annotations

import json

from dbwright.agent.install.front_matter import markdown
from dbwright.agent.install.host import Host, Scope
from dbwright.agent.install.piece import OwnFile, Piece
from dbwright.agent.install.texts import COMMAND, DESCRIPTION, NAME, SERVER, instructions, work
from dbwright.agent.install.toml_table import TomlTable

__all__ = ["HOST"]


def _pieces(scope: Scope) -> tuple[Piece, ...]:
    agent = "\n".join(
        [
            f"name = {json.dumps(NAME)}",
            f"description = {json.dumps(DESCRIPTION)}",
            'model_reasoning_effort = "high"',
            f"developer_instructions = '''\n{instructions()}'''",
            "",
        ]
    )
    skills = (
        OwnFile(
            f".agents/skills/{name}/SKILL.md", markdown({"name": name, "description": about}, text)
        )
        for name, about, _, text in work()
    )
    table = (
        f"[mcp_servers.{SERVER}]\n"
        f"command = {json.dumps(COMMAND[0])}\n"
        f"args = {json.dumps(list(COMMAND[1:]))}\n"
        'env_vars = ["DATABASE_URL"]\n'
    )
    return (
        OwnFile(f".codex/agents/{NAME}.toml", agent, comment=("# ", "")),
        *skills,
        TomlTable(".codex/config.toml", ("mcp_servers", SERVER), table),
    )


HOST = Host("codex", "Codex", _pieces, "start it anew; it reads a project's file once you trust it")
