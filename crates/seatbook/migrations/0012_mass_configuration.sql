-- Files of telephone extensions.

-- room: extensions
-- Whether a direct number uses a unit of its own; an organization without a row counts them.
CREATE TABLE extension_policy (
  organization_id UUID PRIMARY KEY REFERENCES organization_node (id),
  counts_numbers BOOLEAN NOT NULL,
  version BIGINT NOT NULL
);

-- room: imports
-- The kinds of files are a matter of the program, which knows one more: both tables are written again, the one
-- without its list of kinds and the other because it refers to it.
ALTER TABLE import_row RENAME TO import_row_before;
ALTER TABLE import_batch RENAME TO import_batch_before;
CREATE TABLE import_batch (
  id UUID PRIMARY KEY,
  kind TEXT NOT NULL,
  -- Where what is imported belongs, and who may see the file.
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  file_name TEXT NOT NULL,
  -- SHA-256 of the file as it was sent: the same content again must be asked for.
  content_hash TEXT NOT NULL,
  -- What the file was, by its content: 'csv' or 'xlsx'. Encoding and separator are empty for a workbook.
  format TEXT NOT NULL,
  encoding TEXT NOT NULL,
  separator TEXT NOT NULL,
  -- The sheets of a workbook that can be seen; the first is the one that was read.
  sheets JSON NOT NULL,
  headings JSON NOT NULL,
  row_count BIGINT NOT NULL,
  -- Which field is read from which column, counted from zero.
  mapping JSON NOT NULL,
  -- Where the mapping comes from: 'guessed' from the headings, 'remembered' from the last file of this shape, 'said'.
  mapped TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('staging', 'staged', 'checked', 'applying', 'applied', 'refused')),
  -- 'all' or 'good', once it is applied.
  mode TEXT,
  -- Rows by what became of them, as of the last check or of the application.
  counts JSON NOT NULL,
  -- What was done with what is odd about the file: code, sentence, rows.
  oddities JSON NOT NULL,
  actor_id UUID NOT NULL,
  created_at TIMESTAMP NOT NULL,
  applied_at TIMESTAMP,
  undone_at TIMESTAMP,
  version BIGINT NOT NULL
);
INSERT INTO import_batch (id, kind, organization_id, file_name, content_hash, format, encoding, separator, sheets,
  headings, row_count, mapping, mapped, state, mode, counts, oddities, actor_id, created_at, applied_at, undone_at, version)
  SELECT id, kind, organization_id, file_name, content_hash, format, encoding, separator, sheets, headings, row_count,
  mapping, mapped, state, mode, counts, oddities, actor_id, created_at, applied_at, undone_at, version
  FROM import_batch_before;
-- One record of a file. `outcome` is empty until it is checked.
CREATE TABLE import_row (
  batch_id UUID NOT NULL REFERENCES import_batch (id),
  -- Its place in the file, counted from 1 for the heading line.
  number BIGINT NOT NULL,
  cells JSON NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('', 'create', 'update', 'same', 'bad')),
  -- What is wrong with it or was done to it: column, code, sentence, whether it is an error.
  remarks JSON,
  PRIMARY KEY (batch_id, number)
);
INSERT INTO import_row (batch_id, number, cells, outcome, remarks)
  SELECT batch_id, number, cells, outcome, remarks FROM import_row_before;
DROP TABLE import_row_before;
DROP TABLE import_batch_before;
CREATE INDEX import_batch_by_organization ON import_batch (organization_id, id);
CREATE INDEX import_batch_by_content ON import_batch (content_hash, kind);
CREATE INDEX import_row_by_outcome ON import_row (batch_id, outcome, number);
