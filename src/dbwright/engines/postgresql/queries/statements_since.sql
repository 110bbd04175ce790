SELECT stats_reset AS since FROM {{ schema }}.pg_stat_statements_info
