-- The first and the last day of the ledger are asked for whenever a run is.
CREATE INDEX transactions_in_time ON transactions (at);
