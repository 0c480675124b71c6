-- +goose Up
-- Absences by when they became known: who is to be told of them is asked for by the second.
CREATE INDEX mark_absent_known ON mark (known_at, student_id) WHERE code = 'A';

-- +goose Down
DROP INDEX mark_absent_known;
