-- +goose Up
-- Sums of what is judged, so that a page about everybody reads no mark of anybody. Judging changes them by what it changes.
ALTER TABLE standing ADD COLUMN department TEXT NOT NULL DEFAULT ''; -- of the student when the figures were made
UPDATE standing SET department = (SELECT s.department FROM student s WHERE s.id = standing.student_id);
CREATE TABLE term_share (
  term_id    TEXT NOT NULL,
  kind       TEXT NOT NULL,              -- week or module
  name       TEXT NOT NULL,              -- its Monday, yyyy-mm-dd, or its identifier
  department TEXT NOT NULL,
  attended   BIGINT NOT NULL,
  counted    BIGINT NOT NULL,
  PRIMARY KEY (term_id, kind, name, department)
) {{clustered}};
INSERT INTO term_share
  SELECT t.term_id, 'week', m.value->>0, t.department, sum(CAST(m.value->>1 AS BIGINT)), sum(CAST(m.value->>2 AS BIGINT))
  FROM standing t CROSS JOIN {{elements t.weeks}} GROUP BY t.term_id, m.value->>0, t.department;
INSERT INTO term_share
  SELECT t.term_id, 'module', m.value->>0, t.department, sum(CAST(m.value->>1 AS BIGINT)), sum(CAST(m.value->>2 AS BIGINT))
  FROM standing t CROSS JOIN {{elements t.modules}} GROUP BY t.term_id, m.value->>0, t.department;

-- What a stream last said of its points, for the case that its end is missing.
CREATE INDEX coverage_stream ON coverage (stream_id, point_id, until);

-- The figures of a term are summed, and its students put in order, from this index alone.
CREATE INDEX standing_figures ON standing (term_id, student_id, level, permille, missed, attended, counted, pending, deadline);

-- +goose Down
SELECT 1;
