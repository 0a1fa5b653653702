CREATE TABLE tier_programmes (
    id BLOB NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    zh TEXT NOT NULL,
    en TEXT NOT NULL,
    -- For whom; everybody where empty.
    brands TEXT NOT NULL,
    kinds TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tier_versions (
    id BLOB NOT NULL PRIMARY KEY,
    programme_id BLOB NOT NULL REFERENCES tier_programmes (id),
    number INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'scheduled', 'effective', 'retired')),
    -- As text, so that it is read byte for byte as it was published.
    document TEXT NOT NULL,
    effective_on INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    edited_by BLOB,
    published_by BLOB,
    published_at INTEGER,
    created_at INTEGER NOT NULL,
    UNIQUE (programme_id, number)
) STRICT;
CREATE UNIQUE INDEX tier_versions_one_effective ON tier_versions (programme_id) WHERE state = 'effective';
CREATE UNIQUE INDEX tier_versions_one_scheduled ON tier_versions (programme_id) WHERE state = 'scheduled';
CREATE INDEX tier_versions_due ON tier_versions (effective_on) WHERE state = 'scheduled';

-- Every decision that changed a level or how long it holds, with what was known: never changed, and made again from
-- here whenever someone asks. Programmes and versions are never deleted and held by whoever decides: looking them up for
-- each of a million rows took a fifth of the time.
CREATE TABLE tier_decisions (
    id BLOB NOT NULL PRIMARY KEY,
    programme_id BLOB NOT NULL,
    version_id BLOB NOT NULL,
    customer_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    decided_on INTEGER NOT NULL,
    decided_at INTEGER NOT NULL,
    facts TEXT NOT NULL,
    before TEXT,
    after TEXT NOT NULL,
    cause TEXT NOT NULL
) STRICT;
CREATE INDEX tier_decisions_by_customer ON tier_decisions (customer_id, decided_at DESC, id DESC);
CREATE TRIGGER tier_decisions_are_never_changed BEFORE UPDATE ON tier_decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER tier_decisions_are_never_deleted BEFORE DELETE ON tier_decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;

-- How everybody stands by the newest decision.
CREATE TABLE tier_memberships (
    programme_id BLOB NOT NULL,
    customer_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    earned TEXT,
    level TEXT,
    since INTEGER NOT NULL,
    review_on INTEGER,
    grace_until INTEGER,
    given BLOB,
    decision_id BLOB NOT NULL,
    PRIMARY KEY (programme_id, customer_id)
) STRICT;
CREATE INDEX tier_memberships_by_customer ON tier_memberships (customer_id);

CREATE TABLE tier_simulations (
    id BLOB NOT NULL PRIMARY KEY,
    version_id BLOB NOT NULL REFERENCES tier_versions (id),
    revision INTEGER NOT NULL,
    -- What it was compared with, and the figures it was made from.
    against_id BLOB REFERENCES tier_versions (id),
    run_id BLOB,
    result TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX tier_simulations_of_version ON tier_simulations (version_id);

-- Who would get another level by it.
CREATE TABLE tier_moves (
    id BLOB NOT NULL PRIMARY KEY,
    simulation_id BLOB NOT NULL REFERENCES tier_simulations (id) ON DELETE CASCADE,
    customer_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    loses INTEGER NOT NULL,
    from_level TEXT,
    to_level TEXT,
    revenue_minor INTEGER NOT NULL,
    clv_minor INTEGER NOT NULL
) STRICT;
CREATE INDEX tier_moves_by_value ON tier_moves (simulation_id, loses, clv_minor DESC, id DESC);
CREATE INDEX tier_moves_by_customer ON tier_moves (customer_id);

-- Who is to be told of a level lost, by when.
CREATE TABLE tier_notices (
    id BLOB NOT NULL PRIMARY KEY,
    version_id BLOB NOT NULL REFERENCES tier_versions (id),
    customer_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    from_level TEXT,
    to_level TEXT,
    due_on INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX tier_notices_by_version ON tier_notices (version_id, due_on, id);
CREATE INDEX tier_notices_by_customer ON tier_notices (customer_id);

CREATE TABLE tier_grants (
    id BLOB NOT NULL PRIMARY KEY,
    programme_id BLOB NOT NULL REFERENCES tier_programmes (id),
    customer_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    kind TEXT NOT NULL CHECK (kind IN ('level', 'suspension', 'nomination')),
    level TEXT,
    reason TEXT NOT NULL,
    from_on INTEGER NOT NULL,
    until_on INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('requested', 'approved', 'refused', 'ended', 'revoked')),
    requested_by BLOB,
    requested_at INTEGER NOT NULL,
    decided_by BLOB,
    decided_at INTEGER,
    version INTEGER NOT NULL DEFAULT 1,
    CHECK (decided_by IS NULL OR requested_by IS NULL OR state <> 'approved' OR decided_by <> requested_by)
) STRICT;
CREATE INDEX tier_grants_ending ON tier_grants (until_on, id);
CREATE INDEX tier_grants_by_customer ON tier_grants (customer_id);

-- How far the ledger was looked at, and by which run and on which day everybody was decided on last.
CREATE TABLE tier_watch (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    seq INTEGER NOT NULL,
    run_id BLOB,
    decided_on INTEGER
) STRICT;
INSERT INTO tier_watch (only_row, seq) VALUES (1, 0);
