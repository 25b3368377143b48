-- Points whose rule keeps points by count when they are made, and the points of a rule.
ALTER TABLE points ADD COLUMN counted BIGINT NOT NULL DEFAULT 0;
-- Until when a point whose lifecycle is over is known to be kept all the same.
ALTER TABLE points ADD COLUMN kept_until BIGINT NOT NULL DEFAULT 0;
CREATE INDEX points_rule ON points (lower(plan), lower(rule), id) WHERE state = 'AVAILABLE';
