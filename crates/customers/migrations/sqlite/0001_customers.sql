CREATE TABLE customers (
    id BLOB NOT NULL PRIMARY KEY,
    external_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('person', 'organisation')),
    -- Null until someone has said it.
    name TEXT,
    -- The name in lower case, for search.
    name_key TEXT,
    brand TEXT,
    region TEXT,
    segment TEXT,
    phone TEXT,
    email TEXT,
    since INTEGER,
    organisation_id BLOB REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    referred_by BLOB REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    generated INTEGER NOT NULL DEFAULT FALSE,
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX customers_by_name ON customers (name_key) WHERE name_key IS NOT NULL;
CREATE INDEX customers_by_brand ON customers (brand) WHERE brand IS NOT NULL;
CREATE INDEX customers_by_region ON customers (region) WHERE region IS NOT NULL;
CREATE INDEX customers_by_segment ON customers (segment) WHERE segment IS NOT NULL;
CREATE INDEX customers_by_organisation ON customers (organisation_id) WHERE organisation_id IS NOT NULL;
CREATE INDEX customers_by_referrer ON customers (referred_by) WHERE referred_by IS NOT NULL;

CREATE TABLE subscriptions (
    id BLOB NOT NULL PRIMARY KEY,
    customer_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    product TEXT NOT NULL,
    plan TEXT,
    number TEXT,
    started_on INTEGER NOT NULL,
    ended_on INTEGER,
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended', 'ended'))
) STRICT;
CREATE INDEX subscriptions_by_customer ON subscriptions (customer_id, started_on);

CREATE TABLE contacts (
    id BLOB NOT NULL PRIMARY KEY,
    organisation_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    influence INTEGER NOT NULL CHECK (influence BETWEEN 1 AND 5),
    customer_id BLOB REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX contacts_by_organisation ON contacts (organisation_id, influence);
CREATE INDEX contacts_by_customer ON contacts (customer_id) WHERE customer_id IS NOT NULL;
