"""What a repository holds that concerns a database: found by reading, never by running anything.

files.py         what was found, as nouns; and how much of a file is read
walk.py          the files of a repository
find.py          from files to `ProjectFiles`
sql_files.py     migrations, schemas, queries, seeds
python_models.py SQLAlchemy, SQLModel and Django, by Python's own parser
prisma.py        schema.prisma
others.py        knex, sequelize, typeorm, drizzle, database.yml, docker-compose, .env
frameworks.py    settings of Spring, .NET, Django and Alembic; Rails' schema.rb
"""
