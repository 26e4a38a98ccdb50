-- Lists as files: asked for, written in pieces, kept for a week.

-- room: exports
-- A list that somebody asked for as a file. With its pieces it is forgotten when it has expired.
CREATE TABLE export (
  id UUID PRIMARY KEY,
  -- The organization acted for.
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  -- The one person who gets the file.
  asked_by UUID NOT NULL,
  list TEXT NOT NULL,
  -- The license or organization whose list it is, where there is one.
  subject_id UUID,
  -- Search, filters, order and columns as the list's address says them. Stands here alone: a search may name a person.
  query TEXT NOT NULL,
  format TEXT NOT NULL CHECK (format IN ('csv', 'xlsx')),
  job_id UUID NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('writing', 'ready')),
  -- Whose pieces the file is made of: each try draws its own, so that one that was overtaken spoils nothing.
  writing_id UUID,
  rows_written BIGINT,
  size_bytes BIGINT,
  created_at TIMESTAMP NOT NULL,
  ready_at TIMESTAMP,
  expires_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT export_ready CHECK ((state = 'ready') = (writing_id IS NOT NULL))
);
CREATE INDEX export_by_expiry ON export (expires_at, id);

-- room: exports
-- The content of a file, in its order.
CREATE TABLE export_piece (
  export_id UUID NOT NULL REFERENCES export (id),
  writing_id UUID NOT NULL,
  position BIGINT NOT NULL,
  content BYTES NOT NULL,
  CONSTRAINT export_piece_key PRIMARY KEY (export_id, writing_id, position)
);
