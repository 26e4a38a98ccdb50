-- Service plans: several licenses sold as one; what customers have of them; moving from one to another.

-- room: plans
-- A named template of components, given to a customer as one.
CREATE TABLE service_plan (
  id UUID PRIMARY KEY,
  code TEXT NOT NULL,
  name TEXT NOT NULL,
  edition TEXT NOT NULL CHECK (edition IN ('full', 'trial', 'not_for_resale')),
  billing TEXT NOT NULL CHECK (billing IN ('monthly', 'yearly')),
  -- An ISO 8601 duration: how long one term runs.
  term TEXT NOT NULL,
  -- How what is assigned of it renews, unless somebody says otherwise.
  auto_renews BOOLEAN NOT NULL,
  notice_days BIGINT NOT NULL CHECK (notice_days BETWEEN 0 AND 3660),
  -- The plan that a trial becomes when it is converted.
  full_plan_id UUID REFERENCES service_plan (id),
  -- From the first of these days it can be assigned no more, from the second it is not shown either.
  end_of_sale DATE,
  end_of_life DATE,
  -- The composition that is assigned today, counted from 1.
  composition BIGINT NOT NULL CHECK (composition > 0),
  -- When a customer was first given it: from then on its edition is fixed, and it stays in the catalog.
  assigned_at TIMESTAMP,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT service_plan_code UNIQUE (code)
);
CREATE INDEX service_plan_by_name ON service_plan (name, id);
CREATE INDEX service_plan_by_full ON service_plan (full_plan_id) WHERE full_plan_id IS NOT NULL;

-- room: plans
-- What a plan is made of. A composition never changes: what is made of other parts is the next one.
CREATE TABLE service_plan_component (
  plan_id UUID NOT NULL REFERENCES service_plan (id),
  composition BIGINT NOT NULL CHECK (composition > 0),
  position BIGINT NOT NULL CHECK (position >= 0),
  sku_id UUID NOT NULL REFERENCES sku (id),
  -- Units that a customer gets unless somebody says otherwise.
  units BIGINT NOT NULL CHECK (units BETWEEN 1 AND 999999),
  PRIMARY KEY (plan_id, composition, position),
  CONSTRAINT service_plan_component_once UNIQUE (plan_id, composition, sku_id)
);
CREATE INDEX service_plan_component_by_sku ON service_plan_component (sku_id, plan_id);

-- room: plans
CREATE SEARCH service_plan_search;

-- room: licenses
-- Whether its units can be changed: those of a trial and of what is not for resale cannot.
ALTER TABLE license ADD COLUMN edition TEXT NOT NULL DEFAULT 'full';
-- It was left over from a service plan that its owner has no more, and runs to its own end.
ALTER TABLE license ADD COLUMN unbundled BOOLEAN NOT NULL DEFAULT FALSE;
-- The license that it took over from, whose bindings it has.
ALTER TABLE license ADD COLUMN follows_id UUID REFERENCES license (id) ON DELETE SET NULL;
CREATE INDEX license_by_followed ON license (follows_id) WHERE follows_id IS NOT NULL;

-- room: plan_subscriptions
-- A service plan that a customer has: one line, with a license for each of its components.
CREATE TABLE plan_subscription (
  id UUID PRIMARY KEY,
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  seller_id UUID NOT NULL REFERENCES organization_node (id),
  plan_id UUID NOT NULL REFERENCES service_plan (id),
  -- The composition that it has, and the newest that was declined for it.
  composition BIGINT NOT NULL CHECK (composition > 0),
  declined BIGINT NOT NULL,
  -- First and last day of the present term, both inclusive, in the customer's zone when it was assigned.
  start_date DATE NOT NULL,
  end_date DATE NOT NULL,
  time_zone TEXT NOT NULL,
  auto_renews BOOLEAN NOT NULL,
  notice_days BIGINT NOT NULL CHECK (notice_days BETWEEN 0 AND 3660),
  -- Decisions by people; that its term is over follows from the clock.
  standing TEXT NOT NULL CHECK (standing IN ('running', 'superseded', 'ended')),
  -- The one that took its place.
  successor_id UUID REFERENCES plan_subscription (id),
  ended_at TIMESTAMP,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT plan_subscription_ended CHECK ((standing = 'running') = (ended_at IS NULL)),
  CONSTRAINT plan_subscription_succeeded CHECK (standing = 'superseded' OR successor_id IS NULL)
);
CREATE INDEX plan_subscription_of ON plan_subscription (organization_id, id);
CREATE INDEX plan_subscription_by_seller ON plan_subscription (seller_id, id);
CREATE INDEX plan_subscription_by_plan ON plan_subscription (plan_id, standing, id);
CREATE INDEX plan_subscription_by_end ON plan_subscription (end_date, id) WHERE standing = 'running';

-- room: plan_subscriptions
-- The licenses of a service plan that a customer has. One that took over from two has a part for each.
CREATE TABLE plan_subscription_part (
  subscription_id UUID NOT NULL REFERENCES plan_subscription (id),
  license_id UUID NOT NULL REFERENCES license (id) ON DELETE CASCADE,
  -- Which component of the composition it is of.
  position BIGINT NOT NULL CHECK (position >= 0),
  PRIMARY KEY (subscription_id, license_id)
);
CREATE INDEX plan_subscription_part_of ON plan_subscription_part (license_id);

-- room: plan_subscriptions
-- A customer tries a product once.
CREATE TABLE plan_trial (
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  product_id UUID NOT NULL REFERENCES product (id),
  subscription_id UUID NOT NULL REFERENCES plan_subscription (id),
  PRIMARY KEY (organization_id, product_id)
);

-- room: crossgrades
-- How a customer came from what it had to a service plan: what became of each overlap, and the money.
CREATE TABLE crossgrade (
  -- The subscription that it led to.
  id UUID PRIMARY KEY REFERENCES plan_subscription (id),
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  steps JSON NOT NULL,
  money JSON NOT NULL,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL
);
CREATE INDEX crossgrade_of ON crossgrade (organization_id, id);
