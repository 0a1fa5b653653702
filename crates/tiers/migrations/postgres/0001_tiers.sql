CREATE TABLE tier_programmes (
    id UUID NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    zh TEXT NOT NULL,
    en TEXT NOT NULL,
    -- For whom; everybody where empty.
    brands JSONB NOT NULL,
    kinds JSONB NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE tier_versions (
    id UUID NOT NULL PRIMARY KEY,
    programme_id UUID NOT NULL REFERENCES tier_programmes (id),
    number INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'scheduled', 'effective', 'retired')),
    -- As text, so that it is read byte for byte as it was published.
    document TEXT NOT NULL,
    effective_on INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    edited_by UUID,
    published_by UUID,
    published_at BIGINT,
    created_at BIGINT NOT NULL,
    UNIQUE (programme_id, number)
);
CREATE UNIQUE INDEX tier_versions_one_effective ON tier_versions (programme_id) WHERE state = 'effective';
CREATE UNIQUE INDEX tier_versions_one_scheduled ON tier_versions (programme_id) WHERE state = 'scheduled';
CREATE INDEX tier_versions_due ON tier_versions (effective_on) WHERE state = 'scheduled';

-- Every decision that changed a level or how long it holds, with what was known: never changed, and made again from
-- here whenever someone asks. Programmes and versions are never deleted and held by whoever decides: looking them up for
-- each of a million rows took a fifth of the time.
CREATE TABLE tier_decisions (
    id UUID NOT NULL PRIMARY KEY,
    programme_id UUID NOT NULL,
    version_id UUID NOT NULL,
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    decided_on INTEGER NOT NULL,
    decided_at BIGINT NOT NULL,
    facts TEXT NOT NULL,
    before TEXT,
    after TEXT NOT NULL,
    cause TEXT NOT NULL
);
CREATE INDEX tier_decisions_by_customer ON tier_decisions (customer_id, decided_at DESC, id DESC);
CREATE FUNCTION tier_decisions_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'decisions are append-only';
END $$;
CREATE TRIGGER tier_decisions_are_never_changed BEFORE UPDATE OR DELETE ON tier_decisions
    FOR EACH ROW EXECUTE FUNCTION tier_decisions_are_kept();

-- How everybody stands by the newest decision.
CREATE TABLE tier_memberships (
    programme_id UUID NOT NULL,
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    earned TEXT,
    level TEXT,
    since INTEGER NOT NULL,
    review_on INTEGER,
    grace_until INTEGER,
    given UUID,
    decision_id UUID NOT NULL,
    PRIMARY KEY (programme_id, customer_id)
);
CREATE INDEX tier_memberships_by_customer ON tier_memberships (customer_id);

CREATE TABLE tier_simulations (
    id UUID NOT NULL PRIMARY KEY,
    version_id UUID NOT NULL REFERENCES tier_versions (id),
    revision INTEGER NOT NULL,
    -- What it was compared with, and the figures it was made from.
    against_id UUID REFERENCES tier_versions (id),
    run_id UUID,
    result JSONB NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX tier_simulations_of_version ON tier_simulations (version_id);

-- Who would get another level by it.
CREATE TABLE tier_moves (
    id UUID NOT NULL PRIMARY KEY,
    simulation_id UUID NOT NULL REFERENCES tier_simulations (id) ON DELETE CASCADE,
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    loses BOOLEAN NOT NULL,
    from_level TEXT,
    to_level TEXT,
    revenue_minor BIGINT NOT NULL,
    clv_minor BIGINT NOT NULL
);
CREATE INDEX tier_moves_by_value ON tier_moves (simulation_id, loses, clv_minor DESC, id DESC);
CREATE INDEX tier_moves_by_customer ON tier_moves (customer_id);

-- Who is to be told of a level lost, by when.
CREATE TABLE tier_notices (
    id UUID NOT NULL PRIMARY KEY,
    version_id UUID NOT NULL REFERENCES tier_versions (id),
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    from_level TEXT,
    to_level TEXT,
    due_on INTEGER NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX tier_notices_by_version ON tier_notices (version_id, due_on, id);
CREATE INDEX tier_notices_by_customer ON tier_notices (customer_id);

CREATE TABLE tier_grants (
    id UUID NOT NULL PRIMARY KEY,
    programme_id UUID NOT NULL REFERENCES tier_programmes (id),
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    kind TEXT NOT NULL CHECK (kind IN ('level', 'suspension', 'nomination')),
    level TEXT,
    reason TEXT NOT NULL,
    from_on INTEGER NOT NULL,
    until_on INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'refused', 'ended', 'revoked')),
    requested_by UUID,
    requested_at BIGINT NOT NULL,
    decided_by UUID,
    decided_at BIGINT,
    version INTEGER NOT NULL DEFAULT 1,
    CHECK (decided_by IS NULL OR requested_by IS NULL OR state <> 'approved' OR decided_by <> requested_by)
);
CREATE INDEX tier_grants_ending ON tier_grants (until_on, id);
CREATE INDEX tier_grants_by_customer ON tier_grants (customer_id);

-- How far the ledger was looked at, and by which run and on which day everybody was decided on last.
CREATE TABLE tier_watch (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    seq BIGINT NOT NULL,
    run_id UUID,
    decided_on INTEGER
);
INSERT INTO tier_watch (only_row, seq) VALUES (1, 0);
