CREATE TABLE tier_benefits (
    id UUID NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    zh TEXT NOT NULL,
    en TEXT NOT NULL,
    terms JSONB NOT NULL,
    need TEXT,
    unit_cost_minor BIGINT NOT NULL CHECK (unit_cost_minor >= 0),
    settlement_minor BIGINT NOT NULL CHECK (settlement_minor >= 0),
    active BOOLEAN NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE tier_partners (
    id UUID NOT NULL PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    zh TEXT NOT NULL,
    en TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    sites JSONB NOT NULL,
    -- The codes of the benefits it serves.
    benefits JSONB NOT NULL,
    -- Whose API keys are the partner's.
    user_id UUID UNIQUE REFERENCES users (id),
    version INTEGER NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- What a customer has of a benefit in a period, and what became of it. The balances change with each entry, in its
-- transaction.
CREATE TABLE tier_entitlements (
    id UUID NOT NULL PRIMARY KEY,
    programme_id UUID NOT NULL REFERENCES tier_programmes (id),
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    benefit_id UUID NOT NULL REFERENCES tier_benefits (id),
    -- The level it was last set by; none when that was lost.
    level TEXT,
    on_loss TEXT NOT NULL CHECK (on_loss IN ('keep', 'pro_rata')),
    from_on INTEGER NOT NULL,
    ends_on INTEGER NOT NULL,
    until_on INTEGER NOT NULL,
    promised BIGINT NOT NULL CHECK (promised >= 0),
    carried BIGINT NOT NULL CHECK (carried >= 0),
    companions_max INTEGER NOT NULL,
    granted BIGINT NOT NULL DEFAULT 0,
    available BIGINT NOT NULL DEFAULT 0 CHECK (available >= 0),
    reserved BIGINT NOT NULL DEFAULT 0 CHECK (reserved >= 0),
    redeemed BIGINT NOT NULL DEFAULT 0 CHECK (redeemed >= 0),
    expired BIGINT NOT NULL DEFAULT 0 CHECK (expired >= 0),
    withdrawn BIGINT NOT NULL DEFAULT 0 CHECK (withdrawn >= 0),
    version INTEGER NOT NULL DEFAULT 1,
    CHECK (granted = available + reserved + redeemed + expired + withdrawn),
    UNIQUE (programme_id, customer_id, benefit_id, from_on)
);
CREATE INDEX tier_entitlements_by_customer ON tier_entitlements (customer_id);
CREATE INDEX tier_entitlements_over ON tier_entitlements (until_on, id) WHERE available > 0;

CREATE TABLE tier_redemptions (
    id UUID NOT NULL PRIMARY KEY,
    entitlement_id UUID NOT NULL REFERENCES tier_entitlements (id),
    -- By which whoever asked tells this one from others.
    key TEXT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    companions INTEGER NOT NULL CHECK (companions >= 0),
    state TEXT NOT NULL CHECK (state IN ('reserved', 'redeemed', 'cancelled', 'lapsed', 'reversed')),
    code_hash BYTEA UNIQUE,
    expires_at BIGINT NOT NULL,
    partner_id UUID REFERENCES tier_partners (id),
    site TEXT,
    redeem_key TEXT,
    reason TEXT,
    reserved_by UUID,
    reserved_at BIGINT NOT NULL,
    redeemed_by UUID,
    redeemed_at BIGINT,
    closed_by UUID,
    closed_at BIGINT,
    UNIQUE (entitlement_id, key)
);
CREATE INDEX tier_redemptions_lapsing ON tier_redemptions (expires_at, id) WHERE state = 'reserved';

-- Both sides of everything that happened to an entitlement: so much went from one of its parts to another. Never changed.
CREATE TABLE tier_entries (
    id UUID NOT NULL PRIMARY KEY,
    entitlement_id UUID NOT NULL REFERENCES tier_entitlements (id),
    kind TEXT NOT NULL,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    redemption_id UUID REFERENCES tier_redemptions (id),
    actor_id UUID,
    at BIGINT NOT NULL
);
CREATE INDEX tier_entries_by_entitlement ON tier_entries (entitlement_id, id);
CREATE FUNCTION tier_entries_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries are append-only';
END $$;
CREATE TRIGGER tier_entries_are_never_changed BEFORE UPDATE OR DELETE ON tier_entries
    FOR EACH ROW EXECUTE FUNCTION tier_entries_are_kept();

-- What a customer picked of a choice group, for a period.
CREATE TABLE tier_choices (
    id UUID NOT NULL PRIMARY KEY,
    programme_id UUID NOT NULL REFERENCES tier_programmes (id),
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    level TEXT NOT NULL,
    choice TEXT NOT NULL,
    from_on INTEGER NOT NULL,
    benefits JSONB NOT NULL,
    chosen_by UUID,
    chosen_at BIGINT NOT NULL,
    UNIQUE (programme_id, customer_id, level, choice, from_on)
);
CREATE INDEX tier_choices_by_customer ON tier_choices (customer_id);

CREATE TABLE tier_statements (
    id UUID NOT NULL PRIMARY KEY,
    partner_id UUID NOT NULL REFERENCES tier_partners (id),
    from_on INTEGER NOT NULL,
    until_on INTEGER NOT NULL,
    lines BIGINT NOT NULL,
    amount_minor BIGINT NOT NULL,
    currency TEXT NOT NULL,
    closed_by UUID,
    closed_at BIGINT NOT NULL,
    UNIQUE (partner_id, from_on)
);

-- What is owed to a partner for a redemption, and what is taken back for one that was reversed.
CREATE TABLE tier_settlement_lines (
    id UUID NOT NULL PRIMARY KEY,
    partner_id UUID NOT NULL REFERENCES tier_partners (id),
    redemption_id UUID NOT NULL REFERENCES tier_redemptions (id),
    benefit_id UUID NOT NULL REFERENCES tier_benefits (id),
    site TEXT,
    on_day INTEGER NOT NULL,
    quantity BIGINT NOT NULL,
    companions INTEGER NOT NULL,
    amount_minor BIGINT NOT NULL,
    statement_id UUID REFERENCES tier_statements (id)
);
CREATE INDEX tier_settlement_lines_open ON tier_settlement_lines (partner_id, on_day) WHERE statement_id IS NULL;
CREATE INDEX tier_settlement_lines_by_statement ON tier_settlement_lines (statement_id, id);
CREATE INDEX tier_settlement_lines_by_redemption ON tier_settlement_lines (redemption_id);
