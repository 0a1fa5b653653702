-- What other systems are asked about a customer and what is shown of their answers; the answers are not kept here.
CREATE TABLE panels (
    id UUID NOT NULL PRIMARY KEY,
    settings JSONB NOT NULL,
    -- Sealed; none where the system asks for nothing.
    secret BYTEA,
    version INTEGER NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL
);
