-- What was decided about the renewal of units.

-- room: subscriptions
-- A subscription is a pool seen from its renewal: a license's own pool, or the share that an organization was
-- passed. It goes by the pool's id. A row stands here only where somebody decided something; without one, all
-- units renew at the end of the license, if it has an end.
CREATE TABLE subscription (
  -- A license that was never used can be deleted, and what was decided of it goes with it.
  id UUID PRIMARY KEY REFERENCES pool (id) ON DELETE CASCADE,
  license_id UUID NOT NULL REFERENCES license (id),
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  -- Whether it renews at all.
  auto_renews BOOLEAN NOT NULL,
  -- Days before the end from which the next term is announced.
  notice_days BIGINT NOT NULL CHECK (notice_days BETWEEN 0 AND 3660),
  -- Units that shall not renew although the others do.
  lapsing BIGINT NOT NULL CHECK (lapsing >= 0),
  -- Who gives way at the renewal where those units are in use then: the rule that was accepted, and the
  -- assignments that it, or a person, chose. The renewal frees these first.
  rule TEXT CHECK (rule IN ('never_used', 'idle_longest', 'newest')),
  losers JSON NOT NULL,
  -- Since when it, or a part of it, shall not renew, and who said so.
  unsubscribed_at TIMESTAMP,
  unsubscribed_by UUID,
  version BIGINT NOT NULL,
  CONSTRAINT subscription_unsubscribed CHECK ((unsubscribed_at IS NULL) = (unsubscribed_by IS NULL))
);
CREATE INDEX subscription_by_owner ON subscription (organization_id, id);

-- room: assignments
-- Finding what was terminated of a pool, to bring it back.
CREATE INDEX assignment_ended ON assignment (pool_id, ended_at) WHERE ending = 'terminated';
CREATE INDEX assignment_followed ON assignment (follows_id) WHERE follows_id IS NOT NULL;
