package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/register"
)

// Cases reads the facts and earlier judgements of some students, from one snapshot. Of a student alone who waits to be judged, as
// when somebody stands at a screen, half is read from another snapshot meanwhile: what differs between the two is of no consequence,
// for whatever concerns a student, a fact, a tap or a judgement, changes their entry in dirty in the same transaction, and Save
// drops a verdict on a student whose entry is not the one that was asked for. Many are read by as many workers as may be busy.
func (j Judgements) Cases(ctx context.Context, students []judge.Dirty) ([]judge.Case, error) {
	l := loader{cases: make(map[string]*judge.Case, len(students)), expected: make(map[string][]string, len(students)), memory: &j.s.timetable, heard: &j.s.heard}
	out := make([]judge.Case, len(students))
	ids := make([]string, len(students))
	for i, d := range students {
		out[i] = judge.Case{Dirty: d}
		l.cases[d.Student], ids[i] = &out[i], d.Student
	}
	var err error
	if l.ids, err = keys(ids); err != nil {
		return nil, err
	}
	if len(students) == 1 && students[0].Since != 0 {
		err = l.both(ctx, j.s)
	} else {
		err = j.s.view(ctx, func(tx *transaction) error { return l.run(ctx, tx, append(l.told(), l.heardAndJudged()...)) })
	}
	if err != nil {
		return nil, err
	}
	l.placeTaps()
	return out, nil
}

// both reads the halves at once.
func (l *loader) both(ctx context.Context, s *Store) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, half := range [][]step{l.told(), l.heardAndJudged()} {
		group.Go(func() error {
			return s.view(ctx, func(tx *transaction) error { return l.run(ctx, tx, half) })
		})
	}
	return group.Wait()
}

// loader fills cases; each step is one query over all the students.
type loader struct {
	ids      string // students, for {{keys $1}}
	cases    map[string]*judge.Case
	expected map[string][]string // sessions on whose lists each student is
	memory   *timetableMemory
	heard    *coverageMemory

	revision string // of the timetable
	change   int64  // the last of what points heard
	lacking  bool   // the end of some stream is not here
	place    map[string]point
}

// step is one part of a case.
type step struct {
	what string
	run  func(context.Context, *transaction) error
}

// told is what imports and people say. It and the other half write to different fields of a case.
func (l *loader) told() []step {
	return []step{
		{"changes", l.changes}, {"people", l.people}, {"lists", l.lists}, {"timetable", l.timetable}, {"points", l.points}, {"amendments", l.amendments},
		{"absences", l.absences}, {"approvals", l.approvals}, {"facts", l.events}, {"feeds", l.feeds}, {"coverage", l.coverage},
	}
}

// heardAndJudged is what gateways sent, and what was concluded before.
func (l *loader) heardAndJudged() []step {
	return []step{{"taps", l.taps}, {"unsure taps", l.unsure}, {"marks", l.marks}, {"findings", l.findings}, {"standings", l.standings}}
}

func (l *loader) run(ctx context.Context, tx *transaction, steps []step) error {
	for _, step := range steps {
		if err := step.run(ctx, tx); err != nil {
			return fmt.Errorf("read %s: %w", step.what, err)
		}
	}
	return nil
}

// changes reads what the memories are of, all of it with one query: a query takes longer than its answer.
func (l *loader) changes(ctx context.Context, tx *transaction) error {
	err := each(ctx, tx, func(r *sql.Rows) error { return r.Scan(&l.revision, &l.change, &l.lacking) },
		`SELECT (`+timetableRevision+`), (`+lastChange+`), EXISTS (SELECT 1 FROM stream WHERE durable > through)`)
	if err != nil {
		return err
	}
	return l.heard.upTo(ctx, tx, l.change)
}

// each runs a query and hands every row to scan.
func each(ctx context.Context, tx *transaction, scan func(*sql.Rows) error, query string, args ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	rows, err := tx.querying(ctx, query, args...)
	if err != nil {
		return err
	}
	_, err = collect(rows, func(r *sql.Rows) (struct{}, error) { return struct{}{}, scan(r) })
	return err
}

func (l *loader) people(ctx context.Context, tx *transaction) error {
	return each(ctx, tx, func(r *sql.Rows) error {
		var p engagement.Person
		if err := r.Scan(&p.ID, &p.Programme, &p.Department, &p.Level, &p.Sponsored, &p.Delivery); err != nil {
			return err
		}
		l.cases[p.ID].Person = p
		return nil
	}, `SELECT id, programme, department, level, visa, delivery FROM student WHERE id IN ({{keys $1}})`, l.ids)
}

// listSeparator is between identifiers of sessions in one text; no importer lets one have it.
const listSeparator = "\x1f"

