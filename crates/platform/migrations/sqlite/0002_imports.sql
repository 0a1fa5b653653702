-- Facts and choices of the firm, each a JSON document by name.
CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    version INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE imports (
    id BLOB NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    file_name TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    shape TEXT NOT NULL,
    columns TEXT NOT NULL,
    -- How the newest dry run was asked to read the file, and whether it read it all: what is imported is
    -- what was checked.
    options TEXT,
    checked INTEGER NOT NULL DEFAULT FALSE,
    -- The newest dry run's or import's report.
    report TEXT,
    -- The newest job.
    job_id BLOB,
    created_by BLOB,
    created_at INTEGER NOT NULL,
    -- Its name in the folder of uploads; null once it is removed.
    file TEXT
) STRICT;
CREATE INDEX imports_by_age ON imports (created_at, id);
CREATE UNIQUE INDEX imports_by_file ON imports (file) WHERE file IS NOT NULL;

CREATE TABLE import_rejects (
    import_id BLOB NOT NULL REFERENCES imports (id),
    number INTEGER NOT NULL,
    reject TEXT NOT NULL,
    -- The row as it came, cell by cell.
    cells TEXT NOT NULL,
    -- It was too long to be kept whole.
    is_cut INTEGER NOT NULL,
    PRIMARY KEY (import_id, number)
) STRICT, WITHOUT ROWID;

-- The mapping used last for each kind and source.
CREATE TABLE import_mappings (
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    mapping TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (kind, source)
) STRICT, WITHOUT ROWID;
