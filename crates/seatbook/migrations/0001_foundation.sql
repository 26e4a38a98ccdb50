-- What every room stands on: the tree with its closure, who may do what where, the journal, the keys of
-- requests. Type words in capitals are read by each engine in its own way (see the store's migrate module).

-- room: scope
-- One row, locked first by whatever changes the tree, so that two moves never weave a circle.
CREATE TABLE tree_lock (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  turns BIGINT NOT NULL
);
INSERT INTO tree_lock (id, turns) VALUES (1, 0);

-- room: scope
-- The shape of the tree. `blocked` says that this organization or one above it is suspended.
CREATE TABLE organization_node (
  id UUID PRIMARY KEY,
  parent_id UUID REFERENCES organization_node (id),
  depth BIGINT NOT NULL CHECK (depth >= 0),
  suspended BOOLEAN NOT NULL,
  blocked BOOLEAN NOT NULL
);
CREATE INDEX organization_node_children ON organization_node (parent_id, id);
-- There is one root: the provider.
CREATE UNIQUE INDEX organization_node_root ON organization_node (depth) WHERE parent_id IS NULL;

-- room: scope
-- Every pair of an organization and one at or below it; `distance` 0 is the organization itself.
CREATE TABLE organization_closure (
  ancestor_id UUID NOT NULL REFERENCES organization_node (id),
  descendant_id UUID NOT NULL REFERENCES organization_node (id),
  distance BIGINT NOT NULL CHECK (distance >= 0),
  PRIMARY KEY (ancestor_id, descendant_id)
);
CREATE INDEX organization_closure_up ON organization_closure (descendant_id, ancestor_id);

-- room: scope
-- Roles somebody made: a set of permissions, for use in the subtree of the organization that made it.
CREATE TABLE role (
  id UUID PRIMARY KEY,
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  name TEXT NOT NULL,
  permissions JSON NOT NULL,
  requires_second_factor BOOLEAN NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT role_name UNIQUE (organization_id, name)
);

-- room: scope
-- Who holds which role where. `role` names a built-in one, or repeats `role_id` as text.
CREATE TABLE membership (
  id UUID PRIMARY KEY,
  person_id UUID NOT NULL,
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  role TEXT NOT NULL,
  role_id UUID REFERENCES role (id),
  active BOOLEAN NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT membership_once UNIQUE (person_id, organization_id, role)
);
CREATE INDEX membership_by_organization ON membership (organization_id, person_id);

-- room: journal
-- Every change ever made: append only. `seq` is given by the sealer, in the order in which readers may
-- follow; until then it is null. Holds ids, no personal data.
CREATE TABLE journal (
  id UUID PRIMARY KEY,
  seq BIGINT,
  at TIMESTAMP NOT NULL,
  actor_id UUID NOT NULL,
  token_id UUID,
  organization_id UUID,
  origin TEXT NOT NULL,
  command TEXT NOT NULL,
  input JSON NOT NULL,
  outcome JSON,
  request_id TEXT,
  undoes UUID,
  CONSTRAINT journal_seq UNIQUE (seq)
);
CREATE INDEX journal_unsealed ON journal (id) WHERE seq IS NULL;
CREATE INDEX journal_by_organization ON journal (organization_id, id);
-- An entry is undone once.
CREATE UNIQUE INDEX journal_undoes ON journal (undoes) WHERE undoes IS NOT NULL;

-- room: journal
-- Each row a journal entry changed, as it was and as it is. Versions of one row count without gaps: a
-- missing number is a lost entry.
CREATE TABLE change (
  noun TEXT NOT NULL,
  row_id UUID NOT NULL,
  version BIGINT NOT NULL,
  journal_id UUID NOT NULL REFERENCES journal (id),
  organization_id UUID,
  before JSON,
  after JSON,
  PRIMARY KEY (noun, row_id, version)
);
CREATE INDEX change_by_journal ON change (journal_id);

-- room: journal
-- Who numbers the journal now, and what number was given last.
CREATE TABLE seal (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  holder UUID,
  until TIMESTAMP NOT NULL,
  last_seq BIGINT NOT NULL
);
INSERT INTO seal (id, holder, until, last_seq) VALUES (1, NULL, EPOCH, 0);

-- room: gate
-- One row for every request that was decided, with its answer: the same request again is the same answer.
CREATE TABLE request_key (
  actor_id UUID NOT NULL,
  key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  refused BOOLEAN NOT NULL,
  answer TEXT NOT NULL,
  journal_id UUID,
  at TIMESTAMP NOT NULL,
  PRIMARY KEY (actor_id, key)
);
CREATE INDEX request_key_by_age ON request_key (at);
