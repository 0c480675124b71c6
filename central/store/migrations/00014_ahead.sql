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

-- +goose Down
SELECT 1;
