CREATE TABLE tier_benefits (
    id BLOB NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    zh TEXT NOT NULL,
    en TEXT NOT NULL,
    terms TEXT NOT NULL,
    need TEXT,
    unit_cost_minor INTEGER NOT NULL CHECK (unit_cost_minor >= 0),
    settlement_minor INTEGER NOT NULL CHECK (settlement_minor >= 0),
    active INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE tier_partners (
    id BLOB NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    zh TEXT NOT NULL,
    en TEXT NOT NULL,
    active INTEGER NOT NULL,
    sites TEXT NOT NULL,
    -- The codes of the benefits it serves.
    benefits TEXT NOT NULL,
    -- Whose API keys are the partner's.
    user_id BLOB UNIQUE REFERENCES users (id),
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- What a customer has of a benefit in a period, and what became of it. The balances change with each entry, in its
-- transaction.
CREATE TABLE tier_entitlements (
    id BLOB NOT NULL PRIMARY KEY,
    programme_id BLOB NOT NULL REFERENCES tier_programmes (id),
    customer_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    benefit_id BLOB NOT NULL REFERENCES tier_benefits (id),
    -- The level it was last set by; none when that was lost.
    level TEXT,
    on_loss TEXT NOT NULL CHECK (on_loss IN ('keep', 'pro_rata')),
    from_on INTEGER NOT NULL,
    ends_on INTEGER NOT NULL,
    until_on INTEGER NOT NULL,
    promised INTEGER NOT NULL CHECK (promised >= 0),
    carried INTEGER NOT NULL CHECK (carried >= 0),
    companions_max INTEGER NOT NULL,
    granted INTEGER NOT NULL DEFAULT 0,
    available INTEGER NOT NULL DEFAULT 0 CHECK (available >= 0),
    reserved INTEGER NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    redeemed INTEGER NOT NULL DEFAULT 0 CHECK (redeemed >= 0),
    expired INTEGER NOT NULL DEFAULT 0 CHECK (expired >= 0),
    withdrawn INTEGER NOT NULL DEFAULT 0 CHECK (withdrawn >= 0),
    version INTEGER NOT NULL DEFAULT 1,
    CHECK (granted = available + reserved + redeemed + expired + withdrawn),
    UNIQUE (programme_id, customer_id, benefit_id, from_on)
) STRICT;
CREATE INDEX tier_entitlements_by_customer ON tier_entitlements (customer_id);
CREATE INDEX tier_entitlements_over ON tier_entitlements (until_on, id) WHERE available > 0;

CREATE TABLE tier_redemptions (
    id BLOB NOT NULL PRIMARY KEY,
    entitlement_id BLOB NOT NULL REFERENCES tier_entitlements (id),
    -- By which whoever asked tells this one from others.
    key TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    companions INTEGER NOT NULL CHECK (companions >= 0),
    state TEXT NOT NULL CHECK (state IN ('reserved', 'redeemed', 'cancelled', 'lapsed', 'reversed')),
    code_hash BLOB UNIQUE,
    expires_at INTEGER NOT NULL,
    partner_id BLOB REFERENCES tier_partners (id),
    site TEXT,
    redeem_key TEXT,
    reason TEXT,
    reserved_by BLOB,
    reserved_at INTEGER NOT NULL,
    redeemed_by BLOB,
    redeemed_at INTEGER,
    closed_by BLOB,
    closed_at INTEGER,
    UNIQUE (entitlement_id, key)
) STRICT;
CREATE INDEX tier_redemptions_lapsing ON tier_redemptions (expires_at, id) WHERE state = 'reserved';

-- Both sides of everything that happened to an entitlement: so much went from one of its parts to another. Never changed.
CREATE TABLE tier_entries (
    id BLOB NOT NULL PRIMARY KEY,
    entitlement_id BLOB NOT NULL REFERENCES tier_entitlements (id),
    kind TEXT NOT NULL,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    redemption_id BLOB REFERENCES tier_redemptions (id),
    actor_id BLOB,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX tier_entries_by_entitlement ON tier_entries (entitlement_id, id);
CREATE TRIGGER tier_entries_are_never_changed BEFORE UPDATE ON tier_entries
BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;
CREATE TRIGGER tier_entries_are_never_deleted BEFORE DELETE ON tier_entries
BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;

-- What a customer picked of a choice group, for a period.
CREATE TABLE tier_choices (
    id BLOB NOT NULL PRIMARY KEY,
    programme_id BLOB NOT NULL REFERENCES tier_programmes (id),
    customer_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    level TEXT NOT NULL,
    choice TEXT NOT NULL,
    from_on INTEGER NOT NULL,
    benefits TEXT NOT NULL,
    chosen_by BLOB,
    chosen_at INTEGER NOT NULL,
    UNIQUE (programme_id, customer_id, level, choice, from_on)
) STRICT;
CREATE INDEX tier_choices_by_customer ON tier_choices (customer_id);

CREATE TABLE tier_statements (
    id BLOB NOT NULL PRIMARY KEY,
    partner_id BLOB NOT NULL REFERENCES tier_partners (id),
    from_on INTEGER NOT NULL,
    until_on INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL,
    closed_by BLOB,
    closed_at INTEGER NOT NULL,
    UNIQUE (partner_id, from_on)
) STRICT;

-- What is owed to a partner for a redemption, and what is taken back for one that was reversed.
CREATE TABLE tier_settlement_lines (
    id BLOB NOT NULL PRIMARY KEY,
    partner_id BLOB NOT NULL REFERENCES tier_partners (id),
    redemption_id BLOB NOT NULL REFERENCES tier_redemptions (id),
    benefit_id BLOB NOT NULL REFERENCES tier_benefits (id),
    site TEXT,
    on_day INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    companions INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    statement_id BLOB REFERENCES tier_statements (id)
) STRICT;
CREATE INDEX tier_settlement_lines_open ON tier_settlement_lines (partner_id, on_day) WHERE statement_id IS NULL;
CREATE INDEX tier_settlement_lines_by_statement ON tier_settlement_lines (statement_id, id);
CREATE INDEX tier_settlement_lines_by_redemption ON tier_settlement_lines (redemption_id);
