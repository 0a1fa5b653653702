-- A sign-in link for a customer, and the one session that it opens. Only hashes of what opens either are kept.
CREATE TABLE tier_member_links (
    id BLOB NOT NULL PRIMARY KEY,
    customer_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    token_hash BLOB NOT NULL UNIQUE,
    made_by BLOB,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    opened_at INTEGER,
    session_hash BLOB UNIQUE,
    session_until INTEGER,
    CHECK ((opened_at IS NULL) = (session_hash IS NULL) AND (opened_at IS NULL) = (session_until IS NULL))
) STRICT;
CREATE INDEX tier_member_links_by_customer ON tier_member_links (customer_id, id);
CREATE INDEX tier_member_links_over ON tier_member_links (expires_at);

-- What customers read on their page beside what is theirs.
CREATE TABLE tier_member_page (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    complaint_zh TEXT NOT NULL,
    complaint_en TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT;
INSERT INTO tier_member_page (only_row, complaint_zh, complaint_en, version) VALUES (1, '', '', 1);
