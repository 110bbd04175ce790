--
-- PostgreSQL database dump
--
\restrict abc
\connect shop
SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SELECT pg_catalog.set_config('search_path', '', false);
CREATE SCHEMA shop;
ALTER SCHEMA shop OWNER TO shop_owner;
CREATE TABLE shop.orders (
    id integer NOT NULL,
    user_id integer,
    note json,
    price real
);
CREATE SEQUENCE shop.orders_id_seq AS integer OWNED BY shop.orders.id;
ALTER TABLE ONLY shop.orders ALTER COLUMN id SET DEFAULT nextval('shop.orders_id_seq'::regclass);
CREATE TABLE shop.users (
    id integer NOT NULL,
    name text
);
COPY shop.users (id, name) FROM stdin;
1	one; and 'more
2	\N
\.
COPY shop.orders (id, user_id, note, price) FROM stdin;
1	1	{"a": "b\\\\c"}	9.5
\.
SELECT pg_catalog.setval('shop.orders_id_seq', 1, true);
ALTER TABLE ONLY shop.users ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE ONLY shop.orders
    ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES shop.users(id);
CREATE INDEX orders_a ON shop.orders USING btree (price);
CREATE INDEX orders_b ON shop.orders USING btree (price);
GRANT SELECT ON TABLE shop.orders TO reporting;
\unrestrict abc
