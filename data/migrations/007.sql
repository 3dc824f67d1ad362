-- How many certificates there are of each state, and which ends first, is counted without
-- their rows.
CREATE INDEX certificates_state ON certificates (state, not_after);
