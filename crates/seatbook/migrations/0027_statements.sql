-- Statements of distributors, laid beside what customers hold, use and are billed for.

-- room: statements
-- One file that a distributor sent about one month. Another one for the same month takes its place; each is forgotten
-- after 90 days.
CREATE TABLE statement (
  id UUID PRIMARY KEY,
  -- Whose customers it names.
  organization_id UUID NOT NULL REFERENCES organization_node (id),
  -- The first day of the month it is about.
  month DATE NOT NULL,
  file_name TEXT NOT NULL,
  headings JSON NOT NULL,
  -- Which field is read from which column, counted from zero.
  mapping JSON NOT NULL,
  row_count BIGINT NOT NULL,
  -- Rows that are of a customer and a product we know.
  matched BIGINT NOT NULL CHECK (matched BETWEEN 0 AND row_count),
  created_at TIMESTAMP NOT NULL,
  version BIGINT NOT NULL,
  CONSTRAINT statement_once UNIQUE (organization_id, month)
);
CREATE INDEX statement_by_age ON statement (created_at);

-- room: statements
-- One row of such a file, and what it says, as far as it could be read.
CREATE TABLE statement_row (
  statement_id UUID NOT NULL REFERENCES statement (id) ON DELETE CASCADE,
  -- Its place in the file; the heading is 1.
  number BIGINT NOT NULL,
  cells JSON NOT NULL,
  organization_id UUID REFERENCES organization_node (id),
  product_id UUID REFERENCES product (id),
  -- Below zero where units are given back.
  quantity BIGINT,
  amount_minor BIGINT,
  currency TEXT,
  -- What is wrong with it: column, code, sentence.
  remarks JSON,
  -- It has a customer, a product and a number of units.
  matched BOOLEAN NOT NULL,
  PRIMARY KEY (statement_id, number),
  CONSTRAINT statement_row_matched CHECK (matched = FALSE
    OR (organization_id IS NOT NULL AND product_id IS NOT NULL AND quantity IS NOT NULL)),
  CONSTRAINT statement_row_amount CHECK ((amount_minor IS NULL) = (currency IS NULL))
);
CREATE INDEX statement_row_by_match ON statement_row (statement_id, matched, number);
-- Also for what must know whether a customer or a product is named anywhere before it goes.
CREATE INDEX statement_row_by_organization ON statement_row (organization_id, statement_id);
CREATE INDEX statement_row_by_product ON statement_row (product_id);
