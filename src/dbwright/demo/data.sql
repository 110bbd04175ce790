-- The demo shop, part two of four: about 320,000 rows.
--
-- Nothing here is random: each value is a hash of the row's number and a salt, so two shops built
-- for the same day are equal, on every version and whatever the plan. Dates count back from the
-- setting shop.today, so that "the last 30 days" is never empty.

-- step: filling the catalogue
-- A whole number from 0 up to (not including) size, even over the rows.
CREATE FUNCTION pg_temp.pick(n bigint, salt bigint, size integer) RETURNS integer
LANGUAGE sql IMMUTABLE AS
$$ SELECT ((hashint8extended(n, salt) & 9007199254740991) % size)::integer $$;

-- A fraction from 0 up to (not including) 1; a power of it makes a skew.
CREATE FUNCTION pg_temp.part(n bigint, salt bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(n, salt) & 9007199254740991) / 9007199254740992.0::double precision $$;

CREATE FUNCTION pg_temp.today() RETURNS timestamptz LANGUAGE sql STABLE AS
$$ SELECT (current_setting('shop.today') || ' 00:00+00')::timestamptz $$;

CREATE FUNCTION pg_temp.one_of(n bigint, salt bigint, choices text[]) RETURNS text
LANGUAGE sql IMMUTABLE AS
$$ SELECT choices[1 + pg_temp.pick(n, salt, array_length(choices, 1))] $$;

INSERT INTO shop."group" (id, name, discount_percent) VALUES
    (1, 'Standard', 0), (2, 'Silver', 3), (3, 'Gold', 5), (4, 'Trade', 12), (5, 'Staff', 20);

INSERT INTO shop.warehouses (id, code, city) VALUES
    (1, 'HAM', 'Hamburg'), (2, 'LYO', 'Lyon'), (3, 'POZ', 'Poznan'), (4, 'MAD', 'Madrid');

INSERT INTO shop.categories (id, parent_id, name, slug)
SELECT n, NULL, name, lower(replace(name, ' ', '-'))
FROM unnest(ARRAY['Kitchen', 'Living', 'Bedroom', 'Bath', 'Office', 'Garden', 'Kids', 'Sport'])
    WITH ORDINALITY AS root (name, n);
INSERT INTO shop.categories (id, parent_id, name, slug)
SELECT 8 + row_number() OVER (ORDER BY root.id, leaf.n), root.id, leaf.name,
       root.slug || '-' || lower(leaf.name)
FROM shop.categories AS root
CROSS JOIN unnest(ARRAY['Furniture', 'Lighting', 'Textiles', 'Storage', 'Tools', 'Decoration'])
    WITH ORDINALITY AS leaf (name, n);

INSERT INTO shop.suppliers (id, name, email, phone1, phone2, phone3)
SELECT n,
       pg_temp.one_of(n, 1, ARRAY['Nordic', 'Alpine', 'Baltic', 'Iberian', 'Rhine', 'Aegean'])
           || ' ' || pg_temp.one_of(n, 2, ARRAY['Trading', 'Works', 'Supply', 'Craft'])
           || ' ' || n,
       'orders@supplier' || n || '.example',
       '+49 40 555' || to_char(pg_temp.pick(n, 3, 10000), 'FM0000'),
       CASE WHEN n % 3 = 0 THEN '+49 171 555' || to_char(pg_temp.pick(n, 4, 10000), 'FM0000') END,
       CASE WHEN n % 9 = 0 THEN '+33 1 555' || to_char(pg_temp.pick(n, 5, 10000), 'FM0000') END
FROM generate_series(1, 40) AS n;

INSERT INTO shop.products (id, category_id, supplier_id, created_at, updated_at, price, is_active,
                           sku, name, description, tags, attributes)
