-- From when on nothing is known of a customer but what it brought: a name it has no more, and is not edited.
ALTER TABLE customers ADD COLUMN erased_at INTEGER;

-- The external ids of erased customers, those they had and those they have now, as blind indexes: none of them is
-- taken for a new customer, whichever file says it.
CREATE TABLE erased_external_ids (
    blind BLOB NOT NULL PRIMARY KEY,
    customer_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
