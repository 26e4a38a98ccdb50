-- Imports of workbooks, and mappings that are known from the last time.

-- What the file was, by its content: 'csv' or 'xlsx'. Encoding and separator are empty for a workbook.
ALTER TABLE import_batch ADD COLUMN format TEXT NOT NULL DEFAULT 'csv';
-- The sheets of a workbook that can be seen; the first is the one that was read.
ALTER TABLE import_batch ADD COLUMN sheets JSON NOT NULL DEFAULT '[]';
-- Where the mapping comes from: 'guessed' from the headings, 'remembered' from the last file of this shape, 'said'.
ALTER TABLE import_batch ADD COLUMN mapped TEXT NOT NULL DEFAULT 'guessed';

-- room: imports
-- Which column was which, when a file of this shape was last mapped by hand and applied. It follows from that import,
-- which the journal has, and is no version of its own.
CREATE TABLE import_mapping (
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  kind TEXT NOT NULL,
  -- SHA-256 of the headings in small letters, sorted: files with the same columns in another order are one shape.
  shape TEXT NOT NULL,
  -- The heading of the column for each field.
  mapping JSON NOT NULL,
  said_at TIMESTAMP NOT NULL,
  PRIMARY KEY (organization_id, kind, shape)
);
