-- The figures of a run as columns, a few thousand customers a row, in the order of the customers' ids
-- (profile_columns.rs). Lists are made from them, so the many indexes of value_profiles are gone.
-- A run published before has none: lists say so until the next run.
CREATE TABLE value_profile_columns (
    run_id BLOB NOT NULL REFERENCES value_runs (id),
    step INTEGER NOT NULL,
    columns BLOB NOT NULL,
    PRIMARY KEY (run_id, step)
) STRICT;
