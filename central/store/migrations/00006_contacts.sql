-- +goose Up
-- Contacts of all kinds in a term (engagement.Contacts). Missed and pending ones are counted already.
ALTER TABLE standing ADD COLUMN met BIGINT NOT NULL DEFAULT 0;     -- on time, late or online
ALTER TABLE standing ADD COLUMN excused BIGINT NOT NULL DEFAULT 0; -- in an authorised absence
DELETE FROM run WHERE job = 'judge'; -- everybody is judged again, which fills them in

-- Findings are listed by when they were met or by what is due first, and counted by rule. The indexes hold what is chosen by.
CREATE INDEX finding_met ON finding (as_of, id, superseded_at, rule, opens, deadline, student_id);
CREATE INDEX finding_due ON finding ((CASE WHEN deadline = '' THEN 1 ELSE 0 END), deadline, as_of DESC, id DESC, superseded_at, rule, opens, student_id);
CREATE INDEX finding_rule ON finding (rule, as_of, superseded_at, opens, deadline, student_id);

-- +goose Down
SELECT 1;
