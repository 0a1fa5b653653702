-- The figures of a run as columns, a few thousand customers a row, in the order of the customers' ids
-- (profile_columns.rs). Lists are made from them, so the many indexes of value_profiles are gone.
CREATE TABLE value_profile_columns (
    run_id BLOB NOT NULL REFERENCES value_runs (id),
    step INTEGER NOT NULL,
    columns BLOB NOT NULL,
    PRIMARY KEY (run_id, step)
) STRICT;

-- A run published before has no columns: it keeps its report, and the next run is shown again.
DELETE FROM value_published;
