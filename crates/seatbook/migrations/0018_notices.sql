-- Notices: who is told that a license ends or that its units run low. Calendars: addresses at which last days are read.

-- room: licenses
-- The last days of one owner's and of one seller's licenses, in their order: what a calendar holds.
CREATE INDEX license_by_owner_end ON license (organization_id, ends_at, id);
CREATE INDEX license_by_seller_end ON license (seller_id, ends_at, id) WHERE seller_id IS NOT NULL;

-- room: notices
-- What an organization said about notices of the licenses it sold or, where nobody sold them, owns. Without a row they
-- are as they are by themselves.
CREATE TABLE notice_policy (
  organization_id UUID PRIMARY KEY REFERENCES organization_node (id),
  audience TEXT NOT NULL CHECK (audience IN ('customer', 'account_manager', 'both')),
  -- Days before the last one, the longest first; none for no notices.
  lead_days JSON NOT NULL,
  -- The longest of them, 0 where there are none: it bounds the days in which something can be due.
  longest_days BIGINT NOT NULL CHECK (longest_days BETWEEN 0 AND 730),
  version BIGINT NOT NULL
);
CREATE INDEX notice_policy_longest ON notice_policy (longest_days);

-- room: notices
-- What is otherwise for one license. What is null is as the policy says.
CREATE TABLE notice_rule (
  license_id UUID PRIMARY KEY REFERENCES license (id) ON DELETE CASCADE,
  audience TEXT CHECK (audience IN ('customer', 'account_manager', 'both')),
  lead_days JSON,
  longest_days BIGINT NOT NULL CHECK (longest_days BETWEEN 0 AND 730),
  -- Fewer free units than this, or fewer percent of all units, are told of. Null for never.
  low_units BIGINT CHECK (low_units > 0),
  low_percent BIGINT CHECK (low_percent BETWEEN 1 AND 100),
  version BIGINT NOT NULL
);
CREATE INDEX notice_rule_longest ON notice_rule (longest_days);
CREATE INDEX notice_rule_low ON notice_rule (license_id) WHERE low_units IS NOT NULL OR low_percent IS NOT NULL;

-- room: notices
-- All that one organization was told at one moment.
CREATE TABLE notice_digest (
  id UUID PRIMARY KEY,
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  -- The organization's day, on which it is told of ends once; null where units run low.
  day DATE,
  told_at TIMESTAMP NOT NULL,
  CONSTRAINT notice_digest_once UNIQUE (organization_id, day)
);

-- room: notices
-- The mails that a digest went out as: one for each of those who look after the licenses. None where there is nobody.
CREATE TABLE notice_mail (
  digest_id UUID NOT NULL REFERENCES notice_digest (id),
  mail_id UUID NOT NULL REFERENCES mail (id),
  CONSTRAINT notice_mail_key PRIMARY KEY (digest_id, mail_id)
);

-- room: notices
-- An organization was told that a license ends: once for each last day and lead time.
CREATE TABLE notice (
  license_id UUID NOT NULL REFERENCES license (id) ON DELETE CASCADE,
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  -- The last day that was said. A license that is extended has another, and is told of again.
  end_date DATE NOT NULL,
  lead_days BIGINT NOT NULL,
  -- `passed`: a shorter lead time was due as well, and that one was told. `nobody`: there was nobody to tell.
  state TEXT NOT NULL CHECK (state IN ('told', 'passed', 'nobody')),
  digest_id UUID NOT NULL REFERENCES notice_digest (id),
  CONSTRAINT notice_once PRIMARY KEY (license_id, organization_id, end_date, lead_days)
);

-- room: notices
-- Whether the free units of a license were below its threshold when they were last looked at.
CREATE TABLE low_pool (
  license_id UUID PRIMARY KEY REFERENCES license (id) ON DELETE CASCADE,
  low BOOLEAN NOT NULL,
  since TIMESTAMP NOT NULL,
  -- Counts how often that changed.
  version BIGINT NOT NULL
);

-- room: notices
-- An organization is told that the units of a license run low: once for each time they fell.
CREATE TABLE low_alert (
  license_id UUID NOT NULL REFERENCES license (id) ON DELETE CASCADE,
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  -- The version of `low_pool` when they fell.
  fall BIGINT NOT NULL,
  free BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  -- `due` from the fall until it was told, or there was nobody to tell.
  state TEXT NOT NULL CHECK (state IN ('due', 'told', 'nobody')),
  digest_id UUID REFERENCES notice_digest (id),
  CONSTRAINT low_alert_once PRIMARY KEY (license_id, organization_id, fall),
  CONSTRAINT low_alert_told CHECK ((state = 'due') = (digest_id IS NULL))
);
CREATE INDEX low_alert_due ON low_alert (organization_id) WHERE state = 'due';

-- room: calendars
-- The secret address of an organization's calendar, known by its fingerprint alone. The row stays when it is withdrawn.
CREATE TABLE calendar_feed (
  organization_id UUID PRIMARY KEY REFERENCES organization_node (id),
  -- Null: withdrawn.
  fingerprint TEXT,
  -- The last characters of the secret, so that people can tell addresses apart.
  hint TEXT NOT NULL,
  created_by UUID NOT NULL,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT calendar_feed_once UNIQUE (fingerprint)
);
