-- +goose Up
-- Contacts of all kinds in a term (engagement.Contacts). Missed and pending ones are counted already.
ALTER TABLE standing ADD COLUMN met BIGINT NOT NULL DEFAULT 0;     -- on time, late or online
ALTER TABLE standing ADD COLUMN excused BIGINT NOT NULL DEFAULT 0; -- in an authorised absence
DELETE FROM run WHERE job = 'judge'; -- everybody is judged again, which fills them in

-- Findings are listed by when they were met.
CREATE INDEX finding_met ON finding (as_of);

-- +goose Down
SELECT 1;
