-- Files on their way into the book, and the keys by which other systems know what is in the catalog.

-- room: catalog
-- The key by which other systems know it, such as a vendor's GUID: unique, where there is one.
ALTER TABLE product ADD COLUMN reference TEXT;
CREATE UNIQUE INDEX product_reference ON product (reference) WHERE reference IS NOT NULL;
ALTER TABLE sku ADD COLUMN reference TEXT;
CREATE UNIQUE INDEX sku_reference ON sku (reference) WHERE reference IS NOT NULL;

-- room: imports
-- One uploaded file. It is staged row by row, mapped, checked, and applied at most once.
CREATE TABLE import_batch (
  id UUID PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('catalog', 'organizations', 'licenses', 'allocations')),
  -- Where what is imported belongs, and who may see the file.
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  file_name TEXT NOT NULL,
  -- SHA-256 of the file as it was sent: the same content again must be asked for.
  content_hash TEXT NOT NULL,
  -- How it was read: encoding, separator, headings.
  encoding TEXT NOT NULL,
  separator TEXT NOT NULL,
  headings JSON NOT NULL,
  row_count BIGINT NOT NULL,
  -- Which field is read from which column, counted from zero.
  mapping JSON NOT NULL,
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
  version BIGINT NOT NULL
);
CREATE INDEX import_batch_by_organization ON import_batch (organization_id, id);
CREATE INDEX import_batch_by_content ON import_batch (content_hash, kind);

-- room: imports
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
CREATE INDEX import_row_by_outcome ON import_row (batch_id, outcome, number);
