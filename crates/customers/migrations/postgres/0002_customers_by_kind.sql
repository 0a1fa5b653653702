-- Lists are filtered by kind as they are by brand and region.
CREATE INDEX customers_by_kind ON customers (kind);
