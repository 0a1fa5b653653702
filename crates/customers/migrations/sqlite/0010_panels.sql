-- What other systems are asked about a customer and what is shown of their answers; the answers are not kept here.
CREATE TABLE panels (
    id BLOB NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL,
    -- Sealed; none where the system asks for nothing.
    secret BLOB,
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL
) STRICT;
