-- The demo shop, part three of four: what is cheaper to make once the rows are there.

-- step: setting sequences
DO $sequences$
DECLARE
    owned record;
BEGIN
    FOR owned IN
        SELECT attrelid::regclass AS relation, attname AS column_name,
               pg_get_serial_sequence(attrelid::regclass::text, attname::text) AS sequence
        FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'shop'::regnamespace AND relkind = 'r' AND attname = 'id'
          AND NOT relispartition
    LOOP
        EXECUTE format('SELECT setval(%L, (SELECT max(%I) FROM %s))',
                       owned.sequence, owned.column_name, owned.relation);
    END LOOP;
END
$sequences$;
SELECT setval('shop.events_id_seq', 24000);
-- The pictures were restored from a dump without their sequence.
SELECT setval(pg_get_serial_sequence('shop.product_images', 'id'), 7420);

-- step: making indexes
CREATE INDEX users_group_id_idx ON shop.users (group_id);
CREATE INDEX addresses_user_id_idx ON shop.addresses (user_id);
CREATE INDEX addresses_user_id_kind_idx ON shop.addresses (user_id, kind);
CREATE INDEX categories_parent_id_idx ON shop.categories (parent_id);
CREATE INDEX products_category_id_idx ON shop.products (category_id);
CREATE INDEX products_supplier_id_idx ON shop.products (supplier_id);
CREATE INDEX products_attributes_idx ON shop.products (attributes);
CREATE INDEX supplier_price_import_supplier_id_idx ON shop.supplier_price_import (supplier_id);
CREATE INDEX inventory_warehouse_id_idx ON shop.inventory (warehouse_id);
CREATE INDEX inventory_quantity_idx ON shop.inventory (quantity);
CREATE INDEX inventory_reserved_idx ON shop.inventory (reserved);
CREATE INDEX inventory_reorder_level_idx ON shop.inventory (reorder_level);
CREATE INDEX inventory_bin_idx ON shop.inventory (bin);
CREATE INDEX inventory_counted_at_idx ON shop.inventory (counted_at);
CREATE INDEX inventory_updated_at_idx ON shop.inventory (updated_at);
CREATE INDEX cart_items_product_id_idx ON shop.cart_items (product_id);
CREATE INDEX orders_user_id_idx ON shop.orders (user_id);
CREATE INDEX orders_user_idx ON shop.orders (user_id);
CREATE INDEX orders_shipping_address_id_idx ON shop.orders (shipping_address_id);
CREATE INDEX orders_coupon_id_idx ON shop.orders (coupon_id) WHERE coupon_id IS NOT NULL;
CREATE INDEX orders_refunded_at_idx ON shop.orders (refunded_at);
CREATE INDEX order_items_unit_price_quantity_idx ON shop.order_items (unit_price, quantity);
CREATE INDEX payments_order_id_idx ON shop.payments (order_id);
CREATE INDEX shipments_order_id_idx ON shop.shipments (order_id);
CREATE INDEX shipments_warehouse_id_idx ON shop.shipments (warehouse_id);
CREATE INDEX reviews_user_id_idx ON shop.reviews (user_id);
CREATE INDEX comments_author_id_idx ON shop.comments (author_id);
CREATE INDEX comments_commentable_idx ON shop.comments (commentable_type, commentable_id);
CREATE INDEX sessions_user_id_idx ON shop.sessions (user_id);
CREATE INDEX email_queue_unsent_idx ON shop.email_queue (created_at) WHERE sent_at IS NULL;
CREATE INDEX audit_log_happened_at_idx ON shop.audit_log (happened_at);
CREATE INDEX events_user_id_idx ON shop.events (user_id);

-- step: checking foreign keys
ALTER TABLE shop.users ADD CONSTRAINT users_group_id_fkey
    FOREIGN KEY (group_id) REFERENCES shop."group";
ALTER TABLE shop.addresses ADD CONSTRAINT addresses_user_id_fkey
    FOREIGN KEY (user_id) REFERENCES shop.users ON DELETE CASCADE;
ALTER TABLE shop.categories ADD CONSTRAINT categories_parent_id_fkey
    FOREIGN KEY (parent_id) REFERENCES shop.categories;
ALTER TABLE shop.products ADD CONSTRAINT products_category_id_fkey
    FOREIGN KEY (category_id) REFERENCES shop.categories;
ALTER TABLE shop.products ADD CONSTRAINT products_supplier_id_fkey
    FOREIGN KEY (supplier_id) REFERENCES shop.suppliers ON DELETE SET NULL;
