"""The documents of a ticket: Jinja templates over facts, and no figure that is not among them.

checklist.py  what makes a migration safe, each point with what was run for it
facts.py      rows for the tables of the documents
model_gap.py  tables that models declare and the schema has not
documents.py  the texts
"""
