-- What the lists of licenses are walked along and narrowed by.

-- room: licenses
-- The order of first days, which also finds what has not begun.
CREATE INDEX pool_by_start ON pool (organization_id, starts_at, id);
-- Paused, ended and unissued licenses are few, and stand in no order of dates.
CREATE INDEX pool_closed ON pool (organization_id, id) WHERE open = FALSE;

-- room: licenses
-- What ended or has not begun, over all owners.
CREATE INDEX license_by_end ON license (ends_at, id);
CREATE INDEX license_by_start ON license (starts_at, id);
-- The longest warning bounds the days in which something can be expiring soon.
CREATE INDEX license_by_warning ON license (expiring_days);
