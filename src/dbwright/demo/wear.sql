-- The demo shop, part four of four: two years of running it, in a second.
--
-- The statements here can't stand in a transaction block, so each step holds one of them.
-- shop.py expects the index to fail: two spellings of one address are in the table.

-- step: failing to make an index
CREATE UNIQUE INDEX CONCURRENTLY users_email_lower_key ON shop.users (lower(email));

-- step: vacuuming and gathering statistics
-- All but the stock (dead rows), the price lists (never analyzed) and the partitions of events
-- (shop.py takes those one by one, so that the parent stays without statistics).
VACUUM (ANALYZE)
    shop."group", shop.users, shop.addresses, shop.categories, shop.suppliers, shop.products,
    shop.product_images, shop.price_history, shop.warehouses, shop.coupons, shop.carts,
    shop.cart_items, shop.orders, shop.order_items, shop.payments, shop.shipments, shop.reviews,
    shop.comments, shop.sessions, shop.email_queue, shop.audit_log, analytics.daily_sales;

-- step: gathering statistics of the stock
ANALYZE shop.inventory;
