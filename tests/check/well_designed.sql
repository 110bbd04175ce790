-- Meridian: a platform on which clinics and pharmacies sell, bill, ship and treat.
--
-- A schema as an experienced team would write it, with the features of PostgreSQL used for what
-- they are for. A check that reports anything of it above a notice is wrong. It loads on
-- PostgreSQL 12 to 18 into an empty database, statement by statement, without psql; what a version
-- lacks is left out or done in the older way. Roles belong to the cluster and are made only where
-- they are missing, so that several databases of one server can hold it.

CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

DO $$
BEGIN
    -- gen_random_uuid() is the server's own from version 13 on.
    IF current_setting('server_version_num')::int < 130000 THEN
        EXECUTE 'CREATE EXTENSION IF NOT EXISTS pgcrypto';
    END IF;
END
$$;

-- Roles: one that owns, three that group rights, and those that log in --------------------------

DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT *
        FROM (VALUES
            ('meridian_owner', 'NOLOGIN'),
            ('meridian_app', 'NOLOGIN'),
            ('meridian_auth', 'NOLOGIN'),
            ('meridian_reader', 'NOLOGIN'),
            ('meridian_migrator', 'LOGIN CONNECTION LIMIT 4'),
            ('meridian_api', 'LOGIN CONNECTION LIMIT 40'),
            ('meridian_login_service', 'LOGIN CONNECTION LIMIT 10'),
            ('meridian_dashboard', 'LOGIN CONNECTION LIMIT 10'),
            ('meridian_metrics', 'LOGIN CONNECTION LIMIT 3')
        ) AS list (name, options)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted.name) THEN
            EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.options);
        END IF;
    END LOOP;
END
$$;

GRANT meridian_owner TO meridian_migrator;
GRANT meridian_app TO meridian_api;
GRANT meridian_auth TO meridian_login_service;
GRANT meridian_reader TO meridian_dashboard;
GRANT pg_monitor TO meridian_metrics;

-- Verifiers, not passwords: the passwords are long, random and known to the secret store only.
ALTER ROLE meridian_migrator PASSWORD 'SCRAM-SHA-256$4096:AZZyCyUh3QJZ9D5M7n8F9Q==$9cOoAYwUpRopouzhKMsf9MW9N/HGjNUM39g9Ynv/s7c=:aOEO5UwPhAVqKnUtFOwv5WjfMIM/ZnYfzkZFCe5DwkM=';
ALTER ROLE meridian_api PASSWORD 'SCRAM-SHA-256$4096:4PNER9E9koMfRl8jvhMe0A==$7gHJQ/j1l166wbbS9qGq2M9SC9IcubpVuw7COD2f0EQ=:Df9+Wr4mk5/c9viJUXbcVHs2d75uOcgDdc5XpRvvdd0=';
ALTER ROLE meridian_login_service PASSWORD 'SCRAM-SHA-256$4096:p0iUrKbkqifTrJ4PRGYUMQ==$2eCSsflybC99Asmkd04TuLoNrF+tWjnI709S+T/1clM=:NDwI3NgxAIzvMTJXqGLaq1DgCFWDFAJvVXPu7r5E1ZM=';
ALTER ROLE meridian_dashboard PASSWORD 'SCRAM-SHA-256$4096:QmjxuQ/YKQ6CyJ90WwJNwg==$eJ8ZDpgZGJrwwSrx0dpQ+gXhoLVdxIi+A3QBwyT4e2U=:L4TczpuP6KzcnVBuaCF+BGhontJmmBjBe5BclOHVgAE=';
ALTER ROLE meridian_metrics PASSWORD 'SCRAM-SHA-256$4096:RXx2nznYZEGZwOW9vPvIWw==$N86Ry94fwbDqa0TxMENt1yn+ab2ejOumoH0d7CWxsIc=:7+JsB/8NIdfbCzN3dzilxnTTf/E26sE/VTIjpjhBRg0=';

ALTER ROLE meridian_migrator SET lock_timeout = '5s';
ALTER ROLE meridian_migrator SET statement_timeout = '30min';
ALTER ROLE meridian_migrator SET idle_in_transaction_session_timeout = '1min';
ALTER ROLE meridian_api SET statement_timeout = '15s';
ALTER ROLE meridian_api SET idle_in_transaction_session_timeout = '30s';
ALTER ROLE meridian_login_service SET statement_timeout = '5s';
ALTER ROLE meridian_login_service SET idle_in_transaction_session_timeout = '10s';
ALTER ROLE meridian_dashboard SET statement_timeout = '2min';
ALTER ROLE meridian_dashboard SET idle_in_transaction_session_timeout = '1min';
ALTER ROLE meridian_dashboard SET default_transaction_read_only = 'on';
ALTER ROLE meridian_metrics SET statement_timeout = '10s';
ALTER ROLE meridian_metrics SET idle_in_transaction_session_timeout = '10s';

-- Nothing for PUBLIC -----------------------------------------------------------------------------

DO $$
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO meridian_migrator, meridian_api, '
        'meridian_login_service, meridian_dashboard, meridian_metrics',
        current_database()
    );
    -- A publication needs it.
    EXECUTE format('GRANT CREATE ON DATABASE %I TO meridian_owner', current_database());
END
$$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO meridian_owner, meridian_app, meridian_auth, meridian_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE meridian_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE meridian_owner REVOKE USAGE ON TYPES FROM PUBLIC;

CREATE SCHEMA platform AUTHORIZATION meridian_owner;
CREATE SCHEMA reference AUTHORIZATION meridian_owner;
CREATE SCHEMA tenancy AUTHORIZATION meridian_owner;
CREATE SCHEMA identity AUTHORIZATION meridian_owner;
CREATE SCHEMA catalogue AUTHORIZATION meridian_owner;
CREATE SCHEMA sales AUTHORIZATION meridian_owner;
CREATE SCHEMA billing AUTHORIZATION meridian_owner;
CREATE SCHEMA logistics AUTHORIZATION meridian_owner;
CREATE SCHEMA clinic AUTHORIZATION meridian_owner;
CREATE SCHEMA events AUTHORIZATION meridian_owner;
CREATE SCHEMA audit AUTHORIZATION meridian_owner;
CREATE SCHEMA messaging AUTHORIZATION meridian_owner;
CREATE SCHEMA cache AUTHORIZATION meridian_owner;
CREATE SCHEMA reporting AUTHORIZATION meridian_owner;

COMMENT ON SCHEMA platform IS 'Types and functions that all parts share';
COMMENT ON SCHEMA reference IS 'Lists of the world: countries, currencies, units';
COMMENT ON SCHEMA cache IS 'Rows that can be made again at any time';

SET ROLE meridian_owner;

ALTER DEFAULT PRIVILEGES IN SCHEMA reference GRANT SELECT ON TABLES TO meridian_app, meridian_reader;

-- platform: types and functions ------------------------------------------------------------------

CREATE DOMAIN platform.email_address AS text
    CONSTRAINT email_address_has_an_at CHECK (VALUE ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$');
CREATE DOMAIN platform.percentage AS numeric(5, 2)
    CONSTRAINT percentage_in_range CHECK (VALUE BETWEEN 0 AND 100);
CREATE DOMAIN platform.amount AS numeric(14, 2)
    CONSTRAINT amount_is_not_negative CHECK (VALUE >= 0);
CREATE DOMAIN platform.phone_number AS text
    CONSTRAINT phone_number_is_e164 CHECK (VALUE ~ '^\+[1-9][0-9]{6,14}$');
CREATE DOMAIN platform.country_code AS text
    CONSTRAINT country_code_is_iso_3166 CHECK (VALUE ~ '^[A-Z]{2}$');
CREATE DOMAIN platform.currency_code AS text
    CONSTRAINT currency_code_is_iso_4217 CHECK (VALUE ~ '^[A-Z]{3}$');

CREATE TYPE platform.postal_address AS (
    lines text[],
    postal_code text,
    city text,
    country_code platform.country_code
);
CREATE TYPE platform.time_range AS RANGE (subtype = time);
COMMENT ON TYPE platform.time_range IS 'A part of a day, such as opening hours';

DO $$
DECLARE
    body text := CASE
        WHEN current_setting('server_version_num')::int >= 180000 THEN 'SELECT uuidv7()'
        WHEN current_setting('server_version_num')::int >= 130000 THEN 'SELECT gen_random_uuid()'
        ELSE 'SELECT public.gen_random_uuid()'
    END;
BEGIN
    EXECUTE format(
        'CREATE FUNCTION platform.new_id() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS %L',
        body
    );
END
$$;
COMMENT ON FUNCTION platform.new_id() IS 'A uuid; ordered by time where the server can';

CREATE FUNCTION platform.set_changed_at() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.changed_at := now();
    RETURN NEW;
END
$$;

CREATE TABLE platform.schema_migrations (
    version text PRIMARY KEY,
    name text NOT NULL,
    checksum bytea NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- reference: natural keys ------------------------------------------------------------------------

CREATE TABLE reference.currencies (
    code platform.currency_code PRIMARY KEY,
    name text NOT NULL UNIQUE,
    minor_units smallint NOT NULL DEFAULT 2 CHECK (minor_units BETWEEN 0 AND 4)
);

CREATE TABLE reference.countries (
    code platform.country_code PRIMARY KEY,
    name text NOT NULL UNIQUE,
    iso3 char(3) NOT NULL UNIQUE,
    currency_code platform.currency_code NOT NULL REFERENCES reference.currencies,
    phone_prefix text NOT NULL
);

CREATE TABLE reference.subdivisions (
    country_code platform.country_code NOT NULL REFERENCES reference.countries,
    code text NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (country_code, code)
);

CREATE TABLE reference.languages (
    code text PRIMARY KEY CHECK (code ~ '^[a-z]{2}(-[A-Z]{2})?$'),
    name text NOT NULL UNIQUE
);

CREATE TABLE reference.units (
    code text PRIMARY KEY,
    name text NOT NULL UNIQUE,
    base_unit_code text REFERENCES reference.units,
    factor numeric NOT NULL DEFAULT 1 CHECK (factor > 0)
);

CREATE TABLE reference.exchange_rates (
    base_currency_code platform.currency_code NOT NULL REFERENCES reference.currencies,
    quote_currency_code platform.currency_code NOT NULL REFERENCES reference.currencies,
    valid_on date NOT NULL,
    rate numeric(18, 8) NOT NULL CHECK (rate > 0),
    PRIMARY KEY (base_currency_code, quote_currency_code, valid_on),
    CHECK (base_currency_code <> quote_currency_code)
);
CREATE INDEX exchange_rates_quote_idx ON reference.exchange_rates (quote_currency_code, valid_on);

CREATE TABLE reference.holidays (
    country_code platform.country_code NOT NULL REFERENCES reference.countries,
    day date NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (country_code, day)
);

CREATE TABLE reference.tax_categories (
    tax_category_id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    description text
);

-- tenancy -----------------------------------------------------------------------------------------

CREATE TABLE tenancy.features (
    code text PRIMARY KEY,
    description text NOT NULL
);

CREATE TABLE tenancy.plans (
    code text PRIMARY KEY,
    name text NOT NULL UNIQUE,
    monthly_price platform.amount NOT NULL,
    currency_code platform.currency_code NOT NULL REFERENCES reference.currencies,
    retired_at timestamptz
);

CREATE TABLE tenancy.plan_features (
    plan_code text NOT NULL REFERENCES tenancy.plans ON DELETE CASCADE,
    feature_code text NOT NULL REFERENCES tenancy.features ON DELETE CASCADE,
    quota integer CHECK (quota > 0),
    PRIMARY KEY (plan_code, feature_code)
);
CREATE INDEX plan_features_feature_idx ON tenancy.plan_features (feature_code);

CREATE TABLE tenancy.tenants (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    slug text NOT NULL CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    name text NOT NULL,
    country_code platform.country_code NOT NULL REFERENCES reference.countries,
    time_zone text NOT NULL DEFAULT 'UTC',
    preferences jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(preferences) = 'object'),
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    closed_at timestamptz,
    CHECK (closed_at >= created_at)
);
CREATE UNIQUE INDEX tenants_slug_key ON tenancy.tenants (slug) WHERE closed_at IS NULL;
COMMENT ON TABLE tenancy.tenants IS 'A customer of the platform; closed ones keep their history';
COMMENT ON COLUMN tenancy.tenants.slug IS 'Part of the host name; free again once closed';

CREATE TABLE tenancy.tenant_domains (
    host text PRIMARY KEY CHECK (host = lower(host)),
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    verified_at timestamptz,
    is_primary boolean NOT NULL DEFAULT false
);
CREATE INDEX tenant_domains_tenant_idx ON tenancy.tenant_domains (tenant_id);
CREATE UNIQUE INDEX tenant_domains_primary_key ON tenancy.tenant_domains (tenant_id) WHERE is_primary;

-- One plan at a time.
CREATE TABLE tenancy.subscriptions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    plan_code text NOT NULL REFERENCES tenancy.plans,
    active_during daterange NOT NULL CHECK (NOT isempty(active_during)),
    discount platform.percentage NOT NULL DEFAULT 0,
    external_reference text,
    EXCLUDE USING gist (tenant_id WITH =, active_during WITH &&)
);
CREATE INDEX subscriptions_plan_idx ON tenancy.subscriptions (plan_code);

CREATE TABLE tenancy.sites (
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    id uuid NOT NULL DEFAULT platform.new_id(),
    name text NOT NULL,
    address platform.postal_address NOT NULL,
    opening platform.time_range NOT NULL DEFAULT '[08:00,18:00)',
    phone platform.phone_number,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);

CREATE FUNCTION tenancy.current_tenant() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('meridian.tenant_id', true), '')::uuid
$$;
COMMENT ON FUNCTION tenancy.current_tenant() IS 'The tenant that the session works for';

-- identity ----------------------------------------------------------------------------------------

CREATE TABLE identity.users (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    email platform.email_address NOT NULL,
    display_name text NOT NULL,
    language_code text NOT NULL DEFAULT 'en' REFERENCES reference.languages,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE UNIQUE INDEX users_email_key ON identity.users (lower(email)) WHERE deleted_at IS NULL;

CREATE TABLE identity.credentials (
    user_id uuid PRIMARY KEY REFERENCES identity.users ON DELETE CASCADE,
    password_hash text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    failed_attempts smallint NOT NULL DEFAULT 0,
    locked_until timestamptz
);
COMMENT ON COLUMN identity.credentials.password_hash IS 'argon2id';

CREATE TABLE identity.permissions (
    code text PRIMARY KEY,
    description text NOT NULL
);

CREATE TABLE identity.roles (
    code text PRIMARY KEY,
    name text NOT NULL UNIQUE
);

CREATE TABLE identity.role_permissions (
    role_code text NOT NULL REFERENCES identity.roles ON DELETE CASCADE,
    permission_code text NOT NULL REFERENCES identity.permissions ON DELETE CASCADE,
    PRIMARY KEY (role_code, permission_code)
);
CREATE INDEX role_permissions_permission_idx ON identity.role_permissions (permission_code);

CREATE TABLE identity.memberships (
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES identity.users ON DELETE CASCADE,
    role_code text NOT NULL REFERENCES identity.roles,
    invited_by_id uuid,
    joined_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, user_id),
    FOREIGN KEY (tenant_id, invited_by_id) REFERENCES identity.memberships
);
CREATE INDEX memberships_user_idx ON identity.memberships (user_id);
CREATE INDEX memberships_invited_by_idx ON identity.memberships (tenant_id, invited_by_id)
    WHERE invited_by_id IS NOT NULL;

