-- A college of five students, small enough to reckon by hand. It is Thursday 19 November 2026, 10:20 in London (and UTC).
-- The marks and standings are written here as a judge would have left them; some standings are made up to lie on bounds.
INSERT INTO building VALUES ('B1', 'Library'), ('B2', 'Annexe');
INSERT INTO room (id, building_id, name) VALUES ('A-101', 'B1', 'Lecture theatre'), ('A-102', 'B1', 'Seminar room'), ('C-1', 'B2', 'Studio');
INSERT INTO point (id, room_id) VALUES ('A-101/door', 'A-101'), ('A-101/rear', 'A-101'), ('A-102/door', 'A-102'), ('C-1/door', 'C-1');
INSERT INTO module VALUES ('CS101', 'Programming'), ('LAW1', 'Contract law');
INSERT INTO term VALUES ('2026-autumn', 'Autumn term', '2026-09-28', '2026-12-18'), ('2027-spring', 'Spring term', '2027-01-11', '2027-03-26');
INSERT INTO student (id, name, email, department, programme, level, visa) VALUES
  ('s1', 'Ada Byron', 'ada@example.org', 'Computing', 'BSc Computing', '6', TRUE),
  ('s2', 'Ben O''Hara', 'ben@example.org', 'Law', 'LLB', '6', FALSE),
  ('s3', '=HYPERLINK("http://x")', '', 'Law', 'LLB', '6', FALSE),
  ('s4', 'Dana Ćosić', '', 'Computing', 'MSc Computing', '7', TRUE),
  ('s5', 'Eve_Moss', '', 'History', 'BA History', '6', FALSE);
INSERT INTO card (digest, student_id, blocked) VALUES
  ({{digest 1}}, 's1', FALSE), ({{digest 2}}, 's2', FALSE),
  ({{digest 3}}, 's3', FALSE), ({{digest 4}}, 's4', TRUE);

INSERT INTO gateway (id, building_id, enrolled_at, serial, not_after, heard_at, report) VALUES
  ('gw-1', 'B1', {{ms "2026-09-01 09:00"}}, '01', {{ms "2026-12-10 09:00"}}, {{ms "2026-11-19 10:19:55"}},
   '{"version":1,"build":"1.2.0","at":"2026-11-19T10:19:55Z","clock":"synchronised","timetable":7,"streams":[],"points":[{"point":"A-101/door","up":true},{"point":"A-101/rear","up":true},{"point":"A-102/door","up":false,"trouble":"no answer since 10:02"}]}'),
  ('gw-2', 'B2', {{ms "2026-09-01 09:00"}}, '02', {{ms "2026-12-10 09:00"}}, {{ms "2026-11-17 11:15"}}, '');
INSERT INTO publication VALUES ('B1', 8, {{hex "00"}}, {{hex "00"}}, {{hex "00"}}, 0), ('B2', 3, {{hex "00"}}, {{hex "00"}}, {{hex "00"}}, 0);
INSERT INTO stream (id, gateway_id, through, durable, heard_at) VALUES
  ({{hex "1111111111111111"}}, 'gw-1', 120, 120, {{ms "2026-11-19 10:19:55"}}),
  ({{hex "2222222222222222"}}, 'gw-2', 50, 80, {{ms "2026-11-17 11:15"}});

