-- +goose Up
-- A version of a policy never changes: a new text is a new version.
CREATE TABLE policy (
  name        TEXT NOT NULL,
  version     BIGINT NOT NULL,
  from_day    TEXT NOT NULL,             -- first day it applies
  document    TEXT NOT NULL,             -- the file as it was imported
  actor       TEXT NOT NULL,
  imported_at BIGINT NOT NULL,
  PRIMARY KEY (name, version)
) {{clustered}};

-- +goose Down
SELECT 1;
