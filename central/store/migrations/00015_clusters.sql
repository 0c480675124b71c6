-- +goose Up
-- Which gateways keep one another's taps, as the university wants it.
CREATE TABLE cluster (
  id       TEXT PRIMARY KEY,
  founders TEXT NOT NULL                -- whom it began with, JSON: contract.DirectoryMember
);
-- A gateway may be named before it is enrolled.
CREATE TABLE cluster_member (
  gateway_id TEXT PRIMARY KEY,
  cluster_id TEXT NOT NULL REFERENCES cluster (id),
  address    TEXT NOT NULL,             -- host:port of its cluster port
  voter      BOOLEAN NOT NULL,
  founder    BOOLEAN NOT NULL           -- it may found the cluster; not once it was enrolled again
);
-- How often what gateways are told of clusters and certificates has changed: one row, or none before the first change.
CREATE TABLE directory (
  id       BIGINT PRIMARY KEY,          -- 1
  revision BIGINT NOT NULL
);

-- +goose Down
DROP TABLE directory;
DROP TABLE cluster_member;
DROP TABLE cluster;
