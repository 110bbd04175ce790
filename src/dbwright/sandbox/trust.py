"""What a file that nobody vouches for may have done for it with a superuser's rights.

Statements run as an ordinary role. Some that real dumps hold need a superuser and still can't reach
files, the network or code outside the server: those, and only those, are named here. The rest is
refused with the reason.
"""

from __future__ import annotations

from dbwright.sandbox.settings import USER
from dbwright.sql.parse import Node, ParsedStatement

__all__ = ["LOADER", "forbidden", "harmless", "passed_over"]

LOADER = "postgres"
"""The role that loads: ordinary, and named as the owner in most dumps."""

_EXTENSIONS = frozenset(
    """
    amcheck autoinc bloom btree_gin btree_gist citext cube dict_int dict_xsyn earthdistance
    fuzzystrmatch hstore insert_username intagg intarray isn lo ltree moddatetime pageinspect
    pg_buffercache pg_freespacemap pg_prewarm pg_stat_statements pg_trgm pg_uuidv7 pg_visibility
    pgcrypto pgrowlocks pgstattuple postgis postgis_topology postgres_fdw refint seg sslinfo
    tablefunc tcn tsm_system_rows tsm_system_time unaccent uuid-ossp vector
    """.split()
)
"""Without functions that read files, run programs or let others write code."""
_SETTINGS = frozenset(
    """
    session_replication_role log_statement log_duration log_min_messages log_min_error_statement
    log_min_duration_statement log_lock_waits log_temp_files track_activities track_counts
    track_functions track_io_timing deadlock_timeout lc_messages temp_file_limit wal_compression
    """.split()
)
_PREDEFINED = frozenset(
    """
    pg_checkpoint pg_maintain pg_monitor pg_read_all_data pg_read_all_settings pg_read_all_stats
    pg_stat_scan_tables pg_use_reserved_connections pg_write_all_data
    """.split()
)
_MEMBERSHIP_OPTIONS = ("addroleto", "rolemembers", "adminmembers")
_LIBRARIES = ("_libraries", "_path", "_provider", "_library")
_TABLE_CHANGES = frozenset(["AT_ChangeOwner", "AT_DisableTrigAll", "AT_EnableTrigAll"])
_CLIENT_SETTINGS = frozenset(
    """
    client_encoding names statement_timeout lock_timeout idle_in_transaction_session_timeout
    transaction_timeout idle_session_timeout
    """.split()
)

_NOT_RUN = {
    "AlterSystemStmt": "ALTER SYSTEM changes the server, not the database: the sandbox does not "
    "run it.",
    "LoadStmt": "The sandbox loads no libraries.",
    "CreateSubscriptionStmt": "A subscription connects to another server: the sandbox does not "
    "run it.",
    "AlterSubscriptionStmt": "A subscription connects to another server: the sandbox does not "
    "run it.",
    "DropSubscriptionStmt": "A subscription connects to another server: the sandbox does not "
    "run it.",
    "ImportForeignSchemaStmt": "IMPORT FOREIGN SCHEMA connects to another server: the sandbox "
    "does not run it. Write the CREATE FOREIGN TABLE statements instead.",
    "CreateTableSpaceStmt": "A tablespace is a folder of the server: the sandbox does not make "
    "one.",
}


def forbidden(statement: ParsedStatement) -> str:
    """Why a statement must not run at all, as a hint; empty where it may be tried."""
    if statement.kind == "CopyStmt":
        if statement.node.get("is_program"):
            return "The sandbox runs no programs: use COPY … FROM stdin with the data below it."
        if statement.node.get("filename"):
            return "The sandbox reads and writes no files: use COPY … FROM stdin with the data."
    if statement.kind == "TransactionStmt" and statement.node["kind"] == "TRANS_STMT_PREPARE":
        return "A prepared transaction keeps its locks after the session: the sandbox makes none."
    return _NOT_RUN.get(statement.kind, "")


