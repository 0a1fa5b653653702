-- The first and the last day of the ledger are asked for whenever a run is.
CREATE INDEX transactions_in_time ON transactions (at);

-- Emptying the table at once passes by the triggers of its rows.
CREATE TRIGGER transactions_are_never_truncated BEFORE TRUNCATE ON transactions
FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_append_only();
