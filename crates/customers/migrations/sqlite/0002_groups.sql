-- Whether these customers are of a brand, region or kind is asked far more often than who is: with the id in the
-- index, neither question touches the customers themselves.
DROP INDEX customers_by_brand;
DROP INDEX customers_by_region;
CREATE INDEX customers_by_brand ON customers (brand, id) WHERE brand IS NOT NULL;
CREATE INDEX customers_by_region ON customers (region, id) WHERE region IS NOT NULL;
CREATE INDEX customers_by_kind ON customers (kind, id);
