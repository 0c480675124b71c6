package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/judge"
	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/rules"
)

// University implements judge.Store.
func (j Judgements) University(ctx context.Context, q judge.Survey) (judge.Surveyed, error) {
	r := surveyor{q: q}
	err := j.s.view(ctx, func(tx *transaction) error {
		r.tx = tx
		r.out = judge.Surveyed{Part: q.Name()}
		return r.read(ctx)
	})
	return r.out, err
}

// surveyor reads one part of a survey.
type surveyor struct {
	tx  *transaction
	q   judge.Survey
	out judge.Surveyed
}

type reading struct {
	what string
	run  func(context.Context) error
}

func (r *surveyor) read(ctx context.Context) error {
	mark, steps := r.factsMark, []reading{
		{"facts of the university", r.facts}, {"feeds", r.feeds}, {"headcounts", r.headcounts}, {"registers of headcounts", r.registered},
		{"registers nothing was heard of", r.unheard}, {"rooms off site", r.barred}, {"permissions", r.permits},
	}
	switch r.q.Name() {
	case "facts":
	case "timetable":
		mark, steps = r.timetableMark, []reading{{"facts of the university", r.facts}, {"weeks", r.weeks}, {"what is taught", r.taught}}
	default:
		mark, steps = r.tapsMark, []reading{{"taps", r.taps}}
	}
	if err := r.compare(ctx, mark); err != nil || r.out.Same {
		return err
	}
	for _, step := range append(steps, reading{"findings of surveys", r.findings}) {
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("read %s: %w", step.what, err)
		}
	}
	return nil
}

// compare asks whether the part is as it was.
func (r *surveyor) compare(ctx context.Context, mark func(context.Context) (string, error)) error {
	now, err := mark(ctx)
	if err != nil {
		return fmt.Errorf("see what is to be surveyed: %w", err)
	}
	r.out.Seen = r.q.Versions + "; " + now
	var seen string
	err = r.tx.QueryRowContext(ctx, `SELECT seen FROM surveyed WHERE part = $1`, r.out.Part).Scan(&seen)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("see what was surveyed: %w", err)
	}
	r.out.Same = err == nil && seen == r.out.Seen && !r.q.Anew
	return nil
}

// tapsMark tells the taps of a day from others: they are only ever added.
func (r *surveyor) tapsMark(ctx context.Context) (string, error) {
	from, to := r.day()
	return r.mark(ctx, `SELECT count(*), coalesce(CAST(sum(at - $1) AS BIGINT), 0), (SELECT coalesce(max(id), 0) FROM import WHERE kind = 'rooms')
		FROM tap WHERE at >= $1 AND at < $2`, 3, from, to)
}

func (r *surveyor) day() (from, to int64) {
	return milliseconds(r.q.Day.Starts()), milliseconds(r.q.Day.Add(1).Starts())
}

// timetableMark is another on every day and after every import.
func (r *surveyor) timetableMark(ctx context.Context) (string, error) {
	return r.mark(ctx, `SELECT (SELECT coalesce(max(id), 0) FROM import), (SELECT count(*) FROM fact WHERE student_id = '' AND withdrawn_at IS NULL),
		(SELECT coalesce(max(id), 0) FROM fact WHERE student_id = '')`, 3)
}

// factsMark is another on every day, and whenever something came that rules.OfFacts look at.
func (r *surveyor) factsMark(ctx context.Context) (string, error) {
	facts, err := r.mark(ctx, `SELECT (SELECT coalesce(max(id), 0) FROM import), (SELECT count(*) FROM fact WHERE student_id = '' AND withdrawn_at IS NULL),
		(SELECT coalesce(max(id), 0) FROM fact WHERE student_id = ''),
		(SELECT count(*) FROM fact WHERE kind = 'permission' AND withdrawn_at IS NULL), (SELECT coalesce(max(id), 0) FROM fact WHERE kind = 'permission'),
		(SELECT coalesce(CAST(sum(through / 1000) AS BIGINT), 0) FROM feed), (SELECT count(*) FROM watermark),
		(SELECT coalesce(CAST(sum(until / 1000) AS BIGINT), 0) FROM watermark WHERE until < $1), (SELECT coalesce(max(id), 0) FROM register_closure),
		(SELECT count(*) FROM holiday)`, 10, milliseconds(r.today().Starts()))
	if err != nil {
		return "", err
	}
	heads, err := r.mark(ctx, `SELECT count(DISTINCT h.id), count(m.code), count(*) FILTER (WHERE m.code IN ('P', 'L')), count(*) FILTER (WHERE m.code = 'U'),
		coalesce(max(m.judged_at), 0)`+counted+` WHERE h.at >= $1`, 5, milliseconds(r.q.Recent))
	return facts + heads, err
}

