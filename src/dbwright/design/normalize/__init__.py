"""From data to relations in normal form, and the proof that nothing is lost.

    sources -> Relation -> Dependencies -> Judged -> Decomposition -> statements, run and compared

- `Relation`, `Column`: rows as numbers. Equal values of a column have one code; NULL has a code of
  its own, so two NULLs are equal here (the null rule, told in every result).
- `reading/`: CSV, JSON, Parquet, and tables of a database become relations.
- `mining/`: keys, functional dependencies and inclusion dependencies that hold on all rows, or on
  all but a few that are shown. A sample proposes, all rows decide.
- `ranking/`: which of them are meant and which are accidents: accepted, asked, accidental; what a
  person says in a file or at the terminal goes over it.
- `forms/`: closures, covers, keys, 1NF to BCNF, synthesis and decomposition: names, no data.
- `moving/`: tables, the migration both ways, and its trial on a throw-away server.
"""
