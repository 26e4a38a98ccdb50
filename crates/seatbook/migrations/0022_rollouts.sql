-- Rollouts: one decision about a service plan for many customers.

-- room: rollouts
-- What is to be done about a plan. It goes with its plan while nobody was given that.
CREATE TABLE rollout (
  id UUID PRIMARY KEY,
  -- Who sells: whose customers these are, and who may see it.
  seller_id UUID NOT NULL REFERENCES organization_node (id),
  plan_id UUID NOT NULL REFERENCES service_plan (id) ON DELETE CASCADE,
  action TEXT NOT NULL CHECK (action IN ('assign', 'approve', 'decline')),
  -- What is ordered for each of them: units, days, where units come from.
  terms JSON NOT NULL,
  -- The changed composition that is approved or declined.
  composition BIGINT,
  state TEXT NOT NULL CHECK (state IN ('checking', 'ready', 'applying', 'done', 'canceled')),
  -- It was asked for on the condition that all fit.
  only_if_all_fit BOOLEAN NOT NULL,
  row_count BIGINT NOT NULL CHECK (row_count > 0),
  -- The jobs that check it and do it.
  check_job_id UUID NOT NULL,
  apply_job_id UUID,
  actor_id UUID NOT NULL,
  created_at TIMESTAMP NOT NULL,
  -- When it was done or canceled.
  ended_at TIMESTAMP,
  version BIGINT NOT NULL,
  CONSTRAINT rollout_composition CHECK ((action = 'assign') = (composition IS NULL)),
  CONSTRAINT rollout_ended CHECK ((state IN ('done', 'canceled')) = (ended_at IS NOT NULL))
);
CREATE INDEX rollout_by_seller ON rollout (seller_id, id);
CREATE INDEX rollout_by_plan ON rollout (plan_id, id);

-- room: rollouts
-- One customer of a rollout, and the answer for it.
CREATE TABLE rollout_row (
  rollout_id UUID NOT NULL REFERENCES rollout (id) ON DELETE CASCADE,
  -- Its place, from 1: what is too little for all goes to the first.
  position BIGINT NOT NULL CHECK (position > 0),
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  state TEXT NOT NULL CHECK (state IN ('waiting', 'fits', 'refused', 'done')),
  -- Why it was refused.
  code TEXT,
  message TEXT NOT NULL,
  -- The plan subscription it is about, or led to; one that was taken back is gone.
  subscription_id UUID,
  PRIMARY KEY (rollout_id, position),
  CONSTRAINT rollout_row_refused CHECK ((state = 'refused') = (code IS NOT NULL))
);
CREATE INDEX rollout_row_by_state ON rollout_row (rollout_id, state, position);
CREATE INDEX rollout_row_of ON rollout_row (organization_id);
