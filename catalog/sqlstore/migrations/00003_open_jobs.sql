-- What changes with every step of a job moves into a narrow row of its own, which lives
-- as long as the job is open. No index of jobs is then touched by a step: PostgreSQL
-- rewrites such a row in its page ("heap only tuple"), at a quarter of the cost.
-- Its columns have names of their own, so that a join with jobs needs no prefixes.
-- Lines that begin with @postgres are for PostgreSQL alone.

CREATE TABLE open_jobs (
    job_id       @text@ NOT NULL PRIMARY KEY,
    at_version   BIGINT NOT NULL, -- the job's
    open_type    @text@ NOT NULL, -- the job's type
    open_state   @text@ NOT NULL, -- the job's state
    waiting      BIGINT NOT NULL, -- 1: CREATED and nobody has an intent
    epoch        BIGINT NOT NULL,
    -- Restores first, then the earliest start window; no window comes last of its class.
    submit_order BIGINT NOT NULL,
    retry_at     BIGINT NOT NULL,
    next_look_at BIGINT NOT NULL,
    look_group   @text@ NOT NULL, -- what one look call can observe together
    overdue_at   BIGINT NOT NULL, -- the end of the completion window while RUNNING
    cancelling   BIGINT NOT NULL, -- 1: to be cancelled and not ABORTING yet
    fire_rule    @text@ NOT NULL, -- plan/rule of a waiting backup
    fire         BIGINT NOT NULL
);
@postgres@ALTER TABLE open_jobs SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);

INSERT INTO open_jobs SELECT id, version, type, state,
    CASE WHEN state = 'CREATED' AND intent_owner = '' THEN 1 ELSE 0 END,
    epoch, submit_order, retry_at, next_look_at, look_group,
    CASE WHEN state = 'RUNNING' THEN complete_by ELSE 0 END,
    CASE WHEN cancel_requested = 1 AND state <> 'ABORTING' THEN 1 ELSE 0 END,
    CASE WHEN state = 'CREATED' AND intent_owner = '' AND type = 'backup' AND plan <> ''
        THEN plan || '/' || rule ELSE '' END,
    fire_at
FROM jobs WHERE state IN ('CREATED', 'RUNNING', 'ABORTING');

CREATE INDEX open_submittable ON open_jobs (epoch, submit_order, job_id) WHERE waiting = 1;
CREATE INDEX open_superseded ON open_jobs (fire_rule, fire) WHERE fire_rule <> '';
CREATE INDEX open_look ON open_jobs (look_group, next_look_at, job_id) WHERE next_look_at > 0;
CREATE INDEX open_overdue ON open_jobs (overdue_at) WHERE overdue_at > 0;
CREATE INDEX open_cancelling ON open_jobs (job_id) WHERE cancelling = 1;

DROP INDEX jobs_submittable;
DROP INDEX jobs_window;
DROP INDEX jobs_superseded;
DROP INDEX jobs_holding;
DROP INDEX jobs_overdue;
DROP INDEX jobs_cancel;
DROP INDEX jobs_unnoted;
DROP INDEX jobs_look;
DROP INDEX jobs_ended;
DROP INDEX jobs_state;
DROP INDEX jobs_created;
ALTER TABLE jobs DROP COLUMN submit_order;
ALTER TABLE jobs DROP COLUMN look_group;
ALTER TABLE jobs DROP COLUMN epoch;
ALTER TABLE jobs DROP COLUMN retry_at;
ALTER TABLE jobs DROP COLUMN next_look_at;
@postgres@ALTER TABLE jobs SET (fillfactor = 75);

-- Jobs that ended otherwise than COMPLETED are few and asked for by their state. For all
-- others this column never changes, which keeps its indexes out of their way too.
ALTER TABLE jobs ADD COLUMN outcome @text@ GENERATED ALWAYS AS (
    CASE WHEN state IN ('PARTIAL', 'FAILED', 'EXPIRED', 'ABORTED') THEN state ELSE '' END) @generated@;
CREATE INDEX jobs_outcome ON jobs (outcome, created_at, id, type) WHERE outcome <> '';
CREATE INDEX jobs_unnoted ON jobs (id) WHERE outcome = 'FAILED' AND failure_noted = 0;
CREATE INDEX jobs_created ON jobs (created_at, id, type);
