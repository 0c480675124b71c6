-- +goose Up
-- What was found out about a quarantined stream, by whom and when; '' as long as nobody has, and in streams in order.
ALTER TABLE stream ADD COLUMN settled TEXT NOT NULL DEFAULT '';

-- That something was erased for good, and how much. It says nothing of whom: of that nothing is left.
CREATE TABLE erasure (
  id      {{id}},
  at      BIGINT NOT NULL,
  actor   TEXT NOT NULL,
  reason  TEXT NOT NULL,
  records BIGINT NOT NULL                -- records whose octets were destroyed; what they commit to stands
);

-- +goose Down
SELECT 1;