CREATE TABLE identity.user_sessions (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    user_id uuid NOT NULL REFERENCES identity.users ON DELETE CASCADE,
    token_digest bytea NOT NULL UNIQUE CHECK (octet_length(token_digest) = 32),
    address inet NOT NULL,
    user_agent text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    CHECK (expires_at > started_at)
);
CREATE INDEX user_sessions_user_idx ON identity.user_sessions (user_id, started_at DESC);
CREATE INDEX user_sessions_expires_idx ON identity.user_sessions (expires_at);

CREATE TABLE identity.api_clients (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    name text NOT NULL,
    key_digest bytea NOT NULL UNIQUE CHECK (octet_length(key_digest) = 32),
    scopes text[] NOT NULL DEFAULT '{}',
    allowed_networks cidr[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    UNIQUE (tenant_id, name)
);
CREATE INDEX api_clients_scopes_idx ON identity.api_clients USING gin (scopes);

-- Many rows a month, dropped after a year: by partition.
CREATE TABLE identity.login_attempts (
    id bigint GENERATED ALWAYS AS IDENTITY,
    attempted_at timestamptz NOT NULL DEFAULT now(),
    email text NOT NULL,
    address inet NOT NULL,
    succeeded boolean NOT NULL,
    PRIMARY KEY (id, attempted_at)
) PARTITION BY RANGE (attempted_at);
CREATE INDEX login_attempts_email_idx ON identity.login_attempts (email, attempted_at);
CREATE INDEX login_attempts_attempted_idx ON identity.login_attempts USING brin (attempted_at);

-- catalogue ---------------------------------------------------------------------------------------

CREATE TYPE catalogue.product_kind AS ENUM ('medicine', 'device', 'consumable', 'service');
CREATE TYPE catalogue.dimensions AS (length_mm integer, width_mm integer, height_mm integer);

CREATE TABLE catalogue.categories (
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    id bigint GENERATED ALWAYS AS IDENTITY,
    parent_id bigint,
    name text NOT NULL,
    rank integer NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, parent_id) REFERENCES catalogue.categories,
    CHECK (parent_id <> id)
);
CREATE INDEX categories_parent_idx ON catalogue.categories (tenant_id, parent_id);

CREATE TABLE catalogue.suppliers (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    name text NOT NULL,
    contact_email platform.email_address,
    address platform.postal_address,
    certified_until date,
    UNIQUE (tenant_id, name),
    UNIQUE (tenant_id, id)
);

CREATE TABLE catalogue.products (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    sku text NOT NULL,
    name text NOT NULL,
    kind catalogue.product_kind NOT NULL,
    description text NOT NULL DEFAULT '',
    tax_category_id smallint NOT NULL REFERENCES reference.tax_categories,
    tags text[] NOT NULL DEFAULT '{}',
    attributes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object'),
    search tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('english', name), 'A') || to_tsvector('english', description)
    ) STORED,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    -- What other tables of the tenant reference, so that no reference leads to another tenant.
    UNIQUE (tenant_id, id),
    -- So that what belongs to one kind can say so.
    UNIQUE (id, kind)
);
CREATE UNIQUE INDEX products_sku_key ON catalogue.products (tenant_id, sku) WHERE deleted_at IS NULL;
CREATE INDEX products_search_idx ON catalogue.products USING gin (search);
CREATE INDEX products_name_idx ON catalogue.products USING gin (name public.gin_trgm_ops);
CREATE INDEX products_attributes_idx ON catalogue.products USING gin (attributes jsonb_path_ops);
CREATE INDEX products_tags_idx ON catalogue.products USING gin (tags);
CREATE INDEX products_brand_idx ON catalogue.products ((attributes ->> 'brand'))
    WHERE deleted_at IS NULL;
CREATE STATISTICS catalogue.products_kind_tax (ndistinct, dependencies, mcv)
    ON tenant_id, kind, tax_category_id FROM catalogue.products;

CREATE INDEX products_attribute_keys_idx ON catalogue.products USING gin (attributes);
ALTER TABLE catalogue.products ALTER COLUMN tenant_id SET STATISTICS 500;
ALTER TABLE catalogue.products ALTER COLUMN description SET STATISTICS 0;

-- What only a medicine has: the kind in the reference keeps a splint from having an ingredient.
CREATE TABLE catalogue.medicines (
    product_id bigint PRIMARY KEY,
    kind catalogue.product_kind NOT NULL DEFAULT 'medicine' CHECK (kind = 'medicine'),
    ingredient citext NOT NULL,
    strength text NOT NULL,
    authorised_until timestamptz NOT NULL DEFAULT 'infinity',
    FOREIGN KEY (product_id, kind) REFERENCES catalogue.products (id, kind) ON DELETE CASCADE
);
CREATE INDEX medicines_ingredient_idx ON catalogue.medicines (ingredient);

CREATE TABLE catalogue.product_translations (
    product_id bigint NOT NULL REFERENCES catalogue.products ON DELETE CASCADE,
    language_code text NOT NULL REFERENCES reference.languages,
    name text NOT NULL,
    description text NOT NULL DEFAULT '',
    PRIMARY KEY (product_id, language_code)
);

CREATE TABLE catalogue.product_categories (
    tenant_id uuid NOT NULL,
    product_id bigint NOT NULL,
    category_id bigint NOT NULL,
    PRIMARY KEY (tenant_id, product_id, category_id),
    FOREIGN KEY (tenant_id, product_id) REFERENCES catalogue.products (tenant_id, id)
        ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, category_id) REFERENCES catalogue.categories ON DELETE CASCADE
);
CREATE INDEX product_categories_category_idx
    ON catalogue.product_categories (tenant_id, category_id);

CREATE TABLE catalogue.variants (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    product_id bigint NOT NULL,
    label text NOT NULL,
    gtin text CHECK (gtin ~ '^[0-9]{14}$'),
    size catalogue.dimensions,
    weight_grams integer NOT NULL CHECK (weight_grams > 0),
    unit_code text NOT NULL REFERENCES reference.units,
    UNIQUE (tenant_id, id),
    UNIQUE (product_id, label),
    FOREIGN KEY (tenant_id, product_id) REFERENCES catalogue.products (tenant_id, id)
        ON DELETE CASCADE
);
CREATE INDEX variants_product_idx ON catalogue.variants (tenant_id, product_id);
CREATE UNIQUE INDEX variants_gtin_key ON catalogue.variants (tenant_id, gtin) WHERE gtin IS NOT NULL;

CREATE TABLE catalogue.demand_forecasts (
    variant_id bigint NOT NULL REFERENCES catalogue.variants ON DELETE CASCADE,
    week date NOT NULL CHECK (extract(isodow FROM week) = 1),
    expected_units double precision NOT NULL,
    price_elasticity double precision,
    PRIMARY KEY (variant_id, week)
);

CREATE TABLE catalogue.product_suppliers (
    tenant_id uuid NOT NULL,
    product_id bigint NOT NULL,
    supplier_id uuid NOT NULL,
    supplier_sku text NOT NULL,
    supplier_reference text,
    lead_days smallint NOT NULL CHECK (lead_days >= 0),
    unit_cost numeric(12, 4) NOT NULL CHECK (unit_cost >= 0),
    PRIMARY KEY (tenant_id, product_id, supplier_id),
    FOREIGN KEY (tenant_id, product_id) REFERENCES catalogue.products (tenant_id, id)
        ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, supplier_id) REFERENCES catalogue.suppliers (tenant_id, id)
        ON DELETE CASCADE
);
CREATE INDEX product_suppliers_supplier_idx ON catalogue.product_suppliers (tenant_id, supplier_id)
    INCLUDE (lead_days, unit_cost);

CREATE TABLE catalogue.price_lists (
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    id integer GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    currency_code platform.currency_code NOT NULL REFERENCES reference.currencies,
    is_default boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);
CREATE UNIQUE INDEX price_lists_default_key ON catalogue.price_lists (tenant_id) WHERE is_default;

-- At any moment one price for a variant in a list.
CREATE TABLE catalogue.prices (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    price_list_id integer NOT NULL,
    variant_id bigint NOT NULL,
    valid_during tstzrange NOT NULL CHECK (NOT isempty(valid_during)),
    price platform.amount NOT NULL,
    FOREIGN KEY (tenant_id, price_list_id) REFERENCES catalogue.price_lists ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, variant_id) REFERENCES catalogue.variants (tenant_id, id)
        ON DELETE CASCADE,
    CONSTRAINT prices_do_not_overlap EXCLUDE USING gist (
        tenant_id WITH =, price_list_id WITH =, variant_id WITH =, valid_during WITH &&
    )
);
CREATE INDEX prices_variant_idx ON catalogue.prices (tenant_id, variant_id);

CREATE TABLE catalogue.product_media (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    product_id bigint NOT NULL REFERENCES catalogue.products ON DELETE CASCADE,
    position smallint NOT NULL CHECK (position > 0),
    media_type text NOT NULL,
    object_key text NOT NULL UNIQUE,
    byte_size bigint NOT NULL CHECK (byte_size > 0),
    alternative_text text NOT NULL DEFAULT '',
    -- Deferred, so that two pictures can change places.
    UNIQUE (product_id, position) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE catalogue.bundle_items (
    bundle_id bigint NOT NULL REFERENCES catalogue.products ON DELETE CASCADE,
    item_id bigint NOT NULL REFERENCES catalogue.products,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (bundle_id, item_id),
    CHECK (bundle_id <> item_id)
);
CREATE INDEX bundle_items_item_idx ON catalogue.bundle_items (item_id);

-- sales -------------------------------------------------------------------------------------------

CREATE TABLE sales.customers (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    -- Somebody who signed up; a customer of the counter has no account.
    user_id uuid REFERENCES identity.users ON DELETE SET NULL,
    name text NOT NULL,
    email platform.email_address,
    phone platform.phone_number,
    vat_number text,
    notes text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    UNIQUE (tenant_id, id)
);
CREATE INDEX customers_user_idx ON sales.customers (user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX customers_email_key ON sales.customers (tenant_id, lower(email))
    WHERE deleted_at IS NULL;
CREATE INDEX customers_name_idx ON sales.customers USING gin (name public.gin_trgm_ops);

CREATE TABLE sales.customer_addresses (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id uuid NOT NULL REFERENCES sales.customers ON DELETE CASCADE,
    label text NOT NULL,
    address platform.postal_address NOT NULL,
    is_default boolean NOT NULL DEFAULT false,
    UNIQUE (customer_id, label)
);
CREATE UNIQUE INDEX customer_addresses_default_key ON sales.customer_addresses (customer_id)
    WHERE is_default;

CREATE TABLE sales.carts (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    customer_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    abandoned_at timestamptz,
    FOREIGN KEY (tenant_id, customer_id) REFERENCES sales.customers (tenant_id, id)
        ON DELETE CASCADE
);
CREATE INDEX carts_customer_idx ON sales.carts (tenant_id, customer_id);

CREATE TABLE sales.cart_items (
    cart_id uuid NOT NULL REFERENCES sales.carts ON DELETE CASCADE,
    variant_id bigint NOT NULL REFERENCES catalogue.variants ON DELETE CASCADE,
    quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 1000),
    PRIMARY KEY (cart_id, variant_id)
);
CREATE INDEX cart_items_variant_idx ON sales.cart_items (variant_id);

CREATE TABLE sales.order_statuses (
    code text PRIMARY KEY,
    label text NOT NULL,
    rank smallint NOT NULL UNIQUE,
    is_final boolean NOT NULL
);

CREATE TABLE sales.orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants,
    number text NOT NULL,
    customer_id uuid NOT NULL,
    status_code text NOT NULL REFERENCES sales.order_statuses,
    currency_code platform.currency_code NOT NULL REFERENCES reference.currencies,
    placed_at timestamptz NOT NULL DEFAULT now(),
    ship_to platform.postal_address NOT NULL,
    net platform.amount NOT NULL,
    tax platform.amount NOT NULL,
    gross platform.amount GENERATED ALWAYS AS (net + tax) STORED,
    changed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, number),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES sales.customers (tenant_id, id)
);
CREATE INDEX orders_customer_idx ON sales.orders (tenant_id, customer_id, placed_at DESC);
CREATE INDEX orders_placed_idx ON sales.orders (tenant_id, placed_at DESC);
CREATE INDEX orders_open_idx ON sales.orders (tenant_id, placed_at)
    WHERE status_code IN ('new', 'paid', 'packed');

CREATE TABLE sales.order_lines (
    order_id bigint NOT NULL,
    line_number smallint NOT NULL CHECK (line_number > 0),
    tenant_id uuid NOT NULL,
    variant_id bigint NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    unit_price platform.amount NOT NULL,
    discount platform.percentage NOT NULL DEFAULT 0,
    amount numeric(14, 2) GENERATED ALWAYS AS (
        round(quantity * unit_price * (100 - discount) / 100, 2)
    ) STORED,
    PRIMARY KEY (order_id, line_number),
    -- order_id alone finds the lines of an order: the primary key is the index for this one.
    FOREIGN KEY (tenant_id, order_id) REFERENCES sales.orders (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, variant_id) REFERENCES catalogue.variants (tenant_id, id)
);
CREATE INDEX order_lines_variant_idx ON sales.order_lines (tenant_id, variant_id)
    INCLUDE (quantity);

CREATE TABLE sales.order_status_changes (
    order_id bigint NOT NULL REFERENCES sales.orders ON DELETE CASCADE,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status_code text NOT NULL REFERENCES sales.order_statuses,
    changed_by_id uuid REFERENCES identity.users ON DELETE SET NULL,
    reason text,
    PRIMARY KEY (order_id, changed_at)
);
CREATE INDEX order_status_changes_changed_by_idx ON sales.order_status_changes (changed_by_id)
    WHERE changed_by_id IS NOT NULL;

CREATE TABLE sales.discounts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    code text NOT NULL CHECK (code = upper(code)),
    percent platform.percentage,
    amount platform.amount,
    valid_during tstzrange NOT NULL,
    max_uses integer CHECK (max_uses > 0),
    UNIQUE (tenant_id, code),
    UNIQUE (tenant_id, id),
    CHECK (num_nonnulls(percent, amount) = 1)
);

CREATE TABLE sales.order_discounts (
    order_id bigint NOT NULL REFERENCES sales.orders ON DELETE CASCADE,
    discount_id bigint NOT NULL REFERENCES sales.discounts,
    amount platform.amount NOT NULL,
    PRIMARY KEY (order_id, discount_id)
);
CREATE INDEX order_discounts_discount_idx ON sales.order_discounts (discount_id);

CREATE TABLE sales.returns (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES sales.orders,
    requested_at timestamptz NOT NULL DEFAULT now(),
    received_at timestamptz,
    reason text NOT NULL,
    UNIQUE (order_id, id)
);