SELECT n, 9 + pg_temp.pick(n, 1, 48), 1 + pg_temp.pick(n, 2, 40),
       pg_temp.today() - make_interval(days => 30 + pg_temp.pick(n, 3, 900)),
       pg_temp.today() - make_interval(days => pg_temp.pick(n, 4, 30)),
       -- Most things are cheap, some are dear, and all end in .90 or so.
       floor(4 + 600 * power(pg_temp.part(n, 5), 3)) + pg_temp.one_of(n, 6,
           ARRAY['0.90', '0.95', '0.99', '0.50'])::double precision,
       pg_temp.pick(n, 7, 20) > 0,
       chr(65 + pg_temp.pick(n, 8, 26)) || chr(65 + pg_temp.pick(n, 9, 26))
           || '-' || to_char(n, 'FM00000'),
       part.name, part.name || ', made to last. Comes in a box, with two years of warranty.',
       CASE WHEN pg_temp.pick(n, 13, 4) > 0 THEN
           pg_temp.one_of(n, 14, ARRAY['new', 'sale', 'classic']) || ','
           || pg_temp.one_of(n, 15, ARRAY['eco', 'handmade', 'vegan', 'fairtrade'])
           || CASE WHEN n % 5 = 0 THEN ',gift' ELSE '' END END,
       jsonb_build_object(
           'colour', pg_temp.one_of(n, 16,
               ARRAY['black', 'white', 'oak', 'red', 'blue', 'green', 'grey', 'sand', 'copper']),
           'size', pg_temp.one_of(n, 17, ARRAY['S', 'M', 'L', 'XL']),
           'weight_g', 50 + pg_temp.pick(n, 18, 9000),
           'washable', pg_temp.pick(n, 19, 2) = 0)
FROM generate_series(1, 4000) AS n
CROSS JOIN LATERAL (
    SELECT pg_temp.one_of(n, 10, ARRAY['Small', 'Large', 'Folding', 'Round', 'Slim', 'Sturdy'])
        || ' ' || pg_temp.one_of(n, 11, ARRAY['oak', 'steel', 'linen', 'wool', 'glass', 'cork'])
        || ' ' || pg_temp.one_of(n, 12, ARRAY['table', 'lamp', 'shelf', 'bowl', 'blanket', 'chair',
            'basket', 'clock', 'mirror', 'stool', 'tray', 'hook']) AS name) AS part;

INSERT INTO shop.product_images (id, product_id, position, url)
SELECT 2 * (product - 1) + position, product, position,
       'https://images.shop.example/' || product || '/' || position || '.webp'
FROM generate_series(1, 4000) AS product, generate_series(1, 2) AS position;

INSERT INTO shop.price_history (id, product_id, valid_from, price)
SELECT 2 * (id - 1) + step, id, created_at + make_interval(days => 10 * (step - 1)),
       round((price * (1.15 - 0.05 * step))::numeric, 2)
FROM shop.products, generate_series(1, 2) AS step;

INSERT INTO shop.supplier_price_import (id, supplier_id, imported_at, price, sku)
SELECT id, supplier_id, pg_temp.today() - interval '20 hours',
       round((price * 0.6)::numeric, 2), sku
FROM shop.products;

-- step: filling the warehouses
INSERT INTO shop.inventory (id, product_id, warehouse_id, counted_at, updated_at, quantity, bin)
SELECT 4 * (product - 1) + warehouse, product, warehouse,
       pg_temp.today() - make_interval(days => pg_temp.pick(product, warehouse, 365)),
       pg_temp.today() - make_interval(mins => pg_temp.pick(product, 10 + warehouse, 5000)),
       floor(200 * power(pg_temp.part(product, 20 + warehouse), 2)),
       chr(65 + pg_temp.pick(product, 30 + warehouse, 12)) || pg_temp.pick(product, 40, 90)
FROM generate_series(1, 4000) AS product, generate_series(1, 4) AS warehouse;
-- A busy day: each row is counted again. Autovacuum is off, so the old versions stay.
UPDATE shop.inventory SET reserved = least(quantity, 3), updated_at = updated_at + interval '1 h';

INSERT INTO shop.coupons (id, valid_from, valid_until, percent_off, code)
SELECT 29999 + n, day, day + interval '60 days', 5 * (1 + pg_temp.pick(n, 1, 4)),
       upper(substr(md5('coupon' || n), 1, 8))
FROM generate_series(1, 480) AS n
CROSS JOIN LATERAL (SELECT pg_temp.today() - make_interval(days => 2 * (480 - n)) AS day) AS part;

-- step: inviting customers
INSERT INTO shop.users (id, group_id, created_at, last_login_at, email, first_name, last_name,
                        password_hash, api_token, birthday, newsletter)
SELECT n, CASE WHEN n % 500 = 0 THEN 5 ELSE 1 + floor(4 * power(pg_temp.part(n, 1), 3)) END,
       pg_temp.today() - make_interval(mins => (1100000 * (1 - n / 12000.0))::integer),
       CASE WHEN pg_temp.pick(n, 2, 10) > 0 THEN
           pg_temp.today() - make_interval(mins => (1000000 * power(pg_temp.part(n, 3), 4)
               * (1 - n / 12000.0))::integer) END,
       -- The last forty signed up twice: once in small letters, once as their phone liked it.
       CASE WHEN n > 11960 THEN initcap(mail.address) ELSE mail.address END,
       person.first_name, person.last_name,
       '$argon2id$v=19$m=65536,t=3,p=4$' || md5('hash' || n),
       CASE WHEN n % 40 = 0 THEN 'tok_live_' || md5('demo' || n) END,
       CASE WHEN pg_temp.pick(n, 4, 3) > 0 THEN
           (date '1950-01-01' + pg_temp.pick(n, 5, 20000))::text END,
       CASE WHEN pg_temp.pick(n, 6, 3) = 0 THEN 'yes' ELSE 'no' END
