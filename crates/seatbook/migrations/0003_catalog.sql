-- What can be licensed, and how it can be ordered. The catalog is the provider's and everybody's to read.

-- room: catalog
CREATE TABLE product (
  id UUID PRIMARY KEY,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  -- What one unit is, in the singular and the plural: user and users, device and devices.
  unit TEXT NOT NULL,
  units TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('base', 'add_on')),
  -- A shareable product never counts as an overlap between two SKUs that include it.
  shareable BOOLEAN NOT NULL,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT product_code UNIQUE (code)
);
CREATE INDEX product_by_name ON product (name, id);

-- room: catalog
CREATE TABLE sku (
  id UUID PRIMARY KEY,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  product_id UUID NOT NULL REFERENCES product (id),
  type TEXT,
  tier TEXT,
  class TEXT,
  -- An ISO 8601 duration from which the end of a license is computed; without it a license has no end.
  validity TEXT,
  -- Days of grace after the end.
  grace_days BIGINT NOT NULL CHECK (grace_days BETWEEN 0 AND 366),
  -- List price of one unit for one validity, in minor units of an ISO 4217 currency.
  price_minor BIGINT,
  currency TEXT,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT sku_code UNIQUE (code),
  CONSTRAINT sku_price CHECK ((price_minor IS NULL) = (currency IS NULL))
);
CREATE INDEX sku_by_name ON sku (name, id);
CREATE INDEX sku_by_product ON sku (product_id, id);

-- room: catalog
-- Products that come with a SKU, without a quantity of their own.
CREATE TABLE sku_component (
  sku_id UUID NOT NULL REFERENCES sku (id),
  product_id UUID NOT NULL REFERENCES product (id),
  PRIMARY KEY (sku_id, product_id)
);
CREATE INDEX sku_component_by_product ON sku_component (product_id, sku_id);

-- room: catalog
CREATE SEARCH product_search;
CREATE SEARCH sku_search;
