CREATE TABLE events (
    id BLOB NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor BLOB,
    kind TEXT NOT NULL,
    subject_kind TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    customer_id BLOB,
    payload TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_subject ON events (subject_kind, subject_id, at);
CREATE INDEX events_by_customer ON events (customer_id, at) WHERE customer_id IS NOT NULL;
CREATE TRIGGER events_are_not_altered BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;

CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    -- A one-time password works once, until this time; null: an ordinary password.
    one_time_until INTEGER,
    one_time_used INTEGER NOT NULL DEFAULT FALSE,
    active INTEGER NOT NULL DEFAULT TRUE,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    -- SHA-256 of the token: who reads this table cannot sign in with it.
    token_hash BLOB NOT NULL PRIMARY KEY,
    user_id BLOB NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- One row per login and per address that failed lately.
CREATE TABLE sign_in_failures (
    subject TEXT NOT NULL PRIMARY KEY,
    failures INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_failures_by_last ON sign_in_failures (last_at);

CREATE TABLE idempotency_keys (
    user_id BLOB NOT NULL,
    key TEXT NOT NULL,
    -- Method, path and body: the same key for something else is a mistake.
    request_hash BLOB NOT NULL,
    -- Null while the first request is at work.
    status INTEGER,
    content_type TEXT,
    body BLOB,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE jobs (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    subject_kind TEXT,
    subject_id BLOB,
    unique_key TEXT,
    created_by BLOB,
    input TEXT NOT NULL,
    checkpoint TEXT,
    result TEXT,
    error_code TEXT,
    error_detail TEXT,
    stage TEXT NOT NULL DEFAULT '',
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL,
    lease BLOB,
    lease_until INTEGER,
    cancel_requested INTEGER NOT NULL DEFAULT FALSE,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER
) STRICT;
CREATE UNIQUE INDEX jobs_one_at_a_time ON jobs (unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('queued', 'running');
CREATE INDEX jobs_waiting ON jobs (created_at) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_by_age ON jobs (created_at, id);
CREATE INDEX jobs_by_subject ON jobs (subject_id) WHERE subject_id IS NOT NULL;
