package evidence

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// memory keeps facts in memory, by the same promises as the store.
type memory struct {
	students []string
	users    []User
	sessions []string
	kept     []Kept
	feeds    map[engagement.Kind]Feed
	imports  int
}

// campus has students 00123 and s2, and the session law-1.
func campus() *memory {
	return &memory{students: []string{"00123", "s2"}, sessions: []string{"law-1"}, feeds: map[engagement.Kind]Feed{}}
}

func (m *memory) StudentIDs(context.Context) ([]string, error) { return m.students, nil }
func (m *memory) Users(context.Context) ([]User, error)        { return m.users, nil }

func (m *memory) Facts(_ context.Context, s Scope, each func(Kept)) error {
	for _, k := range m.kept {
		if slices.Contains(s.Kinds, k.Kind) && slices.Contains(s.Students, k.Student) && !k.At.Before(s.From) && !k.At.After(s.To) {
			each(k)
		}
	}
	return nil
}

func (m *memory) Feeds(context.Context) (map[engagement.Kind]time.Time, error) {
	known := map[engagement.Kind]time.Time{}
	for kind, f := range m.feeds {
		known[kind] = f.Through
	}
	return known, nil
}

func (m *memory) UnknownSessions(_ context.Context, ids []string) ([]string, error) {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(m.sessions, id) }), nil
}

func (m *memory) Plan(_ context.Context, f func(State) error) error { return f(m) }

func (m *memory) Import(_ context.Context, f func(State) (*Change, error)) error {
	change, err := f(m)
	if err != nil || change == nil {
		return err
	}
	m.imports++
	for _, w := range change.Withdrawn {
		k := &m.kept[w.ID-1]
		k.WithdrawnAt, k.WithdrawnBy, k.Replaced = change.Receipt.AppliedAt, w.By, w.Replaced
	}
	for _, n := range change.Facts {
		n.ID = int64(len(m.kept) + 1)
		m.kept = append(m.kept, Kept{Noted: n})
	}
	for _, u := range change.Users {
		m.users = append(slices.DeleteFunc(m.users, func(old User) bool { return old.ID == u.ID }), u)
	}
	for _, f := range change.Feeds {
		m.feeds[f.Kind] = f
	}
	return nil
}

func (m *memory) Withdraw(_ context.Context, id int64, by string, now time.Time) error {
	if id < 1 || id > int64(len(m.kept)) || !m.kept[id-1].WithdrawnAt.IsZero() {
		return ErrUnknown
	}
	m.kept[id-1].WithdrawnAt, m.kept[id-1].WithdrawnBy = now, by
	return nil
}

func (m *memory) FactsOf(_ context.Context, student string) ([]Kept, error) {
	return slices.DeleteFunc(slices.Clone(m.kept), func(k Kept) bool { return k.Student != student }), nil
}

// november is Friday 27 November 2026, 09:00 in London.
var november = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

func (m *memory) desk() *Desk {
	return NewDesk(DeskOptions{
		Store: m, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(), Now: func() time.Time { return november },
	})
}

func (m *memory) take(t testing.TB, kind Kind, content string, o Options) (sheet.Diff, error) {
	t.Helper()
	if o.Actor == "" {
		o.Actor = "office"
	}
	return m.desk().Import(t.Context(), kind, strings.NewReader(content), o)
}

// mustTake imports what has no fault.
func (m *memory) mustTake(t testing.TB, kind Kind, content string, o Options) sheet.Diff {
	t.Helper()
	diff, err := m.take(t, kind, content, o)
	if err != nil {
		t.Fatal(err)
	}
	return diff
}

// holding are the facts that hold, in words.
func (m *memory) holding() []string {
	var out []string
	for _, k := range m.kept {
		if k.WithdrawnAt.IsZero() {
			out = append(out, word(k.Noted))
		}
	}
	return out
}

// word is a fact in one line: times in UTC, what is empty left out.
func word(n engagement.Noted) string {
	parts := []string{n.Student, string(n.Kind), n.At.UTC().Format("2006-01-02T15:04:05.999Z")}
	if !n.Until.IsZero() {
		parts = append(parts, "until "+n.Until.UTC().Format("2006-01-02T15:04:05.999Z"))
	}
	for _, v := range []string{n.Of, n.Value} {
		if v != "" {
			parts = append(parts, v)
		}
	}
	if n.Amount != 0 {
		parts = append(parts, "amount "+strconv.FormatInt(n.Amount, 10))
	}
	if n.Note != "" {
		parts = append(parts, "("+n.Note+")")
	}
	return strings.TrimSpace(strings.Join(append(parts, "by "+n.By), " "))
}