CREATE TABLE sales.return_lines (
    return_id bigint NOT NULL,
    order_id bigint NOT NULL,
    line_number smallint NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (return_id, order_id, line_number),
    FOREIGN KEY (order_id, return_id) REFERENCES sales.returns (order_id, id) ON DELETE CASCADE,
    FOREIGN KEY (order_id, line_number) REFERENCES sales.order_lines (order_id, line_number)
);
CREATE INDEX return_lines_order_line_idx ON sales.return_lines (order_id, line_number);

CREATE TABLE sales.reviews (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id bigint NOT NULL REFERENCES catalogue.products ON DELETE CASCADE,
    customer_id uuid NOT NULL REFERENCES sales.customers ON DELETE CASCADE,
    -- NULL: a review of the product as a whole.
    variant_id bigint REFERENCES catalogue.variants ON DELETE CASCADE,
    rating smallint NOT NULL CHECK (rating BETWEEN 1 AND 5),
    body text NOT NULL DEFAULT '',
    written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reviews_customer_idx ON sales.reviews (customer_id);
CREATE INDEX reviews_variant_idx ON sales.reviews (variant_id) WHERE variant_id IS NOT NULL;
DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 150000 THEN
        EXECUTE 'ALTER TABLE sales.reviews ADD CONSTRAINT reviews_once_a_customer '
            'UNIQUE NULLS NOT DISTINCT (product_id, customer_id, variant_id)';
    ELSE
        EXECUTE 'CREATE UNIQUE INDEX reviews_once_a_customer '
            'ON sales.reviews (product_id, customer_id, coalesce(variant_id, 0))';
    END IF;
END
$$;

-- billing -----------------------------------------------------------------------------------------

CREATE TYPE billing.payment_method AS ENUM ('card', 'bank_transfer', 'direct_debit', 'cash');

CREATE TABLE billing.tax_rates (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    country_code platform.country_code NOT NULL REFERENCES reference.countries,
    tax_category_id smallint NOT NULL REFERENCES reference.tax_categories,
    valid_during daterange NOT NULL,
    rate platform.percentage NOT NULL,
    EXCLUDE USING gist (country_code WITH =, tax_category_id WITH =, valid_during WITH &&)
);

CREATE TABLE billing.invoices (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants,
    number text NOT NULL UNIQUE,
    order_id bigint,
    currency_code platform.currency_code NOT NULL REFERENCES reference.currencies,
    issued_on date NOT NULL DEFAULT current_date,
    due_on date NOT NULL,
    corrects_invoice_id uuid REFERENCES billing.invoices,
    total platform.amount NOT NULL,
    document jsonb,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, order_id) REFERENCES sales.orders (tenant_id, id),
    CHECK (due_on >= issued_on)
);
CREATE INDEX invoices_order_idx ON billing.invoices (tenant_id, order_id);
CREATE INDEX invoices_corrects_idx ON billing.invoices (corrects_invoice_id)
    WHERE corrects_invoice_id IS NOT NULL;
CREATE INDEX invoices_due_idx ON billing.invoices (due_on);
-- One row of numbers for the whole platform, as the law wants it.
CREATE SEQUENCE billing.invoice_number_seq OWNED BY billing.invoices.number;
ALTER TABLE billing.invoices ALTER COLUMN number
    SET DEFAULT 'M-' || lpad(nextval('billing.invoice_number_seq')::text, 9, '0');

CREATE TABLE billing.invoice_lines (
    invoice_id uuid NOT NULL REFERENCES billing.invoices ON DELETE CASCADE,
    line_number smallint NOT NULL,
    description text NOT NULL,
    quantity numeric(12, 3) NOT NULL,
    unit_price platform.amount NOT NULL,
    tax_rate platform.percentage NOT NULL,
    PRIMARY KEY (invoice_id, line_number)
);

CREATE TABLE billing.payments (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants,
    idempotency_key uuid NOT NULL UNIQUE,
    method billing.payment_method NOT NULL,
    currency_code platform.currency_code NOT NULL REFERENCES reference.currencies,
    amount platform.amount NOT NULL CHECK (amount > 0),
    received_at timestamptz NOT NULL,
    provider_reference text,
    provider_payload jsonb
);
CREATE INDEX payments_tenant_idx ON billing.payments (tenant_id, received_at);

CREATE TABLE billing.payment_allocations (
    payment_id uuid NOT NULL REFERENCES billing.payments ON DELETE CASCADE,
    invoice_id uuid NOT NULL REFERENCES billing.invoices,
    amount platform.amount NOT NULL,
    PRIMARY KEY (payment_id, invoice_id)
);
CREATE INDEX payment_allocations_invoice_idx ON billing.payment_allocations (invoice_id);

CREATE TABLE billing.accounts (
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    code text NOT NULL CHECK (code ~ '^[0-9]{4,8}$'),
    parent_code text,
    name text NOT NULL,
    side text NOT NULL CHECK (side IN ('debit', 'credit')),
    PRIMARY KEY (tenant_id, code),
    FOREIGN KEY (tenant_id, parent_code) REFERENCES billing.accounts
);
CREATE INDEX accounts_parent_idx ON billing.accounts (tenant_id, parent_code);

CREATE TABLE billing.journal_entries (
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    id bigint GENERATED ALWAYS AS IDENTITY,
    booked_on date NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX journal_entries_booked_idx ON billing.journal_entries (tenant_id, booked_on);

CREATE TABLE billing.journal_postings (
    tenant_id uuid NOT NULL,
    journal_entry_id bigint NOT NULL,
    line_number smallint NOT NULL,
    account_code text NOT NULL,
    amount numeric(14, 2) NOT NULL CHECK (amount <> 0),
    PRIMARY KEY (tenant_id, journal_entry_id, line_number),
    FOREIGN KEY (tenant_id, journal_entry_id) REFERENCES billing.journal_entries ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, account_code) REFERENCES billing.accounts ON UPDATE CASCADE
);
CREATE INDEX journal_postings_account_idx ON billing.journal_postings (tenant_id, account_code);

CREATE FUNCTION billing.check_balance() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF (
        SELECT sum(amount)
        FROM billing.journal_postings
        WHERE tenant_id = NEW.tenant_id AND journal_entry_id = NEW.journal_entry_id
    ) <> 0 THEN
        RAISE EXCEPTION 'journal entry % does not balance', NEW.journal_entry_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
-- At the end of the transaction, when all postings are there.
CREATE CONSTRAINT TRIGGER journal_postings_balance
    AFTER INSERT OR UPDATE ON billing.journal_postings
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION billing.check_balance();

CREATE TABLE billing.credit_notes (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    tenant_id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    issued_on date NOT NULL DEFAULT current_date,
    amount platform.amount NOT NULL,
    reason text NOT NULL,
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES billing.invoices (tenant_id, id)
);
CREATE INDEX credit_notes_invoice_idx ON billing.credit_notes (tenant_id, invoice_id);

-- logistics ---------------------------------------------------------------------------------------

CREATE TYPE logistics.temperature_class AS ENUM ('ambient', 'cool', 'frozen');

CREATE TABLE logistics.warehouses (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    code text NOT NULL,
    name text NOT NULL,
    address platform.postal_address NOT NULL,
    location point,
    receiving_location_id bigint,
    UNIQUE (tenant_id, code),
    UNIQUE (tenant_id, id)
);
CREATE INDEX warehouses_location_idx ON logistics.warehouses USING gist (location);

CREATE TABLE logistics.storage_locations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    warehouse_id uuid NOT NULL REFERENCES logistics.warehouses ON DELETE CASCADE,
    parent_id bigint REFERENCES logistics.storage_locations ON DELETE CASCADE,
    label text NOT NULL,
    temperature logistics.temperature_class NOT NULL DEFAULT 'ambient',
    UNIQUE (warehouse_id, label)
);
CREATE INDEX storage_locations_parent_idx ON logistics.storage_locations (parent_id);
CREATE TABLE logistics.pallets (
    barcode text PRIMARY KEY CHECK (barcode ~ '^[0-9]{18}$'),
    storage_location_id bigint REFERENCES logistics.storage_locations ON DELETE SET NULL,
    packed_at timestamptz NOT NULL,
    emptied_at timestamptz
);
CREATE INDEX pallets_storage_location_idx ON logistics.pallets (storage_location_id)
    WHERE storage_location_id IS NOT NULL;
-- Two tables that name each other: one of the columns may be empty.
ALTER TABLE logistics.warehouses ADD FOREIGN KEY (receiving_location_id)
    REFERENCES logistics.storage_locations ON DELETE SET NULL;
CREATE INDEX warehouses_receiving_location_idx ON logistics.warehouses (receiving_location_id);

-- Updated many times a day, columns without an index only: room in the page for HOT updates.
CREATE TABLE logistics.stock_levels (
    storage_location_id bigint NOT NULL REFERENCES logistics.storage_locations,
    variant_id bigint NOT NULL REFERENCES catalogue.variants,
    on_hand integer NOT NULL DEFAULT 0 CHECK (on_hand >= 0),
    reserved integer NOT NULL DEFAULT 0 CHECK (reserved BETWEEN 0 AND on_hand),
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (storage_location_id, variant_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX stock_levels_variant_idx ON logistics.stock_levels (variant_id);

CREATE TABLE logistics.stock_movements (
    id uuid NOT NULL DEFAULT platform.new_id(),
    moved_at timestamptz NOT NULL,
    storage_location_id bigint NOT NULL REFERENCES logistics.storage_locations,
    variant_id bigint NOT NULL REFERENCES catalogue.variants,
    quantity integer NOT NULL CHECK (quantity <> 0),
    reason text NOT NULL,
    PRIMARY KEY (id, moved_at)
) PARTITION BY RANGE (moved_at);
CREATE INDEX stock_movements_location_idx
    ON logistics.stock_movements (storage_location_id, moved_at);
CREATE INDEX stock_movements_variant_idx ON logistics.stock_movements (variant_id, moved_at);

CREATE TABLE logistics.carriers (
    code text PRIMARY KEY,
    name text NOT NULL UNIQUE,
    tracking_url text NOT NULL
);

CREATE TABLE logistics.carrier_services (
    carrier_code text NOT NULL REFERENCES logistics.carriers,
    code text NOT NULL,
    name text NOT NULL,
    max_weight_grams integer NOT NULL,
    temperatures logistics.temperature_class[] NOT NULL,
    PRIMARY KEY (carrier_code, code)
);

CREATE SEQUENCE logistics.tracking_number AS bigint START WITH 100000000000;

CREATE TABLE logistics.shipments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    order_id bigint NOT NULL,
    warehouse_id uuid NOT NULL,
    carrier_code text NOT NULL,
    service_code text NOT NULL,
    tracking_number bigint NOT NULL DEFAULT nextval('logistics.tracking_number') UNIQUE,
    temperature logistics.temperature_class NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    handed_over_at timestamptz,
    delivered_at timestamptz,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, order_id) REFERENCES sales.orders (tenant_id, id),
    FOREIGN KEY (tenant_id, warehouse_id) REFERENCES logistics.warehouses (tenant_id, id),
    FOREIGN KEY (carrier_code, service_code) REFERENCES logistics.carrier_services,
    CHECK (delivered_at >= handed_over_at)
);
CREATE INDEX shipments_order_idx ON logistics.shipments (tenant_id, order_id);
CREATE INDEX shipments_warehouse_idx ON logistics.shipments (tenant_id, warehouse_id);
CREATE INDEX shipments_service_idx ON logistics.shipments (carrier_code, service_code);
CREATE INDEX shipments_under_way_idx ON logistics.shipments (tenant_id, handed_over_at)
    WHERE delivered_at IS NULL;

CREATE TABLE logistics.shipment_items (
    shipment_id bigint NOT NULL REFERENCES logistics.shipments ON DELETE CASCADE,
    order_id bigint NOT NULL,
    line_number smallint NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (shipment_id, order_id, line_number),
    FOREIGN KEY (order_id, line_number) REFERENCES sales.order_lines (order_id, line_number)
);
CREATE INDEX shipment_items_order_line_idx ON logistics.shipment_items (order_id, line_number);

CREATE TABLE logistics.shipment_events (
    shipment_id bigint NOT NULL REFERENCES logistics.shipments ON DELETE CASCADE,
    happened_at timestamptz NOT NULL,
    code text NOT NULL,
    place text,
    payload jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (shipment_id, happened_at, code)
) PARTITION BY RANGE (happened_at);
CREATE INDEX shipment_events_happened_idx ON logistics.shipment_events USING brin (happened_at)
    WITH (pages_per_range = 32);

-- So many rows that they are spread, and always asked for by shipment.
CREATE TABLE logistics.temperature_readings (
    shipment_id bigint NOT NULL REFERENCES logistics.shipments ON DELETE CASCADE,
    sensor text NOT NULL,
    measured_at timestamptz NOT NULL,
    celsius numeric(4, 1) NOT NULL CHECK (celsius BETWEEN -90 AND 80),
    PRIMARY KEY (shipment_id, sensor, measured_at)
) PARTITION BY HASH (shipment_id);

CREATE TABLE logistics.vehicles (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    plate text NOT NULL,
    payload_kg integer NOT NULL CHECK (payload_kg > 0),
    temperature logistics.temperature_class NOT NULL DEFAULT 'ambient',
    retired_on date,
    UNIQUE (tenant_id, plate),
    UNIQUE (tenant_id, id)
);

CREATE TABLE logistics.drivers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES identity.users,
    licence_classes text[] NOT NULL,
    UNIQUE (tenant_id, user_id),
    UNIQUE (tenant_id, id)
);
CREATE INDEX drivers_user_idx ON logistics.drivers (user_id);

CREATE TABLE logistics.vehicle_assignments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    vehicle_id bigint NOT NULL REFERENCES logistics.vehicles ON DELETE CASCADE,
    driver_id bigint NOT NULL REFERENCES logistics.drivers ON DELETE CASCADE,
    assigned_during tstzrange NOT NULL CHECK (NOT isempty(assigned_during)),
    EXCLUDE USING gist (vehicle_id WITH =, assigned_during WITH &&),
    EXCLUDE USING gist (driver_id WITH =, assigned_during WITH &&)
);

CREATE TABLE logistics.routes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    vehicle_id bigint NOT NULL,
    driver_id bigint,
    driven_on date NOT NULL,
    FOREIGN KEY (tenant_id, vehicle_id) REFERENCES logistics.vehicles (tenant_id, id)
);
CREATE INDEX routes_vehicle_idx ON logistics.routes (tenant_id, vehicle_id, driven_on);
CREATE INDEX routes_driver_idx ON logistics.routes (tenant_id, driver_id, driven_on);
DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 150000 THEN
        -- Only the driver is forgotten; the tenant stays.
        EXECUTE 'ALTER TABLE logistics.routes ADD FOREIGN KEY (tenant_id, driver_id) '
            'REFERENCES logistics.drivers (tenant_id, id) ON DELETE SET NULL (driver_id)';
    ELSE
        EXECUTE 'ALTER TABLE logistics.routes ADD FOREIGN KEY (tenant_id, driver_id) '
            'REFERENCES logistics.drivers (tenant_id, id)';
    END IF;
END
$$;

