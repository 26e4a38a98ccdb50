-- Renewals: the terms of a license, one after the other, and what the next one shall be.

-- room: licenses
-- Whether it renews by itself while nobody decided about that (`subscription`). What was there before renewals were
-- does not: nobody is to be surprised by an upgrade.
ALTER TABLE license ADD COLUMN renews BOOLEAN NOT NULL DEFAULT FALSE;
-- How many terms it has had, the present one included.
ALTER TABLE license ADD COLUMN terms BIGINT NOT NULL DEFAULT 1;
CREATE INDEX license_renewing ON license (ends_at, id) WHERE renews = TRUE;

-- room: subscriptions
-- What had ended before there were renewals did not renew, and stays ended, whatever was decided about it.
UPDATE subscription SET auto_renews = FALSE WHERE auto_renews = TRUE AND license_id IN
  (SELECT id FROM license WHERE ends_at <= (SELECT max(at) FROM journal));
CREATE INDEX subscription_renewing ON subscription (id) WHERE auto_renews = TRUE;

-- room: renewals
-- The terms of a license that had more than one, in order, each from the day after the one before it. Units and price
-- of the present one are the license's own; they are written here when it is over.
CREATE TABLE license_term (
  id UUID PRIMARY KEY,
  license_id UUID NOT NULL REFERENCES license (id) ON DELETE CASCADE,
  -- Counts from 1.
  number BIGINT NOT NULL CHECK (number > 0),
  -- Both inclusive.
  start_date DATE NOT NULL,
  end_date DATE NOT NULL,
  -- `issued` began with the license, `renewed` at the end of another.
  origin TEXT NOT NULL CHECK (origin IN ('issued', 'renewed')),
  quantity BIGINT NOT NULL CHECK (quantity >= 0),
  -- Of one unit for one validity of the SKU.
  price_minor BIGINT,
  currency TEXT,
  version BIGINT NOT NULL,
  CONSTRAINT license_term_once UNIQUE (license_id, number),
  CONSTRAINT license_term_forward CHECK (start_date <= end_date),
  CONSTRAINT license_term_price CHECK ((price_minor IS NULL) = (currency IS NULL))
);

-- room: renewals
-- What the next term of a license shall have that the present one has not. Fewer units stand with the decision about
-- the renewal, as somebody may lose theirs.
CREATE TABLE next_term (
  id UUID PRIMARY KEY REFERENCES license (id) ON DELETE CASCADE,
  quantity BIGINT CHECK (quantity > 0),
  price_minor BIGINT,
  currency TEXT,
  version BIGINT NOT NULL,
  CONSTRAINT next_term_price CHECK ((price_minor IS NULL) = (currency IS NULL))
);
