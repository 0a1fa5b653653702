-- The figures of a run as columns, a few thousand customers a row, in the order of the customers' ids
-- (profile_columns.rs). Lists are made from them, so the many indexes of value_profiles are gone.
-- A run published before has none: lists say so until the next run.
CREATE TABLE value_profile_columns (
    run_id UUID NOT NULL REFERENCES value_runs (id),
    step BIGINT NOT NULL,
    columns BYTEA NOT NULL,
    PRIMARY KEY (run_id, step)
);
-- Numbers of this kind hardly shrink, and reading them should cost nothing.
ALTER TABLE value_profile_columns ALTER COLUMN columns SET STORAGE EXTERNAL;
