-- A shop as Rails 7 makes it: db/structure.sql of models with Devise, PaperTrail, tags and uploads.

CREATE TABLE public.schema_migrations (version character varying NOT NULL);
ALTER TABLE ONLY public.schema_migrations ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);
CREATE TABLE public.ar_internal_metadata (
    key character varying NOT NULL,
    value character varying,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
ALTER TABLE ONLY public.ar_internal_metadata ADD CONSTRAINT ar_internal_metadata_pkey PRIMARY KEY (key);

CREATE TABLE public.users (
    id bigserial PRIMARY KEY,
    email character varying(255) DEFAULT ''::character varying NOT NULL,
    encrypted_password character varying(255) DEFAULT ''::character varying NOT NULL,
    reset_password_token character varying(255),
    reset_password_sent_at timestamp(6) without time zone,
    remember_created_at timestamp(6) without time zone,
    sign_in_count integer DEFAULT 0 NOT NULL,
    current_sign_in_at timestamp(6) without time zone,
    current_sign_in_ip character varying(255),
    admin boolean DEFAULT false,
    locale character varying(255) DEFAULT 'en'::character varying,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX index_users_on_email ON public.users USING btree (email);
CREATE UNIQUE INDEX index_users_on_reset_password_token ON public.users USING btree (reset_password_token);

CREATE TABLE public.accounts (
    id bigserial PRIMARY KEY,
    name character varying(255) NOT NULL,
    owner_id bigint NOT NULL,
    plan integer DEFAULT 0 NOT NULL,
    projects_count integer DEFAULT 0 NOT NULL,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE INDEX index_accounts_on_owner_id ON public.accounts USING btree (owner_id);
ALTER TABLE ONLY public.accounts ADD CONSTRAINT fk_rails_37ced7af95 FOREIGN KEY (owner_id) REFERENCES public.users(id);

CREATE TABLE public.projects (
    id bigserial PRIMARY KEY,
    account_id bigint NOT NULL,
    name character varying(255) NOT NULL,
    description text,
    budget numeric(10,2),
    settings json,
    due_on date,
    archived_at timestamp(6) without time zone,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE INDEX index_projects_on_account_id ON public.projects USING btree (account_id);
ALTER TABLE ONLY public.projects ADD CONSTRAINT fk_rails_b4884d7210 FOREIGN KEY (account_id) REFERENCES public.accounts(id);

-- Single table inheritance, and a reference that somebody made without foreign_key: true.
CREATE TABLE public.tasks (
    id bigserial PRIMARY KEY,
    type character varying(255),
    project_id bigint,
    user_id integer,
    title character varying(255),
    status integer DEFAULT 0,
    position integer,
    done boolean DEFAULT false,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE INDEX index_tasks_on_project_id ON public.tasks USING btree (project_id);
CREATE INDEX index_tasks_on_project_id_and_position ON public.tasks USING btree (project_id, position);

CREATE TABLE public.comments (
    id bigserial PRIMARY KEY,
    commentable_type character varying(255) NOT NULL,
    commentable_id bigint NOT NULL,
    user_id bigint NOT NULL,
    body text,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE INDEX index_comments_on_commentable ON public.comments USING btree (commentable_type, commentable_id);
CREATE INDEX index_comments_on_user_id ON public.comments USING btree (user_id);
ALTER TABLE ONLY public.comments ADD CONSTRAINT fk_rails_03de2dc08c FOREIGN KEY (user_id) REFERENCES public.users(id);

CREATE TABLE public.tags (
    id bigserial PRIMARY KEY,
    name character varying(255),
    taggings_count integer DEFAULT 0,
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX index_tags_on_name ON public.tags USING btree (name);
CREATE TABLE public.projects_tags (
    project_id bigint NOT NULL,
    tag_id bigint NOT NULL
);
CREATE INDEX index_projects_tags_on_project_id_and_tag_id ON public.projects_tags USING btree (project_id, tag_id);

CREATE TABLE public.versions (
    id bigserial PRIMARY KEY,
    item_type character varying NOT NULL,
    item_id bigint NOT NULL,
    event character varying NOT NULL,
    whodunnit character varying,
    object text,
    created_at timestamp(6) without time zone
);
CREATE INDEX index_versions_on_item_type_and_item_id ON public.versions USING btree (item_type, item_id);

CREATE TABLE public.active_storage_blobs (
    id bigserial PRIMARY KEY,
    key character varying NOT NULL,
    filename character varying NOT NULL,
    content_type character varying,
    metadata text,
    service_name character varying NOT NULL,
    byte_size bigint NOT NULL,
    checksum character varying,
    created_at timestamp(6) without time zone NOT NULL
);
CREATE UNIQUE INDEX index_active_storage_blobs_on_key ON public.active_storage_blobs USING btree (key);
CREATE TABLE public.active_storage_attachments (
    id bigserial PRIMARY KEY,
    name character varying NOT NULL,
    record_type character varying NOT NULL,
    record_id bigint NOT NULL,
    blob_id bigint NOT NULL,
    created_at timestamp(6) without time zone NOT NULL
);
CREATE INDEX index_active_storage_attachments_on_blob_id ON public.active_storage_attachments USING btree (blob_id);
CREATE UNIQUE INDEX index_active_storage_attachments_uniqueness ON public.active_storage_attachments USING btree (record_type, record_id, name, blob_id);
ALTER TABLE ONLY public.active_storage_attachments ADD CONSTRAINT fk_rails_c3b3935057 FOREIGN KEY (blob_id) REFERENCES public.active_storage_blobs(id);

CREATE TABLE public.invoices (
    id bigserial PRIMARY KEY,
    account_id bigint NOT NULL,
    number character varying(255),
    amount_cents integer DEFAULT 0 NOT NULL,
    amount_currency character varying(255) DEFAULT 'EUR'::character varying NOT NULL,
    vat double precision,
    paid_at timestamp(6) without time zone,
    stripe_invoice_id character varying(255),
    created_at timestamp(6) without time zone NOT NULL,
    updated_at timestamp(6) without time zone NOT NULL
);
ALTER TABLE ONLY public.invoices ADD CONSTRAINT fk_rails_6ea1325a5b FOREIGN KEY (account_id) REFERENCES public.accounts(id);

INSERT INTO public.schema_migrations (version)
SELECT to_char(timestamp '2024-01-01 10:00:00' + n * interval '3 days', 'YYYYMMDDHH24MISS') FROM generate_series(1, 60) AS n;
INSERT INTO public.ar_internal_metadata VALUES ('environment', 'production', now(), now());
INSERT INTO public.users (email, encrypted_password, sign_in_count, current_sign_in_at, current_sign_in_ip, created_at, updated_at)
SELECT 'user' || n || '@example.com', '$2a$12$' || md5(n::text) || substr(md5('x' || n), 1, 21), n % 40,
    now() - n * interval '1 hour', '10.0.' || n % 200 || '.' || n % 250, now() - n * interval '1 day', now() - n * interval '1 hour'
FROM generate_series(1, 1200) AS n;
INSERT INTO public.accounts (name, owner_id, plan, created_at, updated_at)
SELECT 'Account ' || n, n, n % 3, now() - n * interval '1 day', now() FROM generate_series(1, 300) AS n;
INSERT INTO public.projects (account_id, name, description, budget, settings, due_on, created_at, updated_at)
SELECT 1 + n % 300, 'Project ' || n, 'About ' || n, n * 10, '{"colour": "blue"}', current_date + n % 90, now() - n * interval '1 hour', now()
FROM generate_series(1, 2000) AS n;
INSERT INTO public.tasks (type, project_id, user_id, title, status, position, done, created_at, updated_at)
SELECT CASE WHEN n % 4 = 0 THEN 'Bug' ELSE 'Story' END, 1 + n % 2000, 1 + n % 1200, 'Task ' || n, n % 4, n / 2000, n % 3 = 0,
    now() - n * interval '10 minutes', now()
FROM generate_series(1, 8000) AS n;
INSERT INTO public.comments (commentable_type, commentable_id, user_id, body, created_at, updated_at)
SELECT CASE WHEN n % 3 = 0 THEN 'Project' ELSE 'Task' END, 1 + n % 2000, 1 + n % 1200, 'I think ' || n, now(), now()
FROM generate_series(1, 5000) AS n;
INSERT INTO public.tags (name, created_at, updated_at) SELECT 'tag ' || n, now(), now() FROM generate_series(1, 80) AS n;
INSERT INTO public.projects_tags SELECT n, 1 + n % 80 FROM generate_series(1, 2000) AS n;
INSERT INTO public.versions (item_type, item_id, event, whodunnit, object, created_at)
SELECT CASE WHEN n % 2 = 0 THEN 'Project' ELSE 'Task' END, 1 + n % 2000, 'update', (1 + n % 1200)::text, '---' || n, now() - n * interval '1 minute'
FROM generate_series(1, 6000) AS n;
INSERT INTO public.active_storage_blobs (key, filename, content_type, service_name, byte_size, checksum, created_at)
SELECT md5('b' || n), 'file' || n || '.png', 'image/png', 'amazon', 1000 + n, encode(decode(md5(n::text), 'hex'), 'base64'), now()
FROM generate_series(1, 1500) AS n;
INSERT INTO public.active_storage_attachments (name, record_type, record_id, blob_id, created_at)
SELECT 'avatar', 'User', 1 + n % 1200, n, now() FROM generate_series(1, 1500) AS n;
INSERT INTO public.invoices (account_id, number, amount_cents, vat, paid_at, stripe_invoice_id, created_at, updated_at)
SELECT 1 + n % 300, '2026-' || lpad(n::text, 5, '0'), n * 100, 19.0, CASE WHEN n % 5 > 0 THEN now() END, 'in_' || md5(n::text), now(), now()
FROM generate_series(1, 3000) AS n;
VACUUM (ANALYZE);
