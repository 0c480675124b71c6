package report

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// sessionSource reads sessions and registers.
type sessionSource interface {
	Sessions(ctx context.Context, q SessionQuery) ([]Session, error)
	Session(ctx context.Context, id string) (Session, error)
	Place(ctx context.Context, sessions []Session) error // fills Rooms
	Count(ctx context.Context, sessions []Session) error // fills Expected and Marks
	RegisterRows(ctx context.Context, session string) ([]RegisterRow, error)
	AmendmentsIn(ctx context.Context, session string) ([]Amendment, error)
	ClosuresOf(ctx context.Context, session string) ([]Closure, error)
	PointsOf(ctx context.Context, session string) ([]Coverage, error)
	CoverageOf(ctx context.Context, point string, from, to time.Time) ([]Span, error)
}

// Session is one dated teaching event with its counts.
type Session struct {
	ID        string    `json:"id"`
	Module    string    `json:"module"`
	Title     string    `json:"title"` // of the module
	Kind      string    `json:"kind"`  // lecture, seminar, …
	Mandatory bool      `json:"mandatory"`
	Rooms     []Room    `json:"rooms"`
	StartsAt  time.Time `json:"starts_at"`
	EndsAt    time.Time `json:"ends_at"`
	OpensAt   time.Time `json:"opens_at"` // the register's window is closed at both ends (G-1)
	ClosesAt  time.Time `json:"closes_at"`
	Cancelled bool      `json:"cancelled"`
	ClosedBy  string    `json:"closed_by"` // who closed the register by hand; "" if nobody
	Expected  int64     `json:"expected"`
	Marks     Marks     `json:"marks"`
}

// Room is where a session is held.
type Room struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Building string `json:"building"`
}

// Marks counts the marks of one session by code; what was not judged yet is in none.
type Marks map[Code]int64

// Of is how many have one mark.
func (m Marks) Of(c Code) int64 { return m[c] }

// Present is how many were there: present or late.
func (m Marks) Present() int64 { return m["P"] + m["L"] }

// SessionQuery chooses sessions that overlap [From, To), by start and identifier.
type SessionQuery struct {
	From, To  time.Time
	After     time.Time // with AfterID: only sessions that come later in the order; zero for all
	AfterID   string
	Limit     int  // 0: no limit
	Timetable bool // without rooms and counts; Place and Count add them to some
}

// maxQuery bounds what one question may span.
const maxQuery = 400 * 24 * time.Hour

// Sessions lists sessions that overlap an interval, by start.
func (r *Reports) Sessions(ctx context.Context, q SessionQuery) ([]Session, error) {
	if !q.From.Before(q.To) {
		return nil, fmt.Errorf("%w: from must be before to", ErrQuery)
	}
	if q.To.Sub(q.From) > maxQuery {
		return nil, fmt.Errorf("%w: ask for at most 400 days at once", ErrQuery)
	}
	return r.source.Sessions(ctx, q)
}

// Place adds rooms to sessions that were listed without them.
func (r *Reports) Place(ctx context.Context, sessions []Session) error {
	if len(sessions) == 0 {
		return nil
	}
	return r.source.Place(ctx, sessions)
}

// Count adds counts to sessions that were listed without them.
func (r *Reports) Count(ctx context.Context, sessions []Session) error {
	if len(sessions) == 0 {
		return nil
	}
	return r.source.Count(ctx, sessions)
}

// Register is the register of one session.
type Register struct {
	Session    Session        `json:"session"`
	Rows       []RegisterRow  `json:"rows"`        // by name
	Coverage   []Coverage     `json:"coverage"`    // of each point of the rooms, over the window up to now
	NotCovered []RoomCoverage `json:"not_covered"` // rooms that were not covered throughout, with when and why
	Amendments []Amendment    `json:"amendments"`
	Closures   []Closure      `json:"closures"`
	Headcounts []Headcount    `json:"headcounts"`
	Sheet      Sheet          `json:"sheet"`
}

// RegisterRow is one expected student.
type RegisterRow struct {
	Student string `json:"student"`
	Name    string `json:"name"`
	Mark    Mark   `json:"mark"`
	Tap     *Tap   `json:"tap"` // credited, if one was
}

// Closure says that a person closed the register, so that absences are concluded without full coverage (G-3).
type Closure struct {
	Actor  string    `json:"actor"`
	Reason string    `json:"reason"`
	MadeAt time.Time `json:"made_at"`
}

// Register reads the register of a session.
func (r *Reports) Register(ctx context.Context, session string) (Register, error) {
	s, err := r.source.Session(ctx, session)
	if err != nil {
		return Register{}, fmt.Errorf("session %q: %w", session, err)
	}
	reg := Register{Session: s}
	if reg.Rows, err = r.source.RegisterRows(ctx, session); err != nil {
		return Register{}, fmt.Errorf("read register: %w", err)
	}
	if reg.Coverage, err = r.coverage(ctx, s); err != nil {
		return Register{}, err
	}
	if reg.NotCovered, err = r.NotCoveredOf(ctx, []Session{s}); err != nil {
		return Register{}, err
	}
	if reg.Amendments, err = r.source.AmendmentsIn(ctx, session); err != nil {
		return Register{}, fmt.Errorf("read amendments: %w", err)
	}
	if reg.Closures, err = r.source.ClosuresOf(ctx, session); err != nil {
		return Register{}, fmt.Errorf("read closures: %w", err)
	}
	if reg.Headcounts, err = r.source.HeadcountsOf(ctx, session); err != nil {
		return Register{}, fmt.Errorf("read headcounts: %w", err)
	}
	if reg.Sheet, err = r.sheet(ctx, session); err != nil {
		return Register{}, err
	}
	return reg, nil
}

// Coverage is how much of a register's window one point was proved to be listening, with all its taps at central.
type Coverage struct {
	Point    string     `json:"point"`
	Room     string     `json:"room"`
	Building string     `json:"building"`
	Gateways []string   `json:"gateways"` // of the building
	Permille int64      `json:"permille"` // of the window that has passed; 1000 before it opens
	Until    *time.Time `json:"until"`    // central has everything up to here; nil if nothing of the window
}

// Span is an interval of time.
type Span struct{ Since, Until time.Time }

// coverage measures each point of a session's rooms.
func (r *Reports) coverage(ctx context.Context, s Session) ([]Coverage, error) {
	points, err := r.source.PointsOf(ctx, s.ID)
	if err != nil {
		return nil, fmt.Errorf("read points: %w", err)
	}
	end := s.ClosesAt
	if now := r.Now(); now.Before(end) {
		end = now
	}
	for i := range points {
		spans, err := r.source.CoverageOf(ctx, points[i].Point, s.OpensAt, end)
		if err != nil {
			return nil, fmt.Errorf("read coverage: %w", err)
		}
		points[i].Permille, points[i].Until = measure(spans, Span{s.OpensAt, end})
	}
	return points, nil
}

// measure is the share of the window that the union of spans covers, rounded down, and where that union last ends in it.
func measure(spans []Span, window Span) (permille int64, until *time.Time) {
	total := window.Until.Sub(window.Since)
	if total <= 0 {
		return 1000, nil
	}
	slices.SortFunc(spans, func(a, b Span) int { return a.Since.Compare(b.Since) })
	var covered time.Duration
	edge := window.Since
	for _, s := range spans {
		since, end := later(s.Since, edge), earlier(s.Until, window.Until)
		if end.After(since) {
			covered += end.Sub(since)
			edge = end
			until = &end
		}
	}
	return int64(covered * 1000 / total), until
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
