-- Invoices on their way: what was made of them, once.

-- room: dispatch
-- A finalized invoice as a file. It is made once: what was sent is what is kept.
CREATE TABLE invoice_document (
  invoice_id UUID NOT NULL REFERENCES invoice (id),
  kind TEXT NOT NULL CHECK (kind IN ('pdf', 'facturx', 'ubl')),
  content BYTES NOT NULL,
  created_at TIMESTAMP NOT NULL,
  CONSTRAINT invoice_document_key PRIMARY KEY (invoice_id, kind)
);
