-- +goose Up
-- Rooms that a session got or lost after it was first planned (W-6). Written by the import that changes them.
CREATE TABLE room_change (
  id         {{id}},
  session_id TEXT NOT NULL,
  at         BIGINT NOT NULL,            -- of the import
  room_id    TEXT NOT NULL,
  added      BOOLEAN NOT NULL            -- otherwise dropped
);
CREATE INDEX room_change_session ON room_change (session_id);
CREATE INDEX room_change_room ON room_change (room_id);
-- Who approved an absence, and in which role (E-13).
CREATE TABLE absence_approval (
  absence_id BIGINT NOT NULL,
  role       TEXT NOT NULL,              -- as policies name it, e.g. course_lead
  actor      TEXT NOT NULL,
  made_at    BIGINT NOT NULL,
  PRIMARY KEY (absence_id, role, actor)
) {{clustered}};

ALTER TABLE point ADD COLUMN direction TEXT NOT NULL DEFAULT ''; -- 'out' where people leave (C-2)
ALTER TABLE session ADD COLUMN list TEXT NOT NULL DEFAULT '';    -- digest of the class list: the same for the same students (W-1)

-- +goose Down
SELECT 1;
