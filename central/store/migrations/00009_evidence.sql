-- +goose Up
-- Whose the accounts of the virtual learning environment are.
CREATE TABLE vle_user (
  id         TEXT PRIMARY KEY,           -- as the environment's logs have it
  student_id TEXT NOT NULL               -- '' if it is nobody's whom attendance concerns
) {{clustered}};
CREATE INDEX vle_user_student ON vle_user (student_id);
-- Whether the source knows accounts: of students without one its silence says nothing.
ALTER TABLE feed ADD COLUMN by_user BOOLEAN NOT NULL DEFAULT FALSE;
-- Whether a withdrawn fact gave way to a later statement of the same thing; otherwise somebody said that it was wrong.
ALTER TABLE fact ADD COLUMN replaced BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
SELECT 1;
