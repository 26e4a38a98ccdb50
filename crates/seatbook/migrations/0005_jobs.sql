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
  -- The API token it was asked with and the permissions that token was held to: the job is held to them too.
  token_id UUID,
  limits JSON,
  -- Not before this instant; moves on after a failure. While it runs: when the lease of its worker ends
  -- and another may take it over, so that one index finds whatever is due.
  run_at TIMESTAMP NOT NULL,
  -- Drawn anew whenever it is taken: who lost a lease cannot write any more.
  worker UUID,
  -- How often it was taken, counted from the last time somebody told it to try again.
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
  -- What went wrong in earlier tries, oldest first.
  failures JSON NOT NULL,
  created_at TIMESTAMP NOT NULL,
  started_at TIMESTAMP,
  ended_at TIMESTAMP,
  -- Counts what people did to it. What a worker writes is no change to the book.
  version BIGINT NOT NULL
);
CREATE INDEX job_due ON job (run_at, id) WHERE state IN ('queued', 'waiting', 'running');
CREATE INDEX job_by_organization ON job (organization_id, id);

-- room: jobs
CREATE SEARCH job_search;
