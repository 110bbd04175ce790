-- What the demo shop asks of its database on one day. Good and bad are mixed, as in life.
--
-- Each query stands below its name and its calls in a day, and ends with a semicolon.

-- name: log in
-- calls: 9000
SELECT id, password_hash, group_id FROM shop.users WHERE email = 'ines.keller412@example.org';

-- name: log in, however the address is spelled
-- calls: 4200
SELECT id, password_hash FROM shop.users WHERE lower(email) = lower('ANNA.Abel17@example.com');

-- name: session of a request
-- calls: 220000
SELECT sessions.id, sessions.user_id, sessions.expires_at
FROM shop.sessions
WHERE session_hash =
    '\x89d6de8afecf845d6cb6cda7a4bd0aa10b5a9bcb8239011b6ed2ad7f85012319';

-- name: sessions that have expired
-- calls: 288
SELECT id FROM shop.sessions WHERE expires_at < now() - interval '1 day' LIMIT 1000;

-- name: help desk finds a customer by the start of the name
-- calls: 1500
SELECT id, first_name, last_name, email
FROM shop.users WHERE last_name LIKE 'Schm%' ORDER BY last_name, first_name LIMIT 20;

-- name: customers with a birthday today
-- calls: 24
SELECT id, first_name, email FROM shop.users
WHERE newsletter = 'yes' AND substr(birthday, 6) = to_char(now(), 'MM-DD');

-- name: customer's discount
-- calls: 30000
SELECT "group".name, "group".discount_percent
FROM shop.users JOIN shop."group" ON "group".id = users.group_id WHERE users.id = 4711;

-- name: customers of the trade group
-- calls: 40
SELECT id, email FROM shop.users WHERE group_id = 4 ORDER BY id LIMIT 100;

-- name: product page
-- calls: 160000
SELECT id, name, description, price, tags, attributes FROM shop.products WHERE id = 1234;

-- name: product by its number
-- calls: 12000
SELECT id, name, price FROM shop.products WHERE sku = 'NJ-00001';

-- name: pictures of one product, asked for each product of a list
-- calls: 310000
SELECT url FROM shop.product_images WHERE product_id = 1234 ORDER BY position;

-- name: stock of one product, asked for each product of a list
-- calls: 310000
SELECT sum(quantity - reserved) FROM shop.inventory WHERE product_id = 1234;

-- name: products of a category
-- calls: 52000
SELECT id, name, price FROM shop.products
WHERE category_id = 17 AND is_active ORDER BY price LIMIT 24;

-- name: products of a category and all below it
-- calls: 8000
WITH RECURSIVE branch AS (
    SELECT id FROM shop.categories WHERE id = 3
    UNION ALL
    SELECT categories.id FROM shop.categories JOIN branch ON categories.parent_id = branch.id
)
SELECT products.id, products.name, products.price
FROM shop.products JOIN branch ON branch.id = products.category_id
WHERE products.is_active ORDER BY products.created_at DESC LIMIT 24;

-- name: products by colour and size
-- calls: 21000
SELECT id, name, price FROM shop.products
WHERE attributes @> '{"colour": "copper", "size": "XL", "washable": true}';

-- name: products with a tag
-- calls: 6000
SELECT id, name FROM shop.products WHERE ',' || tags || ',' LIKE '%,handmade,%';

-- name: search box
-- calls: 17000
SELECT id, name, price FROM shop.products
WHERE name ILIKE '%wool blanket%' OR description ILIKE '%wool blanket%' LIMIT 24;

-- name: catalogue, page 150
-- calls: 900
SELECT id, name, price FROM shop.products ORDER BY created_at DESC, id OFFSET 3576 LIMIT 24;

-- name: price of a product on a day
-- calls: 2000
SELECT price FROM shop.price_history
WHERE product_id = 99 AND valid_from <= now() - interval '10 days'
ORDER BY valid_from DESC LIMIT 1;

-- name: products of a supplier that cost more than the price list says
-- calls: 40
SELECT products.sku, products.price, supplier_price_import.price AS bought_for
FROM shop.supplier_price_import
JOIN shop.products ON products.sku = supplier_price_import.sku
WHERE supplier_price_import.supplier_id = 7 AND products.supplier_id = 7;

