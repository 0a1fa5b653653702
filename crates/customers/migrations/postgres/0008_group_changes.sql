-- Who got another brand, region, kind, branch or owner since a value run was last published, and in which
-- transaction it was: what servers hold of the record in memory is brought up to date from here, whoever wrote.
CREATE TABLE customer_group_changes (
    customer_id UUID NOT NULL PRIMARY KEY,
    changed_in BIGINT NOT NULL
);
CREATE INDEX customer_group_changes_in_order ON customer_group_changes (changed_in);
CREATE FUNCTION note_change_of_groups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO customer_group_changes (customer_id, changed_in)
    VALUES (NEW.id, pg_current_xact_id()::text::bigint)
    ON CONFLICT (customer_id) DO UPDATE SET changed_in = excluded.changed_in;
    RETURN NULL;
END $$;
CREATE TRIGGER customers_change_groups AFTER UPDATE OF brand, region, kind, branch_id, owner_id ON customers
    FOR EACH ROW
    WHEN ((OLD.brand, OLD.region, OLD.kind, OLD.branch_id, OLD.owner_id)
        IS DISTINCT FROM (NEW.brand, NEW.region, NEW.kind, NEW.branch_id, NEW.owner_id))
    EXECUTE FUNCTION note_change_of_groups();
