-- +goose Up
-- When students have to be judged again though nothing new is known: an alert is due then.
CREATE TABLE wake (
  student_id TEXT PRIMARY KEY,
  at         BIGINT NOT NULL
) {{clustered}};
CREATE INDEX wake_at ON wake (at);

-- +goose Down
DROP TABLE wake;
