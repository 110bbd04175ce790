-- migrate:up
CREATE INDEX CONCURRENTLY users_mail ON users (mail);
ALTER TABLE orders ADD COLUMN paid_at timestamp;

-- migrate:down
ALTER TABLE orders DROP COLUMN paid_at;
DROP INDEX users_mail;
