"""What a tool for models is: its declaration, what it may reach, its answer, and how much of that
is given at once. The tools themselves are in `agent/tools`, one a file.
"""
