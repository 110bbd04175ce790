"""Hints for what an extension would bring: types, functions, operator classes, access methods."""

from __future__ import annotations

from dbwright.sandbox.refusal import Known, Refusal

__all__ = ["hint"]

_BRINGS = {
    "btree_gin": "",
    "btree_gist": "",
    "citext": "citext",
    "cube": "cube cube_distance",
    "earthdistance": "earth ll_to_earth earth_box earth_distance",
    "fuzzystrmatch": "levenshtein soundex difference metaphone dmetaphone daitch_mokotoff",
    "hstore": "hstore gin_hstore_ops gist_hstore_ops hstore_to_json hstore_to_jsonb akeys avals",
    "intarray": "query_int gist__int_ops gin__int_ops icount uniq",
    "isn": "isbn isbn13 ean13 issn upc",
    "ltree": "ltree lquery ltxtquery subpath nlevel lca text2ltree gist_ltree_ops",
    "pg_trgm": "gin_trgm_ops gist_trgm_ops similarity word_similarity show_trgm "
    "strict_word_similarity",
    "pgcrypto": "crypt digest gen_salt hmac pgp_sym_encrypt pgp_sym_decrypt pgp_pub_encrypt "
    "gen_random_bytes gen_random_uuid encrypt decrypt armor dearmor",
    "postgis": "geometry geography box3d st_makepoint st_setsrid st_geomfromtext st_distance "
    "st_dwithin st_point st_asgeojson st_transform spheroid gist_geometry_ops_2d",
    "tablefunc": "crosstab normal_rand connectby",
    "unaccent": "unaccent",
    "uuid-ossp": "uuid_generate_v1 uuid_generate_v1mc uuid_generate_v3 uuid_generate_v4 "
    "uuid_generate_v5 uuid_nil",
    "vector": "vector halfvec sparsevec hnsw ivfflat vector_l2_ops vector_ip_ops "
    "vector_cosine_ops l2_distance cosine_distance",
    "timescaledb": "create_hypertable add_retention_policy add_compression_policy time_bucket "
    "add_continuous_aggregate_policy set_chunk_time_interval",
    "citus": "create_distributed_table create_reference_table undistribute_table",
    "pg_cron": "cron",
    "pg_partman": "create_parent partman",
    "rum": "rum rum_tsvector_ops",
    "bloom": "bloom",
    "pgmq": "pgmq",
    "pg_net": "net",
    "age": "agtype ag_catalog",
    "pg_uuidv7": "uuid_generate_v7",
}
_OF = {name: extension for extension, names in _BRINGS.items() for name in names.split()}
_WITHOUT_CLASS = {"gin": "btree_gin", "gist": "btree_gist"}


def hint(refusal: Refusal, known: Known) -> str:
    """Which extension to create first; empty where none would help."""
    if refusal.sqlstate in ("0A000", "58P01") and refusal.message.startswith('extension "'):
        return (
            f"The sandbox's server does not have the extension {refusal.quoted()}: what needs it "
            "is refused too. Check the running database instead to see all of it."
        )
    if refusal.sqlstate == "0A000" and 'library "' in refusal.message:
        return "The sandbox's server does not have that library."
    extension = _extension(refusal)
    if not extension:
        return ""
    if extension not in known.extensions:
        return (
            f"It comes with the extension {extension}, which the sandbox's server does not have. "
            "Check the running database instead to see all of it."
        )
    written = f'"{extension}"' if "-" in extension else extension
    return f"It comes with an extension: CREATE EXTENSION IF NOT EXISTS {written}; before it."


def _extension(refusal: Refusal) -> str:
    message = refusal.message
    if refusal.sqlstate == "42883" and message.startswith("function "):
        name = message.removeprefix("function ").split("(", 1)[0]
        return _of(name)
    if refusal.sqlstate in ("3F000", "42704"):
        if "has no default operator class" in message:
            return _WITHOUT_CLASS.get(refusal.quoted(), "")
        return _of(refusal.quoted())
    return ""


def _of(name: str) -> str:
    """By the bare name, or by the schema that the extension makes."""
    parts = name.replace('"', "").lower().removesuffix("[]").split(".")
    return _OF.get(parts[-1], _OF.get(parts[0], ""))
