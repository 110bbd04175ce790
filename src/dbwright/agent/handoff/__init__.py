"""Work that one agent hands to another: a file in YAML or JSON, and the answer in the same form.

    read.py       a file's text into values that know their lines; size, depth and aliases bounded
    yaml_.py      YAML of the core schema, both ways
    json_.py      JSON, with the lines of its values
    parts.py      what payloads are made of: types that say what is wrong with a value
    handoff.py    the noun: who hands what to whom, with which payload
    payloads/     what is handed over, one kind a file, named as the handoff is
    answers/      the work for each kind, in a file of the same name
    generated/    files for those who run the infrastructure
    schema.py     the JSON Schema of each kind

A field that is not known is kept, and comes back with the answer. One that is wrong is named, with
its path and its line.
"""
