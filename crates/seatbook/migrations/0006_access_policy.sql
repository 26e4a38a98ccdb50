-- Who must bring a second factor, how patient the door is, and how people are found.

-- room: access
-- Built-in roles for which the operator demands a second factor. Custom roles say so themselves.
CREATE TABLE role_policy (
  id UUID PRIMARY KEY,
  role TEXT NOT NULL,
  requires_second_factor BOOLEAN NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT role_policy_role UNIQUE (role)
);

-- room: access
-- Wrong passwords, by a keyed fingerprint of the e-mail address as it was typed: an address nobody has is
-- counted like any other, so that the back-off tells nothing. Rows are forgotten after a day.
CREATE TABLE sign_in_failure (
  print TEXT PRIMARY KEY,
  failures BIGINT NOT NULL,
  failed_at TIMESTAMP NOT NULL
);
CREATE INDEX sign_in_failure_by_age ON sign_in_failure (failed_at);

-- room: access
CREATE SEARCH person_search;

-- room: access
CREATE INDEX person_by_name ON person (name, id);
CREATE INDEX session_by_age ON session (created_at);

-- room: scope
CREATE INDEX membership_by_role ON membership (role_id) WHERE role_id IS NOT NULL;