CREATE TABLE logistics.route_stops (
    route_id bigint NOT NULL REFERENCES logistics.routes ON DELETE CASCADE,
    shipment_id bigint NOT NULL REFERENCES logistics.shipments ON DELETE CASCADE,
    position smallint NOT NULL CHECK (position > 0),
    planned_during tstzrange,
    PRIMARY KEY (route_id, shipment_id),
    CONSTRAINT route_stops_position_key UNIQUE (route_id, position) DEFERRABLE INITIALLY IMMEDIATE
);
CREATE INDEX route_stops_shipment_idx ON logistics.route_stops (shipment_id);

-- A reference to a row of a partitioned table needs its whole key.
CREATE TABLE logistics.movement_corrections (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    movement_id uuid NOT NULL,
    moved_at timestamptz NOT NULL,
    quantity integer NOT NULL CHECK (quantity <> 0),
    note text NOT NULL,
    FOREIGN KEY (movement_id, moved_at) REFERENCES logistics.stock_movements (id, moved_at)
);
CREATE INDEX movement_corrections_movement_idx
    ON logistics.movement_corrections (movement_id, moved_at);

-- clinic: health data, behind row level security ---------------------------------------------------

CREATE TABLE clinic.practitioners (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    title text NOT NULL DEFAULT '',
    specialties text[] NOT NULL DEFAULT '{}',
    UNIQUE (tenant_id, user_id),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, user_id) REFERENCES identity.memberships
);
CREATE INDEX practitioners_specialties_idx ON clinic.practitioners USING gin (specialties);

CREATE TABLE clinic.patients (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants,
    given_name text NOT NULL,
    family_name text NOT NULL,
    birth_date date NOT NULL,
    -- A short list that the law makes; it changes with a release.
    sex text NOT NULL CHECK (sex IN ('female', 'male', 'other', 'unknown')),
    language_code text REFERENCES reference.languages,
    address platform.postal_address,
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    erased_at timestamptz,
    UNIQUE (tenant_id, id)
);
CREATE INDEX patients_name_idx ON clinic.patients (tenant_id, lower(family_name), lower(given_name))
    WHERE erased_at IS NULL;
CREATE INDEX patients_birth_date_idx ON clinic.patients (tenant_id, birth_date);

CREATE TABLE clinic.patient_identifiers (
    patient_id uuid NOT NULL REFERENCES clinic.patients ON DELETE CASCADE,
    issuer text NOT NULL,
    value text NOT NULL,
    valid_until date,
    PRIMARY KEY (issuer, value)
);
CREATE INDEX patient_identifiers_patient_idx ON clinic.patient_identifiers (patient_id);

CREATE TABLE clinic.rooms (
    tenant_id uuid NOT NULL,
    site_id uuid NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (tenant_id, site_id, name),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, site_id) REFERENCES tenancy.sites ON DELETE CASCADE
);

CREATE TABLE clinic.appointments (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    practitioner_id uuid NOT NULL,
    room_id bigint NOT NULL,
    during tstzrange NOT NULL CHECK (NOT isempty(during)),
    cancelled_at timestamptz,
    reason text NOT NULL DEFAULT '',
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, patient_id) REFERENCES clinic.patients (tenant_id, id),
    FOREIGN KEY (tenant_id, practitioner_id) REFERENCES clinic.practitioners (tenant_id, id),
    FOREIGN KEY (tenant_id, room_id) REFERENCES clinic.rooms (tenant_id, id),
    CONSTRAINT appointments_one_patient_in_a_room
        EXCLUDE USING gist (room_id WITH =, during WITH &&) WHERE (cancelled_at IS NULL),
    CONSTRAINT appointments_one_at_a_time
        EXCLUDE USING gist (practitioner_id WITH =, during WITH &&) WHERE (cancelled_at IS NULL)
);
CREATE INDEX appointments_patient_idx ON clinic.appointments (tenant_id, patient_id);
CREATE INDEX appointments_practitioner_idx ON clinic.appointments (tenant_id, practitioner_id);
CREATE INDEX appointments_room_idx ON clinic.appointments (tenant_id, room_id);

CREATE TABLE clinic.encounters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    appointment_id bigint UNIQUE REFERENCES clinic.appointments,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    summary text NOT NULL DEFAULT '',
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, patient_id) REFERENCES clinic.patients (tenant_id, id),
    CHECK (ended_at > started_at)
);
CREATE INDEX encounters_patient_idx ON clinic.encounters (tenant_id, patient_id, started_at DESC);

CREATE TABLE clinic.prescriptions (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    tenant_id uuid NOT NULL,
    encounter_id bigint NOT NULL,
    practitioner_id uuid NOT NULL,
    issued_on date NOT NULL DEFAULT current_date,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, encounter_id) REFERENCES clinic.encounters (tenant_id, id),
    FOREIGN KEY (tenant_id, practitioner_id) REFERENCES clinic.practitioners (tenant_id, id)
);
CREATE INDEX prescriptions_encounter_idx ON clinic.prescriptions (tenant_id, encounter_id);
CREATE INDEX prescriptions_practitioner_idx ON clinic.prescriptions (tenant_id, practitioner_id);

CREATE TABLE clinic.prescription_items (
    prescription_id uuid NOT NULL REFERENCES clinic.prescriptions ON DELETE CASCADE,
    line_number smallint NOT NULL,
    variant_id bigint NOT NULL REFERENCES catalogue.variants,
    dosage text NOT NULL,
    quantity integer NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (prescription_id, line_number)
);
CREATE INDEX prescription_items_variant_idx ON clinic.prescription_items (variant_id);

CREATE TABLE clinic.allergies (
    patient_id uuid NOT NULL REFERENCES clinic.patients ON DELETE CASCADE,
    substance text NOT NULL,
    severity smallint NOT NULL CHECK (severity BETWEEN 1 AND 3),
    noted_on date NOT NULL,
    PRIMARY KEY (patient_id, substance)
);

CREATE TABLE clinic.diagnosis_codes (
    code text PRIMARY KEY CHECK (code ~ '^[A-Z][0-9]{2}(\.[0-9]+)?$'),
    path ltree NOT NULL UNIQUE,
    title text NOT NULL
);
CREATE INDEX diagnosis_codes_path_idx ON clinic.diagnosis_codes USING gist (path);

CREATE TABLE clinic.encounter_diagnoses (
    encounter_id bigint NOT NULL REFERENCES clinic.encounters ON DELETE CASCADE,
    diagnosis_code text NOT NULL REFERENCES clinic.diagnosis_codes,
    is_certain boolean NOT NULL,
    PRIMARY KEY (encounter_id, diagnosis_code)
);
CREATE INDEX encounter_diagnoses_code_idx ON clinic.encounter_diagnoses (diagnosis_code);

-- Amounts of a liquid, measured by a pump: not money, and not exact.
CREATE TABLE clinic.infusions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    encounter_id bigint NOT NULL REFERENCES clinic.encounters ON DELETE CASCADE,
    amount_ml double precision NOT NULL CHECK (amount_ml > 0),
    rate_ml_per_hour real NOT NULL,
    started_at timestamptz NOT NULL,
    lasted interval
);
CREATE INDEX infusions_encounter_idx ON clinic.infusions (encounter_id);

CREATE TABLE clinic.questionnaire_answers (
    encounter_id bigint NOT NULL REFERENCES clinic.encounters ON DELETE CASCADE,
    question text NOT NULL,
    answer text NOT NULL,
    PRIMARY KEY (encounter_id, question)
);

-- A plan and its revisions need each other: deferred, both are inserted in one transaction.
CREATE TABLE clinic.care_plans (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    patient_id uuid NOT NULL REFERENCES clinic.patients ON DELETE CASCADE,
    current_revision smallint NOT NULL
);
CREATE INDEX care_plans_patient_idx ON clinic.care_plans (patient_id);
CREATE TABLE clinic.care_plan_revisions (
    care_plan_id uuid NOT NULL REFERENCES clinic.care_plans ON DELETE CASCADE,
    revision smallint NOT NULL CHECK (revision > 0),
    written_by_id uuid NOT NULL REFERENCES identity.users,
    written_at timestamptz NOT NULL DEFAULT now(),
    body xml,
    PRIMARY KEY (care_plan_id, revision)
);
CREATE INDEX care_plan_revisions_written_by_idx ON clinic.care_plan_revisions (written_by_id);
ALTER TABLE clinic.care_plans ADD FOREIGN KEY (id, current_revision)
    REFERENCES clinic.care_plan_revisions DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE clinic.observations (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    tenant_id uuid NOT NULL,
    encounter_id bigint NOT NULL,
    value numeric NOT NULL,
    unit_code text NOT NULL REFERENCES reference.units,
    observed_at timestamptz NOT NULL,
    PRIMARY KEY (id, kind),
    FOREIGN KEY (tenant_id, encounter_id) REFERENCES clinic.encounters (tenant_id, id)
) PARTITION BY LIST (kind);
CREATE INDEX observations_encounter_idx ON clinic.observations (tenant_id, encounter_id);
CREATE TABLE clinic.observations_vital PARTITION OF clinic.observations
    FOR VALUES IN ('pulse', 'temperature', 'blood_pressure_systolic', 'blood_pressure_diastolic');
CREATE TABLE clinic.observations_laboratory PARTITION OF clinic.observations
    FOR VALUES IN ('glucose', 'haemoglobin', 'creatinine');
-- Catches a kind that nobody thought of; an alert watches that it stays empty.
CREATE TABLE clinic.observations_other PARTITION OF clinic.observations DEFAULT;

CREATE TABLE clinic.consents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    patient_id uuid NOT NULL REFERENCES clinic.patients ON DELETE CASCADE,
    purpose text NOT NULL,
    given_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    CHECK (withdrawn_at > given_at)
);
CREATE UNIQUE INDEX consents_one_valid_key ON clinic.consents (patient_id, purpose)
    WHERE withdrawn_at IS NULL;
CREATE INDEX consents_patient_idx ON clinic.consents (patient_id);

-- events: what happened, in order -----------------------------------------------------------------

CREATE TABLE events.streams (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    category text NOT NULL,
    version integer NOT NULL DEFAULT 0
);
CREATE INDEX streams_category_idx ON events.streams (category);

CREATE TABLE events.recorded_events (
    stream_id uuid NOT NULL REFERENCES events.streams,
    version integer NOT NULL CHECK (version > 0),
    global_position bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    event_type text NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    data jsonb NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (stream_id, version)
);
CREATE INDEX recorded_events_correlation_idx ON events.recorded_events (correlation_id);
CREATE INDEX recorded_events_recorded_idx ON events.recorded_events USING brin (recorded_at);

CREATE TABLE events.snapshots (
    stream_id uuid NOT NULL,
    version integer NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (stream_id, version),
    FOREIGN KEY (stream_id, version) REFERENCES events.recorded_events
);

-- Read by a program that publishes; the rows it has published are deleted after a week.
CREATE TABLE events.outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    event_type text NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz
);
CREATE INDEX outbox_unpublished_idx ON events.outbox (id) WHERE published_at IS NULL;

CREATE TABLE events.projections (
    name text PRIMARY KEY,
    last_position bigint NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT now()
);

-- By kind and then by month; a kind that needs no months has none.
CREATE TABLE events.measurements (
    kind text NOT NULL,
    measured_at timestamptz NOT NULL,
    source text NOT NULL,
    value double precision NOT NULL,
    PRIMARY KEY (kind, measured_at, source)
) PARTITION BY LIST (kind);
CREATE TABLE events.measurements_latency PARTITION OF events.measurements
    FOR VALUES IN ('latency') PARTITION BY RANGE (measured_at);
CREATE TABLE events.measurements_rare PARTITION OF events.measurements
    FOR VALUES IN ('restart', 'upgrade');

-- By position, a hundred million to a part, and always one part ahead.
CREATE TABLE events.archived_events (
    position bigint NOT NULL,
    data jsonb NOT NULL,
    PRIMARY KEY (position)
) PARTITION BY RANGE (position);
CREATE TABLE events.archived_events_0 PARTITION OF events.archived_events
    FOR VALUES FROM (0) TO (100000000);
CREATE TABLE events.archived_events_1 PARTITION OF events.archived_events
    FOR VALUES FROM (100000000) TO (200000000);

-- audit --------------------------------------------------------------------------------------------

CREATE TABLE audit.row_changes (
    id bigint GENERATED ALWAYS AS IDENTITY,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    table_name text NOT NULL,
    operation text NOT NULL CHECK (operation IN ('INSERT', 'UPDATE', 'DELETE')),
    row_key jsonb NOT NULL,
    old_row jsonb,
    new_row jsonb,
    -- No reference: the trail outlives whom it speaks of.
    tenant_id uuid,
    user_id uuid,
    transaction_id bigint NOT NULL DEFAULT txid_current(),
    PRIMARY KEY (id, changed_at)
) PARTITION BY RANGE (changed_at);
CREATE INDEX row_changes_row_idx ON audit.row_changes USING gin (row_key jsonb_path_ops);
CREATE INDEX row_changes_changed_idx ON audit.row_changes USING brin (changed_at);

CREATE TABLE audit.access_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    accessed_at timestamptz NOT NULL DEFAULT now(),
    user_id uuid NOT NULL,
    patient_id uuid NOT NULL,
    purpose text NOT NULL
);
CREATE INDEX access_log_patient_idx ON audit.access_log (patient_id, accessed_at);

-- Writes as its owner, whoever changed the row; so nobody else may write into the trail.
CREATE FUNCTION audit.record_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    after jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
BEGIN
    INSERT INTO audit.row_changes (table_name, operation, row_key, old_row, new_row, tenant_id)
    VALUES (
        TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME,
        TG_OP,
        jsonb_build_object('id', coalesce(after, before) -> 'id'),
        before,
        after,
        (coalesce(after, before) ->> 'tenant_id')::uuid
    );
    RETURN NULL;
END
$$;

-- messaging ----------------------------------------------------------------------------------------

CREATE TABLE messaging.templates (
    code text NOT NULL,
    language_code text NOT NULL REFERENCES reference.languages,
    subject text NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (code, language_code)
);

CREATE TABLE messaging.notifications (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    user_id uuid NOT NULL REFERENCES identity.users ON DELETE CASCADE,
    template_code text NOT NULL,
    language_code text NOT NULL,
    parameters jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    read_at timestamptz,
    FOREIGN KEY (template_code, language_code) REFERENCES messaging.templates
);
CREATE INDEX notifications_template_idx ON messaging.notifications (template_code, language_code);
CREATE INDEX notifications_user_idx ON messaging.notifications (user_id, created_at DESC);
CREATE INDEX notifications_unread_idx ON messaging.notifications (user_id) WHERE read_at IS NULL;

CREATE TABLE messaging.webhooks (
    id uuid PRIMARY KEY DEFAULT platform.new_id(),
    tenant_id uuid NOT NULL REFERENCES tenancy.tenants ON DELETE CASCADE,
    url text NOT NULL CHECK (url LIKE 'https://%'),
    event_types text[] NOT NULL CHECK (cardinality(event_types) > 0),
    -- Encrypted by the application: it is needed again to sign with.
    signing_key_ciphertext bytea NOT NULL,
    disabled_at timestamptz
);
CREATE INDEX webhooks_tenant_idx ON messaging.webhooks (tenant_id);
CREATE INDEX webhooks_event_types_idx ON messaging.webhooks USING gin (event_types);

