-- The overview: what organizations hold, added up beforehand. All of it follows from the book and can be made anew.

-- room: figures
-- How far the journal has been followed, and the clock: everything up to `seq` is counted, and every license that began
-- or ended up to `clock_at`, at that very instant up to `clock_id`.
CREATE TABLE figure_place (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  seq BIGINT NOT NULL,
  clock_at TIMESTAMP NOT NULL,
  clock_id UUID,
  -- Counted up by whoever follows: of two who went on from the same place, one writes.
  turns BIGINT NOT NULL
);
INSERT INTO figure_place (id, seq, clock_at, clock_id, turns) VALUES (1, 0, EPOCH, NULL, 0);

-- room: figures
-- What is counted of a pool: its balance as the journal has told it so far, and what follows from its license. No foreign
-- keys here and below: a pool that is removed from the book is removed here a moment later.
CREATE TABLE figure_pool (
  pool_id UUID PRIMARY KEY,
  organization_id UUID NOT NULL,
  product_id UUID NOT NULL,
  -- The pool's version that the balance is of: entries of one row may be numbered out of turn.
  version BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  allocated BIGINT NOT NULL,
  assigned BIGINT NOT NULL,
  -- Whether its license is active; else nothing of it is in the sums below.
  active BOOLEAN NOT NULL,
  -- The first day of the month in which its license ends.
  month DATE,
  -- What its units cost at the license's price, where the pool is the license's own and there is a price.
  worth_minor BIGINT,
  currency TEXT
);

-- room: figures
-- What an organization holds of a product in active licenses.
CREATE TABLE figure (
  organization_id UUID NOT NULL,
  product_id UUID NOT NULL,
  licenses BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  allocated BIGINT NOT NULL,
  assigned BIGINT NOT NULL,
  CONSTRAINT figure_key PRIMARY KEY (organization_id, product_id)
);

-- room: figures
-- The same as it was at the end of a week that begins on a Monday, in UTC. A week in which nothing changed has no row.
CREATE TABLE figure_week (
  organization_id UUID NOT NULL,
  product_id UUID NOT NULL,
  week DATE NOT NULL,
  quantity BIGINT NOT NULL,
  allocated BIGINT NOT NULL,
  assigned BIGINT NOT NULL,
  CONSTRAINT figure_week_key PRIMARY KEY (organization_id, product_id, week)
);

-- room: figures
-- What of an organization's active licenses ends in a month, by the currency of its price; empty where there is none.
CREATE TABLE figure_month (
  organization_id UUID NOT NULL,
  month DATE NOT NULL,
  currency TEXT NOT NULL,
  licenses BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  worth_minor BIGINT NOT NULL,
  CONSTRAINT figure_month_key PRIMARY KEY (organization_id, month, currency)
);

-- room: invoices
-- What is not paid yet, however much was.
CREATE INDEX invoice_balance_open ON invoice_balance (invoice_id) WHERE paid_minor + credited_minor < total_minor;

-- room: jobs
CREATE INDEX job_failed ON job (id) WHERE state IN ('refused', 'dead');
