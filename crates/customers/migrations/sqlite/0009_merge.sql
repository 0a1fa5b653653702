-- Two records of one customer. The one that was merged stays as it was and names the one that stands for both;
-- only customers who are not merged themselves are named.
ALTER TABLE customers ADD COLUMN merged_into BLOB REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX customers_by_survivor ON customers (merged_into) WHERE merged_into IS NOT NULL;
-- By what it was called before a customer is found as the one that stands for it.
CREATE INDEX customers_merged_by_external_id ON customers (external_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX customers_merged_by_name ON customers (name_key, merged_into) WHERE merged_into IS NOT NULL;

-- What was merged, and all that is needed to undo it.
CREATE TABLE customer_merges (
    id BLOB NOT NULL PRIMARY KEY,
    survivor_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    merged_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    -- The survivor's version after it: later merges of the same survivor have a higher one.
    survivor_version INTEGER NOT NULL,
    -- How many rows of which table, and which fields of the survivor; without any value.
    moved TEXT NOT NULL,
    fields TEXT NOT NULL,
    -- Which rows, and what the fields were before: sealed.
    record BLOB NOT NULL,
    merged_at INTEGER NOT NULL,
    merged_by BLOB,
    undone_at INTEGER,
    undone_by BLOB
) STRICT;
CREATE UNIQUE INDEX customer_merges_standing ON customer_merges (merged_id) WHERE undone_at IS NULL;
CREATE INDEX customer_merges_by_survivor ON customer_merges (survivor_id, survivor_version);

-- Pairs of customers who may be one, each pair once.
CREATE TABLE duplicates (
    id BLOB NOT NULL PRIMARY KEY,
    -- The smaller id.
    customer_a BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    customer_b BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    -- Both are said to be known by the same thing.
    certain INTEGER NOT NULL,
    -- Hundredths of a bit (rules/duplicates.rs).
    score INTEGER NOT NULL,
    reasons TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'merged', 'not_duplicate')),
    merge_id BLOB REFERENCES customer_merges (id) DEFERRABLE INITIALLY DEFERRED,
    found_at INTEGER NOT NULL,
    decided_at INTEGER,
    decided_by BLOB,
    CHECK ((decided_at IS NULL) = (state = 'open')),
    UNIQUE (customer_a, customer_b)
) STRICT;
CREATE INDEX duplicates_queue ON duplicates (state, certain, score, id);
CREATE INDEX duplicates_by_second ON duplicates (customer_b);
CREATE INDEX duplicates_by_merge ON duplicates (merge_id) WHERE merge_id IS NOT NULL;

-- What is looked through when duplicates are looked for.
CREATE INDEX identities_taken ON identities (id) WHERE ended_because = 'taken';
CREATE INDEX life_events_by_birthday ON life_events (calendar, year, month, day)
    WHERE kind = 'birthday' AND year IS NOT NULL;
