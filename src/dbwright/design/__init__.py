"""From raw data, or from a schema, to one that is right and has rows.

- `Relation` (normalize/): columns of values, as numbers. `mining/` finds functional dependencies,
  keys and inclusion dependencies (a sample proposes, all rows decide); `forms/` says what breaks
  which normal form and takes it apart; `moving/` runs that on the data and writes the migration.
- seed/: rows for any catalog, within its constraints.
- `Spec` (spec/): the nouns of requirements. Nothing reads them yet.

Operations are the files beside this one.
"""
