-- What a file holds beyond its list.

-- Permissions that filled columns of it, such as that for prices, each with the organizations where whoever asked held it
-- when it was written: without them the file is not there. Nothing for files that were written before.
ALTER TABLE export ADD COLUMN rights JSON;
