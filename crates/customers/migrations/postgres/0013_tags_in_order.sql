-- Who has a tag, in the order of their ids: a search shows the first of them and goes on from there.
DROP INDEX customer_tags_by_tag;
CREATE INDEX customers_by_tag ON customer_tags (tag, customer_id);
