CREATE TABLE events (
    id UUID NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor UUID,
    kind TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id UUID NOT NULL,
    customer_id UUID,
    payload JSONB NOT NULL
);
CREATE INDEX events_by_subject ON events (subject_kind, subject_id, at);
CREATE INDEX events_by_customer ON events (customer_id, at) WHERE customer_id IS NOT NULL;
CREATE FUNCTION events_are_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the event log is append-only'; END $$;
CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE ON events
    FOR EACH ROW EXECUTE FUNCTION events_are_append_only();
CREATE TRIGGER events_are_not_truncated BEFORE TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only();

CREATE TABLE users (
    id UUID NOT NULL PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    -- A one-time password works once, until this time; null: an ordinary password.
    one_time_until BIGINT,
    one_time_used BOOLEAN NOT NULL DEFAULT FALSE,
    active BOOLEAN NOT NULL DEFAULT TRUE,
    created_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    -- SHA-256 of the token: who reads this table cannot sign in with it.
    token_hash BYTEA NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- One row per login and per address that failed lately.
CREATE TABLE sign_in_failures (
    subject TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX sign_in_failures_by_last ON sign_in_failures (last_at);

CREATE TABLE idempotency_keys (
    user_id UUID NOT NULL,
    key TEXT NOT NULL,
    -- Method, path and body: the same key for something else is a mistake.
    request_hash BYTEA NOT NULL,
    -- Null while the first request is at work.
    status INTEGER,
    content_type TEXT,
    body BYTEA,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE jobs (
    id UUID NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    subject_kind TEXT,
    subject_id UUID,
    unique_key TEXT,
    created_by UUID,
    input JSONB NOT NULL,
    checkpoint JSONB,
    result JSONB,
    error_code TEXT,
    error_detail TEXT,
    stage TEXT NOT NULL DEFAULT '',
    done BIGINT NOT NULL DEFAULT 0,
    total BIGINT,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before BIGINT NOT NULL,
    lease UUID,
    lease_until BIGINT,
    cancel_requested BOOLEAN NOT NULL DEFAULT FALSE,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT
);
CREATE UNIQUE INDEX jobs_one_at_a_time ON jobs (unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('queued', 'running');
CREATE INDEX jobs_waiting ON jobs (created_at) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_by_age ON jobs (created_at, id);
CREATE INDEX jobs_by_subject ON jobs (subject_id) WHERE subject_id IS NOT NULL;
