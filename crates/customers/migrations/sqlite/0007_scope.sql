-- Who may see a customer follows from these two. Most firms begin without: the indexes hold only those who have one.
ALTER TABLE customers ADD COLUMN branch_id BLOB REFERENCES branches (id);
ALTER TABLE customers ADD COLUMN owner_id BLOB REFERENCES users (id);
CREATE INDEX customers_of_branch ON customers (branch_id, external_id) WHERE branch_id IS NOT NULL;
CREATE INDEX customers_of_branch_by_name ON customers (branch_id, name_key) WHERE branch_id IS NOT NULL;
CREATE INDEX customers_of_branch_facets ON customers (branch_id, brand, region, segment)
    WHERE branch_id IS NOT NULL;
CREATE INDEX customers_of_owner ON customers (owner_id, external_id) WHERE owner_id IS NOT NULL;
CREATE INDEX customers_of_owner_by_name ON customers (owner_id, name_key) WHERE owner_id IS NOT NULL;
