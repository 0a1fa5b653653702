-- Events that are not sealed yet: written with the event, removed with its sealing.
CREATE TABLE events_unsealed (
    event_id UUID NOT NULL PRIMARY KEY
);
INSERT INTO events_unsealed (event_id) SELECT id FROM events;

-- The chain, in the order of sealing: each hash covers the one before it and every field of its event.
CREATE TABLE event_seals (
    position BIGINT NOT NULL PRIMARY KEY,
    event_id UUID NOT NULL UNIQUE,
    hash BYTEA NOT NULL
);
CREATE TRIGGER event_seals_are_append_only BEFORE UPDATE OR DELETE ON event_seals
    FOR EACH ROW EXECUTE FUNCTION events_are_append_only();
CREATE TRIGGER event_seals_are_not_truncated BEFORE TRUNCATE ON event_seals
    FOR EACH STATEMENT EXECUTE FUNCTION events_are_append_only();

-- The chain's last link, in one row: who holds it seals. The hash is none before the first link.
CREATE TABLE event_chain (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    position BIGINT NOT NULL,
    hash BYTEA
);
INSERT INTO event_chain (id, position) VALUES (1, 0);

-- The audit reads by time, by actor and by kind.
CREATE INDEX events_by_time ON events (at, id);
CREATE INDEX events_by_actor ON events (actor, at, id);
CREATE INDEX events_by_kind ON events (kind, at, id);
