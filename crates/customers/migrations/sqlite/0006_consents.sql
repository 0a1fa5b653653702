-- What customers agreed to and took back, one row per statement: history, never changed.
CREATE TABLE consents (
    id BLOB NOT NULL PRIMARY KEY,
    customer_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    purpose TEXT NOT NULL,
    channel TEXT NOT NULL,
    given INTEGER NOT NULL,
    source TEXT NOT NULL,
    -- From when it holds, as the customer said it.
    at INTEGER NOT NULL,
    expires_at INTEGER,
    recorded_at INTEGER NOT NULL,
    recorded_by BLOB
) STRICT;
CREATE INDEX consents_by_customer ON consents (customer_id, at, id);

CREATE TABLE contact_preferences (
    customer_id BLOB NOT NULL PRIMARY KEY REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    preferences TEXT NOT NULL,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- The firm's rules of contacting customers; each version stays, because answers name it.
CREATE TABLE contact_policies (
    version INTEGER NOT NULL PRIMARY KEY,
    policy TEXT NOT NULL,
    decided_by BLOB,
    decided_at INTEGER NOT NULL
) STRICT;