// lists reads who is expected where: one row for each student, because a row takes longer than the identifiers in it.
func (l *loader) lists(ctx context.Context, tx *transaction) error {
	return each(ctx, tx, func(r *sql.Rows) error {
		var student, sessions string
		if err := r.Scan(&student, &sessions); err != nil {
			return err
		}
		l.expected[student] = strings.Split(sessions, listSeparator)
		return nil
	}, `SELECT student_id, string_agg(session_id, CAST($2 AS TEXT)) FROM expected WHERE student_id IN ({{keys $1}}) GROUP BY student_id`, l.ids, listSeparator)
}

// ofAYear is how much of a thing is expected for each session of a year.
const ofAYear = 300

// taps finds every tap of every card that was the student's when it was presented, whatever light it was shown: a card
// bound today brings its taps of last week with it. What is asked of a tap stands in its index.
func (l *loader) taps(ctx context.Context, tx *transaction) error {
	names := map[string]string{}
	var student, stream, name sql.RawBytes // these are made once: there are millions of rows
	var at int64
	var t register.Tap
	return each(ctx, tx, func(r *sql.Rows) error {
		if err := r.Scan(&student, &stream, &t.ID.Seq, &at, &name, &t.Evidence); err != nil {
			return err
		}
		copy(t.ID.Stream[:], stream)
		t.At = instant(at)
		known, found := names[string(name)]
		if !found {
			known = string(name)
			names[known] = known
		}
		t.Point = known
		f := &l.cases[string(student)].Facts
		if f.Taps == nil {
			f.Taps = make([]register.Tap, 0, ofAYear)
		}
		f.Taps = append(f.Taps, t)
		return nil
	}, `SELECT c.student_id, t.stream_id, t.seq, t.at, t.point_id, t.evidence FROM card c JOIN tap t ON t.digest = c.digest
		WHERE c.student_id IN ({{keys $1}}) AND NOT c.blocked
		AND t.at >= c.valid_from AND (c.valid_to IS NULL OR t.at <= c.valid_to)`, l.ids)
}

// placeTaps says in which rooms taps were heard.
func (l *loader) placeTaps() {
	for _, c := range l.cases {
		for i := range c.Facts.Taps {
			t := &c.Facts.Taps[i]
			p := l.place[t.Point]
			t.Room, t.Exit = p.room, p.exit
		}
	}
}

// point is where taps are heard.
type point struct {
	name, room string
	exit       bool
}

func (l *loader) points(ctx context.Context, tx *transaction) error {
	if l.place = l.heard.recallPoints(l.change); l.place != nil {
		return nil
	}
	l.place = map[string]point{}
	err := each(ctx, tx, func(r *sql.Rows) error {
		var p point
		err := r.Scan(&p.name, &p.room, &p.exit)
		l.place[p.name] = p
		return err
	}, `SELECT id, room_id, direction = 'out' FROM point`)
	if err == nil {
		l.heard.rememberPoints(l.change, l.place)
	}
	return err
}

func (l *loader) amendments(ctx context.Context, tx *transaction) error {
	return each(ctx, tx, func(r *sql.Rows) error {
		var student string
		var at int64
		var a register.Amendment
		if err := r.Scan(&a.ID, &student, &a.Session, &a.Code, &a.Reason, &a.Actor, &at); err != nil {
			return err
		}
		a.MadeAt = instant(at)
		f := &l.cases[student].Facts
		f.Amendments = append(f.Amendments, a)
		return nil
	}, `SELECT id, student_id, session_id, code, reason, actor, made_at FROM amendment
		WHERE student_id IN ({{keys $1}}) ORDER BY id`, l.ids)
}

func (l *loader) absences(ctx context.Context, tx *transaction) error {
	return each(ctx, tx, func(r *sql.Rows) error {
		var student string
		var since, until, made int64
		var a register.Absence
		if err := r.Scan(&a.ID, &student, &since, &until, &a.Reason, &made); err != nil {
			return err
		}
		a.Since, a.Until, a.RecordedAt = instant(since), instant(until), instant(made)
		f := &l.cases[student].Facts
		f.Absences = append(f.Absences, a)
		return nil
	}, `SELECT id, student_id, since, until, reason, made_at FROM absence
		WHERE withdrawn_at IS NULL AND student_id IN ({{keys $1}}) ORDER BY id`, l.ids)
}

