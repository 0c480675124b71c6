-- +goose Up
-- Records that a gateway sent ahead of its backlog: their taps are in tap, nothing is concluded from what lies before them.
-- When the backlog reaches one it is compared octet for octet, and moves to record.
CREATE TABLE record_ahead (
  stream_id   {{bytes}} NOT NULL,
  seq         BIGINT NOT NULL,           -- beyond stream.through
  received_at BIGINT NOT NULL,
  octets      {{bytes}} NOT NULL,        -- as encoded at the gateway
  PRIMARY KEY (stream_id, seq)
) {{clustered}};
ALTER TABLE stream ADD COLUMN ahead BIGINT NOT NULL DEFAULT 0; -- the greatest number in record_ahead, 0 if none is there

-- When a point did not vouch for its taps although its gateway was running, and why: so that a page can say it. Nothing is
-- judged by it; judging asks for coverage.
CREATE TABLE deaf (
  point_id  TEXT NOT NULL,
  until     BIGINT NOT NULL,             -- it did not hear all of since to until
  why       TEXT NOT NULL,               -- reader, clock
  since     BIGINT NOT NULL,
  stream_id {{bytes}} NOT NULL,
  PRIMARY KEY (point_id, until, why, stream_id)
) {{clustered}};

-- +goose Down
SELECT 1;
