-- The customers of a license as a workbook that comes back. What was exported is remembered for a while, so that what
-- somebody edited in the file is told from what others did meanwhile, and a removed row from one that was never there.

-- room: workbooks
CREATE TABLE workbook (
  id UUID PRIMARY KEY,
  -- Whose customers: of this pool of that license. No references: remembering what was exported keeps nothing in the book.
  pool_id UUID NOT NULL,
  license_id UUID NOT NULL,
  -- Who holds the pool.
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  -- What the customers were narrowed to; empty for all of them.
  keyword TEXT NOT NULL,
  -- Customers in it.
  row_count BIGINT NOT NULL,
  -- It has too many to come back, and nothing is remembered of them.
  read_only BOOLEAN NOT NULL,
  -- All of its rows are written down.
  ready BOOLEAN NOT NULL,
  created_by UUID NOT NULL,
  created_at TIMESTAMP NOT NULL,
  -- From then on it is forgotten, and cannot come back.
  expires_at TIMESTAMP NOT NULL
);
CREATE INDEX workbook_of ON workbook (organization_id, id);
CREATE INDEX workbook_forgotten ON workbook (expires_at, id);

-- room: workbooks
-- A customer as it was exported.
CREATE TABLE workbook_row (
  workbook_id UUID NOT NULL REFERENCES workbook (id),
  -- From 1, in the order of the file.
  number BIGINT NOT NULL,
  organization_id UUID NOT NULL,
  name TEXT NOT NULL,
  reference TEXT,
  kind TEXT NOT NULL,
  units BIGINT NOT NULL,
  in_use BIGINT NOT NULL,
  -- When its units last changed.
  changed_at TIMESTAMP NOT NULL,
  PRIMARY KEY (workbook_id, number)
);
CREATE UNIQUE INDEX workbook_row_once ON workbook_row (workbook_id, organization_id);

-- room: imports
-- What becomes of a row is a matter of the program, which knows one more word, 'remove': the table is written again
-- without its list of words.
ALTER TABLE import_row RENAME TO import_row_before;
CREATE TABLE import_row (
  batch_id UUID NOT NULL REFERENCES import_batch (id),
  -- Its place in the file, counted from 1 for the heading line. Rows of a workbook that are missing stand behind the last.
  number BIGINT NOT NULL,
  cells JSON NOT NULL,
  -- What becomes, or became, of it; empty until it is checked.
  outcome TEXT NOT NULL,
  -- What is wrong with it or was done to it: column, code, sentence, whether it is an error.
  remarks JSON,
  PRIMARY KEY (batch_id, number)
);
INSERT INTO import_row (batch_id, number, cells, outcome, remarks)
  SELECT batch_id, number, cells, outcome, remarks FROM import_row_before;
DROP TABLE import_row_before;
CREATE INDEX import_row_by_outcome ON import_row (batch_id, outcome, number);
