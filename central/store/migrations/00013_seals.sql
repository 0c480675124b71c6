-- +goose Up
-- Keys with which gateways sign checkpoints; the one registered last counts, older ones prove older seals.
CREATE TABLE gateway_key (
  gateway_id     TEXT NOT NULL,
  checkpoint_key {{bytes}} NOT NULL,     -- Ed25519, 32 octets
  since          BIGINT NOT NULL,
  PRIMARY KEY (gateway_id, checkpoint_key)
) {{clustered}};

-- What a record commits to (tree.Commitment), kept beside its octets so that a changed record is told from a changed
-- commitment, and so that the tree stands when the octets are erased. NULL in rows of earlier releases: their octets give it.
ALTER TABLE record ADD COLUMN commitment {{bytes}};

-- The tree over the records of a stream, as far as it was grown from the rows.
CREATE TABLE tree (
  stream_id  {{bytes}} PRIMARY KEY,
  frontier   {{bytes}} NOT NULL,         -- tree.Frontier
  sealed     BIGINT NOT NULL,            -- the stream's gateway signed the root up to here
  claim      {{bytes}} NOT NULL          -- a checkpoint of more records than are here; empty if there is none
);

-- The last checkpoint of each day that the rows gave the root of.
CREATE TABLE seal (
  stream_id {{bytes}} NOT NULL,
  day       TEXT NOT NULL,
  size      BIGINT NOT NULL,             -- number of the last record it covers
  note      {{bytes}} NOT NULL,          -- the signed checkpoint, with cosignatures
  signer    {{bytes}} NOT NULL,          -- the key it was verified with
  sealed_at BIGINT NOT NULL,
  PRIMARY KEY (stream_id, day)
) {{clustered}};

-- Central's signed word on all streams at the end of a day (tree.SealedDay, JSON), which every gateway gets.
CREATE TABLE day_seal (
  day      TEXT PRIMARY KEY,
  document {{bytes}} NOT NULL,
  made_at  BIGINT NOT NULL
);

-- +goose Down
SELECT 1;
