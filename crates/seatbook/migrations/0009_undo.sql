-- Taking changes back: one entry may take back several, such as all parts of an imported file.

-- room: journal
-- Which entry took which one back. An entry is taken back once.
CREATE TABLE undoing (
  journal_id UUID PRIMARY KEY REFERENCES journal (id),
  by_id UUID NOT NULL REFERENCES journal (id)
);
CREATE INDEX undoing_by ON undoing (by_id, journal_id);
DROP INDEX journal_undoes;
ALTER TABLE journal DROP COLUMN undoes;

-- room: imports
-- When what the file brought in was taken out again.
ALTER TABLE import_batch ADD COLUMN undone_at TIMESTAMP;

-- room: licenses
-- What keeps a product on the shelf.
CREATE INDEX license_by_product ON license (product_id, id);
