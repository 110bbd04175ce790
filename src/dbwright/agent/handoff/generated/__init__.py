"""Files for those who run the infrastructure: made from the payload, parsed, and not run.

terraform.py   PostgreSQL as a service, in HCL
prometheus.py  alerts, over what postgres_exporter tells
grafana.py     a dashboard of the same
file.py        a file with what was found when it was parsed
"""
