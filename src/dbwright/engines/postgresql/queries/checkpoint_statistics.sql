{% if v >= 17 %}
SELECT num_timed AS timed, num_requested AS requested,
       write_time / 1000 AS write_seconds, sync_time / 1000 AS sync_seconds,
       buffers_written, stats_reset AS since
FROM pg_stat_checkpointer
{% else %}
SELECT checkpoints_timed AS timed, checkpoints_req AS requested,
       checkpoint_write_time / 1000 AS write_seconds, checkpoint_sync_time / 1000 AS sync_seconds,
       buffers_checkpoint AS buffers_written, stats_reset AS since
FROM pg_stat_bgwriter
{% endif %}
