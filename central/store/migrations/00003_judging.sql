-- +goose Up
-- What is known of students and of the university besides taps (engagement.Fact). Appended, and never changed but for
-- withdrawn_at.
CREATE TABLE fact (
  id           {{id}},
  student_id   TEXT NOT NULL,            -- '' for a fact of the university
  kind         TEXT NOT NULL,            -- engagement.Kind
  at           BIGINT NOT NULL,
  until        BIGINT,                   -- last instant of a span; NULL for a moment
  of           TEXT NOT NULL DEFAULT '', -- session, assignment, employer, rule, …: see engagement.Kind
  value        TEXT NOT NULL DEFAULT '',
  amount       BIGINT NOT NULL DEFAULT 0,
  note         TEXT NOT NULL DEFAULT '',
  actor        TEXT NOT NULL,            -- who says so
  recorded_at  BIGINT NOT NULL,
  withdrawn_at BIGINT,                   -- when somebody said that it was wrong
  withdrawn_by TEXT NOT NULL DEFAULT ''  -- who and why
);
CREATE INDEX fact_student ON fact (student_id, kind, at);
-- Until when facts of a kind are complete (G-3): nothing is concluded from their absence after that.
CREATE TABLE feed (
  kind    TEXT PRIMARY KEY,
  through BIGINT NOT NULL,
  told_at BIGINT NOT NULL
);

ALTER TABLE finding ADD COLUMN scope TEXT NOT NULL DEFAULT '';  -- over what: a term, month, week, module, …
ALTER TABLE finding ADD COLUMN step TEXT NOT NULL DEFAULT '';   -- which of the things the clause can say
ALTER TABLE finding ADD COLUMN opens TEXT NOT NULL DEFAULT '';  -- notice, alert, warning, task, case
ALTER TABLE finding ADD COLUMN level INTEGER NOT NULL DEFAULT 0;
UPDATE finding SET scope = term_id,
  step = CASE rule WHEN 'A-2' THEN 'first warning' WHEN 'A-3' THEN 'second warning' WHEN 'A-4' THEN 'final warning' ELSE 'report to ukvi' END,
  opens = CASE rule WHEN 'A-5' THEN 'case' ELSE 'warning' END,
  level = CASE rule WHEN 'A-2' THEN 1 WHEN 'A-3' THEN 2 WHEN 'A-4' THEN 3 ELSE 4 END;

ALTER TABLE mark ADD COLUMN known_at BIGINT NOT NULL DEFAULT 0; -- when its code was first concluded
UPDATE mark SET known_at = judged_at;
-- A judgement that another one replaced. Marks that only said that nothing was known yet are not kept.
CREATE TABLE mark_past (
  id          {{id}},
  student_id  TEXT NOT NULL,
  session_id  TEXT NOT NULL,
  code        TEXT NOT NULL,
  source      TEXT NOT NULL,
  reason      TEXT NOT NULL,
  policy      TEXT NOT NULL,
  judged_at   BIGINT NOT NULL,
  replaced_at BIGINT NOT NULL
);
CREATE INDEX mark_past_student ON mark_past (student_id, session_id);
-- What is done once a day, and that it was done.
CREATE TABLE run (
  job     TEXT NOT NULL,
  day     TEXT NOT NULL,                 -- in London
  done_at BIGINT NOT NULL,
  PRIMARY KEY (job, day)
) {{clustered}};

ALTER TABLE student ADD COLUMN delivery TEXT NOT NULL DEFAULT ''; -- campus, distance or placement; '' is campus

-- +goose Down
SELECT 1;