func (r *surveyor) today() calendar.Day { return calendar.DayOf(r.q.AsOf) }

// mark is the day and some numbers as one text.
func (r *surveyor) mark(ctx context.Context, query string, numbers int, args ...any) (string, error) {
	values, into := make([]int64, numbers), make([]any, numbers)
	for i := range values {
		into[i] = &values[i]
	}
	if err := r.tx.QueryRowContext(ctx, query, args...).Scan(into...); err != nil {
		return "", err
	}
	day := ""
	if r.q.Day == (calendar.Day{}) {
		day = r.today().String()
	}
	return fmt.Sprint(day, values), nil
}

func (r *surveyor) facts(ctx context.Context) error {
	return each(ctx, r.tx, func(rows *sql.Rows) error {
		_, f, err := scanFact(rows)
		r.out.Facts = append(r.out.Facts, f)
		return err
	}, `SELECT student_id, `+factColumns+` FROM fact WHERE withdrawn_at IS NULL AND student_id = '' ORDER BY at, id`)
}

func (r *surveyor) feeds(ctx context.Context) error {
	r.out.Known = map[engagement.Kind]time.Time{}
	return each(ctx, r.tx, func(rows *sql.Rows) error {
		var kind engagement.Kind
		var through int64
		err := rows.Scan(&kind, &through)
		r.out.Known[kind] = instant(through)
		return err
	}, `SELECT kind, through FROM feed`)
}

// headcounts reads each, and then what its register had at that moment.
func (r *surveyor) headcounts(ctx context.Context) error {
	return each(ctx, r.tx, func(rows *sql.Rows) error {
		var h rules.Headcount
		var at int64
		err := rows.Scan(&h.ID, &h.Session, &h.By, &at, &h.Count)
		h.At = instant(at)
		r.out.Headcounts = append(r.out.Headcounts, h)
		return err
	}, `SELECT id, session_id, counter, at, people FROM headcount WHERE at >= $1 ORDER BY id`, milliseconds(r.q.Recent))
}

// counted are the marks m that the headcounts h are compared with.
var counted = ` FROM headcount h JOIN session e ON e.id = h.session_id JOIN expected x ON x.session_id = e.id ` + markOfExpected

// registered counts who was registered by the moment of each headcount. Staff's marks are true of the whole session.
func (r *surveyor) registered(ctx context.Context) error {
	place := map[int64]*rules.Headcount{}
	for i := range r.out.Headcounts {
		place[r.out.Headcounts[i].ID] = &r.out.Headcounts[i]
	}
	return each(ctx, r.tx, func(rows *sql.Rows) error {
		var id int64
		var code, source string
		var stream []byte
		var tap contract.TapID
		var at sql.NullInt64
		if err := rows.Scan(&id, &code, &source, &stream, &tap.Seq, &at); err != nil {
			return err
		}
		copy(tap.Stream[:], stream)
		h := place[id]
		tapped := at.Valid && !instant(at.Int64).After(h.At)
		switch {
		case code == "U":
			h.Unknown++
		case tapped || source == string(register.FromStaff):
			h.Registered++
		}
		if tapped && code != "U" {
			h.Taps = append(h.Taps, tap.String())
		}
		return nil
	}, `SELECT h.id, m.code, m.source, m.tap_stream, m.tap_seq, t.at`+counted+`
		LEFT JOIN tap t ON t.stream_id = m.tap_stream AND t.seq = m.tap_seq
		WHERE h.at >= $1 AND m.code IN ('P', 'L', 'U') ORDER BY h.id, t.at, m.tap_stream, m.tap_seq, x.student_id`, milliseconds(r.q.Recent))
}

