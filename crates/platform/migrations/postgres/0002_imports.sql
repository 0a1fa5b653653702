-- Facts and choices of the firm, each a JSON document by name.
CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value JSONB NOT NULL,
    version INTEGER NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE imports (
    id UUID NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    file_name TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    shape JSONB NOT NULL,
    columns JSONB NOT NULL,
    -- How the newest dry run was asked to read the file, and whether it read it all: what is imported is
    -- what was checked.
    options JSONB,
    checked BOOLEAN NOT NULL DEFAULT FALSE,
    -- The newest dry run's or import's report.
    report JSONB,
    -- The newest job.
    job_id UUID,
    created_by UUID,
    created_at BIGINT NOT NULL,
    -- Its name in the folder of uploads; null once it is removed.
    file TEXT
);
CREATE INDEX imports_by_age ON imports (created_at, id);
CREATE UNIQUE INDEX imports_by_file ON imports (file) WHERE file IS NOT NULL;

CREATE TABLE import_rejects (
    import_id UUID NOT NULL REFERENCES imports (id),
    number INTEGER NOT NULL,
    reject JSONB NOT NULL,
    -- The row as it came, cell by cell.
    cells JSONB NOT NULL,
    -- It was too long to be kept whole.
    is_cut BOOLEAN NOT NULL,
    PRIMARY KEY (import_id, number)
);

-- The mapping used last for each kind and source.
CREATE TABLE import_mappings (
    kind TEXT NOT NULL,
    source TEXT NOT NULL,
    mapping JSONB NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (kind, source)
);
