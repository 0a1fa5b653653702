-- Files on a customer's record. Each stands in the folder of attachments under its id, sealed with a key of its own.
CREATE TABLE attachments (
    id BLOB NOT NULL PRIMARY KEY,
    customer_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    -- The file's key, sealed: without its row a file can be read by nobody.
    file_key BLOB NOT NULL,
    added_by BLOB,
    added_at INTEGER NOT NULL
) STRICT;
CREATE INDEX attachments_by_customer ON attachments (customer_id, id);
