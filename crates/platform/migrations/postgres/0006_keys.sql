-- The keys that personal data was sealed with, by name: the keys themselves are in the key file.
CREATE TABLE encryption_keys (
    -- 1, 2, 3 …: the last one seals, all of them open.
    number INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    -- The key of the blind indexes, the same in every row, sealed with this row's key.
    index_key BYTEA NOT NULL,
    added_at BIGINT NOT NULL
);
