-- What another day is told from.

-- room: journal
-- Where rows began, by organization: what one held once is found without reading all that happened since.
CREATE INDEX change_born ON change (organization_id, noun, journal_id, row_id) WHERE version = 1;
