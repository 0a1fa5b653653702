-- The firm's branches, a tree.
CREATE TABLE branches (
    id UUID NOT NULL PRIMARY KEY,
    code TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT NOT NULL,
    parent_id UUID REFERENCES branches (id),
    version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX branches_by_parent ON branches (parent_id) WHERE parent_id IS NOT NULL;

-- What a role grants, and of which customers. The built-in ones grant what the program says.
CREATE TABLE roles (
    key TEXT NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" UNIQUE,
    permissions JSONB,
    scope TEXT NOT NULL CHECK (scope IN ('all', 'branch', 'team', 'own')),
    version BIGINT NOT NULL DEFAULT 1,
    CHECK ((name IS NULL) = (permissions IS NULL))
);
INSERT INTO roles (key, scope) VALUES ('administrator', 'all'), ('analyst', 'all'), ('viewer', 'all');

ALTER TABLE users ADD COLUMN branch_id UUID REFERENCES branches (id);
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
CREATE INDEX users_by_branch ON users (branch_id) WHERE branch_id IS NOT NULL;
CREATE INDEX users_by_role ON users (role);

CREATE TABLE teams (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL UNIQUE,
    version BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE team_members (
    team_id UUID NOT NULL REFERENCES teams (id),
    user_id UUID NOT NULL REFERENCES users (id),
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX team_members_by_user ON team_members (user_id);

-- Where it was opened, for whoever looks at their own sessions.
ALTER TABLE sessions ADD COLUMN address TEXT;

-- Keys for programs that call in a user's name. SHA-256 of the key: who reads this table cannot call with it.
CREATE TABLE api_keys (
    id UUID NOT NULL PRIMARY KEY,
    user_id UUID NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    key_hash BYTEA NOT NULL UNIQUE,
    permissions JSONB NOT NULL,
    per_minute INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_keys_by_user ON api_keys (user_id, created_at);

-- The second factor of those who have one: the secret of an authenticator app, sealed.
CREATE TABLE second_factors (
    user_id UUID NOT NULL PRIMARY KEY REFERENCES users (id),
    secret BYTEA NOT NULL,
    -- Nobody is asked for codes before one was right.
    confirmed_at BIGINT,
    -- The step of the last code that was taken: none is taken twice.
    last_step BIGINT NOT NULL
);

-- SHA-256 of the codes that stand in for a lost app, each once.
CREATE TABLE recovery_codes (
    user_id UUID NOT NULL REFERENCES users (id),
    code_hash BYTEA NOT NULL,
    PRIMARY KEY (user_id, code_hash)
);
