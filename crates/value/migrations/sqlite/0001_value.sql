-- The ledger: append-only; a correction is a new line that reverses.
CREATE TABLE transactions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id BLOB NOT NULL REFERENCES customers (id),
    at INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    cost_minor INTEGER,
    kind TEXT NOT NULL,
    product TEXT,
    channel TEXT,
    source TEXT NOT NULL,
    external_id TEXT NOT NULL,
    reverses TEXT,
    recorded_at INTEGER NOT NULL,
    UNIQUE (source, external_id)
) STRICT;
CREATE INDEX transactions_of_customer ON transactions (customer_id, at DESC, seq DESC);
CREATE INDEX transactions_reversing ON transactions (seq) WHERE reverses IS NOT NULL;
CREATE TRIGGER transactions_are_never_changed BEFORE UPDATE ON transactions
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER transactions_are_never_deleted BEFORE DELETE ON transactions
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

-- The columnar copy: which files hold which lines.
CREATE TABLE ledger_files (
    path TEXT PRIMARY KEY,
    month INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    seq_to INTEGER NOT NULL
) STRICT;

CREATE TABLE value_settings (
    version INTEGER PRIMARY KEY,
    settings TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by BLOB
) STRICT;

CREATE TABLE value_runs (
    id BLOB PRIMARY KEY,
    -- Where an unpublished run stands, and why it failed, is what its job says.
    job_id BLOB NOT NULL,
    as_of INTEGER NOT NULL,
    model_requested TEXT NOT NULL,
    model_chosen TEXT,
    holdout_weeks INTEGER,
    settings_version INTEGER NOT NULL,
    currency TEXT NOT NULL,
    zone TEXT NOT NULL,
    watermark INTEGER,
    customers INTEGER,
    transactions INTEGER,
    value_minor INTEGER,
    value_at_risk_minor INTEGER,
    engine_version TEXT NOT NULL,
    report TEXT,
    created_at INTEGER NOT NULL,
    created_by BLOB,
    published_at INTEGER
) STRICT;
CREATE INDEX value_runs_newest ON value_runs (created_at DESC, id DESC);

-- Which run the table value_profiles holds; the table itself is made anew by every run.
CREATE TABLE value_published (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    run_id BLOB NOT NULL REFERENCES value_runs (id)
) STRICT;
