-- What a customer is known by. The value is sealed; customers.phone and customers.email are moved here and
-- emptied by a job, because sealing needs the key, which the database does not have.
CREATE TABLE identities (
    id UUID NOT NULL PRIMARY KEY,
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    kind TEXT NOT NULL CHECK (
        kind IN ('phone', 'email', 'wechat', 'wecom', 'card', 'account', 'document', 'external')
    ),
    value BYTEA NOT NULL,
    -- The blind index of kind and value: finds it without showing it.
    blind UUID NOT NULL,
    -- Of a phone number, the blind index of its last four digits.
    suffix UUID,
    -- Said by a file: what a newer file says in its place ends it. What a person added stays.
    imported BOOLEAN NOT NULL,
    active_since BIGINT NOT NULL,
    ended_at BIGINT,
    ended_because TEXT CHECK (ended_because IN ('ended', 'replaced', 'taken', 'malformed')),
    CHECK ((ended_at IS NULL) = (ended_because IS NULL))
);
CREATE UNIQUE INDEX identities_active ON identities (blind) WHERE ended_at IS NULL;
CREATE INDEX identities_by_customer ON identities (customer_id, id);
CREATE INDEX identities_by_suffix ON identities (suffix) WHERE suffix IS NOT NULL AND ended_at IS NULL;

CREATE INDEX customers_not_sealed ON customers (id) WHERE phone IS NOT NULL OR email IS NOT NULL;
