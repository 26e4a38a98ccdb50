-- Backups: which copies of the book were proven, and a book that came from one.

-- room: backups
-- A copy of the whole book that was opened and proven. Written by the command that made it, past the gate: it is no
-- change to the book. How long ago the newest was is what an operator watches.
CREATE TABLE backup (
  id UUID PRIMARY KEY,
  -- The moment that the copy shows is not earlier than the first and not later than the second.
  begun_at TIMESTAMP NOT NULL,
  ended_at TIMESTAMP NOT NULL,
  -- All its files together.
  bytes BIGINT NOT NULL,
  -- Of `manifest.json`, which has that of every other file.
  manifest_sha256 TEXT NOT NULL
);
CREATE INDEX backup_by_age ON backup (ended_at);

-- room: quarantine
-- One row in a book that was restored and that nobody has released yet: it can be read, and nothing else happens in it.
CREATE TABLE quarantine (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  since TIMESTAMP NOT NULL,
  -- The backup it was restored from, and when that was made.
  backup_id UUID NOT NULL,
  backup_at TIMESTAMP NOT NULL,
  -- How far the book was then: the newest of everything that is counted.
  high_water JSON NOT NULL
);

-- room: invoices
-- Numbers of a series that were given in a book that was lost, and stand on no invoice of this one: they are not given
-- again. The only holes that a series may have.
CREATE TABLE invoice_gap (
  issuer_id UUID NOT NULL,
  series TEXT NOT NULL,
  first_number BIGINT NOT NULL CHECK (first_number > 0),
  last_number BIGINT NOT NULL CHECK (last_number >= first_number),
  CONSTRAINT invoice_gap_key PRIMARY KEY (issuer_id, series, first_number),
  CONSTRAINT invoice_gap_of FOREIGN KEY (issuer_id, series) REFERENCES invoice_counter (issuer_id, series)
);