-- e1 is before the clocks go back (09:00 in London is 08:00Z), e2 after.
INSERT INTO session (id, module_id, kind, starts_at, ends_at, opens_at, closes_at, cancelled) VALUES
  ('e1', 'CS101', 'lecture', {{ms "2026-10-05 08:00"}}, {{ms "2026-10-05 09:00"}}, {{ms "2026-10-05 07:30"}}, {{ms "2026-10-05 09:00"}}, FALSE),
  ('e2', 'CS101', 'lecture', {{ms "2026-10-26 09:00"}}, {{ms "2026-10-26 10:00"}}, {{ms "2026-10-26 08:30"}}, {{ms "2026-10-26 10:00"}}, FALSE),
  ('e3', 'LAW1', 'seminar', {{ms "2026-11-17 11:00"}}, {{ms "2026-11-17 12:00"}}, {{ms "2026-11-17 10:30"}}, {{ms "2026-11-17 12:00"}}, FALSE),
  ('e4', 'CS101', 'lecture', {{ms "2026-11-19 10:00"}}, {{ms "2026-11-19 11:00"}}, {{ms "2026-11-19 09:30"}}, {{ms "2026-11-19 11:00"}}, FALSE),
  ('e5', 'LAW1', 'seminar', {{ms "2026-11-19 14:00"}}, {{ms "2026-11-19 15:00"}}, {{ms "2026-11-19 13:30"}}, {{ms "2026-11-19 15:00"}}, FALSE),
  ('e6', 'LAW1', 'seminar', {{ms "2026-11-12 14:00"}}, {{ms "2026-11-12 15:00"}}, {{ms "2026-11-12 13:30"}}, {{ms "2026-11-12 15:00"}}, TRUE),
  ('e7', 'LAW1', 'seminar', {{ms "2026-11-18 09:00"}}, {{ms "2026-11-18 10:00"}}, {{ms "2026-11-18 08:30"}}, {{ms "2026-11-18 10:00"}}, FALSE);
INSERT INTO session_room VALUES ('e1', 'A-101'), ('e2', 'A-101'), ('e3', 'C-1'), ('e4', 'A-101'), ('e5', 'A-102'), ('e6', 'A-102'), ('e7', 'A-102');
INSERT INTO expected (session_id, student_id) VALUES
  ('e1', 's1'), ('e1', 's4'), ('e2', 's1'), ('e2', 's4'), ('e3', 's2'), ('e3', 's3'), ('e4', 's1'), ('e4', 's4'),
  ('e5', 's2'), ('e5', 's3'), ('e6', 's2'), ('e6', 's3'), ('e7', 's2'), ('e7', 's3');

INSERT INTO tap (stream_id, seq, at, point_id, digest, evidence, outcome, reason, session_id, timetable, quality, within) VALUES
  ({{hex "1111111111111111"}}, 10, {{ms "2026-10-05 08:03:12"}} + 345, 'A-101/door', {{digest 1}}, 1, 1, 0, 'e1', 3, 1, 12),
  ({{hex "1111111111111111"}}, 11, {{ms "2026-10-05 08:04:00"}}, 'A-101/rear', {{digest 1}}, 1, 2, 0, 'e1', 3, 1, 12),
  ({{hex "1111111111111111"}}, 20, {{ms "2026-10-26 08:20:00"}}, 'A-101/door', {{digest 1}}, 1, 3, 2, '', 4, 1, 12),
  ({{hex "1111111111111111"}}, 25, {{ms "2026-11-01 03:00:00"}}, 'A-101/door', {{digest 1}}, 1, 3, 2, '', 5, 1, 12),
  ({{hex "1111111111111111"}}, 41, {{ms "2026-11-18 09:17:00"}}, 'A-102/door', {{digest 2}}, 1, 1, 0, 'e7', 7, 1, 12),
  ({{hex "1111111111111111"}}, 40, {{ms "2026-11-18 08:59:00"}}, 'A-102/door', {{digest 3}}, 1, 4, 6, '', 0, 2, 0),
  ({{hex "1111111111111111"}}, 50, {{ms "2026-11-19 09:58:00"}} + 1, 'A-101/door', {{digest 1}}, 1, 1, 0, 'e4', 7, 1, 12),
  ({{hex "1111111111111111"}}, 51, {{ms "2026-11-19 10:01:00"}}, 'A-101/door', {{digest 99}}, 1, 3, 3, '', 7, 1, 12);
-- C-1 was heard from 09:00 to 11:15 on the 17th: 45 of the 90 minutes of e3's window. In two spans that overlap.
INSERT INTO coverage (point_id, since, until, stream_id) VALUES
  ('C-1/door', {{ms "2026-11-17 09:00"}}, {{ms "2026-11-17 11:00"}}, {{hex "2222222222222222"}}),
  ('C-1/door', {{ms "2026-11-17 10:50"}}, {{ms "2026-11-17 11:15"}}, {{hex "2222222222222222"}}),
  ('A-101/door', {{ms "2026-11-19 07:00"}}, {{ms "2026-11-19 10:19"}}, {{hex "1111111111111111"}});

