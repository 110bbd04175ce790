"""What PostgreSQL's own functions give, as far as scoping must know it.

Columns are those of the OUT parameters in pg_proc; a function that is not here gives one column of
its own name (chooseScalarFunctionAlias in parse_relation.c).
"""

from __future__ import annotations

__all__ = ["AGGREGATES", "COLUMNS", "SCALAR_RESULT", "SET_RETURNING", "VOLATILE"]

COLUMNS: dict[str, tuple[str, ...]] = {
    "aclexplode": ("grantor", "grantee", "privilege_type", "is_grantable"),
    "each": ("key", "value"),
    "json_each": ("key", "value"),
    "json_each_text": ("key", "value"),
    "jsonb_each": ("key", "value"),
    "jsonb_each_text": ("key", "value"),
    "pg_get_keywords": ("word", "catcode", "barelabel", "catdesc", "baredesc"),
    "pg_input_error_info": ("message", "detail", "hint", "sql_error_code"),
    "ts_debug": ("alias", "description", "token", "dictionaries", "dictionary", "lexemes"),
    "ts_parse": ("tokid", "token"),
    "ts_stat": ("word", "ndoc", "nentry"),
    "ts_token_type": ("tokid", "alias", "description"),
}
"""Functions of several OUT parameters."""

SCALAR_RESULT: dict[str, str] = {
    "json_array_elements": "value",
    "json_array_elements_text": "value",
    "jsonb_array_elements": "value",
    "jsonb_array_elements_text": "value",
}
"""The name of a single OUT parameter: the alias does not replace it."""

SET_RETURNING = frozenset(
    """
    generate_series generate_subscripts json_array_elements json_array_elements_text json_each
    json_each_text json_object_keys json_populate_recordset json_to_recordset
    jsonb_array_elements jsonb_array_elements_text jsonb_each jsonb_each_text
    jsonb_object_keys jsonb_path_query jsonb_populate_recordset jsonb_to_recordset
    regexp_matches regexp_split_to_table skeys string_to_table svals ts_stat unnest
    """.split()
)

AGGREGATES = frozenset(
    """
    any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop
    covar_samp cume_dist dense_rank every json_agg json_agg_strict json_object_agg
    json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict jsonb_agg
    jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique
    jsonb_object_agg_unique_strict max min mode percent_rank percentile_cont percentile_disc
    range_agg range_intersect_agg rank regr_avgx regr_avgy regr_count regr_intercept regr_r2
    regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp string_agg sum var_pop
    var_samp variance xmlagg
    """.split()
)

VOLATILE = frozenset(
    """
    clock_timestamp currval gen_random_uuid lastval nextval pg_advisory_lock pg_sleep random
    random_normal set_config setseed setval timeofday txid_current uuidv4 uuidv7
    uuid_generate_v1 uuid_generate_v4
    """.split()
)
"""Those that a query might call for each row (a condition can't be moved below them)."""
