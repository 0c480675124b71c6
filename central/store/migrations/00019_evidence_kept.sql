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

-- The end of a stream that its gateway has not signed and hardly will: central's word on it, with the signatures of gateways whose
-- copies give the same root.
CREATE TABLE attested (
  stream_id {{bytes}} PRIMARY KEY,
  size      BIGINT NOT NULL,             -- number of the last record it covers
  note      {{bytes}} NOT NULL,          -- a checkpoint, signed by central
  peers     BIGINT NOT NULL              -- how many gateways have signed it
);

-- +goose Down
SELECT 1;
