-- When a point moves to cold storage by a job of its own, how often that was tried, and
-- whether it lies there.
ALTER TABLE points ADD COLUMN cold_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE points ADD COLUMN cold_attempts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE points ADD COLUMN cold BIGINT NOT NULL DEFAULT 0;
CREATE INDEX points_cold ON points (installation, cold_at, id)
    WHERE state = 'AVAILABLE' AND cold_at > 0;
