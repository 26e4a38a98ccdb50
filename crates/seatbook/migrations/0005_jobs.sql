-- Long work that survives a crash.

-- room: jobs
CREATE TABLE job (
  id UUID PRIMARY KEY,
  -- Which code does it.
  kind TEXT NOT NULL,
  -- What it does, in words: "Update of SO-10482".
  title TEXT NOT NULL,
  payload JSON NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'waiting', 'done', 'refused', 'dead', 'canceled')),
  -- Who asked, and where it belongs: the job does what they may do when it runs.
  actor_id UUID NOT NULL,
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  -- Not before this instant; moves on after a failure.
  run_at TIMESTAMP NOT NULL,
  worker UUID,
  lease_until TIMESTAMP,
  attempts BIGINT NOT NULL,
  cancel_requested BOOLEAN NOT NULL,
  rows_done BIGINT NOT NULL,
  rows_total BIGINT NOT NULL,
  -- Where the work goes on after a crash.
  cursor JSON,
  -- Why it was refused or died, or what it did.
  code TEXT,
  message TEXT NOT NULL,
  result JSON,
  created_at TIMESTAMP NOT NULL,
  ended_at TIMESTAMP,
  version BIGINT NOT NULL
);
CREATE INDEX job_waiting ON job (run_at, id) WHERE state IN ('queued', 'waiting');
CREATE INDEX job_leased ON job (lease_until) WHERE state = 'running';
CREATE INDEX job_by_organization ON job (organization_id, id);
