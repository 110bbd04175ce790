"""Functions that are not what their declaration says, each with the reason.

The rule is the declaration: what is VOLATILE is refused. Here stand the exceptions, both ways, of
functions that come with the server or with an extension that is written in C, whose names nobody
else can take: they are told by oid and by membership first.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["HARMLESS", "HARMLESS_IN", "REFUSED", "REFUSED_EXTENSIONS", "REFUSED_IN", "harmless"]

HARMLESS = frozenset(
    """
    array_sample array_shuffle clock_timestamp current_query currval gen_random_uuid lastval random
    random_normal timeofday timezone uuidv4 uuidv7
    pg_available_wal_summaries pg_blocking_pids pg_collation_actual_version pg_control_checkpoint
    pg_control_init pg_control_recovery pg_control_system pg_current_logfile
    pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn
    pg_database_collation_actual_version pg_database_size pg_get_aios
    pg_get_backend_memory_contexts pg_get_loaded_modules pg_get_multixact_members
    pg_get_sequence_data pg_get_shmem_allocations pg_get_shmem_allocations_numa pg_get_wait_events
    pg_get_wal_replay_pause_state pg_get_wal_resource_managers pg_get_wal_summarizer_state
    pg_hba_file_rules pg_ident_file_mappings pg_indexes_size pg_is_in_backup pg_is_in_recovery
    pg_is_wal_replay_paused pg_jit_available pg_last_committed_xact pg_last_wal_receive_lsn
    pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_lock_status
    pg_notification_queue_usage pg_partition_ancestors pg_partition_tree pg_prepared_xact
    pg_relation_size pg_replication_origin_progress pg_safe_snapshot_blocking_pids
    pg_sequence_last_value pg_show_replication_origin_status pg_stat_get_backend_io
    pg_stat_get_backend_wal pg_stat_get_io pg_stat_get_recovery_prefetch
    pg_stat_get_xact_blocks_fetched pg_stat_get_xact_blocks_hit pg_stat_get_xact_function_calls
    pg_stat_get_xact_function_self_time pg_stat_get_xact_function_total_time
    pg_stat_get_xact_numscans pg_stat_get_xact_tuples_deleted pg_stat_get_xact_tuples_fetched
    pg_stat_get_xact_tuples_hot_updated pg_stat_get_xact_tuples_inserted
    pg_stat_get_xact_tuples_newpage_updated pg_stat_get_xact_tuples_returned
    pg_stat_get_xact_tuples_updated pg_stat_have_stats pg_table_size pg_tablespace_size
    pg_total_relation_size pg_wal_summary_contents pg_xact_commit_timestamp
    pg_xact_commit_timestamp_origin pg_xact_status txid_status
    """.split()
)
"""Volatile functions of the server whose only effect is their result: it changes from call to call
(chance, the clock), or it tells of the server as it is at the moment."""

_XML = "runs SQL, or reads a relation, that is named in a text"
_XID = "takes a transaction number for itself"
_UNSTOPPABLE = "can take hours and does not look whether its time is up"
_VALIDATOR = "compiles a function, and may load a library for it"
REFUSED: Mapping[str, str] = {
    **{
        f"{what}_to_{form}": _XML
        for what in ("query", "cursor", "table", "schema", "database")
        for form in ("xml", "xmlschema", "xml_and_xmlschema")
    },
    "ts_stat": "runs SQL that is given as a text",
    "txid_current": _XID,
    "pg_current_xact_id": _XID,
    "fmgr_c_validator": _VALIDATOR,
    "fmgr_internal_validator": _VALIDATOR,
    "fmgr_sql_validator": _VALIDATOR,
    "plpgsql_validator": _VALIDATOR,
    "path_distance": _UNSTOPPABLE,
    "path_inter": _UNSTOPPABLE,
    "poly_distance": _UNSTOPPABLE,
    "poly_overlap": _UNSTOPPABLE,
    "pg_input_is_valid": "makes a value of a type that is named in a text",
    "pg_input_error_info": "makes a value of a type that is named in a text",
    "pg_ls_dir": "lists files of the server",
    "pg_read_file": "reads files of the server",
    "pg_read_binary_file": "reads files of the server",
    "pg_stat_file": "looks at files of the server",
}
"""Functions of the server that do more than their declaration tells, whatever it is."""

HARMLESS_IN: Mapping[str, frozenset[str]] = {
    "pg_buffercache": frozenset(
        "pg_buffercache_pages pg_buffercache_summary pg_buffercache_usage_counts".split()
    ),
    "pg_freespacemap": frozenset(("pg_freespace",)),
    "pg_stat_statements": frozenset(("pg_stat_statements", "pg_stat_statements_info")),
    "pg_visibility": frozenset(
        "pg_check_frozen pg_check_visible pg_visibility pg_visibility_map "
        "pg_visibility_map_summary".split()
    ),
    "pgcrypto": frozenset("gen_random_bytes gen_random_uuid gen_salt".split()),
    "pgrowlocks": frozenset(("pgrowlocks",)),
    "pgstattuple": frozenset(
        "pg_relpages pgstatginindex pgstathashindex pgstatindex pgstattuple "
        "pgstattuple_approx".split()
    ),
    "postgis": frozenset(("st_generatepoints",)),
    "tablefunc": frozenset(("normal_rand",)),
    "uuid-ossp": frozenset(
        "uuid_generate_v1 uuid_generate_v1mc uuid_generate_v3 uuid_generate_v4 "
        "uuid_generate_v5".split()
    ),
}
"""The same of extensions in C."""

_OTHER_SERVER = "acts on another server, where this transaction does not reach"
_RAW = "shows pages and records as they are on disk, with all that is in them"
REFUSED_EXTENSIONS: Mapping[str, str] = {
    "adminpack": "writes files of the server",
    "dblink": _OTHER_SERVER,
    "file_fdw": "reads files of the server",
    "http": _OTHER_SERVER,
    "lo": "handles large objects",
    "mysql_fdw": _OTHER_SERVER,
    "oracle_fdw": _OTHER_SERVER,
    "pageinspect": _RAW,
    "pg_background": "runs SQL in another session",
    "pg_cron": "runs SQL at other times",
    "pg_logicalinspect": _RAW,
    "pg_net": _OTHER_SERVER,
    "pg_prewarm": "fills the server's memory",
    "pg_surgery": "changes pages on disk",
    "pg_walinspect": _RAW,
    "pldbgapi": "holds up other sessions",
    "postgres_fdw": _OTHER_SERVER,
    "tds_fdw": _OTHER_SERVER,
}
"""Extensions of which no function is called."""

REFUSED_IN: Mapping[str, frozenset[str]] = {
    "tablefunc": frozenset("connectby crosstab crosstab2 crosstab3 crosstab4 crosstabn".split()),
    "xml2": frozenset(("xpath_table",)),
}
"""Functions of extensions that run SQL which is given as a text."""


def harmless(extension: str, name: str) -> bool:
    """Is this volatile function (of the server, where the extension is empty) harmless?"""
    return name in (HARMLESS_IN.get(extension, frozenset()) if extension else HARMLESS)
