-- Licenses and their pools: the book itself.

-- room: licenses
CREATE TABLE license (
  id UUID PRIMARY KEY,
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  sku_id UUID NOT NULL REFERENCES sku (id),
  product_id UUID NOT NULL REFERENCES product (id),
  name TEXT,
  note TEXT,
  sales_order TEXT,
  support_reference TEXT,
  -- First and last day, both inclusive, in the license's own zone, which never changes.
  start_date DATE NOT NULL,
  end_date DATE,
  time_zone TEXT NOT NULL,
  -- The same as instants: from the first, up to but not including the second.
  starts_at TIMESTAMP NOT NULL,
  ends_at TIMESTAMP,
  grace_until TIMESTAMP,
  -- When it is over for good (the later of the two above), and from when it counts as expiring soon.
  over_at TIMESTAMP,
  expiring_at TIMESTAMP,
  -- Decisions by people; what follows from the dates is never stored.
  standing TEXT NOT NULL CHECK (standing IN ('draft', 'issued', 'terminated', 'superseded')),
  awaits_activation BOOLEAN NOT NULL,
  paused BOOLEAN NOT NULL,
  -- Whether it ever had an allocation, assignment or redemption: then it is terminated, not deleted.
  used BOOLEAN NOT NULL,
  expiring_days BIGINT NOT NULL CHECK (expiring_days BETWEEN 0 AND 3660),
  price_minor BIGINT,
  currency TEXT,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT license_price CHECK ((price_minor IS NULL) = (currency IS NULL))
);
CREATE INDEX license_by_owner ON license (organization_id, id);
CREATE INDEX license_by_order ON license (sales_order, organization_id, id);
CREATE INDEX license_by_sku ON license (sku_id, id);

-- room: licenses
CREATE SEARCH license_search;

-- room: licenses
-- The units of one license at one organization. The root pool is the license's own; every other one is
-- what its organization was passed from `parent_id`. The one law stands in the CHECKs:
-- quantity = allocated + assigned + free, and free is never negative.
CREATE TABLE pool (
  id UUID PRIMARY KEY,
  license_id UUID NOT NULL REFERENCES license (id),
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  parent_id UUID REFERENCES pool (id),
  quantity BIGINT NOT NULL,
  allocated BIGINT NOT NULL,
  assigned BIGINT NOT NULL,
  -- Copied from the license, so that one conditional UPDATE can judge them. Suspension is looked up in that
  -- same statement: it moves no units, so an allocation that just precedes it is as good as one before.
  open BOOLEAN NOT NULL,
  starts_at TIMESTAMP NOT NULL,
  ends_at TIMESTAMP,
  -- Copied for the list's sorts and filters.
  sales_order TEXT,
  sku_code TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT pool_law CHECK (quantity >= 0 AND allocated >= 0 AND assigned >= 0 AND allocated + assigned <= quantity),
  CONSTRAINT pool_once UNIQUE (license_id, organization_id)
);
CREATE INDEX pool_children ON pool (parent_id, organization_id);
CREATE INDEX pool_by_end ON pool (organization_id, ends_at, id);
CREATE INDEX pool_by_order ON pool (organization_id, sales_order, id);
CREATE INDEX pool_by_sku ON pool (organization_id, sku_code, id);
CREATE INDEX pool_by_quantity ON pool (organization_id, quantity, id);
