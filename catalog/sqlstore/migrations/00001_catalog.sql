-- The catalog's first schema. @text@ and @serial@ are replaced per database, the rest
-- is the same SQL on both. Instants are milliseconds since 1970 in UTC; 0 is "none".

CREATE TABLE jobs (
    id               @text@ NOT NULL PRIMARY KEY,
    type             @text@ NOT NULL,
    state            @text@ NOT NULL,
    version          BIGINT NOT NULL,
    kind             @text@ NOT NULL,
    partition        @text@ NOT NULL,
    account          @text@ NOT NULL,
    region           @text@ NOT NULL,
    resource_arn     @text@ NOT NULL,
    point_id         @text@ NOT NULL,
    plan             @text@ NOT NULL,
    rule             @text@ NOT NULL,
    fire_at          BIGINT NOT NULL,
    chain_id         @text@ NOT NULL,
    parent_id        @text@ NOT NULL,
    retry_of         @text@ NOT NULL,
    created_by       @text@ NOT NULL,
    spec             @text@ NOT NULL,
    created_at       BIGINT NOT NULL,
    start_by         BIGINT NOT NULL,
    complete_by      BIGINT NOT NULL,
    epoch            BIGINT NOT NULL,
    retry_at         BIGINT NOT NULL,
    intent_owner     @text@ NOT NULL,
    intent_until     BIGINT NOT NULL,
    attempts         BIGINT NOT NULL,
    ref              @text@ NOT NULL,
    next_look_at     BIGINT NOT NULL,
    progress         BIGINT NOT NULL,
    class            @text@ NOT NULL,
    message          @text@ NOT NULL,
    started_at       BIGINT NOT NULL,
    ended_at         BIGINT NOT NULL,
    cancel_requested BIGINT NOT NULL,
    failure_noted    BIGINT NOT NULL,
    -- Restores first, then the earliest start window; no window comes last of its class.
    submit_order BIGINT GENERATED ALWAYS AS (
        CASE type WHEN 'restore' THEN 0 ELSE 1125899906842624 END
        + CASE start_by WHEN 0 THEN 562949953421312 ELSE start_by END) STORED,
    -- What one look call can observe together, as one value an index can skip along.
    look_group @text@ GENERATED ALWAYS AS (
        partition || '/' || account || '/' || region || '/' || kind || '/' || type) STORED
);
-- Every index is paid for at each insert: ids are in one only where pages need the order.
CREATE INDEX jobs_created ON jobs (created_at, id);
CREATE INDEX jobs_account ON jobs (account, created_at);
CREATE INDEX jobs_resource ON jobs (resource_arn, fire_at);
CREATE INDEX jobs_state ON jobs (state, type, created_at);
CREATE INDEX jobs_plan ON jobs (plan, created_at) WHERE plan <> '';
CREATE INDEX jobs_chain ON jobs (chain_id) WHERE chain_id <> id; -- the first job is found by its id
CREATE INDEX jobs_point ON jobs (point_id) WHERE point_id <> '';
CREATE INDEX jobs_submittable ON jobs (epoch, submit_order, id)
    WHERE state = 'CREATED' AND intent_owner = '';
CREATE INDEX jobs_window ON jobs (start_by)
    WHERE state = 'CREATED' AND intent_owner = '' AND start_by > 0;
CREATE INDEX jobs_superseded ON jobs (plan, rule, fire_at)
    WHERE state = 'CREATED' AND intent_owner = '' AND type = 'backup' AND plan <> '';
CREATE INDEX jobs_holding ON jobs (id)
    WHERE state IN ('CREATED', 'RUNNING', 'ABORTING') AND (intent_owner <> '' OR ref <> '');
CREATE INDEX jobs_overdue ON jobs (complete_by) WHERE state = 'RUNNING' AND complete_by > 0;
CREATE INDEX jobs_cancel ON jobs (id)
    WHERE state IN ('CREATED', 'RUNNING') AND cancel_requested = 1;
CREATE INDEX jobs_unnoted ON jobs (id) WHERE state = 'FAILED' AND failure_noted = 0;
CREATE INDEX jobs_look ON jobs (look_group, next_look_at, id)
    WHERE state IN ('CREATED', 'RUNNING', 'ABORTING') AND next_look_at > 0;
CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at > 0;

CREATE TABLE events (
    seq        @serial@,
    at         BIGINT NOT NULL,
    type       @text@ NOT NULL,
    job_id     @text@ NOT NULL,
    point_id   @text@ NOT NULL,
    actor      @text@ NOT NULL,
    from_state @text@ NOT NULL,
    to_state   @text@ NOT NULL,
    class      @text@ NOT NULL,
    message    @text@ NOT NULL,
    data       @text@ NOT NULL
);
CREATE INDEX events_job ON events (job_id, seq) WHERE job_id <> '';
CREATE INDEX events_point ON events (point_id, seq) WHERE point_id <> '';

