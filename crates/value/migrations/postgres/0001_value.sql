-- The ledger: append-only; a correction is a new line that reverses.
CREATE TABLE transactions (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id UUID NOT NULL REFERENCES customers (id),
    at BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    cost_minor BIGINT,
    kind TEXT NOT NULL,
    product TEXT,
    channel TEXT,
    source TEXT NOT NULL,
    external_id TEXT NOT NULL,
    reverses TEXT,
    recorded_at BIGINT NOT NULL,
    UNIQUE (source, external_id)
);
CREATE INDEX transactions_of_customer ON transactions (customer_id, at DESC, seq DESC);
CREATE INDEX transactions_reversing ON transactions (seq) WHERE reverses IS NOT NULL;
CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$;
CREATE TRIGGER transactions_are_never_changed BEFORE UPDATE OR DELETE ON transactions
FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();

-- The columnar copy: which files hold which lines.
CREATE TABLE ledger_files (
    path TEXT PRIMARY KEY,
    month INTEGER NOT NULL,
    rows BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    seq_to BIGINT NOT NULL
);

CREATE TABLE value_settings (
    version INTEGER PRIMARY KEY,
    settings JSONB NOT NULL,
    created_at BIGINT NOT NULL,
    created_by UUID
);

CREATE TABLE value_runs (
    id UUID PRIMARY KEY,
    -- Where an unpublished run stands, and why it failed, is what its job says.
    job_id UUID NOT NULL,
    as_of INTEGER NOT NULL,
    model_requested TEXT NOT NULL,
    model_chosen TEXT,
    holdout_weeks INTEGER,
    settings_version INTEGER NOT NULL,
    currency TEXT NOT NULL,
    zone TEXT NOT NULL,
    watermark BIGINT,
    customers BIGINT,
    transactions BIGINT,
    value_minor BIGINT,
    value_at_risk_minor BIGINT,
    engine_version TEXT NOT NULL,
    report JSONB,
    created_at BIGINT NOT NULL,
    created_by UUID,
    published_at BIGINT
);
CREATE INDEX value_runs_newest ON value_runs (created_at DESC, id DESC);

-- Which run the table value_profiles holds; the table itself is made anew by every run.
CREATE TABLE value_published (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    run_id UUID NOT NULL REFERENCES value_runs (id)
);
