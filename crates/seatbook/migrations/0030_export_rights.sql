-- What a file holds beyond its list.

-- Permissions that filled columns of it, such as that for prices, each with the organizations where whoever asked held it
-- when it was written: without them the file is not there. Nothing for files that were written before.
ALTER TABLE export ADD COLUMN rights JSON;

-- Both lists are read in the order in which they were asked for.
CREATE INDEX unit_request_for ON unit_request (partner_id, id);
CREATE INDEX redemption_request_for ON redemption_request (partner_id, id);
