-- +goose Up
-- A page of students, the most urgent first, is read in the order of this index.
DROP INDEX standing_term;
CREATE INDEX standing_urgent ON standing (term_id, level DESC, permille, missed DESC, student_id);

-- A register's list is read from this index alone.
DROP INDEX expected_session;
CREATE INDEX expected_session ON expected (session_id, student_id);

-- +goose Down
SELECT 1;