-- name: goods to order again
-- calls: 96
SELECT warehouses.code, products.sku, inventory.quantity
FROM shop.inventory
JOIN shop.products ON products.id = inventory.product_id
JOIN shop.warehouses ON warehouses.id = inventory.warehouse_id
WHERE inventory.quantity < inventory.reorder_level AND products.is_active
ORDER BY inventory.quantity LIMIT 200;

-- name: open cart of a customer
-- calls: 90000
SELECT carts.id, cart_items.product_id, cart_items.quantity
FROM shop.carts JOIN shop.cart_items ON cart_items.cart_id = carts.id
WHERE carts.user_id = 8133 AND carts.closed_at IS NULL;

-- name: coupon
-- calls: 3500
SELECT id, percent_off FROM shop.coupons
WHERE code = 'FDA6E746' AND now() BETWEEN valid_from AND valid_until;

-- name: orders with a coupon
-- calls: 60
SELECT id, total FROM shop.orders WHERE coupon_id = 30470;

-- name: order by the number in a letter
-- calls: 14000
SELECT id, status, total FROM shop.orders
WHERE public_id = '03ec8884-bb6c-e14a-9dca-77f0726f4385';

-- name: last orders of a customer
-- calls: 26000
SELECT id, ordered_at, status, total FROM shop.orders
WHERE user_id = 1 ORDER BY ordered_at DESC LIMIT 10;

-- name: older orders of a customer, from where the last page ended
-- calls: 3000
SELECT id, ordered_at, total FROM shop.orders
WHERE user_id = 1 AND (ordered_at, id) < (now() - interval '90 days', 30000)
ORDER BY ordered_at DESC, id DESC LIMIT 10;

-- name: lines of an order, asked for each order of a list
-- calls: 120000
SELECT order_items.line_number, products.name, order_items.quantity, order_items.unit_price
FROM shop.order_items JOIN shop.products ON products.id = order_items.product_id
WHERE order_items.order_id = 31337 ORDER BY order_items.line_number;

-- name: orders of yesterday
-- calls: 480
SELECT id, user_id, total FROM shop.orders
WHERE ordered_at >= now() - interval '2 days' AND ordered_at < now() - interval '1 day';

-- name: orders of a day, by a function on the column
-- calls: 300
SELECT count(*), sum(total) FROM shop.orders
WHERE date_trunc('day', ordered_at) = date_trunc('day', now()) - interval '3 days';

-- name: orders waiting for payment
-- calls: 1440
SELECT id, user_id, ordered_at, total FROM shop.orders
WHERE status = 'pending' ORDER BY ordered_at LIMIT 50;

-- name: refunds of the last month
-- calls: 30
SELECT id, total, refunded_at FROM shop.orders WHERE refunded_at >= now() - interval '30 days';

-- name: orders to an address
-- calls: 700
SELECT id, ordered_at FROM shop.orders WHERE shipping_address_id = 812;

-- name: who bought this product
-- calls: 5200
SELECT DISTINCT orders.user_id
FROM shop.order_items JOIN shop.orders ON orders.id = order_items.order_id
WHERE order_items.product_id = 2718;

-- name: bought together with this product
-- calls: 9500
SELECT other.product_id, count(*) AS times
FROM shop.order_items AS this
JOIN shop.order_items AS other ON other.order_id = this.order_id
WHERE this.product_id = 1500 AND other.product_id <> 1500
GROUP BY other.product_id ORDER BY times DESC, other.product_id LIMIT 6;

-- name: products that nobody bought
-- calls: 4
SELECT id, name FROM shop.products
WHERE id NOT IN (SELECT product_id FROM shop.order_items) ORDER BY id;

-- name: payment by the reference of the provider
-- calls: 5000
SELECT id, order_id, amount FROM shop.payments
WHERE provider_reference = 'pay_be2af188ffcf2e3666c0092f38785d44';

-- name: orders and payments that differ
-- calls: 24
SELECT orders.id, orders.total, sum(payments.amount) AS paid
FROM shop.orders JOIN shop.payments ON payments.order_id = orders.id
GROUP BY orders.id HAVING sum(payments.amount) <> orders.total;

