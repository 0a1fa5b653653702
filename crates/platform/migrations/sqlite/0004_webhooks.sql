-- Systems that are told of events.
CREATE TABLE webhook_endpoints (
    id BLOB NOT NULL PRIMARY KEY,
    url TEXT NOT NULL,
    -- Which kinds of events it is told of.
    kinds TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT TRUE,
    -- Why it is not active, where nobody switched it off.
    disabled_reason TEXT,
    -- An administrator has allowed an address without TLS.
    allow_http INTEGER NOT NULL,
    -- Signs every delivery, so it is kept as it is.
    secret BLOB NOT NULL,
    -- Signs too, until its time is over.
    previous_secret BLOB,
    previous_secret_until INTEGER,
    -- The place in the event chain up to which there are deliveries.
    told_up_to INTEGER NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL
) STRICT;

-- One event for one endpoint.
CREATE TABLE webhook_deliveries (
    id BLOB NOT NULL PRIMARY KEY,
    endpoint_id BLOB NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    event_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'exhausted')),
    attempts INTEGER NOT NULL DEFAULT 0,
    -- When it is tried again; a process at it moves it on, so that another takes over if it dies.
    next_at INTEGER,
    last_at INTEGER,
    last_status INTEGER,
    last_error TEXT,
    event_at INTEGER NOT NULL,
    UNIQUE (endpoint_id, event_id)
) STRICT;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_at) WHERE state = 'pending';
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (endpoint_id, event_at, id);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (event_at) WHERE state <> 'pending';
