"""Documents in YAML and JSON as plain values that know their lines.

What people and other programs write is read here (`read_tree`): bounded in size, depth and number
of values, with nothing executed, and with the line of each value for who finds it wrong
(`Tree.wrong`). `yaml_text` writes YAML that reads back as the same.
"""
