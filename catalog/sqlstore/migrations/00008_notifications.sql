-- How far each reader of the history has come, the messages that came of it, and what is
-- at risk now.
CREATE TABLE cursors (
    name @text@ NOT NULL PRIMARY KEY,
    seq  BIGINT NOT NULL
);

CREATE TABLE notifications (
    id          @text@ NOT NULL PRIMARY KEY,
    target      @text@ NOT NULL,
    event_group @text@ NOT NULL,
    state       @text@ NOT NULL,
    opened_at   BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    events      BIGINT NOT NULL,
    body        @text@ NOT NULL,
    round       BIGINT NOT NULL,
    attempts    BIGINT NOT NULL,
    error       @text@ NOT NULL,
    changed_at  BIGINT NOT NULL
);
CREATE INDEX notifications_state ON notifications (state, due_at, id);
CREATE INDEX notifications_group ON notifications (target, event_group, due_at);
CREATE INDEX notifications_changed ON notifications (changed_at, id);

CREATE TABLE risks (
    kind      @text@ NOT NULL,
    subject   @text@ NOT NULL,
    account   @text@ NOT NULL,
    plan      @text@ NOT NULL,
    rule      @text@ NOT NULL,
    amount    BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    message   @text@ NOT NULL,
    PRIMARY KEY (kind, subject)
);
CREATE INDEX points_undeletable ON points (account, expire_attempts)
    WHERE state = 'AVAILABLE' AND expire_attempts >= 3;
