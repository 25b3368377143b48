-- How the reports that are made by themselves fare.
CREATE TABLE report_schedules (
    name          @text@ NOT NULL PRIMARY KEY,
    first_seen_at BIGINT NOT NULL,
    fire_at       BIGINT NOT NULL,
    written_at    BIGINT NOT NULL,
    place         @text@ NOT NULL,
    error         @text@ NOT NULL,
    attempts      BIGINT NOT NULL,
    retry_at      BIGINT NOT NULL
);
