-- Organizations, and the people who sign in.

-- room: organizations
CREATE TABLE organization (
  id UUID PRIMARY KEY REFERENCES organization_node (id),
  kind TEXT NOT NULL CHECK (kind IN ('provider', 'partner', 'customer')),
  name TEXT NOT NULL,
  reference TEXT,
  website TEXT,
  tax_id TEXT,
  note TEXT NOT NULL,
  -- How it pays: 'license' shows the license model's pages, 'usage' does not.
  pricing_model TEXT NOT NULL CHECK (pricing_model IN ('license', 'usage')),
  time_zone TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL
);
CREATE INDEX organization_by_name ON organization (name, id);
-- The key by which imports and other systems know it: unique in the whole tree, where there is one.
CREATE UNIQUE INDEX organization_reference ON organization (reference) WHERE reference IS NOT NULL;

-- room: organizations
CREATE SEARCH organization_search;

-- room: access
-- A person is one by e-mail across the platform. Erasing a person empties name and e-mail.
CREATE TABLE person (
  id UUID PRIMARY KEY,
  email TEXT NOT NULL,
  name TEXT NOT NULL,
  password_hash TEXT,
  -- Seconds of back-off after failures are computed from these two.
  failures BIGINT NOT NULL,
  failed_at TIMESTAMP,
  totp_secret TEXT,
  totp_confirmed BOOLEAN NOT NULL,
  -- The last time step that was accepted: a code works once.
  totp_step BIGINT NOT NULL,
  active BOOLEAN NOT NULL,
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT person_email UNIQUE (email)
);

-- room: access
CREATE TABLE recovery_code (
  person_id UUID NOT NULL REFERENCES person (id),
  fingerprint TEXT NOT NULL,
  used_at TIMESTAMP,
  PRIMARY KEY (person_id, fingerprint)
);

-- room: access
-- A browser that is signed in. Found by the fingerprint of its cookie.
CREATE TABLE session (
  id UUID PRIMARY KEY,
  person_id UUID NOT NULL REFERENCES person (id),
  fingerprint TEXT NOT NULL,
  -- The second factor is still to come: the session may do nothing else.
  awaits_second_factor BOOLEAN NOT NULL,
  -- The organization the person acts for in this browser; where it is empty, the first they belong to.
  organization_id UUID REFERENCES organization_node (id),
  created_at TIMESTAMP NOT NULL,
  seen_at TIMESTAMP NOT NULL,
  user_agent TEXT NOT NULL,
  CONSTRAINT session_fingerprint UNIQUE (fingerprint)
);
CREATE INDEX session_by_person ON session (person_id);

-- room: access
-- A program's credential: shown once, kept as a fingerprint, never wider than its person.
CREATE TABLE api_token (
  id UUID PRIMARY KEY,
  person_id UUID NOT NULL REFERENCES person (id),
  name TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  -- The last four characters, so that people can tell tokens apart.
  hint TEXT NOT NULL,
  permissions JSON NOT NULL,
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP,
  used_at TIMESTAMP,
  revoked_at TIMESTAMP,
  version BIGINT NOT NULL,
  CONSTRAINT api_token_fingerprint UNIQUE (fingerprint)
);
CREATE INDEX api_token_by_person ON api_token (person_id);

-- room: access
-- A link that lets somebody in once: the first set-up, an invitation, a reset.
CREATE TABLE invitation (
  id UUID PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('set_up', 'invitation', 'reset')),
  fingerprint TEXT NOT NULL,
  email TEXT NOT NULL,
  organization_id UUID REFERENCES organization_node (id),
  role TEXT,
  role_id UUID REFERENCES role (id),
  invited_by UUID,
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  used_at TIMESTAMP,
  revoked_at TIMESTAMP,
  version BIGINT NOT NULL,
  CONSTRAINT invitation_fingerprint UNIQUE (fingerprint)
);
CREATE INDEX invitation_by_organization ON invitation (organization_id, id);
