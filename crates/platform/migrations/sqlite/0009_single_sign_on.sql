-- Where people can sign in besides here. The client secret is sealed.
CREATE TABLE identity_providers (
    id BLOB NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL,
    secret BLOB,
    version INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL
) STRICT;

-- Who is whom there: a person's subject never changes, whatever else does.
CREATE TABLE provider_links (
    provider_id BLOB NOT NULL REFERENCES identity_providers (id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    user_id BLOB NOT NULL REFERENCES users (id),
    linked_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    PRIMARY KEY (provider_id, subject),
    UNIQUE (provider_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_links_by_user ON provider_links (user_id);

-- SHA-256 of the states of sign-ins that came back from a provider: none comes back twice.
CREATE TABLE sign_in_returns (
    state_hash BLOB NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_returns_by_expiry ON sign_in_returns (expires_at);
