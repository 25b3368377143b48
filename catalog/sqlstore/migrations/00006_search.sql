-- How well each resource is protected, read as a whole by pages: its newest good points.
CREATE INDEX points_good ON points (resource_arn, created_at, parent_id) WHERE state = 'AVAILABLE';
-- Which points are held, newest hold first.
CREATE INDEX holds_kind ON holds (kind, created_at);