FROM generate_series(1, 12000) AS n
CROSS JOIN LATERAL (SELECT CASE WHEN n > 11960 THEN n - 11000 ELSE n END AS id) AS twin
CROSS JOIN LATERAL (
    SELECT pg_temp.one_of(twin.id, 7, ARRAY['Anna', 'Ben', 'Clara', 'David', 'Elena', 'Felix',
               'Grace', 'Hugo', 'Ines', 'Jonas', 'Katja', 'Liam', 'Maria', 'Noah', 'Olga', 'Paul',
               'Rosa', 'Samuel', 'Theo', 'Uma', 'Vera', 'Wim', 'Yara', 'Zoe']) AS first_name,
           pg_temp.one_of(twin.id, 8, ARRAY['Abel', 'Bauer', 'Costa', 'Dubois', 'Eriksen', 'Fischer',
               'Garcia', 'Horvat', 'Ivanova', 'Jansen', 'Keller', 'Lopez', 'Meyer', 'Novak',
               'Olsen', 'Petrov', 'Rossi', 'Schmidt', 'Silva', 'Taylor', 'Urban', 'Vogel',
               'Weber', 'Young', 'Zeman']) AS last_name) AS person
CROSS JOIN LATERAL (
    SELECT lower(person.first_name || '.' || person.last_name) || twin.id || '@'
        || pg_temp.one_of(twin.id, 9,
               ARRAY['mail.example', 'post.example', 'example.com', 'example.org']) AS address
) AS mail;

INSERT INTO shop.addresses (id, user_id, kind, street, postal_code, city, country)
SELECT n, CASE WHEN n <= 12000 THEN n ELSE n - 12000 END,
       CASE WHEN n <= 12000 THEN 'shipping' ELSE 'billing' END::shop.address_kind,
       pg_temp.one_of(n, 1, ARRAY['Main Street', 'Station Road', 'Mill Lane', 'Church Way',
           'Lake View', 'High Street']) || ' ' || 1 + pg_temp.pick(n, 2, 120),
       to_char(10000 + pg_temp.pick(n, 3, 89999), 'FM00000'),
       place[1], place[2]
FROM generate_series(1, 15000) AS n
CROSS JOIN LATERAL (
    SELECT string_to_array((ARRAY['Berlin/DE', 'Hamburg/DE', 'Munich/DE', 'Paris/FR', 'Vienna/AT',
        'Lyon/FR', 'Cologne/DE', 'Madrid/ES', 'Graz/AT', 'Warsaw/PL', 'Porto/PT', 'Oslo/NO'])
        [1 + floor(12 * power(pg_temp.part(n, 4), 2))::integer], '/') AS place) AS part;

INSERT INTO shop.sessions (id, user_id, created_at, expires_at, ip, session_hash, user_agent)
SELECT n, 1 + floor(12000 * power(pg_temp.part(n, 1), 2)), login, login + interval '14 days',
       ('10.' || n % 256 || '.' || pg_temp.pick(n, 2, 256) || '.' || pg_temp.pick(n, 3, 256))::inet,
       decode(md5('session' || n) || md5('cookie' || n), 'hex'),
       pg_temp.one_of(n, 4, ARRAY['Firefox', 'Chrome', 'Safari', 'Edge']) || '/'
           || 100 + pg_temp.pick(n, 5, 40)
FROM generate_series(1, 8000) AS n
CROSS JOIN LATERAL (
    SELECT pg_temp.today() - make_interval(mins => (40000 * (1 - n / 8000.0))::integer) AS login
) AS part;

INSERT INTO shop.carts (id, user_id, created_at, closed_at)
SELECT n, 1 + pg_temp.pick(n, 1, 12000), opened,
       CASE WHEN n % 4 > 0 THEN opened + make_interval(mins => 5 + pg_temp.pick(n, 2, 600)) END
FROM generate_series(1, 4000) AS n
CROSS JOIN LATERAL (
    SELECT pg_temp.today() - make_interval(mins => (60000 * (1 - n / 4000.0))::integer) AS opened
) AS part;

