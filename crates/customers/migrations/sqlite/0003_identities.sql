-- What a customer is known by. The value is sealed; customers.phone and customers.email are moved here and
-- emptied by a job, because sealing needs the key, which the database does not have.
CREATE TABLE identities (
    id BLOB NOT NULL PRIMARY KEY,
    customer_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    kind TEXT NOT NULL CHECK (
        kind IN ('phone', 'email', 'wechat', 'wecom', 'card', 'account', 'document', 'external')
    ),
    value BLOB NOT NULL,
    -- The blind index of kind and value: finds it without showing it.
    blind BLOB NOT NULL,
    -- Of a phone number, the blind index of its last four digits.
    suffix BLOB,
    -- Said by a file: what a newer file says in its place ends it. What a person added stays.
    imported INTEGER NOT NULL,
    active_since INTEGER NOT NULL,
    ended_at INTEGER,
    ended_because TEXT CHECK (ended_because IN ('ended', 'replaced', 'taken', 'malformed')),
    CHECK ((ended_at IS NULL) = (ended_because IS NULL))
) STRICT;
CREATE UNIQUE INDEX identities_active ON identities (blind) WHERE ended_at IS NULL;
CREATE INDEX identities_by_customer ON identities (customer_id, id);
CREATE INDEX identities_by_suffix ON identities (suffix) WHERE suffix IS NOT NULL AND ended_at IS NULL;

CREATE INDEX customers_not_sealed ON customers (id) WHERE phone IS NOT NULL OR email IS NOT NULL;
