-- Compositions: what a service plan is made of changed, and for each customer somebody approves that or declines it.

-- room: licenses
-- The service plan that it is a part of, or was before it was left over.
ALTER TABLE license ADD COLUMN plan_id UUID REFERENCES service_plan (id);
-- The newest composition of that plan about which somebody decided here: as long as the plan has a newer one, units,
-- price and term stay as they are. It follows from the plan subscription, as the dates of a pool follow from its license.
ALTER TABLE license ADD COLUMN settled_composition BIGINT;
CREATE INDEX license_by_plan ON license (plan_id) WHERE plan_id IS NOT NULL;
UPDATE license SET
  plan_id = (SELECT q.plan_id FROM plan_subscription_part t JOIN plan_subscription q ON q.id = t.subscription_id
    WHERE t.license_id = license.id ORDER BY q.id DESC LIMIT 1),
  settled_composition = (SELECT CASE WHEN q.declined > q.composition THEN q.declined ELSE q.composition END
    FROM plan_subscription_part t JOIN plan_subscription q ON q.id = t.subscription_id
    WHERE t.license_id = license.id ORDER BY q.id DESC LIMIT 1)
  WHERE id IN (SELECT license_id FROM plan_subscription_part);
