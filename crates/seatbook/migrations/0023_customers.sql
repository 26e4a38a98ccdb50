-- Customers of a license: found in the order of their units, and leaving on a day.

-- room: licenses
-- Who received units of a pool, however many, in the order of how many.
CREATE INDEX pool_children_by_units ON pool (parent_id, license_id, quantity, organization_id);

-- room: offboarding
-- That an organization leaves, and on which day. What is over stays on record.
CREATE TABLE offboarding (
  id UUID PRIMARY KEY,
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  -- With whom it was agreed. Stands here alone, as it may be a person.
  contact TEXT NOT NULL,
  reason TEXT NOT NULL,
  -- The day on which its units return, in its own zone, and the instant at which that begins.
  leaves_on DATE NOT NULL,
  leaves_at TIMESTAMP NOT NULL,
  -- `leaving` is suspended, and its units are being freed, part by part.
  state TEXT NOT NULL CHECK (state IN ('planned', 'leaving', 'left', 'withdrawn')),
  decided_by UUID NOT NULL,
  decided_at TIMESTAMP NOT NULL,
  ended_at TIMESTAMP,
  version BIGINT NOT NULL,
  CONSTRAINT offboarding_ended CHECK ((ended_at IS NULL) = (state IN ('planned', 'leaving')))
);
-- An organization leaves once at a time.
CREATE UNIQUE INDEX offboarding_once ON offboarding (organization_id) WHERE ended_at IS NULL;
CREATE INDEX offboarding_due ON offboarding (leaves_at, id) WHERE ended_at IS NULL;
CREATE INDEX offboarding_of ON offboarding (organization_id, id);