// unheard reads the registers that closed by last midnight and that a point of their rooms has delivered nothing of yet.
func (r *surveyor) unheard(ctx context.Context) error {
	return each(ctx, r.tx, func(rows *sql.Rows) error {
		var h rules.Unheard
		var closes int64
		err := rows.Scan(&h.Point, &closes)
		h.ClosesAt = instant(closes)
		r.out.Unheard = append(r.out.Unheard, h)
		return err
	}, `SELECT p.id, s.closes_at FROM point p LEFT JOIN watermark w ON w.point_id = p.id
		JOIN session_room sr ON sr.room_id = p.room_id JOIN session s ON s.id = sr.session_id
		WHERE coalesce(w.until, 0) < $2 AND s.closes_at > coalesce(w.until, 0) AND s.closes_at <= $2 AND s.starts_at >= $1
		AND s.mandatory AND NOT s.cancelled AND s.closed_by = '' ORDER BY p.id, s.closes_at, s.id`,
		milliseconds(r.q.Since), milliseconds(r.today().Starts()))
}

// barred reads the rooms off site that are not approved, and what is to be held there.
func (r *surveyor) barred(ctx context.Context) error {
	return each(ctx, r.tx, func(rows *sql.Rows) error {
		var room string
		var since int64
		var session sql.NullString
		if err := rows.Scan(&room, &since, &session); err != nil {
			return err
		}
		if n := len(r.out.Barred); n == 0 || r.out.Barred[n-1].Room != room {
			r.out.Barred = append(r.out.Barred, rules.Barred{Room: room, Since: instant(since)})
		}
		last := &r.out.Barred[len(r.out.Barred)-1]
		if session.Valid {
			last.Sessions = append(last.Sessions, session.String)
		}
		return nil
	}, `SELECT r.id, r.barred_at, s.id FROM room r LEFT JOIN session_room sr ON sr.room_id = r.id
		LEFT JOIN session s ON s.id = sr.session_id AND s.starts_at >= r.barred_at AND NOT s.cancelled
		WHERE r.barred_at IS NOT NULL ORDER BY r.id, s.starts_at, s.id`)
}

// permits reads everybody who holds a visa: those the university sponsors, and those of whom a permission is on record.
func (r *surveyor) permits(ctx context.Context) error {
	held := map[string][]engagement.Fact{}
	err := each(ctx, r.tx, func(rows *sql.Rows) error {
		student, f, err := scanFact(rows)
		held[student] = append(held[student], f)
		return err
	}, `SELECT student_id, `+factColumns+` FROM fact WHERE kind = 'permission' AND withdrawn_at IS NULL AND student_id <> '' ORDER BY student_id, at, id`)
	if err != nil {
		return err
	}
	err = each(ctx, r.tx, func(rows *sql.Rows) error {
		var student string
		err := rows.Scan(&student)
		if _, known := held[student]; !known {
			held[student] = nil
		}
		return err
	}, `SELECT id FROM student WHERE visa`)
	for _, student := range slices.Sorted(maps.Keys(held)) {
		r.out.Permits = append(r.out.Permits, rules.Permit{Student: student, Permissions: held[student]})
	}
	return err
}

// classes sum up the sessions of each class list between two instants, since a list is the same in most weeks: the minutes of all, of
// those held online, and of those in a room that nobody has to come to. Of is one of the sessions.
const classes = `SELECT min(id) AS of, sum((ends_at - starts_at) / 60000) AS minutes,
		sum(CASE WHEN delivery = 'online' THEN (ends_at - starts_at) / 60000 ELSE 0 END) AS remote,
		sum(CASE WHEN delivery <> 'online' AND NOT mandatory THEN (ends_at - starts_at) / 60000 ELSE 0 END) AS optional
	FROM session WHERE starts_at >= $1 AND starts_at < $2 AND NOT cancelled GROUP BY CASE WHEN list = '' THEN id ELSE list END`

// weeks reads what students of some levels had on the timetable in the weeks that ended lately.
func (r *surveyor) weeks(ctx context.Context) error {
	if len(r.q.Levels) == 0 {
		return nil
	}
	levels, err := keys(r.q.Levels)
	if err != nil {
		return err
	}
	for monday := calendar.DayOf(r.q.Recent).Add(-7).Monday(); !r.q.AsOf.Before(monday.Add(7).Starts()); monday = monday.Add(7) {
		if err := r.week(ctx, monday, levels); err != nil {
			return err
		}
	}
	return nil
}