// approvals reads who approved the absences, if there are any.
func (l *loader) approvals(ctx context.Context, tx *transaction) error {
	if !l.any(func(c *judge.Case) bool { return len(c.Facts.Absences) > 0 }) {
		return nil
	}
	return each(ctx, tx, func(r *sql.Rows) error {
		var student string
		var absence, made int64
		var a register.Approval
		if err := r.Scan(&student, &absence, &a.Role, &a.By, &made); err != nil {
			return err
		}
		a.At = instant(made)
		absences := l.cases[student].Facts.Absences
		if i := slices.IndexFunc(absences, func(b register.Absence) bool { return b.ID == absence }); i >= 0 {
			absences[i].Approvals = append(absences[i].Approvals, a)
		}
		return nil
	}, `SELECT b.student_id, v.absence_id, v.role, v.actor, v.made_at FROM absence b JOIN absence_approval v ON v.absence_id = b.id
		WHERE b.withdrawn_at IS NULL AND b.student_id IN ({{keys $1}}) ORDER BY v.absence_id, v.made_at, v.role, v.actor`, l.ids)
}

// any reports whether something is so of one of the students.
func (l *loader) any(is func(*judge.Case) bool) bool {
	for _, c := range l.cases {
		if is(c) {
			return true
		}
	}
	return false
}

// intervals are pairs of instants in one text, because a row takes longer than what is in it.
func intervals(text string) ([]register.Interval, error) {
	instants := strings.Fields(text)
	all := make([]register.Interval, 0, len(instants)/2)
	for i := 0; i+1 < len(instants); i += 2 {
		from, err := strconv.ParseInt(instants[i], 10, 64)
		if err != nil {
			return nil, err
		}
		to, err := strconv.ParseInt(instants[i+1], 10, 64)
		if err != nil {
			return nil, err
		}
		all = append(all, register.Interval{From: instant(from), To: instant(to)})
	}
	slices.SortFunc(all, func(a, b register.Interval) int { return cmp.Or(a.To.Compare(b.To), a.From.Compare(b.From)) })
	return all, nil
}

// coverage gives all the students what heartbeats prove about their rooms.
func (l *loader) coverage(ctx context.Context, tx *transaction) error {
	covered, missing := l.heard.recall(l.change, l.rooms())
	if len(missing) > 0 {
		read, err := readCoverage(ctx, tx, missing)
		if err != nil {
			return err
		}
		l.heard.remember(l.change, missing, read)
		maps.Copy(covered, read)
	}
	if l.lacking {
		if err := lacking(ctx, tx, covered); err != nil {
			return fmt.Errorf("missing ends of streams: %w", err)
		}
	}
	for _, c := range l.cases {
		c.Facts.Coverage = covered
	}
	return nil
}

// rooms are those of which the students' sessions ask.
func (l *loader) rooms() map[string]bool {
	rooms := map[string]bool{}
	for _, c := range l.cases {
		for _, s := range c.Facts.Sessions {
			for _, room := range s.Rooms {
				rooms[room] = true
			}
			for _, m := range s.Moves {
				rooms[m.Room] = true // a tap at the old door may count, so its readers must have been heard too
			}
		}
	}
	return rooms
}

func readCoverage(ctx context.Context, tx *transaction, rooms []string) (register.Coverage, error) {
	ids, err := keys(rooms)
	if err != nil {
		return nil, err
	}
	covered := register.Coverage{}
	return covered, each(ctx, tx, func(r *sql.Rows) error {
		var room string
		var working sql.RawBytes
		var heard sql.NullInt64
		var p register.PointCoverage
		err := r.Scan(&room, &p.Point, &p.Exit, &heard, &working)
		if err != nil {
			return err
		}
		p.HeardUntil = optionalInstant(heard)
		p.Working, err = intervals(string(working))
		covered[room] = append(covered[room], p)
		return err
	}, `SELECT p.room_id, p.id, p.direction = 'out', w.until,
			(SELECT string_agg(CAST(c.since AS TEXT) || ' ' || CAST(c.until AS TEXT), ' ') FROM coverage c WHERE c.point_id = p.id)
		FROM point p LEFT JOIN watermark w ON w.point_id = p.id
		WHERE p.room_id IN ({{keys $1}}) ORDER BY p.room_id, p.id`, ids)
}

// lacking notes when points heard taps that are not here although a later stream of the gateway vouches for them: the end of an
// earlier stream is missing, and what it held lies between its last word on the point and the first of the later one.
func lacking(ctx context.Context, tx *transaction, covered register.Coverage) error {
	missing := map[string][]register.Interval{} // by point
	err := each(ctx, tx, func(r *sql.Rows) error {
		var point string
		var last, next int64
		err := r.Scan(&point, &last, &next)
		missing[point] = append(missing[point], register.Interval{From: instant(last), To: instant(next)})
		return err
	}, fmt.Sprintf(streamEnds, `s.durable > s.through`))
	if err != nil || len(missing) == 0 {
		return err
	}
	for name, room := range covered {
		room = slices.Clone(room) // the original is remembered
		for i := range room {
			room[i].Lacking = missing[room[i].Point]
		}
		covered[name] = room
	}
	return nil
}