-- name: parcel by its number
-- calls: 11000
SELECT order_id, carrier, shipped_at, delivered_at FROM shop.shipments
WHERE tracking_number = 'C269BF18C3003F';

-- name: parcels that are late
-- calls: 96
SELECT shipments.id, orders.public_id, users.email, shipments.carrier
FROM shop.shipments
JOIN shop.orders ON orders.id = shipments.order_id
JOIN shop.users ON users.id = orders.user_id
JOIN shop.warehouses ON warehouses.id = shipments.warehouse_id
WHERE shipments.delivered_at IS NULL AND shipments.shipped_at < now() - interval '4 days'
  AND warehouses.code = 'HAM';

-- name: reviews of a product
-- calls: 140000
SELECT rating, title, body, created_at FROM shop.reviews
WHERE product_id = 12 ORDER BY created_at DESC LIMIT 5;

-- name: rating of each product of a category
-- calls: 7000
SELECT products.id, products.name,
       (SELECT avg(rating) FROM shop.reviews WHERE reviews.product_id = products.id) AS rating
FROM shop.products WHERE products.category_id = 20;

-- name: reviews that a customer wrote
-- calls: 800
SELECT product_id, rating, title FROM shop.reviews WHERE user_id = 250;

-- name: remarks on an order
-- calls: 4000
SELECT author_id, created_at, body FROM shop.comments
WHERE commentable_type = 'order' AND commentable_id = 2000 ORDER BY created_at;

-- name: letters to send
-- calls: 17280
SELECT id, recipient, template, payload FROM shop.email_queue
WHERE sent_at IS NULL ORDER BY created_at LIMIT 50;

-- name: what happened to a row
-- calls: 350
SELECT happened_at, action, actor FROM shop.audit_log
WHERE table_name = 'orders' AND row_id = 4635 ORDER BY happened_at DESC;

-- name: audit log of the last hours
-- calls: 60
SELECT happened_at, table_name, row_id, action, actor FROM shop.audit_log
WHERE happened_at >= now() - interval '36 hours' ORDER BY happened_at DESC;

-- name: last clicks of a customer
-- calls: 6500
SELECT occurred_at, kind, properties FROM shop.events
WHERE user_id = 77 ORDER BY occurred_at DESC LIMIT 20;

-- name: visits of each day, for the dashboard
-- calls: 288
SELECT date_trunc('day', occurred_at) AS day, kind, count(*), count(DISTINCT user_id)
FROM shop.events WHERE occurred_at >= now() - interval '30 days' GROUP BY 1, 2 ORDER BY 1, 2;

-- name: revenue of each month, for the dashboard
-- calls: 288
SELECT date_trunc('month', ordered_at) AS month, count(*), sum(total)
FROM shop.orders WHERE status NOT IN ('cancelled', 'refunded') GROUP BY 1 ORDER BY 1;

-- name: best three products of each category in the last quarter
-- calls: 48
SELECT name, product, sold FROM (
    SELECT categories.name, products.name AS product, sum(order_items.quantity) AS sold,
           row_number() OVER (PARTITION BY categories.id
                              ORDER BY sum(order_items.quantity) DESC, products.id) AS place
    FROM shop.orders
    JOIN shop.order_items ON order_items.order_id = orders.id
    JOIN shop.products ON products.id = order_items.product_id
    JOIN shop.categories ON categories.id = products.category_id
    WHERE orders.ordered_at >= now() - interval '90 days' AND orders.status <> 'cancelled'
    GROUP BY categories.id, products.id
) AS ranked
WHERE place <= 3 ORDER BY name, place;

-- name: customers who spent most
-- calls: 12
SELECT users.id, users.email, sum(orders.total) AS spent
FROM shop.users JOIN shop.orders ON orders.user_id = users.id
WHERE orders.status <> 'cancelled'
GROUP BY users.id ORDER BY spent DESC LIMIT 50;

-- name: help desk's list of orders
-- calls: 600
SELECT * FROM shop.order_summary ORDER BY ordered_at DESC LIMIT 25;
