"""What is wrong with the demo shop, on purpose."""

from __future__ import annotations

from dataclasses import dataclass

from dbwright.model.finding import ObjectRef

__all__ = ["DEFECTS", "Defect"]


@dataclass(frozen=True, slots=True, order=True)
class Defect:
    """A fault that was planted."""

    rule: str
    """The rule that should find it: topic/name-of-the-fault."""
    object: ObjectRef
    planted: str
    """What was done, in one sentence."""


def _defect(rule: str, kind: str, name: str, planted: str) -> Defect:
    return Defect(rule, ObjectRef(kind, name), planted)


DEFECTS: tuple[Defect, ...] = (
    _defect(
        "keys/no-primary-key",
        "table",
        "shop.audit_log",
        "The audit log has no key, so a row can't be named and logical replication can't follow.",
    ),
    _defect(
        "keys/foreign-key-without-index",
        "constraint",
        "shop.order_items.order_items_product_id_fkey",
        "Deleting one product reads all 71,000 lines of orders.",
    ),
    _defect(
        "keys/foreign-key-type-mismatch",
        "constraint",
        "shop.orders.orders_user_id_fkey",
        "orders.user_id is integer and users.id is bigint.",
    ),
    _defect(
        "keys/foreign-key-type-mismatch",
        "constraint",
        "shop.orders.orders_coupon_id_fkey",
        "orders.coupon_id is smallint and coupons.id is bigint.",
    ),
    _defect(
        "types/key-near-its-limit",
        "column",
        "shop.orders.coupon_id",
        "The sequence of coupons stands at 30,479, and the smallint column ends at 32,767.",
    ),
    _defect(
        "keys/constraint-not-validated",
        "constraint",
        "shop.payments.payments_order_id_fkey",
        "The foreign key was added NOT VALID and twelve payments belong to no order.",
    ),
    _defect(
        "keys/set-null-on-not-null-column",
        "constraint",
        "shop.products.products_supplier_id_fkey",
        "ON DELETE SET NULL on a column that is NOT NULL: no supplier can be deleted.",
    ),
    _defect(
        "keys/undeclared-foreign-key",
        "column",
        "shop.reviews.product_id",
        "The column means products.id without a foreign key, and nine reviews point nowhere.",
    ),
    _defect(
        "keys/unique-over-nullable-columns",
        "constraint",
        "shop.carts.carts_user_id_closed_at_key",
        "Meant as one open cart for a customer, but NULLs differ: some customers have several.",
    ),
    _defect(
        "keys/polymorphic-reference",
        "column",
        "shop.comments.commentable_id",
        "commentable_type names the table that commentable_id means; no foreign key can.",
    ),
    _defect(
        "types/key-near-its-limit",
        "column",
        "shop.email_queue.id",
        "An integer sequence has used 93% of its numbers.",
    ),
    _defect(
        "keys/sequence-behind-its-column",
        "column",
        "shop.product_images.id",
        "The sequence stands at 7,420 and the column goes to 8,000: the next insert fails.",
    ),
    _defect(
        "types/float-for-money",
        "column",
        "shop.products.price",
        "Prices are double precision.",
    ),
    _defect(
        "types/timestamp-without-time-zone",
        "column",
        "shop.payments.paid_at",
        "The moment of a payment has no time zone.",
    ),
    _defect(
        "types/text-holds-uuid",
        "column",
        "shop.orders.public_id",
        "32,000 UUIDs are stored as varchar(36).",
    ),
    _defect(
        "types/json-instead-of-jsonb",
        "column",
        "shop.email_queue.payload",
        "The payload is json, not jsonb.",
    ),
    _defect(
        "types/text-holds-date",
        "column",
        "shop.users.birthday",
        "Birthdays are text such as 1985-04-12.",
    ),
    _defect(
        "types/text-holds-boolean",
        "column",
        "shop.users.newsletter",
        "Yes and no are text.",
    ),
    _defect(
        "types/text-holds-list",
        "column",
        "shop.products.tags",
        "Tags are one text with commas.",
    ),
    _defect(
        "types/frozen-default",
        "column",
        "shop.coupons.valid_from",
        "The default 'now'::timestamptz is the moment at which the table was made.",
    ),
    _defect(
        "keys/numbered-columns",
        "column",
        "shop.suppliers.phone1",
        "phone1, phone2 and phone3 are a list in columns.",
    ),
    _defect(
        "tables/reserved-word-name",
        "table",
        'shop."group"',
        "The name is a reserved word and must be quoted everywhere.",
    ),
    _defect(
        "tables/unlogged-table",
        "table",
        "shop.carts",
        "Customers' carts are unlogged: a crash empties them.",
    ),
    _defect(
        "tables/unlogged-table",
        "table",
        "shop.cart_items",
        "What lies in the carts is unlogged: a crash empties them.",
    ),
    _defect(
        "tables/materialized-view-not-populated",
        "materialized view",
        "analytics.monthly_sales",
        "Made WITH NO DATA and never refreshed: reading it is an error.",
    ),
    _defect(
        "tables/rows-in-default-partition",
        "table",
        "shop.events_default",
        "Nearly three months of events piled up in the default partition.",
    ),
    _defect(
        "tables/no-partition-for-now",
        "partitioned table",
        "shop.events",
        "The last monthly partition ended before this month.",
    ),
    _defect(
        "tables/disabled-trigger",
        "trigger",
        "shop.products.products_record_price_change",
        "The trigger that writes the price history is switched off.",
    ),
    _defect(
        "indexes/duplicate-index",
        "index",
        "shop.orders_user_idx",
        "The same index as orders_user_id_idx.",
    ),
    _defect(
        "indexes/prefix-of-another-index",
        "index",
        "shop.addresses_user_id_idx",
        "Its column is the first of addresses_user_id_kind_idx.",
    ),
    _defect(
        "indexes/unused-index",
        "index",
        "shop.order_items_unit_price_quantity_idx",
        "Big, and no query of the workload uses it.",
    ),
    _defect(
        "indexes/invalid-index",
        "index",
        "shop.users_email_lower_key",
        "CREATE UNIQUE INDEX CONCURRENTLY failed: forty addresses are there in two spellings.",
    ),
    _defect(
        "indexes/mostly-null-not-partial",
        "index",
        "shop.orders_refunded_at_idx",
        "98% of the orders have no refunded_at, and the index is not partial.",
    ),
    _defect(
        "indexes/btree-where-gin-is-wanted",
        "index",
        "shop.products_attributes_idx",
        "A b-tree on jsonb can't serve @>, which is what the shop asks.",
    ),
    _defect(
        "indexes/too-many-indexes",
        "table",
        "shop.inventory",
        "Nine indexes on a small table that each sale updates.",
    ),
    _defect(
        "maintenance/autovacuum-off-for-table",
        "table",
        "shop.inventory",
        "Autovacuum is off on the table with the most updates.",
    ),
    _defect(
        "maintenance/autovacuum-off-for-table",
        "table",
        "shop.supplier_price_import",
        "Autovacuum was switched off for the import.",
    ),
    _defect(
        "maintenance/dead-rows",
        "table",
        "shop.inventory",
        "Each row was updated once and nothing was vacuumed: half of the table is dead.",
    ),
    _defect(
        "maintenance/never-analyzed",
        "partitioned table",
        "shop.events",
        "Autovacuum never analyzes a partitioned parent, and nobody else did.",
    ),
    _defect(
        "settings/hidden-override",
        "role",
        "shop_app",
        "The shop's own role may lose orders that were confirmed.",
    ),
    _defect(
        "security/row-security-off",
        "table",
        "shop.addresses",
        "There is a policy, and row level security is off.",
    ),
    _defect(
        "security/security-definer-without-search-path",
        "function",
        "shop.set_newsletter(address text, wanted text)",
        "SECURITY DEFINER, no search_path of its own, executable by PUBLIC.",
    ),
    _defect(
        "security/security-definer-builds-sql",
        "function",
        "shop.set_newsletter(address text, wanted text)",
        "It glues its arguments into SQL and runs that with its owner's rights.",
    ),
    _defect(
        "security/personal-data-readable-by-public",
        "table",
        "shop.users",
        "PUBLIC may read names, addresses and birthdays.",
    ),
    _defect(
        "security/secret-column",
        "column",
        "shop.users.api_token",
        "Live tokens are stored as they are, and PUBLIC may read them.",
    ),
    _defect(
        "security/guessable-password",
        "role",
        "shop_report",
        "The password is the role's name.",
    ),
    _defect(
        "security/secret-column",
        "column",
        "shop.users.password_hash",
        "Everybody may read the hashes of the passwords.",
    ),
)
