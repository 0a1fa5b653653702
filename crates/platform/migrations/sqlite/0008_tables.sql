-- The names of a workbook's sheets.
ALTER TABLE imports ADD COLUMN sheets TEXT;

-- The mapping and source used last for files of a kind whose columns have these names, whatever their order.
CREATE TABLE import_headers (
    kind TEXT NOT NULL,
    signature TEXT NOT NULL,
    source TEXT NOT NULL,
    mapping TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, signature)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_headers_by_age ON import_headers (updated_at);

CREATE TABLE exports (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    format TEXT NOT NULL,
    -- What the list was filtered by, as its request said it.
    filter TEXT NOT NULL,
    job_id BLOB NOT NULL,
    created_by BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    -- The file in the folder of exports is named like the export; these are null while it is not whole.
    rows INTEGER,
    bytes INTEGER,
    -- When the file is removed, and whether it is.
    expires_at INTEGER NOT NULL,
    removed INTEGER NOT NULL DEFAULT FALSE
) STRICT;
CREATE INDEX exports_of_user ON exports (created_by, created_at, id);
CREATE INDEX exports_by_expiry ON exports (expires_at) WHERE NOT removed;
