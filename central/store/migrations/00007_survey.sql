-- +goose Up
-- What is about no single student: findings of a survey, headcounts, signatures, rooms off site.
ALTER TABLE finding ADD COLUMN subject TEXT NOT NULL DEFAULT ''; -- what a finding with an empty student_id is about
-- What a survey has looked at, so that it looks again only at what changed. Another text means that it has.
CREATE TABLE surveyed (
  part TEXT PRIMARY KEY,                 -- facts, timetable, or the taps of a day: taps yyyy-mm-dd
  seen TEXT NOT NULL
) {{clustered}};
CREATE INDEX tap_at ON tap (at);
CREATE INDEX mark_past_session ON mark_past (session_id);
CREATE INDEX fact_permission ON fact (student_id, at) WHERE kind = 'permission';

-- How many people somebody counted in a session (C-6).
CREATE TABLE headcount (
  id         {{id}},
  session_id TEXT NOT NULL,
  counter    TEXT NOT NULL,              -- who counted
  at         BIGINT NOT NULL,
  people     BIGINT NOT NULL,
  made_at    BIGINT NOT NULL
);
CREATE INDEX headcount_session ON headcount (session_id);
CREATE INDEX headcount_at ON headcount (at);
-- The signatures under a register (C-4).
CREATE TABLE register_signature (
  id         {{id}},
  session_id TEXT NOT NULL,
  step       TEXT NOT NULL,              -- signed or approved
  actor      TEXT NOT NULL,
  made_at    BIGINT NOT NULL
);
CREATE INDEX register_signature_session ON register_signature (session_id);

ALTER TABLE room ADD COLUMN off_site BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE room ADD COLUMN approved BOOLEAN NOT NULL DEFAULT FALSE; -- to be taught in (E-21); asked of rooms off site alone
ALTER TABLE room ADD COLUMN barred_at BIGINT;                       -- since when a room off site is not approved

-- +goose Down
SELECT 1;
