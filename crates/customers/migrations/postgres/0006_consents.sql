-- What customers agreed to and took back, one row per statement: history, never changed.
CREATE TABLE consents (
    id UUID NOT NULL PRIMARY KEY,
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    purpose TEXT NOT NULL,
    channel TEXT NOT NULL,
    given BOOLEAN NOT NULL,
    source TEXT NOT NULL,
    -- From when it holds, as the customer said it.
    at BIGINT NOT NULL,
    expires_at BIGINT,
    recorded_at BIGINT NOT NULL,
    recorded_by UUID
);
CREATE INDEX consents_by_customer ON consents (customer_id, at, id);

CREATE TABLE contact_preferences (
    customer_id UUID NOT NULL PRIMARY KEY REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    preferences JSONB NOT NULL,
    version INTEGER NOT NULL,
    updated_at BIGINT NOT NULL
);

-- The firm's rules of contacting customers; each version stays, because answers name it.
CREATE TABLE contact_policies (
    version INTEGER NOT NULL PRIMARY KEY,
    policy JSONB NOT NULL,
    decided_by UUID,
    decided_at BIGINT NOT NULL
);
