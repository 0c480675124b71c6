-- +goose Up
-- When what is known of a point last changed: its coverage, its watermark or its room. Judging remembers what points heard, and reads
-- again what changed since.
CREATE TABLE coverage_change (
  point_id TEXT NOT NULL,                -- '' for all of them: points were added, or moved
  change   BIGINT NOT NULL,              -- grows with every change of any point
  PRIMARY KEY (point_id)
) {{clustered}};
CREATE INDEX coverage_change_last ON coverage_change (change);

-- +goose Down
SELECT 1;
