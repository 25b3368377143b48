-- Locks on vaults, and halts of scheduled deletions until somebody approves them.
CREATE TABLE vault_locks (
    vault       @text@ NOT NULL PRIMARY KEY,
    mode        @text@ NOT NULL,
    min_days    BIGINT NOT NULL,
    grace_until BIGINT NOT NULL,
    locked_at   BIGINT NOT NULL,
    locked_by   @text@ NOT NULL,
    note        @text@ NOT NULL
);
CREATE TABLE stops (
    subject        @text@ NOT NULL PRIMARY KEY,
    since          BIGINT NOT NULL,
    due            BIGINT NOT NULL,
    total          BIGINT NOT NULL,
    approved_by    @text@ NOT NULL,
    approved_until BIGINT NOT NULL
);
-- When a leader last saw its clock, and from when on it is trusted after a jump.
INSERT INTO counters (name, value) VALUES ('clock', 0), ('clock_trusted', 0);
CREATE INDEX points_made ON points (completed_at);
CREATE INDEX points_moved ON points (moved_at) WHERE state <> 'AVAILABLE';
