-- Who got another brand, region, kind, branch or owner since a value run was last published, and in which change it
-- was: what servers hold of the record in memory is brought up to date from here, whoever wrote.
CREATE TABLE customer_group_changes (
    customer_id BLOB NOT NULL PRIMARY KEY,
    changed_in BIGINT NOT NULL
);
CREATE INDEX customer_group_changes_in_order ON customer_group_changes (changed_in);
CREATE TRIGGER customers_change_groups AFTER UPDATE OF brand, region, kind, branch_id, owner_id ON customers
WHEN (OLD.brand, OLD.region, OLD.kind, OLD.branch_id, OLD.owner_id)
    IS NOT (NEW.brand, NEW.region, NEW.kind, NEW.branch_id, NEW.owner_id)
BEGIN
    INSERT INTO customer_group_changes (customer_id, changed_in)
    VALUES (NEW.id, (SELECT COALESCE(MAX(changed_in), 0) + 1 FROM customer_group_changes))
    ON CONFLICT (customer_id) DO UPDATE SET changed_in = excluded.changed_in;
END;

-- Members of a group are told from memory now; what is left is which brands and regions there are.
DROP INDEX customers_by_kind;
DROP INDEX customers_by_brand;
DROP INDEX customers_by_region;
CREATE INDEX customers_by_brand ON customers (brand) WHERE brand IS NOT NULL;
CREATE INDEX customers_by_region ON customers (region) WHERE region IS NOT NULL;

-- On PostgreSQL search_keys loses its foreign key here, which is dear there and cheap here.
