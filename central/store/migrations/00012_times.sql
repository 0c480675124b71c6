-- +goose Up
-- When records happened. tap.at is the moment that counts; where that is not what the gateway stamped, tap_time has both.
ALTER TABLE stream ADD COLUMN times TEXT NOT NULL DEFAULT ''; -- JSON: the last witness of time, and what an anchor still has to correct; '' at first
CREATE TABLE anchor (
  stream_id {{bytes}} NOT NULL,
  seq       BIGINT NOT NULL,
  witness   TEXT NOT NULL,               -- timeline.Witness, JSON
  PRIMARY KEY (stream_id, seq)
) {{clustered}};
CREATE TABLE tap_time (
  stream_id  {{bytes}} NOT NULL,
  seq        BIGINT NOT NULL,
  digest     {{bytes}} NOT NULL,         -- as in tap
  stamped_at BIGINT NOT NULL,
  within     BIGINT NOT NULL,            -- ms: bound of the error of tap.at; 0 when it is uncertain
  earliest   BIGINT,                     -- NULL when nothing bounds it from below, or when it is not uncertain
  latest     BIGINT,                     -- NULL when it is not uncertain
  PRIMARY KEY (stream_id, seq)
) {{clustered}};
CREATE INDEX tap_time_digest ON tap_time (digest, latest);

-- +goose Down
SELECT 1;
