-- A long file is applied in steps. Where it is taken back and applied anew, its steps are new ones.

ALTER TABLE import_batch ADD COLUMN attempt BIGINT NOT NULL DEFAULT 1;
