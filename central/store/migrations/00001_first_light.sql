-- +goose Up
-- Times are BIGINT: UTC milliseconds. Civil days are TEXT: yyyy-mm-dd, Europe/London. Facts are appended; mark, standing
-- and finding are judgements that can be derived again at any time.

CREATE TABLE building (
  id   TEXT PRIMARY KEY,
  name TEXT NOT NULL
);
CREATE TABLE room (
  id          TEXT PRIMARY KEY,
  building_id TEXT NOT NULL REFERENCES building (id),
  name        TEXT NOT NULL
);
CREATE TABLE point (
  id      TEXT PRIMARY KEY,
  room_id TEXT NOT NULL REFERENCES room (id)
);
CREATE INDEX point_room ON point (room_id);

CREATE TABLE student (
  id         TEXT PRIMARY KEY,           -- student number
  name       TEXT NOT NULL,
  email      TEXT NOT NULL DEFAULT '',
  department TEXT NOT NULL DEFAULT '',
  programme  TEXT NOT NULL DEFAULT '',
  level      TEXT NOT NULL DEFAULT '',   -- FHEQ level, e.g. '6'
  visa       BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE TABLE card (
  digest     {{bytes}} PRIMARY KEY,           -- contract.Digest, 32 octets
  student_id TEXT NOT NULL REFERENCES student (id),
  valid_from BIGINT NOT NULL DEFAULT 0,
  valid_to   BIGINT,                     -- NULL: no end
  blocked    BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX card_student ON card (student_id);

CREATE TABLE term (
  id         TEXT PRIMARY KEY,           -- e.g. '2026-27-autumn'
  name       TEXT NOT NULL,
  first_day  TEXT NOT NULL,
  last_day   TEXT NOT NULL
);
CREATE TABLE holiday (
  day  TEXT PRIMARY KEY,
  name TEXT NOT NULL
);
CREATE TABLE module (
  id   TEXT PRIMARY KEY,
  name TEXT NOT NULL DEFAULT ''
);
CREATE TABLE session (
  id          TEXT PRIMARY KEY,          -- event_id of the timetable source
  module_id   TEXT NOT NULL REFERENCES module (id),
  kind        TEXT NOT NULL DEFAULT '',  -- lecture, seminar, …
  mandatory   BOOLEAN NOT NULL DEFAULT TRUE,
  starts_at   BIGINT NOT NULL,
  ends_at     BIGINT NOT NULL,
  opens_at    BIGINT NOT NULL,
  closes_at   BIGINT NOT NULL,
  delivery    TEXT NOT NULL DEFAULT '',  -- in_person, online or hybrid, as the timetable source says; '' if it does not
  staff_id    TEXT NOT NULL DEFAULT '',  -- who teaches it, as the timetable source names them
  cancelled   BOOLEAN NOT NULL DEFAULT FALSE,
  closed_by   TEXT NOT NULL DEFAULT ''   -- who closed the register by hand (G-3); '' if nobody
);
CREATE INDEX session_start ON session (starts_at);
CREATE TABLE session_room (
  session_id TEXT NOT NULL REFERENCES session (id),
  room_id    TEXT NOT NULL REFERENCES room (id),
  PRIMARY KEY (session_id, room_id)
) {{clustered}};
CREATE INDEX session_room_room ON session_room (room_id);
CREATE TABLE expected (
  session_id TEXT NOT NULL REFERENCES session (id),
  student_id TEXT NOT NULL REFERENCES student (id),
  PRIMARY KEY (student_id, session_id)
) {{clustered}};
CREATE INDEX expected_session ON expected (session_id);

CREATE TABLE publication (
  building_id TEXT PRIMARY KEY REFERENCES building (id),
  version     BIGINT NOT NULL,
  digest      {{bytes}} NOT NULL,             -- SHA-256 of the content without version and date: unchanged content is not published again
  document    {{bytes}} NOT NULL,
  signature   {{bytes}} NOT NULL,
  made_at     BIGINT NOT NULL
);
CREATE TABLE import (
  id         {{id}},
  kind       TEXT NOT NULL,
  digest     {{bytes}} NOT NULL,              -- SHA-256 of the file
  actor      TEXT NOT NULL,
  applied_at BIGINT NOT NULL,
  summary    TEXT NOT NULL               -- JSON: added, changed, removed
);

CREATE TABLE gateway (
  id           TEXT PRIMARY KEY,
  building_id  TEXT NOT NULL REFERENCES building (id),
  enrolled_at  BIGINT NOT NULL,
  serial       TEXT NOT NULL,            -- of the newest certificate, hexadecimal
  not_after    BIGINT NOT NULL,
  revoked_at   BIGINT,
  heard_at     BIGINT,
  report       TEXT NOT NULL DEFAULT ''  -- last contract.Report, JSON
);
CREATE TABLE invitation (
  secret_digest {{bytes}} PRIMARY KEY,        -- SHA-256 of the secret
  gateway_id    TEXT NOT NULL,
  building_id   TEXT NOT NULL REFERENCES building (id),
  expires_at    BIGINT NOT NULL,
  used_at       BIGINT
);

CREATE TABLE stream (
  id           {{bytes}} PRIMARY KEY,         -- contract.Stream, 8 octets
  gateway_id   TEXT NOT NULL,            -- who owns it: the first that reported it as its own, or sent it
  claimed      BOOLEAN NOT NULL DEFAULT FALSE, -- the owner reported it as its own; otherwise it is only the first sender
  through      BIGINT NOT NULL,          -- every record up to here is in record
  durable      BIGINT NOT NULL DEFAULT 0,-- the highest number any gateway said exists
  heard_at     BIGINT NOT NULL,
  quarantined  TEXT NOT NULL DEFAULT ''  -- why nothing more is accepted; '' if it is
);
CREATE TABLE record (
  stream_id   {{bytes}} NOT NULL,
  seq         BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  octets      {{bytes}} NOT NULL,             -- as encoded at the gateway
  PRIMARY KEY (stream_id, seq)
) {{clustered}};
CREATE TABLE tap (
  stream_id  {{bytes}} NOT NULL,
  seq        BIGINT NOT NULL,
  at         BIGINT NOT NULL,
  point_id   TEXT NOT NULL,              -- not a reference: a tap at a point nobody knows is kept too
  digest     {{bytes}} NOT NULL,
  evidence   INTEGER NOT NULL,
  outcome    INTEGER NOT NULL,
  reason     INTEGER NOT NULL,
  session_id TEXT NOT NULL,              -- what the gateway credited; '' if nothing
  timetable  BIGINT NOT NULL,
  quality    INTEGER NOT NULL,
  within     BIGINT NOT NULL,            -- ms
  suspect    BOOLEAN NOT NULL DEFAULT FALSE, -- stamped more than two hours ahead of central's clock
  PRIMARY KEY (stream_id, seq)
) {{clustered}};
CREATE INDEX tap_digest ON tap (digest, at);
CREATE TABLE coverage (
  point_id  TEXT NOT NULL,
  until     BIGINT NOT NULL,             -- the point was alive from since to until, and all its taps of that time are in tap
  since     BIGINT NOT NULL,
  stream_id {{bytes}} NOT NULL,
  PRIMARY KEY (point_id, until, stream_id)
) {{clustered}};
CREATE TABLE watermark (
  point_id TEXT PRIMARY KEY,
  until    BIGINT NOT NULL               -- every tap of the point up to here is in tap, whether its reader worked or not
);

CREATE TABLE amendment (
  id         {{id}},
  student_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  code       TEXT NOT NULL,              -- P L A E R N
  reason     TEXT NOT NULL,
  actor      TEXT NOT NULL,
  made_at    BIGINT NOT NULL
);
CREATE INDEX amendment_student ON amendment (student_id, session_id);
CREATE TABLE absence (
  id         {{id}},
  student_id TEXT NOT NULL,
  since      BIGINT NOT NULL,
  until      BIGINT NOT NULL,            -- inclusive
  reason     TEXT NOT NULL,
  actor      TEXT NOT NULL,
  made_at    BIGINT NOT NULL,
  withdrawn_at BIGINT
);
CREATE INDEX absence_student ON absence (student_id);

CREATE TABLE mark (
  student_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  term_id    TEXT NOT NULL,
  starts_at  BIGINT NOT NULL,
  code       TEXT NOT NULL,              -- P L A E X N U (RULES G-2)
  source     TEXT NOT NULL,              -- tap, amendment, absence, complete, pending, cancelled
  reason     TEXT NOT NULL,              -- a sentence a person can read
  tap_stream {{bytes}},                       -- the credited tap, if one was
  tap_seq    BIGINT,
  tapped_at  BIGINT,
  policy     TEXT NOT NULL,              -- policy and version that made it
  judged_at  BIGINT NOT NULL,
  PRIMARY KEY (student_id, session_id)
) {{clustered}};
CREATE INDEX mark_session ON mark (session_id);
CREATE TABLE standing (
  student_id TEXT NOT NULL,
  term_id    TEXT NOT NULL,
  attended   BIGINT NOT NULL,            -- num of RULES G-2
  counted    BIGINT NOT NULL,            -- den of RULES G-2
  missed     BIGINT NOT NULL,            -- marks A
  pending    BIGINT NOT NULL,            -- marks U of sessions that are over
  permille   BIGINT NOT NULL,            -- attended/counted in thousandths, rounded down; 1000 when counted is 0
  level      INTEGER NOT NULL,           -- 0 none, 1 first, 2 second, 3 final (A-2..A-4), 4 report to UKVI (A-5)
  tenth_at   BIGINT,                     -- start of the tenth missed session
  seen_at    BIGINT,                     -- last tap credited
  deadline   TEXT NOT NULL DEFAULT '',   -- day the report is due, '' if none
  judged_at  BIGINT NOT NULL,
  PRIMARY KEY (student_id, term_id)
) {{clustered}};
CREATE INDEX standing_term ON standing (term_id, level, permille);
CREATE TABLE finding (
  id            {{id}},
  student_id    TEXT NOT NULL,
  term_id       TEXT NOT NULL,
  rule          TEXT NOT NULL,           -- A-2, A-3, A-4, A-5
  policy        TEXT NOT NULL,
  as_of         BIGINT NOT NULL,         -- when the rule was met: the end of the session that met it
  found_at      BIGINT NOT NULL,         -- when it was judged
  summary       TEXT NOT NULL,
  deadline      TEXT NOT NULL DEFAULT '',
  evidence      TEXT NOT NULL,           -- JSON: session ids
  superseded_at BIGINT,                  -- when facts changed so that it is no longer met (G-6)
  superseded_by TEXT NOT NULL DEFAULT '' -- why
);
CREATE INDEX finding_student ON finding (student_id, term_id);
CREATE TABLE dirty (
  student_id TEXT PRIMARY KEY,
  since      BIGINT NOT NULL
);

CREATE TABLE account (
  id            {{id}},
  login         TEXT NOT NULL UNIQUE,
  name          TEXT NOT NULL,
  role          TEXT NOT NULL,           -- admin, compliance, lecturer, facilities
  password_hash TEXT NOT NULL,           -- argon2id, PHC string
  must_change   BOOLEAN NOT NULL DEFAULT FALSE,
  created_at    BIGINT NOT NULL
);
CREATE TABLE web_session (
  token_digest {{bytes}} PRIMARY KEY,
  data         {{bytes}} NOT NULL,
  expires_at   BIGINT NOT NULL
);

CREATE TABLE api_token (
  id           {{id}},
  name         TEXT NOT NULL,
  role         TEXT NOT NULL,            -- as account.role
  digest       {{bytes}} NOT NULL UNIQUE,     -- SHA-256 of the token
  created_by   TEXT NOT NULL,
  created_at   BIGINT NOT NULL,
  expires_at   BIGINT NOT NULL,
  used_at      BIGINT,
  revoked_at   BIGINT
);
CREATE TABLE register_closure (
  id         {{id}},
  session_id TEXT NOT NULL,              -- session.closed_by is set in the same transaction
  actor      TEXT NOT NULL,
  reason     TEXT NOT NULL,
  made_at    BIGINT NOT NULL
);
CREATE INDEX register_closure_session ON register_closure (session_id);

-- +goose Down
SELECT 1;