CREATE TABLE points (
    id              @text@ NOT NULL PRIMARY KEY,
    state           @text@ NOT NULL,
    kind            @text@ NOT NULL,
    partition       @text@ NOT NULL,
    account         @text@ NOT NULL,
    region          @text@ NOT NULL,
    resource_arn    @text@ NOT NULL,
    arn             @text@ NOT NULL,
    ref             @text@ NOT NULL,
    vault           @text@ NOT NULL,
    plan            @text@ NOT NULL,
    rule            @text@ NOT NULL,
    chain_id        @text@ NOT NULL,
    parent_id       @text@ NOT NULL,
    created_at      BIGINT NOT NULL,
    completed_at    BIGINT NOT NULL,
    delete_at       BIGINT NOT NULL,
    size_bytes      BIGINT NOT NULL,
    encrypted       BIGINT NOT NULL,
    kms_key_id      @text@ NOT NULL,
    source          @text@ NOT NULL,
    installation    @text@ NOT NULL,
    expire_attempts BIGINT NOT NULL,
    expire_after    BIGINT NOT NULL,
    -- The job that moved the point to EXPIRING, and when its state last changed.
    expiring_by @text@ NOT NULL DEFAULT '',
    moved_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX points_created ON points (created_at, id);
CREATE INDEX points_account ON points (account, created_at, id);
CREATE INDEX points_resource ON points (resource_arn, account, region, state, id);
CREATE INDEX points_chain ON points (chain_id);
CREATE INDEX points_state ON points (state);
CREATE INDEX points_due ON points (installation, delete_at, id)
    WHERE state = 'AVAILABLE' AND delete_at > 0;
CREATE INDEX points_deleted ON points (moved_at, id) WHERE state = 'DELETED';

CREATE TABLE holds (
    point_id   @text@ NOT NULL REFERENCES points (id) ON DELETE CASCADE,
    kind       @text@ NOT NULL,
    holder     @text@ NOT NULL,
    created_at BIGINT NOT NULL,
    note       @text@ NOT NULL,
    PRIMARY KEY (point_id, kind, holder)
);
CREATE INDEX holds_holder ON holds (holder);

CREATE TABLE scopes (
    partition    @text@ NOT NULL,
    account      @text@ NOT NULL,
    region       @text@ NOT NULL,
    kind         @text@ NOT NULL,
    attempted_at BIGINT NOT NULL,
    synced_at    BIGINT NOT NULL,
    class        @text@ NOT NULL,
    message      @text@ NOT NULL,
    resources    BIGINT NOT NULL,
    syncs        BIGINT NOT NULL, -- number of the newest listing
    PRIMARY KEY (partition, account, region, kind)
);

CREATE TABLE resources (
    arn         @text@ NOT NULL PRIMARY KEY,
    partition   @text@ NOT NULL,
    account     @text@ NOT NULL,
    region      @text@ NOT NULL,
    kind        @text@ NOT NULL,
    name        @text@ NOT NULL,
    tags        @text@ NOT NULL,
    settings    @text@ NOT NULL,
    unsupported @text@ NOT NULL,
    seen_at     BIGINT NOT NULL,
    gone_at     BIGINT NOT NULL,
    sync        BIGINT NOT NULL -- number of the listing that saw it last
);
CREATE INDEX resources_scope ON resources (account, region, kind, arn);

CREATE TABLE rules (
    plan          @text@ NOT NULL,
    rule          @text@ NOT NULL,
    first_seen_at BIGINT NOT NULL,
    last_fire_at  BIGINT NOT NULL,
    PRIMARY KEY (plan, rule)
);

CREATE TABLE fires (
    plan       @text@ NOT NULL,
    rule       @text@ NOT NULL,
    at         BIGINT NOT NULL,
    state      @text@ NOT NULL,
    planned_at BIGINT NOT NULL,
    jobs       BIGINT NOT NULL,
    note       @text@ NOT NULL,
    PRIMARY KEY (plan, rule, at)
);
CREATE INDEX fires_at ON fires (at);

CREATE TABLE caps (
    key        @text@ NOT NULL PRIMARY KEY,
    cap        BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    updated_by @text@ NOT NULL
);

CREATE TABLE breakers (
    account    @text@ NOT NULL PRIMARY KEY,
    open_since BIGINT NOT NULL,
    probe_at   BIGINT NOT NULL,
    failures   BIGINT NOT NULL,
    message    @text@ NOT NULL
);

CREATE TABLE leases (
    name       @text@ NOT NULL PRIMARY KEY,
    owner      @text@ NOT NULL,
    term       BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE counters (
    name  @text@ NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counters (name, value) VALUES ('epoch', 0), ('caps', 0);

CREATE TABLE settings (
    name  @text@ NOT NULL PRIMARY KEY,
    value @text@ NOT NULL
);