CREATE TABLE messaging.webhook_deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook_id uuid NOT NULL REFERENCES messaging.webhooks ON DELETE CASCADE,
    outbox_id bigint NOT NULL,
    attempt smallint NOT NULL DEFAULT 1 CHECK (attempt > 0),
    response_status smallint,
    delivered_at timestamptz,
    next_attempt_at timestamptz
);
CREATE INDEX webhook_deliveries_webhook_idx ON messaging.webhook_deliveries (webhook_id);
CREATE INDEX webhook_deliveries_due_idx ON messaging.webhook_deliveries (next_attempt_at)
    WHERE delivered_at IS NULL AND next_attempt_at IS NOT NULL;

-- The wall clock of the place, whatever the zone's rules will be by then: with the zone beside it.
CREATE TABLE messaging.reminders (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES identity.users ON DELETE CASCADE,
    local_time timestamp without time zone NOT NULL,
    time_zone text NOT NULL,
    text text NOT NULL
);
CREATE INDEX reminders_user_idx ON messaging.reminders (user_id, local_time);

-- Different things to reach somebody by, with nothing in common but when they were confirmed.
CREATE TABLE messaging.channels (
    confirmed_at timestamptz,
    note text NOT NULL DEFAULT '',
    CHECK (false) NO INHERIT
);
CREATE TABLE messaging.fax_channels (
    number platform.phone_number PRIMARY KEY
) INHERITS (messaging.channels);

-- A queue, taken from with FOR UPDATE SKIP LOCKED: vacuumed early.
CREATE TABLE messaging.jobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue text NOT NULL DEFAULT 'default',
    handler text NOT NULL,
    arguments jsonb NOT NULL DEFAULT '{}',
    run_after timestamptz NOT NULL DEFAULT now(),
    locked_until timestamptz,
    attempts smallint NOT NULL DEFAULT 0
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX jobs_due_idx ON messaging.jobs (queue, run_after) WHERE locked_until IS NULL;

CREATE FUNCTION messaging.announce_job() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('jobs', NEW.queue);
    RETURN NULL;
END
$$;
CREATE TRIGGER jobs_announce AFTER INSERT ON messaging.jobs
    FOR EACH ROW EXECUTE FUNCTION messaging.announce_job();

-- cache: lost in a crash, and made again ----------------------------------------------------------

CREATE UNLOGGED TABLE cache.page_cache (
    key text PRIMARY KEY,
    body bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX page_cache_expires_idx ON cache.page_cache (expires_at);
COMMENT ON TABLE cache.page_cache IS 'Unlogged on purpose: a crash may empty it';

CREATE UNLOGGED TABLE cache.rate_limit_cache (
    api_client_id uuid NOT NULL REFERENCES identity.api_clients ON DELETE CASCADE,
    window_start timestamptz NOT NULL,
    requests integer NOT NULL DEFAULT 0,
    PRIMARY KEY (api_client_id, window_start)
);

-- Partitions: three months back, the current one, and three ahead ----------------------------------

CREATE FUNCTION platform.make_partitions(parent regclass, months_back integer, months_ahead integer)
RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first_day date := date_trunc('month', now() AT TIME ZONE 'UTC');
    month date;
BEGIN
    FOR step IN -months_back..months_ahead LOOP
        month := first_day + make_interval(months => step);
        EXECUTE format(
            'CREATE TABLE IF NOT EXISTS %s PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
            parent::text || to_char(month, '_YYYY_MM'),
            parent,
            month::text || ' 00:00:00+00',
            (month + interval '1 month')::date::text || ' 00:00:00+00'
        );
    END LOOP;
END
$$;
COMMENT ON FUNCTION platform.make_partitions(regclass, integer, integer)
    IS 'Called by a job each night, so that there are always three months ahead';

SELECT platform.make_partitions('identity.login_attempts', 3, 3);
SELECT platform.make_partitions('logistics.stock_movements', 3, 3);
SELECT platform.make_partitions('logistics.shipment_events', 3, 3);
SELECT platform.make_partitions('audit.row_changes', 3, 3);
SELECT platform.make_partitions('events.measurements_latency', 1, 3);

DO $$
BEGIN
    FOR remainder IN 0..3 LOOP
        EXECUTE format(
            'CREATE TABLE logistics.temperature_readings_%s PARTITION OF '
            'logistics.temperature_readings FOR VALUES WITH (MODULUS 4, REMAINDER %s)',
            remainder, remainder
        );
    END LOOP;
END
$$;

-- Triggers -----------------------------------------------------------------------------------------

CREATE TRIGGER tenants_set_changed_at BEFORE UPDATE ON tenancy.tenants
    FOR EACH ROW EXECUTE FUNCTION platform.set_changed_at();
CREATE TRIGGER users_set_changed_at BEFORE UPDATE ON identity.users
    FOR EACH ROW EXECUTE FUNCTION platform.set_changed_at();
CREATE TRIGGER products_set_changed_at BEFORE UPDATE ON catalogue.products
    FOR EACH ROW EXECUTE FUNCTION platform.set_changed_at();
CREATE TRIGGER customers_set_changed_at BEFORE UPDATE ON sales.customers
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION platform.set_changed_at();
CREATE TRIGGER orders_set_changed_at BEFORE UPDATE ON sales.orders
    FOR EACH ROW EXECUTE FUNCTION platform.set_changed_at();
CREATE TRIGGER stock_levels_set_changed_at BEFORE UPDATE ON logistics.stock_levels
    FOR EACH ROW EXECUTE FUNCTION platform.set_changed_at();
CREATE TRIGGER patients_set_changed_at BEFORE UPDATE ON clinic.patients
    FOR EACH ROW EXECUTE FUNCTION platform.set_changed_at();

CREATE TRIGGER orders_audit AFTER INSERT OR UPDATE OR DELETE ON sales.orders
    FOR EACH ROW EXECUTE FUNCTION audit.record_change();
CREATE TRIGGER invoices_audit AFTER INSERT OR UPDATE OR DELETE ON billing.invoices
    FOR EACH ROW EXECUTE FUNCTION audit.record_change();
-- An update that changes nothing leaves no trace.
CREATE TRIGGER patients_audit AFTER INSERT OR DELETE ON clinic.patients
    FOR EACH ROW EXECUTE FUNCTION audit.record_change();
CREATE TRIGGER patients_audit_update AFTER UPDATE ON clinic.patients
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*)
    EXECUTE FUNCTION audit.record_change();

CREATE FUNCTION sales.note_status() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO sales.order_status_changes (order_id, status_code)
    SELECT changed.id, changed.status_code FROM changed;
    RETURN NULL;
END
$$;
CREATE TRIGGER orders_note_status AFTER INSERT ON sales.orders
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION sales.note_status();

-- What only newer versions have --------------------------------------------------------------------

DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 140000 THEN
        EXECUTE 'ALTER TABLE clinic.practitioners ADD COLUMN away tstzmultirange '
            'NOT NULL DEFAULT ''{}''';
        EXECUTE 'CREATE INDEX practitioners_away_idx ON clinic.practitioners USING gist (away)';
        EXECUTE 'CREATE STATISTICS sales.orders_day '
            'ON (date_trunc(''day'', placed_at AT TIME ZONE ''UTC'')), tenant_id FROM sales.orders';
        EXECUTE 'CREATE FUNCTION billing.open_amount(invoice uuid) RETURNS numeric '
            'LANGUAGE sql STABLE BEGIN ATOMIC '
            'SELECT i.total - coalesce(sum(a.amount), 0) FROM billing.invoices i '
            'LEFT JOIN billing.payment_allocations a ON a.invoice_id = i.id '
            'WHERE i.id = invoice GROUP BY i.total; END';
    END IF;
    IF current_setting('server_version_num')::int >= 180000 THEN
        EXECUTE 'ALTER TABLE logistics.stock_levels ADD COLUMN available integer '
            'GENERATED ALWAYS AS (on_hand - reserved) VIRTUAL';
        -- Temporal keys: who was responsible for a site, and when.
        EXECUTE 'CREATE TABLE clinic.site_managers ('
            'tenant_id uuid NOT NULL, site_id uuid NOT NULL, '
            'managed_during daterange NOT NULL, practitioner_id uuid NOT NULL, '
            'PRIMARY KEY (tenant_id, site_id, managed_during WITHOUT OVERLAPS), '
            'FOREIGN KEY (tenant_id, site_id) REFERENCES tenancy.sites, '
            'FOREIGN KEY (tenant_id, practitioner_id) '
            'REFERENCES clinic.practitioners (tenant_id, id))';
        EXECUTE 'CREATE TABLE clinic.site_inspections ('
            'id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, '
            'tenant_id uuid NOT NULL, site_id uuid NOT NULL, inspected_during daterange NOT NULL, '
            'FOREIGN KEY (tenant_id, site_id, PERIOD inspected_during) '
            'REFERENCES clinic.site_managers (tenant_id, site_id, PERIOD managed_during))';
        EXECUTE 'CREATE INDEX site_inspections_site_idx ON clinic.site_inspections '
            'USING gist (tenant_id, site_id, inspected_during)';
        EXECUTE 'CREATE INDEX site_managers_practitioner_idx '
            'ON clinic.site_managers (tenant_id, practitioner_id)';
    END IF;
END
$$;

-- Rows ---------------------------------------------------------------------------------------------

INSERT INTO platform.schema_migrations (version, name, checksum, applied_at)
SELECT to_char(n, 'FM0000'), 'step ' || n, decode(md5(n::text), 'hex'), now() - n * interval '9 days'
FROM generate_series(1, 48) AS n;

INSERT INTO reference.currencies (code, name, minor_units) VALUES
    ('EUR', 'Euro', 2), ('USD', 'US dollar', 2), ('GBP', 'Pound sterling', 2),
    ('JPY', 'Yen', 0), ('CHF', 'Swiss franc', 2), ('SEK', 'Swedish krona', 2);
INSERT INTO reference.countries (code, name, iso3, currency_code, phone_prefix) VALUES
    ('DE', 'Germany', 'DEU', 'EUR', '+49'), ('FR', 'France', 'FRA', 'EUR', '+33'),
    ('IT', 'Italy', 'ITA', 'EUR', '+39'), ('US', 'United States', 'USA', 'USD', '+1'),
    ('GB', 'United Kingdom', 'GBR', 'GBP', '+44'), ('JP', 'Japan', 'JPN', 'JPY', '+81'),
    ('CH', 'Switzerland', 'CHE', 'CHF', '+41'), ('SE', 'Sweden', 'SWE', 'SEK', '+46');
INSERT INTO reference.subdivisions (country_code, code, name)
SELECT code, 'R' || n, name || ', region ' || n
FROM reference.countries, generate_series(1, 12) AS n;
INSERT INTO reference.languages (code, name) VALUES
    ('en', 'English'), ('de', 'German'), ('fr', 'French'), ('it', 'Italian'), ('ja', 'Japanese'),
    ('sv', 'Swedish');
INSERT INTO reference.units (code, name, base_unit_code, factor) VALUES
    ('pcs', 'piece', NULL, 1), ('g', 'gram', NULL, 1), ('kg', 'kilogram', 'g', 1000),
    ('ml', 'millilitre', NULL, 1), ('l', 'litre', 'ml', 1000), ('bpm', 'beats a minute', NULL, 1),
    ('mmHg', 'millimetre of mercury', NULL, 1), ('degC', 'degree Celsius', NULL, 1),
    ('mmol/l', 'millimole a litre', NULL, 1);
INSERT INTO reference.exchange_rates (base_currency_code, quote_currency_code, valid_on, rate)
SELECT base.code, quote.code, current_date - n, 0.5 + (n % 17) / 10.0
FROM reference.currencies AS base, reference.currencies AS quote, generate_series(0, 89) AS n
WHERE base.code <> quote.code;
INSERT INTO reference.holidays (country_code, day, name)
SELECT code, date_trunc('year', now())::date + n * 37, 'holiday ' || n
FROM reference.countries, generate_series(0, 9) AS n;
INSERT INTO reference.tax_categories (name, description) VALUES
    ('standard', NULL), ('reduced', 'medicines'), ('zero', 'services of a doctor');

INSERT INTO tenancy.features (code, description) VALUES
    ('shop', 'Sell online'), ('clinic', 'Keep patients'), ('fleet', 'Own vehicles'),
    ('api', 'Use the interface');
INSERT INTO tenancy.plans (code, name, monthly_price, currency_code) VALUES
    ('start', 'Start', 0, 'EUR'), ('team', 'Team', 99, 'EUR'), ('house', 'House', 490, 'EUR');
INSERT INTO tenancy.plan_features (plan_code, feature_code, quota)
SELECT plans.code, features.code, CASE plans.code WHEN 'start' THEN 10 END
FROM tenancy.plans, tenancy.features
WHERE plans.code <> 'start' OR features.code IN ('shop', 'api');
INSERT INTO tenancy.tenants (id, slug, name, country_code, preferences, created_at, changed_at)
SELECT
    md5('tenant ' || n)::uuid,
    'house-' || n,
    'House number ' || n,
    (ARRAY['DE', 'FR', 'IT', 'US', 'GB', 'JP', 'CH', 'SE'])[1 + n % 8],
    jsonb_build_object('theme', CASE WHEN n % 3 = 0 THEN 'dark' ELSE 'light' END, 'rows', 20 + n),
    now() - interval '2 years',
    now() - n * interval '3 days'
FROM generate_series(1, 40) AS n;
INSERT INTO tenancy.tenant_domains (host, tenant_id, verified_at, is_primary)
SELECT slug || '.example.com', id, created_at, true FROM tenancy.tenants
UNION ALL
SELECT 'www.' || slug || '.example.org', id, created_at, false FROM tenancy.tenants;
INSERT INTO tenancy.subscriptions (tenant_id, plan_code, active_during, external_reference)
SELECT
    id,
    (ARRAY['start', 'team', 'house'])[1 + (n + row_number() OVER (ORDER BY slug)) % 3],
    daterange(current_date - 365 * n, CASE WHEN n > 1 THEN current_date - 365 * (n - 1) END),
    CASE WHEN n = 1 THEN 'sub_' || md5(slug) END
FROM tenancy.tenants, generate_series(1, 2) AS n;
INSERT INTO tenancy.sites (tenant_id, id, name, address, phone)
SELECT
    id,
    md5('site ' || slug || n)::uuid,
    'Site ' || n,
    ROW(ARRAY['Main street ' || n], lpad((n * 311)::text, 5, '0'), 'Springfield', country_code)::platform.postal_address,
    '+4930' || 1000000 + n
FROM tenancy.tenants, generate_series(1, 3) AS n;

INSERT INTO identity.roles (code, name) VALUES
    ('owner', 'Owner'), ('doctor', 'Doctor'), ('clerk', 'Clerk'), ('driver', 'Driver');
INSERT INTO identity.permissions (code, description)
SELECT area || '.' || act, act || ' ' || area
FROM unnest(ARRAY['orders', 'patients', 'stock', 'invoices']) AS area,
    unnest(ARRAY['read', 'write', 'export']) AS act;
