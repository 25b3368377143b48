-- When a listing first saw a resource: since when it should be backed up. 0 is unknown,
-- for what was there before.
ALTER TABLE resources ADD COLUMN first_seen_at BIGINT NOT NULL DEFAULT 0;
