package policy_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/config/document"
)

// drawer keeps documents in memory.
type drawer struct {
	documents []policy.Document
	window    func(start, end time.Time) (opens, closes time.Time) // of the last import
}

func (d *drawer) Policies(context.Context) ([]policy.Document, error) {
	return slices.Clone(d.documents), nil
}

func (d *drawer) AddPolicy(_ context.Context, doc policy.Document, window func(start, end time.Time) (time.Time, time.Time)) error {
	d.documents, d.window = append(d.documents, doc), window
	return nil
}

func text(t *testing.T, name string, changes ...string) []byte {
	t.Helper()
	out, err := config.Policies.ReadFile("policies/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(changes); i += 2 {
		if !bytes.Contains(out, []byte(changes[i])) {
			t.Fatalf("%s has no %q", name, changes[i])
		}
		out = bytes.Replace(out, []byte(changes[i]), []byte(changes[i+1]), 1)
	}
	return out
}

func ids(b *policy.Book) (all []string) {
	for _, p := range b.Versions() {
		all = append(all, p.ID())
	}
	return all
}

func TestDesk(t *testing.T) {
	store := &drawer{}
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	desk := policy.NewDesk(store, func() time.Time { return noon })
	if _, err := desk.Book(t.Context()); !errors.Is(err, policy.ErrEmpty) {
		t.Fatalf("book of nothing = %v, want ErrEmpty", err)
	}
	for range 2 { // a second start changes nothing
		if err := desk.Start(t.Context(), "college.yaml", text(t, "college")); err != nil {
			t.Fatal(err)
		}
	}
	book, err := desk.Book(t.Context())
	if err != nil || !slices.Equal(ids(book), []string{"college v1"}) || len(store.documents) != 1 {
		t.Fatalf("book of a new university = %v, %v; want the policy to start with", ids(book), err)
	}

	second := text(t, "college", "version: 1", "version: 2", "from: 2015-09-01", "from: 2026-11-09", "opens: start-30m", "opens: start-10m")
	tried, p, err := desk.With(t.Context(), "new.yaml", second, day(2026, 10, 1))
	if err != nil || p.From != day(2026, 10, 1) || !slices.Equal(ids(tried), []string{"college v1", "college v2"}) {
		t.Fatalf("With = %v, %+v, %v", tried, p, err)
	}
	if len(store.documents) != 1 {
		t.Fatal("trying kept a document")
	}
	if p, err = desk.Import(t.Context(), "new.yaml", second, "m.registrar"); err != nil || p.From != day(2026, 11, 9) {
		t.Fatalf("Import of the second = %v, %v", p, err)
	}
	if _, err := desk.Import(t.Context(), "again.yaml", second, "m.registrar"); !errors.Is(err, policy.ErrTwice) {
		t.Errorf("Import of the same version again = %v, want ErrTwice", err)
	}
	var faults document.Faults
	if _, err := desk.Import(t.Context(), "bad.yaml", []byte("policy: x\n"), "m.registrar"); !errors.As(err, &faults) {
		t.Errorf("Import of a faulty file = %v, want its faults", err)
	}
	if got := store.documents[1]; got.Actor != "m.registrar" || !got.ImportedAt.Equal(noon) || !bytes.Equal(got.Text, second) {
		t.Errorf("kept %+v", got)
	}
	// On 9 November the new version opens registers ten minutes before, the day before it is still thirty.
	for _, tt := range []struct {
		day  calendar.Day
		want string
	}{{day(2026, 11, 8), "08:30"}, {day(2026, 11, 9), "08:50"}} {
		start := tt.day.Starts().Add(9 * time.Hour)
		if opens, closes := store.window(start, start.Add(time.Hour)); opens.Format("15:04") != tt.want || closes.Format("15:04") != "10:00" {
			t.Errorf("window on %s = %s to %s, want %s to 10:00", tt.day, opens.Format("15:04"), closes.Format("15:04"), tt.want)
		}
	}
	if book, err = desk.Book(t.Context()); err != nil || len(book.Versions()) != 2 {
		t.Errorf("book = %v, %v; want both versions", ids(book), err)
	}
}

// A gateway shows green for whatever may count for somebody.
func TestWindowIsAsWideAsAllPoliciesTogether(t *testing.T) {
	book, err := policy.NewBook(shipped(t, "bedfordshire"), shipped(t, "imperial"))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	// One opens at the start and closes at the end, the other opens and closes thirty minutes from the start.
	// Both are for everybody, and the one from the later day holds; for Imperial's law students alone, both do.
	if opens, closes := book.Window(start, start.Add(time.Hour)); !opens.Equal(start) || !closes.Equal(start.Add(time.Hour)) {
		t.Errorf("window of two for everybody = %v to %v", opens, closes)
	}
	some := shipped(t, "imperial")
	some.Scope.Programmes = []string{"LLB Law"}
	if book, err = policy.NewBook(shipped(t, "bedfordshire"), some); err != nil {
		t.Fatal(err)
	}
	if opens, closes := book.Window(start, start.Add(time.Hour)); !opens.Equal(start.Add(-30*time.Minute)) || !closes.Equal(start.Add(time.Hour)) {
		t.Errorf("window with one for some = %v to %v", opens, closes)
	}
}