ALTER TABLE shop.product_images ADD CONSTRAINT product_images_product_id_fkey
    FOREIGN KEY (product_id) REFERENCES shop.products ON DELETE CASCADE;
ALTER TABLE shop.price_history ADD CONSTRAINT price_history_product_id_fkey
    FOREIGN KEY (product_id) REFERENCES shop.products ON DELETE CASCADE;
ALTER TABLE shop.supplier_price_import ADD CONSTRAINT supplier_price_import_supplier_id_fkey
    FOREIGN KEY (supplier_id) REFERENCES shop.suppliers;
ALTER TABLE shop.inventory ADD CONSTRAINT inventory_product_id_fkey
    FOREIGN KEY (product_id) REFERENCES shop.products;
ALTER TABLE shop.inventory ADD CONSTRAINT inventory_warehouse_id_fkey
    FOREIGN KEY (warehouse_id) REFERENCES shop.warehouses;
ALTER TABLE shop.carts ADD CONSTRAINT carts_user_id_fkey
    FOREIGN KEY (user_id) REFERENCES shop.users ON DELETE CASCADE;
ALTER TABLE shop.cart_items ADD CONSTRAINT cart_items_cart_id_fkey
    FOREIGN KEY (cart_id) REFERENCES shop.carts ON DELETE CASCADE;
ALTER TABLE shop.cart_items ADD CONSTRAINT cart_items_product_id_fkey
    FOREIGN KEY (product_id) REFERENCES shop.products;
ALTER TABLE shop.orders ADD CONSTRAINT orders_user_id_fkey
    FOREIGN KEY (user_id) REFERENCES shop.users;
ALTER TABLE shop.orders ADD CONSTRAINT orders_shipping_address_id_fkey
    FOREIGN KEY (shipping_address_id) REFERENCES shop.addresses;
ALTER TABLE shop.orders ADD CONSTRAINT orders_coupon_id_fkey
    FOREIGN KEY (coupon_id) REFERENCES shop.coupons;
ALTER TABLE shop.order_items ADD CONSTRAINT order_items_order_id_fkey
    FOREIGN KEY (order_id) REFERENCES shop.orders ON DELETE CASCADE;
ALTER TABLE shop.order_items ADD CONSTRAINT order_items_product_id_fkey
    FOREIGN KEY (product_id) REFERENCES shop.products;
-- Made in a hurry, to be validated "tomorrow".
ALTER TABLE shop.payments ADD CONSTRAINT payments_order_id_fkey
    FOREIGN KEY (order_id) REFERENCES shop.orders NOT VALID;
ALTER TABLE shop.shipments ADD CONSTRAINT shipments_order_id_fkey
    FOREIGN KEY (order_id) REFERENCES shop.orders;
ALTER TABLE shop.shipments ADD CONSTRAINT shipments_warehouse_id_fkey
    FOREIGN KEY (warehouse_id) REFERENCES shop.warehouses;
ALTER TABLE shop.reviews ADD CONSTRAINT reviews_user_id_fkey
    FOREIGN KEY (user_id) REFERENCES shop.users;
ALTER TABLE shop.comments ADD CONSTRAINT comments_author_id_fkey
    FOREIGN KEY (author_id) REFERENCES shop.users;
ALTER TABLE shop.sessions ADD CONSTRAINT sessions_user_id_fkey
    FOREIGN KEY (user_id) REFERENCES shop.users ON DELETE CASCADE;
ALTER TABLE shop.events ADD CONSTRAINT events_user_id_fkey
    FOREIGN KEY (user_id) REFERENCES shop.users;

-- step: making views and functions
CREATE VIEW shop.order_summary AS
SELECT orders.id, orders.public_id, orders.ordered_at, orders.status, orders.total,
       users.first_name || ' ' || users.last_name AS customer, count(order_items.id) AS lines
FROM shop.orders
JOIN shop.users ON users.id = orders.user_id
JOIN shop.order_items ON order_items.order_id = orders.id
GROUP BY orders.id, users.id;
COMMENT ON VIEW shop.order_summary IS 'A line for each order, for the help desk.';

CREATE VIEW shop.product_stock AS
SELECT product_id, sum(quantity - reserved) AS available
FROM shop.inventory GROUP BY product_id;
COMMENT ON VIEW shop.product_stock IS 'What can be sold, over all warehouses.';

CREATE MATERIALIZED VIEW analytics.daily_sales AS
SELECT (ordered_at AT TIME ZONE 'UTC')::date AS day, count(*) AS orders, sum(total) AS revenue
FROM shop.orders WHERE status <> 'cancelled' GROUP BY 1;
CREATE UNIQUE INDEX daily_sales_day_idx ON analytics.daily_sales (day);
COMMENT ON MATERIALIZED VIEW analytics.daily_sales IS 'Sales for each day; refreshed at night.';

