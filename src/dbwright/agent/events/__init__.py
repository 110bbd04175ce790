"""The log of a team of agents: `.claude/events/log.ndjson`, one event a line, only ever added to.

    event.py    what dbwright tells: Started, Progress, Blocked, Failed, Completed, in an Event
    quality.py  what was really run of a piece of work, and how it went
    entry.py    a line as it stands in the log, whoever wrote it; lines that are none
    lines.py    a file of any size, line by line
    held.py     the file, held against other processes
    torn.py     what a crash left of a last line, set apart
    seen.py     is the event in the log already?
    log.py      the log: read, replay, append
    schema.py   the JSON Schema of what dbwright writes

Others write there too, agents of other makes among them: what they wrote is never changed, left out
or ordered otherwise, and need not look as dbwright's own events do.
"""