INSERT INTO mark_week (student_id, week, marks)
  SELECT v.column1, {{week "s.starts_at"}}, {{marks "v.column2, '2026-autumn', s.starts_at, v.column3, v.column4, v.column5, v.column6, v.column7, 'college 004 v1', 1795083540000, 0"}}
  FROM (VALUES
    ('s1', 'e1', 'P', 'tap', 'Tapped 3 minutes after the start', '1111111111111111', 10),
    ('s4', 'e1', 'A', 'complete', 'No tap; every reader was working', '', 0),
    ('s1', 'e2', 'A', 'complete', 'No tap in the window', '', 0),
    ('s4', 'e2', 'A', 'amendment', 'Amended by lee', '', 0),
    ('s2', 'e3', 'U', 'pending', 'C-1 was last heard at 11:15', '', 0),
    ('s3', 'e3', 'U', 'pending', 'C-1 was last heard at 11:15', '', 0),
    ('s1', 'e4', 'P', 'tap', 'Tapped before the start', '1111111111111111', 50),
    ('s2', 'e6', 'X', 'cancelled', 'Cancelled', '', 0),
    ('s3', 'e6', 'X', 'cancelled', 'Cancelled', '', 0),
    ('s2', 'e7', 'L', 'tap', 'Tapped 17 minutes after the start', '1111111111111111', 41),
    ('s3', 'e7', 'P', 'tap', 'Tapped before the start', '1111111111111111', 40)) v
  JOIN session s ON s.id = v.column2 GROUP BY 1, 2;
INSERT INTO standing (student_id, term_id, attended, counted, missed, pending, permille, level, tenth_at, seen_at, deadline, judged_at) VALUES
  ('s1', '2026-autumn', 1, 2, 1, 0, 500, 0, NULL, {{ms "2026-11-19 09:58:00"}} + 1, '', {{ms "2026-11-19 10:19"}}),
  ('s2', '2026-autumn', 1, 1, 0, 1, 1000, 0, NULL, {{ms "2026-11-18 09:17:00"}}, '', {{ms "2026-11-19 10:19"}}),
  ('s3', '2026-autumn', 90, 100, 5, 1, 900, 1, NULL, NULL, '', {{ms "2026-11-19 10:19"}}),
  ('s4', '2026-autumn', 719, 800, 10, 0, 898, 4, {{ms "2026-11-10 09:00"}}, NULL, '2026-11-20', {{ms "2026-11-19 10:19"}});
UPDATE standing SET weeks = CASE student_id WHEN 's1' THEN '[["2026-10-05",1,1],["2026-10-26",0,1]]' WHEN 's2' THEN '[["2026-11-16",1,1]]'
  WHEN 's3' THEN '[["2026-11-16",1,1]]' ELSE '[["2026-10-05",0,1],["2026-10-26",0,1]]' END WHERE student_id LIKE 's_';
INSERT INTO finding (student_id, term_id, rule, policy, as_of, found_at, summary, deadline, evidence, superseded_at, superseded_by) VALUES
  ('s4', '2026-autumn', 'A-2', 'college 004 v1', {{ms "2026-10-26 10:00"}}, {{ms "2026-10-26 10:01"}}, 'First warning: 4 missed contacts', '', '["e1","e2"]', {{ms "2026-11-02 09:00"}}, 'an absence was authorised'),
  ('s4', '2026-autumn', 'A-5', 'college 004 v1', {{ms "2026-11-10 10:00"}}, {{ms "2026-11-10 10:01"}}, 'Report to UKVI: 10 missed contacts', '2026-11-20', '["e1","e2"]', NULL, '');
INSERT INTO amendment (student_id, session_id, code, reason, actor, made_at) VALUES
  ('s4', 'e2', 'A', 'left after five minutes', 'lee', {{ms "2026-10-26 12:00"}});
INSERT INTO absence (student_id, since, until, reason, actor, made_at) VALUES
  ('s4', {{ms "2026-10-12 00:00"}}, {{ms "2026-10-16 23:59"}}, 'Illness', 'priya', {{ms "2026-10-12 08:00"}});
UPDATE standing SET department = (SELECT s.department FROM student s WHERE s.id = standing.student_id);
