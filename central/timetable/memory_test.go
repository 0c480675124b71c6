package timetable

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// memory is a campus in memory. It keeps the change of the last import and applies nothing.
type memory struct {
	terms    []calendar.Term
	holidays []Holiday
	places   Places
	students []Student
	cards    []Card
	sessions []Session
	absences []Absence

	change *Change
}

func (m *memory) Holidays(context.Context) ([]Holiday, error)    { return m.holidays, nil }
func (m *memory) Terms(context.Context) ([]calendar.Term, error) { return m.terms, nil }
func (m *memory) Places(context.Context) (Places, error)         { return m.places, nil }
func (m *memory) Students(context.Context) ([]Student, error)    { return m.students, nil }
func (m *memory) Cards(context.Context) ([]Card, error)          { return m.cards, nil }
func (m *memory) Absences(context.Context) ([]Absence, error)    { return m.absences, nil }

func (m *memory) Sessions(_ context.Context, ids []string) ([]Session, error) {
	return m.where(func(s Session) bool { return slices.Contains(ids, s.ID) }), nil
}

func (m *memory) SessionsBetween(_ context.Context, from, to time.Time) ([]Session, error) {
	return m.where(func(s Session) bool { return !s.StartsAt.Before(from) && s.StartsAt.Before(to) }), nil
}

func (m *memory) CountSessions(_ context.Context, from time.Time) (int, error) {
	return len(m.where(func(s Session) bool { return !s.Cancelled && !s.StartsAt.Before(from) })), nil
}

func (m *memory) where(keep func(Session) bool) []Session {
	return slices.DeleteFunc(slices.Clone(m.sessions), func(s Session) bool { return !keep(s) })
}

func (m *memory) Plan(_ context.Context, f func(State) error) error { return f(m) }

func (m *memory) Import(_ context.Context, f func(State) (*Change, error)) (err error) {
	m.change, err = f(m)
	return err
}

// october is Thursday 1 October 2026, 09:00 in London.
var october = time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)

func (m *memory) importer() *Importer {
	return NewImporter(ImporterOptions{
		Store: m, CampusKey: []byte("campus"), Windows: func(context.Context) (Window, error) {
			return func(start, end time.Time) (time.Time, time.Time) { return start.Add(-30 * time.Minute), end }, nil
		}, Log: slog.New(slog.DiscardHandler),
		Registerer: prometheus.NewRegistry(), Now: func() time.Time { return october },
	})
}

func (m *memory) take(t testing.TB, kind Kind, content string, o Options) (Diff, error) {
	t.Helper()
	m.change = nil
	return m.importer().Import(t.Context(), kind, strings.NewReader(content), o)
}

// smallCampus has rooms, students 00123 and s2, and Monday's law lecture.
func smallCampus() *memory {
	return &memory{
		places: Places{
			Buildings: []Building{{"A", "Building A"}},
			Rooms:     []Room{{ID: "A-101", Building: "A", Name: "Room 101"}, {ID: "A-102", Building: "A", Name: "Room 102"}},
			Points:    []Point{{ID: "A-101/door", Room: "A-101"}},
		},
		students: []Student{{ID: "00123", Name: "Ada"}, {ID: "s2", Name: "Bob"}},
		sessions: []Session{lecture("law-1", "2026-10-05T08:00:00Z", "A-101", "00123")},
	}
}

// lecture is an hour of module LAW that starts at an instant, as an import would have stored it.
func lecture(id, start, room string, students ...string) Session {
	at, err := time.Parse(time.RFC3339, start)
	if err != nil {
		panic(err)
	}
	return Session{
		ID: id, Module: "LAW", Kind: "lecture", Mandatory: true, StartsAt: at, EndsAt: at.Add(time.Hour),
		OpensAt: at.Add(-30 * time.Minute), ClosesAt: at.Add(time.Hour), Rooms: []string{room}, Students: students,
	}
}
