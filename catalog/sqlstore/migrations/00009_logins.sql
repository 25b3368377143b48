-- Who may use the web pages and the API. Secrets are kept as hashes only.
CREATE TABLE users (
    name          @text@ NOT NULL PRIMARY KEY,
    role          @text@ NOT NULL,
    password_hash @text@ NOT NULL,
    created_at    BIGINT NOT NULL,
    created_by    @text@ NOT NULL
);

CREATE TABLE sessions (
    hash       @text@ NOT NULL PRIMARY KEY,
    user_name  @text@ NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_name);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE tokens (
    id         @text@ NOT NULL PRIMARY KEY,
    hash       @text@ NOT NULL UNIQUE,
    role       @text@ NOT NULL,
    created_at BIGINT NOT NULL,
    created_by @text@ NOT NULL,
    expires_at BIGINT NOT NULL
);

-- What writes of the API answered, by idempotency key.
CREATE TABLE replies (
    key        @text@ NOT NULL PRIMARY KEY,
    request    @text@ NOT NULL,
    status     BIGINT NOT NULL,
    body       @text@ NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX replies_expiry ON replies (expires_at);
