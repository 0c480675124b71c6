-- +goose Up
-- What a student's weeks and modules come to in a term, as arrays of [Monday or module, attended, counted].
ALTER TABLE standing ADD COLUMN weeks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE standing ADD COLUMN modules TEXT NOT NULL DEFAULT '[]';
INSERT INTO dirty (student_id, since) SELECT id, 1 FROM student WHERE true ON CONFLICT (student_id) DO NOTHING;

-- +goose Down
SELECT 1;