CREATE MATERIALIZED VIEW analytics.monthly_sales AS
SELECT date_trunc('month', ordered_at AT TIME ZONE 'UTC')::date AS month, categories.name,
       sum(order_items.quantity * order_items.unit_price) AS revenue
FROM shop.orders
JOIN shop.order_items ON order_items.order_id = orders.id
JOIN shop.products ON products.id = order_items.product_id
JOIN shop.categories ON categories.id = products.category_id
GROUP BY 1, 2
WITH NO DATA;
CREATE UNIQUE INDEX monthly_sales_month_name_idx ON analytics.monthly_sales (month, name);
COMMENT ON MATERIALIZED VIEW analytics.monthly_sales IS 'Sales for each month and category.';

CREATE FUNCTION shop.order_total(wanted bigint) RETURNS numeric
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT sum(quantity * unit_price) FROM shop.order_items WHERE order_id = wanted $$;
COMMENT ON FUNCTION shop.order_total(bigint) IS 'What the lines of an order come to.';

CREATE FUNCTION shop.touch_updated_at() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION shop.touch_updated_at() IS 'Trigger: remembers when a row was changed.';

CREATE FUNCTION shop.record_price_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO shop.price_history (product_id, valid_from, price)
    VALUES (NEW.id, now(), NEW.price);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION shop.record_price_change() IS 'Trigger: writes price_history.';

CREATE FUNCTION shop.anonymize_user(wanted bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE shop.users
    SET email = 'removed-' || id || '@invalid', first_name = '-', last_name = '-', birthday = NULL
    WHERE id = wanted
$$;
REVOKE EXECUTE ON FUNCTION shop.anonymize_user(bigint) FROM PUBLIC;
COMMENT ON FUNCTION shop.anonymize_user(bigint) IS 'Takes the person out of an account.';

-- Runs with its owner's rights for everybody, looks names up where its caller says, and glues the
-- caller's text into SQL.
CREATE FUNCTION shop.set_newsletter(address text, wanted text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    EXECUTE 'UPDATE shop.users SET newsletter = ''' || wanted
        || ''' WHERE email = ''' || address || '''';
END
$$;
COMMENT ON FUNCTION shop.set_newsletter(text, text) IS 'For the link at the foot of each letter.';

CREATE TRIGGER inventory_touch_updated_at BEFORE UPDATE ON shop.inventory
    FOR EACH ROW EXECUTE FUNCTION shop.touch_updated_at();
CREATE TRIGGER products_touch_updated_at BEFORE UPDATE ON shop.products
    FOR EACH ROW EXECUTE FUNCTION shop.touch_updated_at();
CREATE TRIGGER products_record_price_change AFTER UPDATE OF price ON shop.products
    FOR EACH ROW WHEN (OLD.price IS DISTINCT FROM NEW.price)
    EXECUTE FUNCTION shop.record_price_change();
-- Switched off for an import, and never on again.
ALTER TABLE shop.products DISABLE TRIGGER products_record_price_change;

-- step: granting privileges
GRANT USAGE ON SCHEMA shop TO shop_app, shop_report, PUBLIC;
GRANT USAGE ON SCHEMA analytics TO shop_app, shop_report;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shop TO shop_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA shop TO shop_app;
GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO shop_report;
GRANT SELECT ON shop.orders, shop.order_items, shop.products, shop.categories TO shop_report;
GRANT EXECUTE ON FUNCTION shop.anonymize_user(bigint) TO shop_app;
-- "The report could not read it, now it can."
GRANT SELECT ON shop.users TO PUBLIC;

ALTER TABLE shop.sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY sessions_own_rows ON shop.sessions TO shop_app
    USING (user_id = (SELECT current_setting('shop.user_id', true)::bigint));
-- The policy is there, ENABLE ROW LEVEL SECURITY was forgotten.
CREATE POLICY addresses_own_rows ON shop.addresses TO shop_app
    USING (user_id = (SELECT current_setting('shop.user_id', true)::bigint));

RESET ROLE;
-- As new servers (15 and later) have it.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
DO $settings$
BEGIN
    -- A report was slow, and an import too; both were made faster at any price.
    EXECUTE format('ALTER ROLE shop_report IN DATABASE %I SET work_mem = %L',
                   current_database(), '1GB');
    EXECUTE format('ALTER ROLE shop_app IN DATABASE %I SET synchronous_commit = off',
                   current_database());
END
$settings$;
