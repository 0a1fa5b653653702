-- Under which texts a name is found, besides itself: its pieces, its pinyin, its initials, each kind with a
-- letter of its own in front. Written with the name, in its transaction.
CREATE TABLE search_keys (
    key TEXT COLLATE "C" NOT NULL,
    customer_id UUID NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (key, customer_id)
);

-- Names from before this table get their keys by a job; the row goes when it is done.
CREATE TABLE search_backlog (
    after_external_id TEXT COLLATE "C" NOT NULL PRIMARY KEY
);
INSERT INTO search_backlog SELECT '' FROM customers LIMIT 1;
