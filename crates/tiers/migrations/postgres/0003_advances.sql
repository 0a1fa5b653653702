-- Claims to refunds that the firm advances, each with the decision on it, what it was decided from, and what became of it.
-- The balances change with each entry, in its transaction.
CREATE TABLE tier_advances (
    id UUID NOT NULL PRIMARY KEY,
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    -- By which whoever claimed tells this one from others.
    key TEXT NOT NULL,
    -- The transaction.
    source TEXT NOT NULL,
    external_id TEXT NOT NULL,
    claimed_minor BIGINT NOT NULL CHECK (claimed_minor > 0),
    currency TEXT NOT NULL,
    merchant TEXT NOT NULL,
    reason TEXT,
    state TEXT NOT NULL CHECK (state IN ('refused', 'granted', 'paid', 'settled', 'cancelled')),
    cause TEXT NOT NULL,
    -- As text, so that it is read byte for byte as it was decided from.
    facts TEXT NOT NULL,
    limits TEXT,
    decided_on INTEGER NOT NULL,
    claimed_by UUID,
    claimed_at BIGINT NOT NULL,
    payout_method TEXT CHECK (payout_method IN ('original', 'bank_transfer', 'balance', 'cash')),
    payout_reference TEXT,
    paid_by UUID,
    paid_at BIGINT,
    advanced_minor BIGINT NOT NULL DEFAULT 0,
    outstanding_minor BIGINT NOT NULL DEFAULT 0 CHECK (outstanding_minor >= 0),
    recovered_minor BIGINT NOT NULL DEFAULT 0 CHECK (recovered_minor >= 0),
    written_off_minor BIGINT NOT NULL DEFAULT 0 CHECK (written_off_minor >= 0),
    CHECK (advanced_minor = outstanding_minor + recovered_minor + written_off_minor),
    CHECK ((state IN ('refused', 'cancelled')) = (advanced_minor = 0)),
    CHECK ((state = 'settled') = (advanced_minor > 0 AND outstanding_minor = 0)),
    CHECK ((state IN ('paid', 'settled')) = (paid_at IS NOT NULL)),
    UNIQUE (customer_id, key)
);
CREATE INDEX tier_advances_by_customer ON tier_advances (customer_id, id);
CREATE INDEX tier_advances_open ON tier_advances (id) WHERE outstanding_minor > 0;
-- A transaction is advanced once.
CREATE UNIQUE INDEX tier_advances_once ON tier_advances (source, external_id) WHERE advanced_minor > 0;

-- Everything that happened to an advance. Never changed: what was said of it can only be forgotten.
CREATE TABLE tier_advance_entries (
    id UUID NOT NULL PRIMARY KEY,
    advance_id UUID NOT NULL REFERENCES tier_advances (id),
    kind TEXT NOT NULL CHECK (kind IN ('advanced', 'cancelled', 'recovered', 'written_off')),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    key TEXT NOT NULL,
    said TEXT,
    actor_id UUID,
    at BIGINT NOT NULL,
    UNIQUE (advance_id, kind, key)
);
CREATE FUNCTION tier_advance_entries_are_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries are append-only: what was said can only be forgotten';
END $$;
CREATE TRIGGER tier_advance_entries_are_never_changed
    BEFORE UPDATE OF id, advance_id, kind, amount_minor, key, actor_id, at ON tier_advance_entries
    FOR EACH ROW EXECUTE FUNCTION tier_advance_entries_are_kept();
CREATE TRIGGER tier_advance_entries_are_only_forgotten BEFORE UPDATE OF said ON tier_advance_entries
    FOR EACH ROW WHEN (NEW.said IS NOT NULL) EXECUTE FUNCTION tier_advance_entries_are_kept();
CREATE TRIGGER tier_advance_entries_are_never_deleted BEFORE DELETE ON tier_advance_entries
    FOR EACH ROW EXECUTE FUNCTION tier_advance_entries_are_kept();
