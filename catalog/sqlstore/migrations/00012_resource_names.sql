-- People look for resources by parts of their names and ARNs: an index that has both is
-- read instead of the wide rows.
CREATE INDEX resources_names ON resources (name, arn);
