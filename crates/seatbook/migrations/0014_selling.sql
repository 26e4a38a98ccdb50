-- Selling: licenses handed to customers by somebody who issues or draws them, and the codes that do it.

-- room: catalog
-- Whether the term begins when the license gets its owner, instead of on a day said beforehand.
ALTER TABLE sku ADD COLUMN starts_at_activation BOOLEAN NOT NULL DEFAULT FALSE;

-- room: licenses
-- Who sold it, keeps its words and bills it; none for what its owner bought elsewhere.
ALTER TABLE license ADD COLUMN seller_id UUID REFERENCES organization_node (id);
-- Where its units were drawn from stands in its root pool: the parent, which counts them as allocated.
-- When it got its owner, by a code or by the seller's hand.
ALTER TABLE license ADD COLUMN activated_at TIMESTAMP;
-- The license its units were drawn from is paused or over: nothing new, and checks say no.
ALTER TABLE license ADD COLUMN held BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX license_by_seller ON license (seller_id, id) WHERE seller_id IS NOT NULL;
CREATE INDEX license_by_buyer ON license (seller_id, organization_id)
  WHERE seller_id IS NOT NULL AND awaits_activation = FALSE;

-- room: activation
-- The code of a license: eight characters of Crockford's base32, never in the clear.
CREATE TABLE activation_code (
  license_id UUID PRIMARY KEY REFERENCES license (id) ON DELETE CASCADE,
  -- The seller: the code can be redeemed below it.
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  -- HMAC under the key that is not in the database: how a code is looked up.
  fingerprint TEXT NOT NULL,
  -- The code itself, sealed with that key: how the seller reads it.
  sealed TEXT NOT NULL,
  -- `given` when the seller chose the owner by hand.
  state TEXT NOT NULL CHECK (state IN ('live', 'redeemed', 'given', 'revoked', 'expired')),
  expires_at TIMESTAMP,
  redeemed_by UUID REFERENCES organization_node (id),
  redeemed_at TIMESTAMP,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT activation_code_once UNIQUE (fingerprint),
  CONSTRAINT activation_code_redeemed CHECK ((state = 'redeemed') = (redeemed_by IS NOT NULL))
);
-- The codes that somebody could still guess.
CREATE INDEX activation_code_live ON activation_code (organization_id) WHERE state = 'live';
CREATE INDEX activation_code_expiring ON activation_code (expires_at) WHERE state = 'live' AND expires_at IS NOT NULL;

-- room: activation
-- One row for each organization that redeems or sells: locked while tries are counted, so that any number of
-- servers count as one.
CREATE TABLE redemption_guard (
  organization_id UUID PRIMARY KEY REFERENCES organization_node (id),
  tries BIGINT NOT NULL
);

-- room: activation
-- A code that was tried and not redeemed.
CREATE TABLE redemption_failure (
  id UUID PRIMARY KEY,
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  -- The parent, whose limit it counts against too.
  partner_id UUID NOT NULL REFERENCES organization_node (id),
  at TIMESTAMP NOT NULL
);
CREATE INDEX redemption_failure_of ON redemption_failure (organization_id, at);
CREATE INDEX redemption_failure_under ON redemption_failure (partner_id, at);

-- room: activation
-- A redemption that waits for the account manager, since too many codes were tried under the partner.
CREATE TABLE redemption_request (
  id UUID PRIMARY KEY,
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  partner_id UUID NOT NULL REFERENCES organization_node (id),
  fingerprint TEXT NOT NULL,
  person_id UUID NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'redeemed', 'refused')),
  license_id UUID REFERENCES license (id),
  decided_by UUID,
  decided_at TIMESTAMP,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL
);
CREATE INDEX redemption_request_under ON redemption_request (partner_id, state, id);
CREATE INDEX redemption_request_of ON redemption_request (organization_id, id);

-- room: requests
-- What a customer asks the organization above it for.
CREATE TABLE unit_request (
  id UUID PRIMARY KEY,
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  -- Who decides: the organization above it when it asked.
  partner_id UUID NOT NULL REFERENCES organization_node (id),
  sku_id UUID NOT NULL REFERENCES sku (id),
  quantity BIGINT NOT NULL CHECK (quantity > 0),
  note TEXT,
  person_id UUID NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'approved', 'refused', 'withdrawn')),
  -- What the account manager said to it, and the license it led to.
  answer TEXT,
  license_id UUID REFERENCES license (id) ON DELETE SET NULL,
  decided_by UUID,
  decided_at TIMESTAMP,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL
);
CREATE INDEX unit_request_of ON unit_request (organization_id, id);
CREATE INDEX unit_request_under ON unit_request (partner_id, state, id);
