-- Who and what uses units, and which unit each of them uses.

-- room: catalog
-- Whether one holder may have several units of it, and whether its units belong to telephone extensions.
ALTER TABLE product ADD COLUMN many_per_holder BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE product ADD COLUMN has_extensions BOOLEAN NOT NULL DEFAULT FALSE;

-- room: catalog
-- Which add-on is made for which base. An add-on without a row fits nothing.
CREATE TABLE product_fit (
  add_on_id UUID NOT NULL REFERENCES product (id),
  base_id UUID NOT NULL REFERENCES product (id),
  PRIMARY KEY (add_on_id, base_id)
);
CREATE INDEX product_fit_by_base ON product_fit (base_id, add_on_id);

-- room: licenses
-- Copied for picking: the units of a product at an organization, the ones that end first.
ALTER TABLE pool ADD COLUMN product_id UUID REFERENCES product (id);
UPDATE pool SET product_id = (SELECT l.product_id FROM license l WHERE l.id = pool.license_id);
CREATE INDEX pool_by_product ON pool (organization_id, product_id, ends_at, starts_at, id);

-- room: holders
-- Who or what uses units: a person, a device, a screen, a telephone extension. Personal data stands here and
-- nowhere else, so that it can be erased.
CREATE TABLE holder (
  id UUID PRIMARY KEY,
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  kind TEXT NOT NULL CHECK (kind IN ('user', 'device', 'screen', 'extension')),
  name TEXT NOT NULL,
  email TEXT,
  -- 3 to 5 digits, as text: 0101 is not 101.
  extension TEXT,
  -- A direct number: its digits, without a plus, spaces or dashes.
  did TEXT,
  serial TEXT,
  -- The key by which other systems know it.
  reference TEXT,
  -- The user a device, screen or extension belongs to.
  owner_id UUID REFERENCES holder (id),
  -- When it left: it has no units since, and takes none. Its names may be given to another.
  left_at TIMESTAMP,
  -- Open assignments, base and add-on. Counting here is what lets an assignment and a departure meet.
  bindings BIGINT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT holder_bindings CHECK (bindings >= 0 AND (left_at IS NULL OR bindings = 0)),
  CONSTRAINT holder_owner CHECK (owner_id IS NULL OR kind <> 'user')
);
CREATE UNIQUE INDEX holder_email ON holder (organization_id, email) WHERE email IS NOT NULL AND left_at IS NULL;
CREATE UNIQUE INDEX holder_extension ON holder (organization_id, extension)
  WHERE extension IS NOT NULL AND left_at IS NULL;
CREATE UNIQUE INDEX holder_did ON holder (organization_id, did) WHERE did IS NOT NULL AND left_at IS NULL;
CREATE UNIQUE INDEX holder_serial ON holder (organization_id, serial) WHERE serial IS NOT NULL AND left_at IS NULL;
CREATE UNIQUE INDEX holder_reference ON holder (organization_id, reference)
  WHERE reference IS NOT NULL AND left_at IS NULL;
CREATE INDEX holder_by_name ON holder (organization_id, name, id);
CREATE INDEX holder_by_owner ON holder (owner_id, id);

-- room: holders
CREATE SEARCH holder_search;

-- room: assignments
-- Units of a pool bound to a holder: one row for each real binding, none for a unit that is free. It is never
-- opened again once it ended: whoever gets the unit next has a record of their own.
CREATE TABLE assignment (
  id UUID PRIMARY KEY,
  license_id UUID NOT NULL REFERENCES license (id),
  pool_id UUID NOT NULL REFERENCES pool (id),
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  product_id UUID NOT NULL REFERENCES product (id),
  holder_id UUID NOT NULL REFERENCES holder (id),
  -- The person behind it: the holder itself, or the owner of the device or extension at the time.
  user_id UUID REFERENCES holder (id),
  -- The base assignment an add-on is bound to.
  base_id UUID REFERENCES assignment (id),
  units BIGINT NOT NULL CHECK (units > 0),
  -- The product allows a holder one unit at a time.
  single BOOLEAN NOT NULL,
  -- Open add-ons bound to it. Counting here is what lets an add-on and the end of its base meet.
  add_ons BIGINT NOT NULL CHECK (add_ons >= 0),
  assigned_at TIMESTAMP NOT NULL,
  ended_at TIMESTAMP,
  -- Why it ended.
  ending TEXT CHECK (ending IN ('unassigned', 'reassigned', 'left', 'terminated', 'reduced', 'undone')),
  -- The assignment it goes on from, for a unit that was reassigned.
  follows_id UUID REFERENCES assignment (id),
  version BIGINT NOT NULL,
  CONSTRAINT assignment_single CHECK (single = FALSE OR units = 1),
  CONSTRAINT assignment_ended CHECK ((ended_at IS NULL) = (ending IS NULL) AND (ended_at IS NULL OR add_ons = 0))
);
-- A holder has at most one open unit of a product, unless the product allows more; an add-on is bound once.
CREATE UNIQUE INDEX assignment_once ON assignment (holder_id, product_id)
  WHERE ended_at IS NULL AND single = TRUE AND base_id IS NULL;
CREATE UNIQUE INDEX assignment_add_on_once ON assignment (base_id, product_id)
  WHERE ended_at IS NULL AND base_id IS NOT NULL;
CREATE INDEX assignment_by_holder ON assignment (holder_id, product_id, id) WHERE ended_at IS NULL;
CREATE INDEX assignment_by_user ON assignment (user_id, product_id, id) WHERE ended_at IS NULL;
CREATE INDEX assignment_by_pool ON assignment (pool_id, id) WHERE ended_at IS NULL;
CREATE INDEX assignment_by_product ON assignment (organization_id, product_id, id) WHERE ended_at IS NULL;
CREATE INDEX assignment_history ON assignment (organization_id, id);
CREATE INDEX assignment_past ON assignment (holder_id, id);

-- room: assignments
-- When a check last said yes for an assignment: what "idle longest" is told by. To the hour, beside the book.
CREATE TABLE assignment_use (
  assignment_id UUID PRIMARY KEY REFERENCES assignment (id),
  used_at TIMESTAMP NOT NULL
);
