-- The journal's chains: what makes it tell when an entry was edited, removed, inserted or exchanged past Seatbook.

-- room: chain
-- How far the journal has been chained: every entry up to `seq`.
CREATE TABLE chain_place (
  id BIGINT PRIMARY KEY CHECK (id = 1),
  seq BIGINT NOT NULL,
  -- Counted up by whoever follows: of two who went on from the same place, one writes.
  turns BIGINT NOT NULL
);
INSERT INTO chain_place (id, seq, turns) VALUES (1, 0, 0);

-- room: chain
-- One link for each entry. Entries of one organization make one chain, in the order of `seq`; those that belong to none
-- make the chain of the nil id. `hash` is SHA-256 over `prev_hash` and the entry with all its changes; docs/operations.md
-- says which bytes. No foreign keys: a link outlives an entry that somebody removes.
CREATE TABLE journal_chain (
  seq BIGINT PRIMARY KEY,
  organization_id UUID NOT NULL,
  prev_hash BYTES NOT NULL,
  hash BYTES NOT NULL
);

-- room: chain
-- The last link of each chain.
CREATE TABLE chain_head (
  organization_id UUID PRIMARY KEY,
  seq BIGINT NOT NULL,
  hash BYTES NOT NULL
);

-- room: billing
-- Whose invoicing is parked: few, counted every few seconds.
CREATE INDEX billing_profile_parked_now ON billing_profile (organization_id) WHERE parked_reason IS NOT NULL;