INSERT INTO identity.role_permissions (role_code, permission_code)
SELECT roles.code, permissions.code
FROM identity.roles, identity.permissions
WHERE roles.code = 'owner' OR permissions.code LIKE '%.read';
INSERT INTO identity.users (id, email, display_name, language_code, created_at, changed_at, deleted_at)
SELECT
    md5('user ' || n)::uuid,
    'user' || n || '@example.com',
    'User number ' || n,
    (ARRAY['en', 'de', 'fr', 'it'])[1 + n % 4],
    now() - interval '400 days' + n * interval '10 hours',
    now() - n % 90 * interval '1 day',
    CASE WHEN n % 40 = 0 THEN now() - interval '20 days' END
FROM generate_series(1, 800) AS n;
INSERT INTO identity.credentials (user_id, password_hash, changed_at)
SELECT id, '$argon2id$v=19$m=65536,t=3,p=4$' || md5(id::text) || '$' || md5(email), created_at
FROM identity.users
WHERE deleted_at IS NULL;
INSERT INTO identity.memberships (tenant_id, user_id, role_code, invited_by_id, joined_at)
SELECT
    md5('tenant ' || 1 + n % 40)::uuid,
    md5('user ' || n)::uuid,
    (ARRAY['owner', 'doctor', 'clerk', 'driver'])[1 + n / 40 % 4],
    CASE WHEN n > 40 THEN md5('user ' || 1 + (n - 1) % 40)::uuid END,
    now() - interval '300 days' + n * interval '8 hours'
FROM generate_series(1, 800) AS n;
INSERT INTO identity.user_sessions (user_id, token_digest, address, user_agent, started_at, expires_at)
SELECT
    md5('user ' || 1 + n % 800)::uuid,
    decode(md5('a' || n) || md5('b' || n), 'hex'),
    '10.0.0.0'::inet + n,
    'Mozilla/5.0 (' || (ARRAY['X11; Linux', 'Macintosh', 'Windows NT 10.0'])[1 + n % 3] || ')',
    now() - n * interval '7 minutes',
    now() - n * interval '7 minutes' + interval '14 days'
FROM generate_series(1, 3000) AS n;
INSERT INTO identity.api_clients (tenant_id, name, key_digest, scopes, allowed_networks)
SELECT
    id,
    'client ' || n,
    decode(md5(slug || n) || md5('k' || slug || n), 'hex'),
    ARRAY['orders:read', 'stock:read'] || CASE WHEN n > 1 THEN ARRAY['orders:write'] ELSE '{}' END,
    ARRAY['192.0.2.0/24'::cidr]
FROM tenancy.tenants, generate_series(1, 2) AS n;
INSERT INTO identity.login_attempts (attempted_at, email, address, succeeded)
SELECT
    now() - n * interval '13 minutes',
    'user' || 1 + n % 900 || '@example.com',
    '10.1.0.0'::inet + n % 5000,
    n % 7 <> 0
FROM generate_series(1, 6000) AS n;

INSERT INTO catalogue.categories (tenant_id, name, rank)
SELECT id, 'Category ' || n, n FROM tenancy.tenants, generate_series(1, 4) AS n;
INSERT INTO catalogue.categories (tenant_id, parent_id, name, rank)
SELECT tenant_id, id, name || '.' || n, n FROM catalogue.categories, generate_series(1, 3) AS n;
INSERT INTO catalogue.suppliers (id, tenant_id, name, contact_email, certified_until)
SELECT
    md5('supplier ' || slug || n)::uuid,
    id,
    'Supplier ' || n || ', Sons & Co',
    'orders@supplier' || n || '.example.com',
    current_date + n * 30
FROM tenancy.tenants, generate_series(1, 5) AS n;
INSERT INTO catalogue.products (
    tenant_id, sku, name, kind, description, tax_category_id, tags, attributes, created_at, changed_at,
    deleted_at
)
SELECT
    md5('tenant ' || 1 + n % 40)::uuid,
    'P' || lpad(n::text, 6, '0'),
    (ARRAY['Gauze', 'Syringe', 'Thermometer', 'Ointment', 'Splint'])[1 + n % 5] || ' ' || n,
    (enum_range(NULL::catalogue.product_kind))[1 + n % 4],
    'Sterile and packed, number ' || n,
    1 + n % 3,
    ARRAY['tag' || n % 13, 'tag' || n % 7],
    jsonb_build_object('brand', 'Brand ' || n % 25, 'colour', n % 9),
    now() - n * interval '2 hours',
    now() - n % 60 * interval '1 day',
    CASE WHEN n % 25 = 0 THEN now() - interval '5 days' END
FROM generate_series(1, 2000) AS n;
INSERT INTO catalogue.product_translations (product_id, language_code, name)
SELECT products.id, languages.code, products.name || ' (' || languages.code || ')'
FROM catalogue.products, reference.languages
WHERE languages.code IN ('de', 'fr');
INSERT INTO catalogue.product_categories (tenant_id, product_id, category_id)
SELECT products.tenant_id, products.id, categories.id
FROM catalogue.products
JOIN catalogue.categories USING (tenant_id)
WHERE (products.id + categories.id) % 8 = 0;
INSERT INTO catalogue.medicines (product_id, ingredient, strength)
SELECT id, (ARRAY['Ibuprofen', 'Paracetamol', 'Insulin'])[1 + id % 3], 100 + id % 400 || ' mg'
FROM catalogue.products
WHERE kind = 'medicine';
INSERT INTO catalogue.variants (tenant_id, product_id, label, gtin, size, weight_grams, unit_code)
SELECT
    tenant_id,
    id,
    'size ' || n,
    CASE WHEN n = 1 THEN lpad(id::text, 14, '0') END,
    ROW(10 * n, 20, 30)::catalogue.dimensions,
    50 * n + id % 400,
    (ARRAY['pcs', 'g', 'ml'])[1 + id % 3]
FROM catalogue.products, generate_series(1, 2) AS n;
INSERT INTO catalogue.demand_forecasts (variant_id, week, expected_units, price_elasticity)
SELECT id, date_trunc('week', now())::date + 7 * n, 3.5 + id % 7, -0.2 * (id % 5)
FROM catalogue.variants, generate_series(1, 2) AS n
WHERE id % 5 = 0;
INSERT INTO catalogue.product_suppliers (
    tenant_id, product_id, supplier_id, supplier_sku, supplier_reference, lead_days, unit_cost
)
SELECT
    products.tenant_id,
    products.id,
    suppliers.id,
    'S-' || products.sku,
    -- Whatever the supplier calls it: some use numbers, some something else.
    CASE WHEN products.id % 3 = 0 THEN (500000 + products.id)::text ELSE 'x' || products.id END,
    1 + products.id % 20,
    1.25 + products.id % 90
FROM catalogue.products
JOIN catalogue.suppliers ON suppliers.tenant_id = products.tenant_id
    AND suppliers.name = 'Supplier ' || 1 + products.id % 5 || ', Sons & Co';
INSERT INTO catalogue.price_lists (tenant_id, name, currency_code, is_default)
SELECT tenants.id, 'Retail', countries.currency_code, true
FROM tenancy.tenants
JOIN reference.countries ON countries.code = tenants.country_code;
INSERT INTO catalogue.prices (tenant_id, price_list_id, variant_id, valid_during, price)
SELECT
    variants.tenant_id,
    price_lists.id,
    variants.id,
    tstzrange(
        current_date - 200 * n,
        CASE WHEN n > 1 THEN current_date - 200 * (n - 1) END
    ),
    3.5 + variants.id % 200 + n
FROM catalogue.variants
JOIN catalogue.price_lists USING (tenant_id), generate_series(1, 2) AS n;
INSERT INTO catalogue.product_media (product_id, position, media_type, object_key, byte_size)
SELECT id, n, 'image/webp', 'products/' || id || '/' || n, 20000 + id * n
FROM catalogue.products, generate_series(1, 2) AS n;
INSERT INTO catalogue.bundle_items (bundle_id, item_id, quantity)
SELECT bundle.id, item.id, 2
FROM catalogue.products AS bundle
JOIN catalogue.products AS item ON item.tenant_id = bundle.tenant_id AND item.id = bundle.id + 40
WHERE bundle.id % 10 = 0;

INSERT INTO sales.order_statuses (code, label, rank, is_final) VALUES
    ('new', 'New', 1, false), ('paid', 'Paid', 2, false), ('packed', 'Packed', 3, false),
    ('sent', 'Sent', 4, false), ('done', 'Done', 5, true), ('cancelled', 'Cancelled', 6, true);
INSERT INTO sales.customers (id, tenant_id, user_id, name, email, phone, created_at, changed_at)
SELECT
    md5('customer ' || n)::uuid,
    md5('tenant ' || 1 + n % 40)::uuid,
    CASE WHEN n % 5 = 0 THEN md5('user ' || n / 5)::uuid END,
    'Doe, Jane ' || n,
    'customer' || n || '@example.net',
    '+4917' || 1000000 + n,
    now() - n * interval '5 hours',
    now() - n * interval '2 hours'
FROM generate_series(1, 2000) AS n;
INSERT INTO sales.customer_addresses (customer_id, label, address, is_default)
SELECT id, 'home', ROW(ARRAY['Side street 1'], '10115', 'Berlin', 'DE')::platform.postal_address, true
FROM sales.customers;
INSERT INTO sales.carts (id, tenant_id, customer_id, created_at, abandoned_at)
SELECT
    md5('cart ' || n)::uuid,
    md5('tenant ' || 1 + n % 40)::uuid,
    md5('customer ' || n)::uuid,
    now() - n * interval '1 hour',
    CASE WHEN n > 100 THEN now() - n * interval '30 minutes' END
FROM generate_series(1, 400) AS n;
INSERT INTO sales.cart_items (cart_id, variant_id, quantity)
SELECT md5('cart ' || n)::uuid, 1 + (n * 7 + step) % 4000, 1 + n % 4
FROM generate_series(1, 400) AS n, generate_series(1, 2) AS step;
INSERT INTO sales.orders (
    tenant_id, number, customer_id, status_code, currency_code, placed_at, ship_to, net, tax, changed_at
)
SELECT
    md5('tenant ' || 1 + n % 40)::uuid,
    'O-' || lpad(n::text, 7, '0'),
    md5('customer ' || 1 + (n - 1) % 2000)::uuid,
    CASE WHEN n < 6000 THEN 'done' ELSE
        (ARRAY['new', 'paid', 'packed', 'sent', 'done', 'cancelled'])[1 + n % 6] END,
    (ARRAY['EUR', 'USD', 'GBP'])[1 + n % 3],
    now() - (6400 - n) * interval '20 minutes',
    ROW(ARRAY['Side street 1'], '10115', 'Berlin', 'DE')::platform.postal_address,
    10 + n % 300,
    round((10 + n % 300) * 0.19, 2),
    now() - (6400 - n) * interval '19 minutes'
FROM generate_series(1, 6000) AS n;
INSERT INTO sales.order_lines (order_id, line_number, tenant_id, variant_id, quantity, unit_price)
SELECT orders.id, n, orders.tenant_id, variants.id, 1 + (orders.id + n) % 5, 4 + variants.id % 60
FROM sales.orders, generate_series(1, 3) AS n, LATERAL (
    SELECT orders.id % 40 + 40 * ((orders.id / 40 + n) % 50) AS product_id
) AS wanted
JOIN catalogue.variants USING (product_id)
WHERE variants.label = 'size 1';
INSERT INTO sales.discounts (tenant_id, code, percent, valid_during)
SELECT id, 'WELCOME' || n, 5 * n, tstzrange(now() - interval '1 year', now() + interval '1 year')
FROM tenancy.tenants, generate_series(1, 2) AS n;
INSERT INTO sales.order_discounts (order_id, discount_id, amount)
SELECT orders.id, discounts.id, 1.5
FROM sales.orders JOIN sales.discounts USING (tenant_id)
WHERE orders.id % 20 = 0 AND discounts.code = 'WELCOME1';
INSERT INTO sales.returns (order_id, requested_at, received_at, reason)
SELECT id, placed_at + interval '5 days', placed_at + interval '9 days', 'did not fit'
FROM sales.orders
WHERE id % 30 = 0;
INSERT INTO sales.return_lines (return_id, order_id, line_number, quantity)
SELECT returns.id, order_id, line_number, 1
FROM sales.returns JOIN sales.order_lines USING (order_id)
WHERE line_number = 1;
INSERT INTO sales.reviews (product_id, customer_id, variant_id, rating, body, written_at)
SELECT
    1 + n % 2000,
    md5('customer ' || n)::uuid,
    CASE WHEN n % 2 = 0 THEN 1 + n % 4000 END,
    1 + n % 5,
    'It does what it should, says number ' || n,
    now() - n * interval '1 hour'
FROM generate_series(1, 1500) AS n;

INSERT INTO billing.tax_rates (country_code, tax_category_id, valid_during, rate)
SELECT countries.code, tax_category_id, daterange('2020-01-01', NULL), 7 * (3 - tax_category_id)
FROM reference.countries, reference.tax_categories;
INSERT INTO billing.invoices (id, tenant_id, order_id, currency_code, issued_on, due_on, total)
SELECT
    md5('invoice ' || id)::uuid, tenant_id, id, currency_code, placed_at::date,
    placed_at::date + 14, gross
FROM sales.orders
WHERE status_code <> 'cancelled';
INSERT INTO billing.invoice_lines (invoice_id, line_number, description, quantity, unit_price, tax_rate)
SELECT md5('invoice ' || order_id)::uuid, line_number, 'variant ' || variant_id, quantity, unit_price, 19
FROM sales.order_lines
JOIN sales.orders ON orders.id = order_lines.order_id
WHERE status_code <> 'cancelled';
INSERT INTO billing.payments (
    id, tenant_id, idempotency_key, method, currency_code, amount, received_at, provider_reference
)
SELECT
    md5('payment ' || id)::uuid,
    tenant_id,
    md5('key ' || id)::uuid,
    (enum_range(NULL::billing.payment_method))[1 + id % 4],
    currency_code,
    gross,
    placed_at + interval '3 days',
    CASE WHEN id % 4 <> 3 THEN 'ch_' || md5(id::text) END
FROM sales.orders
WHERE status_code IN ('paid', 'packed', 'sent', 'done');
INSERT INTO billing.payment_allocations (payment_id, invoice_id, amount)
SELECT md5('payment ' || id)::uuid, md5('invoice ' || id)::uuid, gross
FROM sales.orders
WHERE status_code IN ('paid', 'packed', 'sent', 'done');
INSERT INTO billing.accounts (tenant_id, code, name, side)
SELECT id, n || '000', 'Class ' || n, CASE WHEN n < 5 THEN 'debit' ELSE 'credit' END
FROM tenancy.tenants, generate_series(1, 8) AS n;
INSERT INTO billing.accounts (tenant_id, code, parent_code, name, side)
SELECT tenant_id, left(code, 1) || '100', code, name || ', detail', side
FROM billing.accounts;
INSERT INTO billing.journal_entries (tenant_id, booked_on, text)
SELECT md5('tenant ' || 1 + n % 40)::uuid, current_date - n % 300, 'Sale ' || n
FROM generate_series(1, 2000) AS n;
INSERT INTO billing.journal_postings (tenant_id, journal_entry_id, line_number, account_code, amount)
SELECT tenant_id, id, n, CASE n WHEN 1 THEN '1100' ELSE '8100' END, CASE n WHEN 1 THEN 50 ELSE -50 END
FROM billing.journal_entries, generate_series(1, 2) AS n;
INSERT INTO billing.credit_notes (tenant_id, invoice_id, amount, reason)
SELECT tenant_id, id, total, 'returned' FROM billing.invoices WHERE order_id % 30 = 0;

