-- Contacts and subscriptions are edited one by one from here on.
ALTER TABLE contacts ADD COLUMN since INTEGER;
ALTER TABLE contacts ADD COLUMN until INTEGER;
ALTER TABLE contacts ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
UPDATE contacts SET role = 'other' WHERE role NOT IN
    ('decision_maker', 'key_person', 'user', 'finance', 'purchasing', 'technical', 'other');

ALTER TABLE subscriptions ADD COLUMN device TEXT;
ALTER TABLE subscriptions ADD COLUMN term_ends_on INTEGER;
ALTER TABLE subscriptions ADD COLUMN version INTEGER NOT NULL DEFAULT 1;

CREATE TABLE life_events (
    id UUID NOT NULL PRIMARY KEY,
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    kind TEXT NOT NULL CHECK (kind IN ('birthday', 'wedding', 'founding', 'other')),
    label TEXT,
    calendar TEXT NOT NULL CHECK (calendar IN ('solar', 'lunar')),
    year INTEGER,
    month INTEGER NOT NULL CHECK (month BETWEEN 1 AND 12),
    day INTEGER NOT NULL CHECK (day BETWEEN 1 AND 31),
    leap_month BOOLEAN NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX life_events_by_customer ON life_events (customer_id, id);

CREATE TABLE customer_tags (
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    tag TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (customer_id, tag)
);
CREATE INDEX customer_tags_by_tag ON customer_tags (tag);

CREATE TABLE notes (
    id UUID NOT NULL PRIMARY KEY,
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    text TEXT NOT NULL,
    pinned BOOLEAN NOT NULL,
    author UUID,
    written_at BIGINT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX notes_by_customer ON notes (customer_id, pinned, id);

-- What the administrator decided a record holds; each version stays.
CREATE TABLE record_schemas (
    version INTEGER NOT NULL PRIMARY KEY,
    schema JSONB NOT NULL,
    decided_by UUID,
    decided_at BIGINT NOT NULL
);

-- By the field's name, not by its version: a value outlives the field, and is there when it comes back.
CREATE TABLE custom_values (
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    field TEXT NOT NULL,
    value JSONB NOT NULL,
    PRIMARY KEY (customer_id, field)
);