func (r *surveyor) week(ctx context.Context, monday calendar.Day, levels string) error {
	return each(ctx, r.tx, func(rows *sql.Rows) error {
		w := rules.Week{Monday: monday}
		err := rows.Scan(&w.Programme, &w.Level, &w.Visa, &w.Delivery, &w.Student, &w.Minutes)
		r.out.Weeks = append(r.out.Weeks, w)
		return err
	}, `SELECT u.programme, u.level, u.visa, CASE WHEN u.delivery = '' THEN 'campus' ELSE u.delivery END, u.id, CAST(sum(c.minutes - c.remote) AS BIGINT)
		FROM (`+classes+`) AS c JOIN expected e ON e.session_id = c.of JOIN student u ON u.id = e.student_id
		WHERE u.level IN ({{keys $3}}) GROUP BY u.programme, u.level, u.visa, u.delivery, u.id HAVING sum(c.minutes - c.remote) > 0 ORDER BY u.id`, milliseconds(monday.Starts()), milliseconds(monday.Add(7).Starts()), levels)
}

// taught sums up the timetables of the terms that the survey reaches.
func (r *surveyor) taught(ctx context.Context) error {
	if !r.q.Shares {
		return nil
	}
	for _, term := range r.q.Terms {
		err := each(ctx, r.tx, func(rows *sql.Rows) error {
			t := rules.Taught{Term: term.ID}
			err := rows.Scan(&t.Programme, &t.Minutes, &t.Remote, &t.Optional)
			r.out.Taught = append(r.out.Taught, t)
			return err
		}, `SELECT u.programme, CAST(sum(c.minutes) AS BIGINT), CAST(sum(c.remote) AS BIGINT), CAST(sum(c.optional) AS BIGINT)
			FROM (`+classes+`) AS c JOIN expected e ON e.session_id = c.of JOIN student u ON u.id = e.student_id
			GROUP BY u.programme ORDER BY u.programme`, milliseconds(term.First.Starts()), milliseconds(term.Last.Add(1).Starts()))
		if err != nil {
			return err
		}
	}
	return nil
}

// taps reads every tap of a day whose moment is to be believed.
func (r *surveyor) taps(ctx context.Context) error {
	buildings := map[string]string{}
	err := each(ctx, r.tx, func(rows *sql.Rows) error {
		var point, building string
		err := rows.Scan(&point, &building)
		buildings[point] = building
		return err
	}, `SELECT p.id, r.building_id FROM point p JOIN room r ON r.id = p.room_id`)
	if err != nil {
		return err
	}
	from, to := r.day()
	return each(ctx, r.tx, func(rows *sql.Rows) error {
		t, err := scanPresentation(rows)
		t.Building = buildings[t.Point]
		r.out.Taps = append(r.out.Taps, t)
		return err
	}, `SELECT t.stream_id, t.seq, t.at, t.point_id, t.digest, t.evidence, t.reason, t.session_id, t.quality, coalesce(w.within, t.within), w.seq IS NOT NULL, w.latest IS NOT NULL
		FROM tap t LEFT JOIN tap_time w ON w.stream_id = t.stream_id AND w.seq = t.seq
		WHERE t.at >= $1 AND t.at < $2 AND NOT t.suspect`, from, to)
}

func scanPresentation(rows *sql.Rows) (p rules.Presentation, err error) {
	var stream, digest []byte
	var at, within int64
	var reason contract.Reason
	var quality contract.Quality
	var corrected, uncertain bool
	if err := rows.Scan(&stream, &p.ID.Seq, &at, &p.Point, &digest, &p.Evidence, &reason, &p.Session, &quality, &within, &corrected, &uncertain); err != nil {
		return p, err
	}
	copy(p.ID.Stream[:], stream)
	copy(p.Card[:], digest)
	p.At, p.Within = instant(at), time.Duration(within)*time.Millisecond
	p.Sure = (quality == contract.Synchronised || corrected) && !uncertain
	p.Blocked = reason == contract.BlockedCard
	return p, nil
}

// findings reads those about no student that were not superseded.
func (r *surveyor) findings(ctx context.Context) error {
	return each(ctx, r.tx, func(rows *sql.Rows) error {
		f, err := scanSurveyed(rows)
		r.out.Findings = append(r.out.Findings, f)
		return err
	}, `SELECT id, subject, rule, scope, step, opens, policy, as_of, summary, deadline, evidence FROM finding
		WHERE superseded_at IS NULL AND student_id = '' ORDER BY id`)
}