INSERT INTO logistics.warehouses (id, tenant_id, code, name, address, location)
SELECT
    md5('warehouse ' || slug || n)::uuid,
    id,
    'W' || n,
    'Warehouse ' || n,
    ROW(ARRAY['Port road ' || n], '20457', 'Hamburg', 'DE')::platform.postal_address,
    point(10 + n, 53)
FROM tenancy.tenants, generate_series(1, 2) AS n;
INSERT INTO logistics.storage_locations (warehouse_id, label)
SELECT id, 'Aisle ' || n FROM logistics.warehouses, generate_series(1, 3) AS n;
INSERT INTO logistics.storage_locations (warehouse_id, parent_id, label, temperature)
SELECT warehouse_id, id, label || ', shelf ' || n,
    (enum_range(NULL::logistics.temperature_class))[n]
FROM logistics.storage_locations, generate_series(1, 3) AS n;
UPDATE logistics.warehouses SET receiving_location_id = (
    SELECT min(id) FROM logistics.storage_locations WHERE warehouse_id = warehouses.id
);
INSERT INTO logistics.stock_levels (storage_location_id, variant_id, on_hand, reserved)
SELECT 241 + n % 720, 1 + n % 4000, n % 50, n % 50 / 2
FROM generate_series(1, 5000) AS n;
INSERT INTO logistics.stock_movements (id, moved_at, storage_location_id, variant_id, quantity, reason)
SELECT
    md5('movement ' || n)::uuid,
    now() - n * interval '13 minutes',
    241 + n % 720,
    1 + n % 4000,
    CASE WHEN n % 3 = 0 THEN 10 ELSE -1 - n % 4 END,
    (ARRAY['receipt', 'pick', 'count'])[1 + n % 3]
FROM generate_series(1, 8000) AS n;
INSERT INTO logistics.movement_corrections (movement_id, moved_at, quantity, note)
SELECT id, moved_at, 1, 'counted again' FROM logistics.stock_movements WHERE quantity = -2;
INSERT INTO logistics.pallets (barcode, storage_location_id, packed_at, emptied_at)
SELECT
    lpad((340123450000000000 + n * 10)::text, 18, '0'),
    CASE WHEN n % 4 > 0 THEN 241 + n % 720 END,
    now() - n * interval '1 hour',
    CASE WHEN n % 4 = 0 THEN now() - n * interval '20 minutes' END
FROM generate_series(1, 1200) AS n;
INSERT INTO logistics.carriers (code, name, tracking_url) VALUES
    ('post', 'The Post', 'https://post.example.com/'), ('van', 'Van and Sons', 'https://van.example.com/');
INSERT INTO logistics.carrier_services (carrier_code, code, name, max_weight_grams, temperatures) VALUES
    ('post', 'parcel', 'Parcel', 30000, '{ambient}'),
    ('van', 'cold', 'Cold chain', 90000, '{ambient,cool,frozen}');
INSERT INTO logistics.shipments (
    tenant_id, order_id, warehouse_id, carrier_code, service_code, temperature, created_at,
    handed_over_at, delivered_at
)
SELECT
    orders.tenant_id,
    orders.id,
    md5('warehouse house-' || 1 + orders.id % 40 || '1')::uuid,
    CASE WHEN orders.id % 4 = 0 THEN 'van' ELSE 'post' END,
    CASE WHEN orders.id % 4 = 0 THEN 'cold' ELSE 'parcel' END,
    (enum_range(NULL::logistics.temperature_class))[1 + orders.id % 3],
    placed_at,
    placed_at + interval '1 day',
    CASE WHEN orders.id < 5900 THEN placed_at + interval '2 days' END
FROM sales.orders
WHERE status_code IN ('sent', 'done');
INSERT INTO logistics.shipment_items (shipment_id, order_id, line_number, quantity)
SELECT shipments.id, order_id, line_number, order_lines.quantity
FROM logistics.shipments JOIN sales.order_lines USING (order_id);
INSERT INTO logistics.shipment_events (shipment_id, happened_at, code, place, payload)
SELECT
    id, created_at + n * interval '6 hours', (ARRAY['accepted', 'moved', 'out', 'delivered'])[n],
    CASE WHEN n > 1 THEN 'depot ' || id % 20 END, jsonb_build_object('scan', id * n)
FROM logistics.shipments, generate_series(1, 4) AS n
WHERE created_at + n * interval '6 hours' < now();
INSERT INTO logistics.temperature_readings (shipment_id, sensor, measured_at, celsius)
SELECT id, 's' || id % 3, created_at + n * interval '1 hour', 2 + (id + n) % 60 / 10.0
FROM logistics.shipments, generate_series(1, 12) AS n
WHERE temperature <> 'ambient' AND id % 5 = 0;
INSERT INTO logistics.vehicles (tenant_id, plate, payload_kg)
SELECT id, 'M-' || n || '-' || slug, 900 + 100 * n FROM tenancy.tenants, generate_series(1, 2) AS n;
INSERT INTO logistics.drivers (tenant_id, user_id, licence_classes)
SELECT tenant_id, user_id, '{B,C1}' FROM identity.memberships WHERE role_code = 'driver';
INSERT INTO logistics.vehicle_assignments (vehicle_id, driver_id, assigned_during)
SELECT vehicle_id, driver_id, tstzrange(current_date - 7 * n, current_date - 7 * n + 6)
FROM (
    SELECT min(vehicles.id) AS vehicle_id, min(drivers.id) AS driver_id
    FROM logistics.vehicles JOIN logistics.drivers USING (tenant_id)
    GROUP BY tenant_id
) AS pairs, generate_series(1, 10) AS n;
INSERT INTO logistics.routes (tenant_id, vehicle_id, driver_id, driven_on)
SELECT vehicles.tenant_id, vehicles.id, (
    SELECT min(drivers.id) FROM logistics.drivers WHERE drivers.tenant_id = vehicles.tenant_id
), current_date - n
FROM logistics.vehicles, generate_series(1, 5) AS n;
INSERT INTO logistics.route_stops (route_id, shipment_id, position)
SELECT routes.id, shipments.id, n
FROM logistics.routes, generate_series(1, 3) AS n
JOIN logistics.shipments ON shipments.id % 400 = n
WHERE routes.id = shipments.id / 400 + 1;

INSERT INTO clinic.practitioners (id, tenant_id, user_id, title, specialties)
SELECT md5('practitioner ' || user_id)::uuid, tenant_id, user_id, 'Dr.', '{general}'
FROM identity.memberships
WHERE role_code = 'doctor';
INSERT INTO clinic.patients (
    id, tenant_id, given_name, family_name, birth_date, sex, language_code, created_at, changed_at
)
SELECT
    md5('patient ' || n)::uuid,
    md5('tenant ' || 1 + n % 40)::uuid,
    (ARRAY['Ada', 'Bo', 'Cleo', 'Dan', 'Eve'])[1 + n % 5],
    'Family ' || n / 3,
    date '1940-01-01' + n * 17,
    (ARRAY['female', 'male', 'other', 'unknown'])[1 + n % 4],
    CASE WHEN n % 3 > 0 THEN (ARRAY['en', 'de'])[n % 3] END,
    now() - n * interval '9 hours',
    now() - n * interval '4 hours'
FROM generate_series(1, 1200) AS n;
INSERT INTO clinic.patient_identifiers (patient_id, issuer, value)
SELECT id, 'national', md5('identifier ' || id) FROM clinic.patients;
INSERT INTO clinic.rooms (tenant_id, site_id, name)
SELECT tenant_id, id, 'Room ' || n FROM tenancy.sites, generate_series(1, 2) AS n;
INSERT INTO clinic.appointments (tenant_id, patient_id, practitioner_id, room_id, during, cancelled_at)
SELECT
    patients.tenant_id,
    patients.id,
    who.id,
    where_.id,
    tstzrange(day.start, day.start + interval '30 minutes'),
    CASE WHEN patients.number % 10 = 0 THEN day.start - interval '1 day' END
FROM (
    SELECT id, tenant_id, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS number
    FROM clinic.patients
) AS patients
CROSS JOIN LATERAL (
    SELECT id FROM clinic.practitioners p WHERE p.tenant_id = patients.tenant_id ORDER BY id LIMIT 1
) AS who
CROSS JOIN LATERAL (
    SELECT id FROM clinic.rooms r WHERE r.tenant_id = patients.tenant_id ORDER BY id LIMIT 1
) AS where_
CROSS JOIN LATERAL (
    SELECT date_trunc('hour', now()) - patients.number * interval '1 day'
        + visit * interval '1 hour' AS start
    FROM generate_series(1, 2) AS visit
) AS day;
INSERT INTO clinic.encounters (tenant_id, patient_id, appointment_id, started_at, ended_at)
SELECT tenant_id, patient_id, id, lower(during), upper(during)
FROM clinic.appointments
WHERE cancelled_at IS NULL AND upper(during) < now();
INSERT INTO clinic.prescriptions (id, tenant_id, encounter_id, practitioner_id, issued_on)
SELECT
    md5('prescription ' || encounters.id)::uuid,
    encounters.tenant_id,
    encounters.id,
    appointments.practitioner_id,
    encounters.started_at::date
FROM clinic.encounters
JOIN clinic.appointments ON appointments.id = encounters.appointment_id
WHERE encounters.id % 3 = 0;
INSERT INTO clinic.prescription_items (prescription_id, line_number, variant_id, dosage, quantity)
SELECT prescriptions.id, 1, 1 + encounter_id % 4000, 'twice a day', 1 FROM clinic.prescriptions;
INSERT INTO clinic.allergies (patient_id, substance, severity, noted_on)
SELECT md5('patient ' || n)::uuid, (ARRAY['penicillin', 'latex', 'pollen'])[1 + n % 3], 1 + n % 3,
    current_date - n
FROM generate_series(1, 300) AS n;
BEGIN;
INSERT INTO clinic.care_plans (id, patient_id, current_revision)
SELECT md5('plan ' || n)::uuid, md5('patient ' || n)::uuid, 1 FROM generate_series(1, 100) AS n;
INSERT INTO clinic.care_plan_revisions (care_plan_id, revision, written_by_id)
SELECT md5('plan ' || n)::uuid, 1, md5('user ' || n)::uuid FROM generate_series(1, 100) AS n;
COMMIT;
INSERT INTO clinic.observations (kind, tenant_id, encounter_id, value, unit_code, observed_at)
SELECT
    (ARRAY['pulse', 'temperature', 'blood_pressure_systolic', 'glucose'])[n],
    tenant_id,
    id,
    60 + (id + n) % 40,
    (ARRAY['bpm', 'degC', 'mmHg', 'mmol/l'])[n],
    started_at
FROM clinic.encounters, generate_series(1, 4) AS n;
INSERT INTO clinic.diagnosis_codes (code, path, title)
SELECT
    chr(65 + n / 60) || lpad((n % 60)::text, 2, '0'),
    (chr(65 + n / 60) || '.' || chr(65 + n / 60) || lpad((n % 60)::text, 2, '0'))::ltree,
    'Diagnosis ' || n || ', not elsewhere classified'
FROM generate_series(0, 599) AS n;
INSERT INTO clinic.encounter_diagnoses (encounter_id, diagnosis_code, is_certain)
SELECT id, chr(65 + id::integer % 10) || lpad((id % 60)::text, 2, '0'), id % 4 > 0
FROM clinic.encounters;
INSERT INTO clinic.infusions (encounter_id, amount_ml, rate_ml_per_hour, started_at, lasted)
SELECT id, 250.5, 83.3, started_at, interval '3 hours' FROM clinic.encounters WHERE id % 4 = 0;
INSERT INTO clinic.questionnaire_answers (encounter_id, question, answer)
SELECT id, question, (ARRAY['yes', 'no', 'does not know'])[1 + (id + length(question)) % 3]
FROM clinic.encounters, unnest(ARRAY['smokes', 'allergic', 'pregnant']) AS question;
INSERT INTO clinic.consents (patient_id, purpose, given_at)
SELECT id, 'treatment', created_at FROM clinic.patients;

INSERT INTO events.streams (id, category, version)
SELECT md5('stream ' || n)::uuid, (ARRAY['order', 'patient', 'shipment'])[1 + n % 3], 6
FROM generate_series(1, 1500) AS n;
INSERT INTO events.recorded_events (
    stream_id, version, event_type, correlation_id, causation_id, data, recorded_at
)
SELECT
    md5('stream ' || n)::uuid,
    version,
    (ARRAY['Placed', 'Paid', 'Packed', 'Sent', 'Delivered', 'Closed'])[version],
    md5('correlation ' || n)::uuid,
    CASE WHEN version > 1 THEN md5('cause ' || n || version)::uuid END,
    jsonb_build_object('number', n, 'step', version),
    now() - (9000 - n * version) * interval '1 minute'
FROM generate_series(1, 1500) AS n, generate_series(1, 6) AS version;
INSERT INTO events.snapshots (stream_id, version, state)
SELECT stream_id, version, data FROM events.recorded_events WHERE version = 5;
INSERT INTO events.outbox (aggregate_type, aggregate_id, event_type, payload, created_at, published_at)
SELECT
    CASE WHEN n % 2 = 0 THEN 'order' ELSE 'shipment' END,
    n::text,
    'Changed',
    jsonb_build_object('id', n),
    now() - (3000 - n) * interval '3 minutes',
    CASE WHEN n < 2950 THEN now() - (3000 - n) * interval '3 minutes' + interval '2 seconds' END
FROM generate_series(1, 3000) AS n;
INSERT INTO events.projections (name, last_position) VALUES ('orders', 8990), ('stock', 8999);

INSERT INTO events.measurements (kind, measured_at, source, value)
SELECT 'latency', now() - n * interval '11 minutes', 'web-' || n % 3, 12.5 + n % 40
FROM generate_series(1, 2500) AS n;
INSERT INTO events.measurements (kind, measured_at, source, value)
SELECT 'restart', now() - n * interval '9 days', 'web-1', 1 FROM generate_series(1, 9) AS n;
INSERT INTO events.archived_events (position, data)
SELECT n, jsonb_build_object('number', n) FROM generate_series(1, 1500) AS n;

INSERT INTO audit.access_log (accessed_at, user_id, patient_id, purpose)
SELECT
    now() - n * interval '17 minutes',
    md5('user ' || 1 + n % 800)::uuid,
    md5('patient ' || 1 + n % 1200)::uuid,
    'treatment'
FROM generate_series(1, 4000) AS n;

INSERT INTO messaging.templates (code, language_code, subject, body)
SELECT kind, code, 'Subject ' || kind, 'Body ' || kind
FROM unnest(ARRAY['welcome', 'receipt', 'reminder']) AS kind, reference.languages;
INSERT INTO messaging.notifications (user_id, template_code, language_code, created_at, read_at)
SELECT
    md5('user ' || 1 + n % 800)::uuid,
    (ARRAY['welcome', 'receipt', 'reminder'])[1 + n % 3],
    'en',
    now() - n * interval '1 hour',
    CASE WHEN n > 300 THEN now() - n * interval '50 minutes' END
