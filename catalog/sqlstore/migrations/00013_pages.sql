-- Jobs that did not end well, in the order of pages, whichever of the ways they ended.
-- Only such jobs are in it: the others do not pay for it.
CREATE INDEX jobs_ill ON jobs (created_at, id, outcome) WHERE outcome <> '';
