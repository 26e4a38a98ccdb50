-- What the list of holders over all organizations is walked along.

-- room: holders
CREATE INDEX holder_by_name_of_all ON holder (name, id);
