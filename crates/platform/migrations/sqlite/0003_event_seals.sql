-- Events that are not sealed yet: written with the event, removed with its sealing.
CREATE TABLE events_unsealed (
    event_id BLOB NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;
INSERT INTO events_unsealed (event_id) SELECT id FROM events;

-- The chain, in the order of sealing: each hash covers the one before it and every field of its event.
CREATE TABLE event_seals (
    position INTEGER NOT NULL PRIMARY KEY,
    event_id BLOB NOT NULL UNIQUE,
    hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER event_seals_are_not_altered BEFORE UPDATE ON event_seals
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER event_seals_are_not_deleted BEFORE DELETE ON event_seals
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;

-- The chain's last link, in one row: who holds it seals. The hash is none before the first link.
CREATE TABLE event_chain (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL,
    hash BLOB
) STRICT;
INSERT INTO event_chain (id, position) VALUES (1, 0);

-- The audit reads by time, by actor and by kind.
CREATE INDEX events_by_time ON events (at, id);
CREATE INDEX events_by_actor ON events (actor, at, id);
CREATE INDEX events_by_kind ON events (kind, at, id);
