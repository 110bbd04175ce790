"""The lock table: what each form of DDL locks, rewrites, scans and builds, and the safe way.

It is data, by topic; each fact's examples are proven on real servers by the tests.
"""
