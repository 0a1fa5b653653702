CREATE TABLE tier_abuse_settings (
    version INTEGER NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL,
    created_by BLOB,
    created_at INTEGER NOT NULL
) STRICT;

-- Until when everything was looked at.
CREATE TABLE tier_abuse_watch (
    only_row INTEGER NOT NULL PRIMARY KEY CHECK (only_row = 1),
    looked_at INTEGER
) STRICT;
INSERT INTO tier_abuse_watch (only_row) VALUES (1);

CREATE TABLE tier_findings (
    id BLOB NOT NULL PRIMARY KEY,
    rule TEXT NOT NULL,
    customer_id BLOB NOT NULL REFERENCES customers (id) DEFERRABLE INITIALLY DEFERRED,
    programme_id BLOB NOT NULL REFERENCES tier_programmes (id),
    -- Names what completed the evidence.
    evidence_key TEXT NOT NULL,
    happened_at INTEGER NOT NULL,
    evidence TEXT NOT NULL,
    settings_version INTEGER NOT NULL,
    found_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'dismissed', 'warned', 'suspended', 'reversed')),
    reason TEXT,
    decided_by BLOB,
    decided_at INTEGER,
    grant_id BLOB REFERENCES tier_grants (id),
    version INTEGER NOT NULL DEFAULT 1,
    UNIQUE (rule, customer_id, evidence_key)
) STRICT;
CREATE INDEX tier_findings_by_state ON tier_findings (state, id DESC);
CREATE INDEX tier_findings_by_customer ON tier_findings (customer_id);

-- What was used when, for who looks through all of it.
CREATE INDEX tier_redemptions_in_time ON tier_redemptions (redeemed_at) WHERE redeemed_at IS NOT NULL;