INSERT INTO shop.cart_items (id, cart_id, product_id, quantity)
SELECT 2 * (cart - 1) + line, cart, 1 + (pg_temp.pick(cart, 1, 4000) + 17 * line) % 4000,
       1 + pg_temp.pick(cart, 2 + line, 3)
FROM generate_series(1, 4000) AS cart, generate_series(1, 2) AS line;

-- step: taking orders
INSERT INTO shop.order_items (id, order_id, product_id, line_number, quantity, unit_price)
SELECT row_number() OVER (ORDER BY item.order_id, item.line_number), item.order_id,
       item.product_id, item.line_number, item.quantity, round(products.price::numeric, 2)
FROM (
    SELECT n AS order_id, line AS line_number,
           1 + floor(3980 * power(pg_temp.part(n, 10 + line), 2.5))::bigint AS product_id,
           1 + floor(4 * power(pg_temp.part(n, 20 + line), 5))::integer AS quantity
    FROM generate_series(1, 32000) AS n
    CROSS JOIN LATERAL generate_series(1, 1 + floor(5 * power(pg_temp.part(n, 1), 2))::integer)
        AS line
) AS item
JOIN shop.products ON products.id = item.product_id;

INSERT INTO shop.orders (id, shipping_address_id, ordered_at, refunded_at, user_id, status,
                         coupon_id, total, public_id)
SELECT n, customer.id, moment.ordered_at,
       CASE WHEN moment.status = 'refunded' THEN moment.ordered_at + interval '12 days' END,
       customer.id, moment.status,
       CASE WHEN pg_temp.pick(n, 4, 10) = 0 THEN
           greatest(30000, 30479 - (moment.age_days / 2)::integer) END,
       bill.total, md5('order' || n)::uuid::text
FROM generate_series(1, 32000) AS n
-- Two years of orders, more each month than the month before.
CROSS JOIN LATERAL (SELECT power(n / 32000.0::double precision, 0.6) AS part) AS passed
CROSS JOIN LATERAL (SELECT 730 * (1 - passed.part) AS age_days) AS age
CROSS JOIN LATERAL (
    -- A few of the customers of that day order often; parcels go to the first address.
    SELECT 1 + floor(12000 * (0.04 + 0.95 * passed.part) * power(pg_temp.part(n, 2), 2))::integer
        AS id) AS customer
CROSS JOIN LATERAL (
    SELECT age.age_days, pg_temp.today() - age.age_days * interval '1 day' AS ordered_at,
           CASE WHEN pg_temp.pick(n, 3, 100) < 3 THEN 'cancelled'
                WHEN age.age_days < 2 AND pg_temp.pick(n, 3, 100) < 40 THEN 'pending'
                WHEN age.age_days < 3 THEN 'paid'
                WHEN age.age_days < 7 THEN 'shipped'
                WHEN age.age_days > 20 AND pg_temp.pick(n, 3, 100) > 97 THEN 'refunded'
                ELSE 'delivered' END::shop.order_status AS status) AS moment
JOIN (
    SELECT order_id, sum(quantity * unit_price) AS total FROM shop.order_items GROUP BY order_id
) AS bill ON bill.order_id = n
ORDER BY n;

INSERT INTO shop.payments (id, order_id, paid_at, method, amount, provider_reference)
SELECT row_number() OVER (ORDER BY id), id,
       (ordered_at + make_interval(mins => pg_temp.pick(id, 1, 90))) AT TIME ZONE 'UTC',
       pg_temp.one_of(id, 2,
           ARRAY['card', 'card', 'card', 'wallet', 'invoice', 'transfer'])::shop.payment_method,
       total, 'pay_' || md5('payment' || id)
FROM shop.orders WHERE status NOT IN ('pending', 'cancelled');
-- Somebody deleted twelve test orders by hand, while the foreign key was away.
INSERT INTO shop.payments (id, order_id, paid_at, method, amount, provider_reference)
SELECT 50000 + n, 900000 + n, (pg_temp.today() - interval '200 days') AT TIME ZONE 'UTC', 'card',
       1.00, 'pay_' || md5('orphan' || n)
FROM generate_series(1, 12) AS n;

INSERT INTO shop.shipments (id, order_id, warehouse_id, shipped_at, delivered_at, carrier,
                            tracking_number)
SELECT row_number() OVER (ORDER BY id), id, 1 + pg_temp.pick(id, 1, 4),
       ordered_at + interval '26 hours',
       CASE WHEN status <> 'shipped' THEN
           ordered_at + make_interval(hours => 60 + pg_temp.pick(id, 2, 100)) END,
       pg_temp.one_of(id, 3, ARRAY['DHL', 'UPS', 'GLS', 'DPD']),
       upper(substr(md5('parcel' || id), 1, 14))