FROM generate_series(1, 3000) AS n;
INSERT INTO messaging.reminders (user_id, local_time, time_zone, text)
SELECT md5('user ' || n)::uuid, current_date + n % 30 + time '09:00', 'Europe/Berlin', 'Call, please'
FROM generate_series(1, 300) AS n;
INSERT INTO messaging.fax_channels (number, confirmed_at)
SELECT '+4989' || 1000000 + n, now() FROM generate_series(1, 20) AS n;
INSERT INTO messaging.webhooks (id, tenant_id, url, event_types, signing_key_ciphertext)
SELECT
    md5('webhook ' || slug)::uuid, id, 'https://' || slug || '.example.com/hook', '{order.placed}',
    decode(md5(slug) || md5(name), 'hex')
FROM tenancy.tenants;
INSERT INTO messaging.webhook_deliveries (webhook_id, outbox_id, response_status, delivered_at, next_attempt_at)
SELECT
    md5('webhook house-' || 1 + n % 40)::uuid,
    n,
    CASE WHEN n % 50 = 0 THEN 503 ELSE 204 END,
    CASE WHEN n % 50 <> 0 THEN now() - n * interval '1 minute' END,
    CASE WHEN n % 50 = 0 THEN now() + interval '5 minutes' END
FROM generate_series(1, 2500) AS n;
INSERT INTO messaging.jobs (handler, arguments, run_after)
SELECT 'send_mail', jsonb_build_object('notification', n), now() + n * interval '1 second'
FROM generate_series(1, 120) AS n;

INSERT INTO cache.page_cache (key, body, expires_at)
SELECT 'page ' || n, decode(md5(n::text), 'hex'), now() + interval '5 minutes'
FROM generate_series(1, 200) AS n;

-- Reports ------------------------------------------------------------------------------------------

CREATE MATERIALIZED VIEW reporting.daily_sales AS
SELECT
    tenant_id,
    (placed_at AT TIME ZONE 'UTC')::date AS day,
    currency_code,
    count(*) AS orders,
    sum(net) AS net
FROM sales.orders
GROUP BY 1, 2, 3;
-- So that it can be refreshed while it is read.
CREATE UNIQUE INDEX daily_sales_key ON reporting.daily_sales (tenant_id, day, currency_code);
COMMENT ON MATERIALIZED VIEW reporting.daily_sales IS 'Refreshed CONCURRENTLY each hour';

CREATE VIEW reporting.currencies_in_use AS
SELECT currencies.code, currencies.name, count(*) AS countries
FROM reference.currencies
JOIN reference.countries ON countries.currency_code = currencies.code
GROUP BY currencies.code;

-- The table binds its owner as well (FORCE), and so does this view, on every version.
CREATE VIEW reporting.coming_appointments AS
SELECT tenant_id, practitioner_id, room_id, during
FROM clinic.appointments
WHERE upper(during) > now() AND cancelled_at IS NULL;

DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 150000 THEN
        EXECUTE 'CREATE VIEW reporting.open_orders '
            'WITH (security_invoker = true, security_barrier = true) AS '
            'SELECT id, tenant_id, number, customer_id, placed_at, gross FROM sales.orders '
            'WHERE status_code IN (''new'', ''paid'', ''packed'')';
        EXECUTE 'CREATE VIEW catalogue.active_products WITH (security_invoker = true) AS '
            'SELECT id, tenant_id, sku, name, kind FROM catalogue.products '
            'WHERE deleted_at IS NULL WITH LOCAL CHECK OPTION';
    END IF;
END
$$;

-- Functions and a procedure -------------------------------------------------------------------------

-- The login service never sees a hash of somebody else: it asks for one user at a time.
CREATE FUNCTION identity.credential_of(wanted text)
RETURNS TABLE (user_id uuid, password_hash text, locked_until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.user_id, c.password_hash, c.locked_until
    FROM identity.credentials c
    JOIN identity.users u ON u.id = c.user_id
    WHERE lower(u.email) = lower(wanted) AND u.deleted_at IS NULL
$$;

CREATE FUNCTION identity.current_user_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(current_setting('meridian.user_id', true), '')::uuid
$$;

-- Drops whole partitions: names come from the catalog and are quoted.
CREATE FUNCTION identity.forget_login_attempts(keep interval) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    old record;
    dropped integer := 0;
BEGIN
    FOR old IN
        SELECT n.nspname AS schema, c.relname AS name
        FROM pg_inherits i
        JOIN pg_class c ON c.oid = i.inhrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE i.inhparent = 'identity.login_attempts'::regclass
            AND c.relname < 'login_attempts_' || to_char(now() - keep, 'YYYY_MM')
    LOOP
        EXECUTE format('DROP TABLE %I.%I', old.schema, old.name);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

-- A row of numbers that no column owns: each tenant's office draws from it by hand.
CREATE SEQUENCE billing.credit_number;
CREATE FUNCTION billing.next_credit_number() RETURNS text
LANGUAGE sql VOLATILE AS $$
    SELECT 'C-' || lpad(nextval('billing.credit_number')::text, 8, '0')
$$;

CREATE FUNCTION tenancy.is_colleague(tenant uuid) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM identity.memberships
        WHERE tenant_id = tenant AND user_id = identity.current_user_id()
    )
$$;

-- Written to by people who fill in a form: the rows go to the table behind it.
CREATE VIEW messaging.reminders_by_zone AS
SELECT id, user_id, local_time AT TIME ZONE time_zone AS due_at, time_zone, text
FROM messaging.reminders;
CREATE FUNCTION messaging.write_reminder() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO messaging.reminders (user_id, local_time, time_zone, text)
    VALUES (NEW.user_id, NEW.due_at AT TIME ZONE NEW.time_zone, NEW.time_zone, NEW.text);
    RETURN NEW;
END
$$;
CREATE TRIGGER reminders_by_zone_insert INSTEAD OF INSERT ON messaging.reminders_by_zone
    FOR EACH ROW EXECUTE FUNCTION messaging.write_reminder();

CREATE PROCEDURE platform.nightly()
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM platform.make_partitions('identity.login_attempts', 3, 3);
    PERFORM platform.make_partitions('logistics.stock_movements', 3, 3);
    PERFORM platform.make_partitions('logistics.shipment_events', 3, 3);
    PERFORM platform.make_partitions('audit.row_changes', 3, 3);
    PERFORM platform.make_partitions('events.measurements_latency', 1, 3);
    REFRESH MATERIALIZED VIEW reporting.daily_sales;
END
$$;

-- Row level security: a tenant sees its own rows ----------------------------------------------------

DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT n.nspname AS schema, c.relname AS name
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
        WHERE n.nspname IN (
            'tenancy', 'identity', 'catalogue', 'sales', 'billing', 'logistics', 'clinic', 'messaging'
        )
            AND c.relkind IN ('r', 'p')
            AND NOT c.relispartition
        ORDER BY 1, 2
    LOOP
        EXECUTE format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', found.schema, found.name);
        EXECUTE format(
            'CREATE POLICY own_tenant ON %I.%I TO meridian_app, meridian_owner '
            'USING (tenant_id = (SELECT tenancy.current_tenant())) '
            'WITH CHECK (tenant_id = (SELECT tenancy.current_tenant()))',
            found.schema, found.name
        );
        -- Health data is closed for the owner of the tables, too.
        IF found.schema = 'clinic' THEN
            EXECUTE format('ALTER TABLE %I.%I FORCE ROW LEVEL SECURITY', found.schema, found.name);
        END IF;
    END LOOP;
END
$$;

-- Parts of a row that has a tenant are seen with it: the policy of the whole applies in the subquery.
ALTER TABLE sales.customer_addresses ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_own_customer ON sales.customer_addresses TO meridian_app
    USING (customer_id IN (SELECT id FROM sales.customers));
ALTER TABLE sales.order_status_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_own_order ON sales.order_status_changes TO meridian_app
    USING (order_id IN (SELECT id FROM sales.orders));
ALTER TABLE billing.invoice_lines ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_own_invoice ON billing.invoice_lines TO meridian_app
    USING (invoice_id IN (SELECT id FROM billing.invoices));
ALTER TABLE clinic.allergies ENABLE ROW LEVEL SECURITY;
ALTER TABLE clinic.allergies FORCE ROW LEVEL SECURITY;
CREATE POLICY of_own_patient ON clinic.allergies TO meridian_app, meridian_owner
    USING (patient_id IN (SELECT id FROM clinic.patients));

ALTER TABLE identity.users ENABLE ROW LEVEL SECURITY;
CREATE POLICY oneself_and_colleagues ON identity.users FOR SELECT TO meridian_app
    USING (
        id = (SELECT identity.current_user_id())
        OR id IN (SELECT user_id FROM identity.memberships)
    );
CREATE POLICY oneself ON identity.users FOR UPDATE TO meridian_app
    USING (id = (SELECT identity.current_user_id()));

-- The manual's own example: who is logged in is no function that could be slow.
ALTER TABLE platform.schema_migrations ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_the_migrator ON platform.schema_migrations FOR SELECT TO meridian_reader
    USING (current_user = 'meridian_dashboard' AND applied_at <= now());
-- The function's argument is a column: it has to be called for each row.
ALTER TABLE events.projections ENABLE ROW LEVEL SECURITY;
CREATE POLICY named_for_tenant ON events.projections TO meridian_app
    USING (name NOT LIKE 'tenant/%' OR tenancy.is_colleague(split_part(name, '/', 2)::uuid));

-- Erased patients are gone for everybody, whatever else a policy allows.
CREATE POLICY not_erased ON clinic.patients AS RESTRICTIVE FOR SELECT TO meridian_app
    USING (erased_at IS NULL);
-- The dashboard counts the orders of all tenants.
CREATE POLICY all_for_reports ON sales.orders FOR SELECT TO meridian_reader USING (true);

-- Rights --------------------------------------------------------------------------------------------

GRANT USAGE ON SCHEMA platform, reference, tenancy, identity, catalogue, sales, billing, logistics,
    clinic, events, messaging, cache, reporting TO meridian_app;
GRANT USAGE ON SCHEMA reference, sales, reporting TO meridian_reader;
GRANT USAGE ON SCHEMA identity TO meridian_auth;

GRANT SELECT ON ALL TABLES IN SCHEMA reference TO meridian_app, meridian_reader;
DO $$
DECLARE
    found record;
BEGIN
    -- Not to partitions: whoever may read one directly passes by the policies of the whole.
    FOR found IN
        SELECT n.nspname AS schema, c.relname AS name
        FROM pg_class c
        JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('catalogue', 'sales', 'billing', 'logistics', 'clinic', 'messaging', 'cache')
            AND c.relkind IN ('r', 'p', 'v')
            AND NOT c.relispartition
        ORDER BY 1, 2
    LOOP
        EXECUTE format(
            'GRANT SELECT, INSERT, UPDATE, DELETE ON %I.%I TO meridian_app', found.schema, found.name
        );
    END LOOP;
END
$$;
GRANT SELECT ON ALL TABLES IN SCHEMA tenancy TO meridian_app;
GRANT SELECT ON identity.memberships, identity.roles, identity.permissions,
    identity.role_permissions TO meridian_app;
GRANT SELECT (id, email, display_name, language_code, created_at) ON identity.users TO meridian_app;
GRANT UPDATE (display_name, language_code) ON identity.users TO meridian_app;
GRANT SELECT, INSERT ON events.streams, events.recorded_events, events.snapshots TO meridian_app;
GRANT UPDATE (version) ON events.streams TO meridian_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON events.outbox, events.projections TO meridian_app;
GRANT INSERT ON audit.access_log TO meridian_app;
GRANT USAGE ON SCHEMA audit TO meridian_app;
GRANT SELECT, INSERT, DELETE ON identity.user_sessions TO meridian_auth;
GRANT INSERT ON identity.login_attempts TO meridian_auth;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA billing, logistics TO meridian_app;

GRANT SELECT ON reporting.daily_sales, reporting.currencies_in_use TO meridian_reader;
GRANT SELECT ON sales.orders TO meridian_reader;
GRANT SELECT ON reporting.coming_appointments TO meridian_app;
DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 150000 THEN
        EXECUTE 'GRANT SELECT ON reporting.open_orders TO meridian_app';
    END IF;
    IF current_setting('server_version_num')::int >= 170000 THEN
        EXECUTE 'GRANT MAINTAIN ON reporting.daily_sales TO meridian_reader';
    END IF;
END
$$;

GRANT EXECUTE ON FUNCTION platform.new_id(), tenancy.current_tenant(), identity.current_user_id()
    TO meridian_app;
GRANT EXECUTE ON FUNCTION platform.new_id(), identity.credential_of(text) TO meridian_auth;

-- What others subscribe to --------------------------------------------------------------------------

CREATE PUBLICATION meridian_search FOR TABLE catalogue.products, catalogue.variants,
    catalogue.product_translations;
CREATE PUBLICATION meridian_events FOR TABLE events.recorded_events WITH (publish = 'insert');
CREATE PUBLICATION meridian_sessions FOR TABLE identity.user_sessions;
ALTER TABLE identity.user_sessions REPLICA IDENTITY USING INDEX user_sessions_token_digest_key;
DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 130000 THEN
        EXECUTE 'CREATE PUBLICATION meridian_tracking FOR TABLE logistics.shipment_events '
            'WITH (publish_via_partition_root = true)';
    END IF;
    IF current_setting('server_version_num')::int >= 150000 THEN
        EXECUTE 'CREATE PUBLICATION meridian_orders '
            'FOR TABLE sales.orders (id, tenant_id, number, placed_at), sales.order_lines '
            'WHERE (line_number > 0)';
    END IF;
END
$$;

RESET ROLE;

-- As a superuser: what the owner of the tables may not make --------------------------------------------

CREATE EXTENSION IF NOT EXISTS postgres_fdw;
CREATE SERVER ledger_archive FOREIGN DATA WRAPPER postgres_fdw
    OPTIONS (host 'ledger.internal', dbname 'ledger', sslmode 'verify-full', connect_timeout '5');
CREATE SCHEMA archive AUTHORIZATION meridian_owner;
CREATE FOREIGN TABLE archive.ledger_lines (
    line_id bigint NOT NULL,
    tenant_id uuid NOT NULL,
    booked_on date NOT NULL,
    amount numeric(14, 2) NOT NULL
) SERVER ledger_archive OPTIONS (schema_name 'public', table_name 'lines');
ALTER FOREIGN TABLE archive.ledger_lines OWNER TO meridian_owner;
CREATE USER MAPPING FOR meridian_owner SERVER ledger_archive OPTIONS (user 'meridian_reader');

CREATE FUNCTION platform.refuse_tables_in_public() RETURNS event_trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE schema_name = 'public') THEN
        RAISE EXCEPTION 'tables belong into a schema of their own';
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION platform.refuse_tables_in_public() FROM PUBLIC;
CREATE EVENT TRIGGER refuse_tables_in_public ON ddl_command_end
    WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS')
    EXECUTE FUNCTION platform.refuse_tables_in_public();

VACUUM (ANALYZE);
