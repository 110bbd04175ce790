"""Queries out of the code of many languages, by text alone: no server is needed."""

from __future__ import annotations

import pytest

from dbwright.agent.work.queries.judge import Unread, judged
from dbwright.agent.work.queries.literals import LANGUAGES, literals
from dbwright.agent.work.queries.python_ import python_texts
from dbwright.agent.work.queries.sql_files import sql_texts

PUT = "put together"
"""Values are written into its text."""
UNREAD = "unread"

Expected = list[tuple[int, str]]
"""Line, and the text; before the text PUT where values are written into it."""


def read(ending: str, source: str) -> Expected:
    if ending == ".py":
        texts = sorted(python_texts(source), key=lambda one: one.line)
    elif ending == ".sql":
        texts = list(sql_texts(source))
    else:
        texts = list(literals(source, LANGUAGES[ending]))
    found = []
    for text in texts:
        one = judged(text, "f", python=ending == ".py")
        if one is None:
            continue
        line = int(one.place.rpartition(":")[2])
        if isinstance(one, Unread):
            found.append((line, UNREAD))
            continue
        words = " ".join(one.text.split())
        found.append((line, f"{PUT}: {words}" if one.is_put_together else words))
    return found


JAVA = r'''import org.springframework.data.jpa.repository.Query;
interface Orders {
    // SELECT * FROM orders WHERE note = 'in a comment'
    @Query("SELECT o FROM Order o WHERE o.customer.id = :customerId")
    @Query(value = "SELECT * FROM orders WHERE customer_id = :customerId LIMIT 20", nativeQuery = true)
    @Query(nativeQuery = true, value = """
        SELECT c.name FROM customers c
        WHERE lower(c.email) = lower(?1)
        """)
    String BY = "SELECT id FROM orders " +
        "WHERE status = ? " +
        "AND at > ?";
    int n = jdbc.queryForObject("SELECT count(*) FROM items WHERE sku = ?", Integer.class, sku);
    char quote = '"';
    void bad() { jdbc.query("SELECT * FROM customers WHERE name = '" + name + "'", mapper); }
    void fmt() { jdbc.query(String.format("SELECT * FROM orders WHERE note = '%s'", note)); }
    void text() { jdbc.query("SELECT * FROM orders WHERE id = %d".formatted(id)); }
    void build() { StringBuilder b = new StringBuilder("SELECT * FROM orders WHERE 1 = 1"); b.append(" AND x"); }
    void list() { named.query("SELECT * FROM orders WHERE note IN (:notes) AND total > :min::numeric", p); }
}
'''
KOTLIN = r'''
class Customers {
    fun a(n: String) = jdbc.query("SELECT id FROM customers WHERE name = ?", mapper, n)
    fun b(d: Int) = jdbc.query("""
        SELECT id FROM customers
        WHERE at > now() - make_interval(days => ?)
    """.trimIndent(), mapper, d)
    fun c(t: String) = jdbc.query("SELECT * FROM customers WHERE email = '$t'", mapper)
    fun d(t: Foo) = jdbc.query("SELECT * FROM customers WHERE email = '${t.email ?: "x"}'", mapper)
}
'''
CSHARP = r'''
class Store {
    const string A = @"
        SELECT id FROM invoices
        WHERE account_id = @AccountId";
    void B() { c.QuerySingleOrDefaultAsync<Invoice>("SELECT * FROM invoices WHERE id = @Id", new { Id = id }); }
    void C() { c.QueryAsync<Invoice>("""
        SELECT i.id FROM invoices i WHERE tenant_id = @tenant
        """, new { tenant }); }
    void D() { db.Users.FromSqlInterpolated($"SELECT * FROM \"Users\" WHERE \"UserName\" = {name}"); }
    void E() { db.Users.FromSqlRaw($"SELECT * FROM \"Users\" WHERE \"UserName\" = '{name}'"); }
    void F() { db.Users.FromSqlRaw("SELECT * FROM \"Users\" WHERE \"UserName\" = {0}", name); }
    void G() { db.Database.SqlQuery<int>($"SELECT \"Id\" FROM \"Users\" WHERE \"UserName\" = {name}"); }
    void H() { c.Query($@"SELECT * FROM accounts ORDER BY {column}"); }
    void I() { c.Query($$"""SELECT * FROM accounts WHERE name = '{{x}}'"""); }
    void J() { c.Query(string.Format("SELECT * FROM accounts WHERE name = '{0}'", x)); }
    void K() { c.Query("SELECT * FROM accounts WHERE id IN @ids", new { ids }); }
}
'''
GO = r"""
func f() {
	db.QueryRowContext(ctx, "SELECT id FROM books WHERE isbn = $1", isbn)
	db.Query(`
		SELECT a.name FROM authors a
		WHERE a.at >= $1`, t)
	db.Exec(fmt.Sprintf("DELETE FROM books WHERE title = '%s'", x))
	db.Query(fmt.Sprintf("SELECT * FROM books WHERE title LIKE '%%x' AND id = %d", x))
	q := "SELECT * FROM books WHERE 1=1"
	if y { q += " AND title = $1" }
	p := "SELECT * FROM books"
	pool.Query(ctx, "SELECT * FROM books WHERE title = @title", args)
	fmt.Println("select from the list of books, please")
}
"""
RUST = r"""
fn f<'a>(x: &'a str) {
    sqlx::query!("SELECT id FROM b WHERE a_id = $1", 1);
    sqlx::query_as::<_, B>("SELECT * FROM b
        WHERE a_id = $1");
    let quote = '"';
    client.query(r#"SELECT "Id" FROM b WHERE x = $1"#, &[]);
    client.execute(&format!("DELETE FROM b WHERE x = '{}'", x), &[]);
}
"""
PHP = r"""<p>Don't pair this apostrophe</p>
<?php
$db->query("SELECT * FROM b WHERE a_id = ?");
$db->query('SELECT * FROM b
  WHERE c = :c');
$db->query("SELECT * FROM b WHERE name = '$name'");
$db->query("SELECT * FROM b WHERE name = '{$this->name}'");
$db->query("SELECT * FROM b WHERE name = '" . $name . "'");
$db->query(<<<SQL
SELECT id FROM b WHERE d = ?
SQL);
$s = "SELECT * FROM b WHERE true";
$s .= " AND x = ?";
?><p>It's HTML: "SELECT * FROM b"</p>
"""
RUBY = r"""
find_by_sql(<<~SQL)
  SELECT p.id FROM posts p WHERE p.at > now()
SQL
exec_query("SELECT * FROM comments WHERE post_id = #{x}")
find_by_sql(["SELECT * FROM posts WHERE title = ?", x])
"""
SCRIPT = r"""
await prisma.$queryRaw<Post[]>`SELECT id FROM "Post" WHERE title = ${q}`;
await prisma.$queryRawUnsafe(`SELECT * FROM "Post" WHERE title = '${q}'`);
knex.raw('SELECT * FROM users WHERE email = ?', [x]);
const sql = "SELECT * FROM users WHERE true";
"""
NAMED = """
-- name: GetBook :one
SELECT * FROM books WHERE id = $1 LIMIT 1;

-- name: OfAuthor :many
SELECT b.id FROM books b WHERE b.author_id = sqlc.arg(author) AND b.x = @pattern;

-- name: Embedded :many
SELECT sqlc.embed(books), sqlc.embed(a) FROM books JOIN authors a ON a.id = books.author_id
WHERE books.tags @> sqlc.arg('tags')::text[] AND a.name = coalesce(sqlc.narg(name), a.name);
"""
PYTHON = """
QUERY = '''
SELECT * FROM events
WHERE user_id = :user
'''
def b(s, k): return s.execute(text(f"SELECT count(*) FROM events WHERE kind = '{k}'"))
def e(c): c.execute("SELECT * FROM events WHERE source LIKE 'a%%' AND user_id IN %s", ((1, 2),))
def h(s, cols): return s.execute("SELECT " + ", ".join(cols) + " FROM events WHERE id = %s")
def i(s, more):
    q = "SELECT * FROM events WHERE true"
    if more:
        q += " AND x = 1"
    s.execute(q)
def j(s):
    q = "SELECT id FROM events"
    s.execute(q)
"""
CASES: list[tuple[str, str, Expected]] = [
    (
        ".java",
        JAVA,
        [
            (5, "SELECT * FROM orders WHERE customer_id = $1 LIMIT 20"),
            (6, "SELECT c.name FROM customers c WHERE lower(c.email) = lower($1)"),
            (10, "SELECT id FROM orders WHERE status = $1 AND at > $2"),
            (13, "SELECT count(*) FROM items WHERE sku = $1"),
            (15, f"{PUT}: SELECT * FROM customers WHERE name = $1"),
            (16, f"{PUT}: SELECT * FROM orders WHERE note = $1"),
            (17, f"{PUT}: SELECT * FROM orders WHERE id = $1"),
            (18, UNREAD),
            (19, "SELECT * FROM orders WHERE note IN ($1) AND total > $2::numeric"),
        ],
    ),
    (
        ".kt",
        KOTLIN,
        [
            (3, "SELECT id FROM customers WHERE name = $1"),
            (4, "SELECT id FROM customers WHERE at > now() - make_interval(days => $1)"),
            (8, f"{PUT}: SELECT * FROM customers WHERE email = $1"),
            (9, f"{PUT}: SELECT * FROM customers WHERE email = $1"),
        ],
    ),
    (
        ".cs",
        CSHARP,
        [
            (3, "SELECT id FROM invoices WHERE account_id = $1"),
            (6, "SELECT * FROM invoices WHERE id = $1"),
            (7, "SELECT i.id FROM invoices i WHERE tenant_id = $1"),
            (10, 'SELECT * FROM "Users" WHERE "UserName" = $1'),
            (11, f'{PUT}: SELECT * FROM "Users" WHERE "UserName" = $1'),
            (12, 'SELECT * FROM "Users" WHERE "UserName" = $1'),
            (13, 'SELECT "Id" FROM "Users" WHERE "UserName" = $1'),
            (14, UNREAD),
            (15, f"{PUT}: SELECT * FROM accounts WHERE name = $1"),
            (16, f"{PUT}: SELECT * FROM accounts WHERE name = $1"),
            (17, "SELECT * FROM accounts WHERE id IN ($1)"),
        ],
    ),
    (
        ".go",
        GO,
        [
            (3, "SELECT id FROM books WHERE isbn = $1"),
            (4, "SELECT a.name FROM authors a WHERE a.at >= $1"),
            (7, f"{PUT}: DELETE FROM books WHERE title = $1"),
            (8, f"{PUT}: SELECT * FROM books WHERE title LIKE '%x' AND id = $1"),
            (9, UNREAD),
            (11, "SELECT * FROM books"),
            (12, "SELECT * FROM books WHERE title = $1"),
        ],
    ),
    (
        ".rs",
        RUST,
        [
            (3, "SELECT id FROM b WHERE a_id = $1"),
            (4, "SELECT * FROM b WHERE a_id = $1"),
            (7, 'SELECT "Id" FROM b WHERE x = $1'),
            (8, f"{PUT}: DELETE FROM b WHERE x = $1"),
        ],
    ),
    (
        ".php",
        PHP,
        [
            (3, "SELECT * FROM b WHERE a_id = $1"),
            (4, "SELECT * FROM b WHERE c = $1"),
            (6, f"{PUT}: SELECT * FROM b WHERE name = $1"),
            (7, f"{PUT}: SELECT * FROM b WHERE name = $1"),
            (8, f"{PUT}: SELECT * FROM b WHERE name = $1"),
            (9, "SELECT id FROM b WHERE d = $1"),
            (12, UNREAD),
        ],
    ),
    (
        ".rb",
        RUBY,
        [
            (2, "SELECT p.id FROM posts p WHERE p.at > now()"),
            (5, f"{PUT}: SELECT * FROM comments WHERE post_id = $1"),
            (6, "SELECT * FROM posts WHERE title = $1"),
        ],
    ),
    (
        ".ts",
        SCRIPT,
        [
            (2, 'SELECT id FROM "Post" WHERE title = $1'),
            (3, f'{PUT}: SELECT * FROM "Post" WHERE title = $1'),
            (4, "SELECT * FROM users WHERE email = $1"),
            (5, "SELECT * FROM users WHERE true"),
        ],
    ),
    (
        ".sql",
        NAMED,
        [
            (3, "SELECT * FROM books WHERE id = $1 LIMIT 1"),
            (6, "SELECT b.id FROM books b WHERE b.author_id = $1 AND b.x = $2"),
            (
                9,
                "SELECT books.*, a.* FROM books JOIN authors a ON a.id = books.author_id "
                "WHERE books.tags @> $1::text[] AND a.name = coalesce($2, a.name)",
            ),
        ],
    ),
    (
        ".py",
        PYTHON,
        [
            (2, "SELECT * FROM events WHERE user_id = $1"),
            (6, f"{PUT}: SELECT count(*) FROM events WHERE kind = $1"),
            (7, "SELECT * FROM events WHERE source LIKE 'a%' AND user_id IN ($1)"),
            (8, UNREAD),
            (10, UNREAD),
            (15, "SELECT id FROM events"),
        ],
    ),
]


@pytest.mark.parametrize(("ending", "source", "expected"), CASES, ids=[one[0] for one in CASES])
def test_queries_of(ending: str, source: str, expected: Expected) -> None:
    assert read(ending, source) == expected