FROM shop.orders WHERE status IN ('shipped', 'delivered', 'refunded');

-- step: writing letters, reviews and logs
INSERT INTO shop.reviews (id, product_id, user_id, created_at, rating, title, body)
SELECT n, 1 + floor(4000 * power(pg_temp.part(n, 1), 2))::bigint, 1 + pg_temp.pick(n, 2, 12000),
       pg_temp.today() - make_interval(mins => (1000000 * (1 - n / 12000.0))::integer),
       1 + floor(5 * power(pg_temp.part(n, 3), 0.4)),
       pg_temp.one_of(n, 4, ARRAY['Very good', 'Good value', 'As described', 'Not for me', 'Broke']),
       pg_temp.one_of(n, 5, ARRAY['Arrived quickly, well packed.', 'Would buy it again.',
           'The colour is different from the picture.', 'A present for my mother, she loves it.'])
FROM generate_series(1, 12000) AS n
ON CONFLICT ON CONSTRAINT reviews_product_id_user_id_key DO NOTHING;
-- Reviews of products that are long gone: no foreign key kept them out.
UPDATE shop.reviews SET product_id = 700000 + id WHERE id <= 9;

INSERT INTO shop.comments (id, author_id, commentable_id, created_at, commentable_type, body)
SELECT n, 500 * (1 + pg_temp.pick(n, 1, 24)), 1 + pg_temp.pick(n, 2, 4000),
       pg_temp.today() - make_interval(mins => (500000 * (1 - n / 3000.0))::integer),
       pg_temp.one_of(n, 3, ARRAY['order', 'order', 'product', 'review']),
       pg_temp.one_of(n, 4, ARRAY['Called back, all fine.', 'Waiting for the supplier.',
           'Please check the picture.', 'Customer was very angry.'])
FROM generate_series(1, 3000) AS n;

-- Each try to send burns a number, so the ids have run far ahead of the rows.
INSERT INTO shop.email_queue (id, attempts, created_at, sent_at, recipient, template, payload)
SELECT 1997150000 + 8 * n, 1 + pg_temp.pick(n, 1, 3), written,
       CASE WHEN n <= 4900 THEN written + interval '2 minutes' END, email,
       pg_temp.one_of(n, 2, ARRAY['order-confirmed', 'parcel-sent', 'review-wanted', 'newsletter']),
       json_build_object('name', first_name, 'language', pg_temp.one_of(n, 3, ARRAY['en', 'de']))
FROM generate_series(1, 5000) AS n
CROSS JOIN LATERAL (
    SELECT pg_temp.today() - make_interval(mins => (10080 * (1 - n / 5000.0))::integer) AS written
) AS part
JOIN shop.users ON users.id = 1 + pg_temp.pick(n, 4, 12000)
ORDER BY n;

INSERT INTO shop.audit_log (happened_at, row_id, table_name, action, actor, details)
SELECT pg_temp.today() - make_interval(mins => (500000 * (1 - n / 20000.0))::integer),
       1 + pg_temp.pick(n, 1, 32000),
       pg_temp.one_of(n, 2, ARRAY['orders', 'orders', 'products', 'users', 'inventory']),
       pg_temp.one_of(n, 3, ARRAY['update', 'update', 'insert', 'delete']),
       pg_temp.one_of(n, 4, ARRAY['shop_app', 'shop_app', 'shop_app', 'support', 'import']),
       jsonb_build_object('request', md5('request' || n))
FROM generate_series(1, 20000) AS n;

INSERT INTO shop.events (id, occurred_at, user_id, kind, properties)
SELECT n, pg_temp.today() - make_interval(mins => (330000 * (1 - n / 24000.0))::integer),
       CASE WHEN pg_temp.pick(n, 1, 3) > 0 THEN
           1 + floor(12000 * power(pg_temp.part(n, 2), 2))::bigint END,
       pg_temp.one_of(n, 3, ARRAY['view', 'view', 'view', 'search', 'cart', 'checkout']),
       jsonb_build_object('product', 1 + floor(4000 * power(pg_temp.part(n, 4), 2))::integer,
           'device', pg_temp.one_of(n, 5, ARRAY['phone', 'phone', 'laptop', 'tablet']))
FROM generate_series(1, 24000) AS n;

DROP FUNCTION pg_temp.one_of(bigint, bigint, text[]);
DROP FUNCTION pg_temp.pick(bigint, bigint, integer);
DROP FUNCTION pg_temp.part(bigint, bigint);
DROP FUNCTION pg_temp.today();
