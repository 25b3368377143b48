-- Seals make the events a ledger: each closes a segment of them, see package ledger.
CREATE TABLE seals (
    number    BIGINT NOT NULL PRIMARY KEY,
    first_seq BIGINT NOT NULL,
    last_seq  BIGINT NOT NULL,
    events    BIGINT NOT NULL,
    newest    BIGINT NOT NULL,
    sealed_at BIGINT NOT NULL,
    previous  @text@ NOT NULL,
    digest    @text@ NOT NULL,
    hash      @text@ NOT NULL,
    key_id    @text@ NOT NULL,
    mac       @text@ NOT NULL,
    roll      @text@ NOT NULL
);
CREATE INDEX seals_newest ON seals (newest);
