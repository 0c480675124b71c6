-- +goose Up
-- The marks of one student in one week, as one row: a year is judged as thirty rows, not as three hundred.
CREATE TABLE mark_week (
  student_id TEXT NOT NULL,
  week       BIGINT NOT NULL,            -- of the sessions' start: whole weeks since Monday 5 January 1970, UTC
  marks      TEXT NOT NULL,              -- for each mark an array: see the view mark
  PRIMARY KEY (student_id, week)
);
INSERT INTO mark_week (student_id, week, marks)
  SELECT student_id, (starts_at - 345600000) / 604800000,
    '[' || string_agg(CAST({{array}}(session_id, term_id, starts_at, code, source, reason, coalesce({{hex tap_stream}}, ''), coalesce(tap_seq, 0),
      policy, judged_at, known_at) AS TEXT), ',') || ']'
  FROM mark GROUP BY student_id, (starts_at - 345600000) / 604800000;
DROP TABLE mark;
-- One row for each mark. A condition on student_id and week finds it quickly, one on anything else does not.
CREATE VIEW mark AS SELECT w.student_id, w.week,
    m.value->>0 AS session_id,
    m.value->>1 AS term_id,
    CAST(m.value->>2 AS BIGINT) AS starts_at,
    m.value->>3 AS code,                 -- P L A E R X N U (RULES G-2)
    m.value->>4 AS source,               -- tap, amendment, absence, complete, pending, cancelled, …
    m.value->>5 AS reason,               -- a sentence a person can read
    {{unhex m.value->>6}} AS tap_stream, -- the credited tap, if one was
    CAST(m.value->>7 AS BIGINT) AS tap_seq, -- 0 if none was
    m.value->>8 AS policy,               -- policy and version that made it
    CAST(m.value->>9 AS BIGINT) AS judged_at,
    CAST(m.value->>10 AS BIGINT) AS known_at -- when its code was first concluded
  FROM mark_week w CROSS JOIN {{elements w.marks}};

-- Judging asks for the taps of a card by time and needs no more of them than this.
DROP INDEX tap_digest;
CREATE INDEX tap_digest ON tap (digest, at, point_id, evidence);

-- +goose Down
SELECT 1;