def passed_over(statement: ParsedStatement) -> str:
    """What is left out without a complaint, since it changes nothing here; empty for the rest."""
    kind, node = statement.kind, statement.node
    if kind == "VariableSetStmt" and node.get("name", "").lower() in _CLIENT_SETTINGS:
        return f"SET {node['name']}"
    if kind in ("CreatedbStmt", "DropdbStmt"):
        # One database for everything: what follows is for the one that is there.
        return f"{'CREATE' if kind == 'CreatedbStmt' else 'DROP'} DATABASE {node['dbname']}"
    if kind == "CopyStmt" and not node.get("is_from") and not node.get("filename"):
        return "COPY … TO STDOUT"
    if kind in ("CreateRoleStmt", "AlterRoleStmt", "AlterRoleSetStmt"):
        role = node.get("role", "")
        name = role if isinstance(role, str) else role.get("rolename", "")
        if name in (LOADER, USER):
            return f"changes of role {name}"
    return ""


def harmless(statement: ParsedStatement, major: int) -> bool:
    """May a superuser run it, on a server of that major version, for a file nobody vouches for?"""
    kind, node = statement.kind, statement.node
    if kind in _ALWAYS:
        return True
    if kind == "CreateExtensionStmt":
        return node["extname"] in _EXTENSIONS
    if kind == "DropStmt":
        return node["removeType"] in ("OBJECT_EXTENSION", "OBJECT_EVENT_TRIGGER")
    if kind == "AlterObjectSchemaStmt":
        return bool(node["objectType"] == "OBJECT_EXTENSION")
    if kind == "AlterOwnerStmt":
        return _ordinary(node["newowner"])
    if kind == "AlterTableStmt":
        return all(_table_change(wrapped["AlterTableCmd"]) for wrapped in node["cmds"])
    if kind == "VariableSetStmt":
        return node.get("name", "").lower() in _SETTINGS
    if kind == "AlterRoleSetStmt":
        setting = node["setstmt"].get("name", "")
        # Libraries named here would be loaded at the next connection.
        return "role" in node and (setting == "search_path" or not setting.endswith(_LIBRARIES))
    if kind == "CreateFdwStmt":
        return all(
            option["DefElem"]["defname"] == "handler" and "arg" not in option["DefElem"]
            for option in node.get("func_options", ())
        )
    if kind == "CreateOpClassStmt":
        return all(item["CreateOpClassItem"]["itemtype"] in (1, 2) for item in node["items"])
    if kind == "GrantRoleStmt":
        names = [role["AccessPriv"]["priv_name"] for role in node["granted_roles"]]
        return all(_grantable(name) for name in names)
    if kind in ("CreateRoleStmt", "AlterRoleStmt"):
        return all(_role_option(o["DefElem"], major) for o in node.get("options", ()))
    return False


_ALWAYS = frozenset(
    """
    AlterDefaultPrivilegesStmt AlterExtensionStmt AlterPublicationStmt CommentStmt
    CreateEventTrigStmt CreateOpFamilyStmt CreatePublicationStmt DropRoleStmt
    """.split()
)


def _ordinary(role: Node) -> bool:
    """Not a superuser, and not a role that may read files or run programs: a function that
    belongs to such a one can run with its rights."""
    if role["roletype"] != "ROLESPEC_CSTRING":
        return role["roletype"] in ("ROLESPEC_CURRENT_USER", "ROLESPEC_CURRENT_ROLE")
    name = role["rolename"]
    return name != USER and not name.startswith("pg_")


def _grantable(name: str) -> bool:
    return name != USER and (not name.startswith("pg_") or name in _PREDEFINED)


def _table_change(command: Node) -> bool:
    if command["subtype"] not in _TABLE_CHANGES:
        return False
    return command["subtype"] != "AT_ChangeOwner" or _ordinary(command["newowner"])


def _role_option(option: Node, major: int) -> bool:
    """Superusers could do anything; replication loads output plug-ins; before version 16
    CREATEROLE could grant the right to run programs."""
    name = option["defname"]
    if name in _MEMBERSHIP_OPTIONS:
        if name != "addroleto":
            return True
        roles = [role["RoleSpec"] for role in option["arg"]["List"]["items"]]
        return all(_grantable(role.get("rolename", USER)) for role in roles)
    granted = option.get("arg", {}).get("Boolean", {}).get("boolval", False)
    dangerous = ("superuser", "isreplication") + (() if major >= 16 else ("createrole",))
    return not (granted and name in dangerous)
