package evidence

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

func through(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := ParseEdge(text, true)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

const meetings = "student_id,at,with,outcome,note,withdraw\n"

// Files that come after others, and what holds then.
func TestLaterStatements(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files []string // of meetings
		want  []string
	}{
		{"what came of a meeting replaces the plan", []string{"s2,2026-11-02 10:00,tutor,expected,,\n", "s2,2026-11-02 10:00,tutor,met,,\n"},
			[]string{"s2 meeting 2026-11-02T10:00:00Z tutor met by office"}},
		{"a plan that is exported again undoes nothing", []string{"s2,2026-11-02 10:00,tutor,expected,,\n", "s2,2026-11-02 10:00,tutor,met,,\n", "s2,2026-11-02 10:00,tutor,expected,,\n"},
			[]string{"s2 meeting 2026-11-02T10:00:00Z tutor met by office"}},
		{"a correction, and back", []string{"s2,2026-11-02 10:00,tutor,met,,\n", "s2,2026-11-02 10:00,tutor,missed,,\n", "s2,2026-11-02 10:00,tutor,met,,\n"},
			[]string{"s2 meeting 2026-11-02T10:00:00Z tutor met by office"}},
		{"another time is another meeting", []string{"s2,2026-11-02 10:00,tutor,met,,\n", "s2,2026-11-02 11:00,tutor,met,,\n"},
			[]string{"s2 meeting 2026-11-02T10:00:00Z tutor met by office", "s2 meeting 2026-11-02T11:00:00Z tutor met by office"}},
		{"withdrawn by a line, whose note is the reason", []string{"s2,2026-11-02 10:00,tutor,missed,no show,\n", "s2,2026-11-02 10:00,tutor,missed,was ill,yes\n"}, nil},
		{"moved: one line withdraws, another states", []string{"s2,2026-11-02 10:00,tutor,expected,,\n",
			"s2,2026-11-02 10:00,tutor,expected,,yes\ns2,2026-11-09 10:00,tutor,met,,\n"}, []string{"s2 meeting 2026-11-09T10:00:00Z tutor met by office"}},
		{"withdrawn once, it stays so", []string{"s2,2026-11-02 10:00,tutor,missed,,\n", "s2,2026-11-02 10:00,tutor,missed,,yes\n", "s2,2026-11-02 10:00,tutor,missed,,\n"}, nil},
		{"lines that repeat each other", []string{"s2,2026-11-02 10:00,tutor,met,,\ns2,2026-11-02 10:00,tutor,met,,\n"}, []string{"s2 meeting 2026-11-02T10:00:00Z tutor met by office"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := campus()
			for _, file := range tt.files {
				m.mustTake(t, "meetings", meetings+file, Options{})
				before := m.imports
				for range 2 {
					if diff := m.mustTake(t, "meetings", meetings+file, Options{}); !diff.Empty() || m.imports != before {
						t.Errorf("row 78 G-6: the same file again = %+v, want no change", diff)
					}
				}
			}
			if d := cmp.Diff(tt.want, m.holding()); d != "" {
				t.Errorf("facts (-want +got):\n%s", d)
			}
		})
	}
}

// What comes once a year is replaced within its year only, and what has a number whenever it changes.
func TestRegistryExtracts(t *testing.T) {
	m := campus()
	enrolments, fees := "student_id,programme,latest,status\n", "student_id,invoice,due,amount\n"
	m.mustTake(t, "enrolments", enrolments+"s2,LLB,2025-10-10,cas\n", Options{})
	m.mustTake(t, "enrolments", enrolments+"s2,LLB,2026-10-09,continuing\n", Options{})
	m.mustTake(t, "enrolments", enrolments+"s2,LLB,2026-10-16,continuing\n", Options{}) // later this year
	m.mustTake(t, "fees", fees+"s2,I-1,2026-10-01,900\n", Options{})
	m.mustTake(t, "fees", fees+"s2,I-1,2026-12-01,450\n", Options{})
	want := []string{"s2 enrolment 2025-10-10T22:59:59.999Z LLB cas by office", "s2 enrolment 2026-10-16T22:59:59.999Z LLB continuing by office",
		"s2 fee 2026-12-01T23:59:59.999Z I-1 amount 45000 by office"}
	if d := cmp.Diff(want, m.holding()); d != "" {
		t.Errorf("facts (-want +got):\n%s", d)
	}
}

func TestForceTakesInAgainWhatWasWithdrawn(t *testing.T) {
	m := campus()
	line := meetings + "s2,2026-11-02 10:00,tutor,missed,,\n"
	m.mustTake(t, "meetings", line, Options{})
	if err := m.desk().Withdraw(t.Context(), 1, "jan", "another student"); err != nil {
		t.Fatal(err)
	}
	if diff := m.mustTake(t, "meetings", line, Options{}); !warned(diff, "1 facts were withdrawn once and stay so") {
		t.Errorf("warnings = %q, want one of what was withdrawn", diff.Warnings)
	}
	if diff := m.mustTake(t, "meetings", line, Options{Force: true}); diff.Added != 1 {
		t.Errorf("with force = %+v, want it added", diff)
	}
}

func warned(d sheet.Diff, part string) bool {
	return slices.ContainsFunc(d.Warnings, func(w string) bool { return strings.Contains(w, part) })
}

// Two who say the same say one thing, unless the files name them.
func TestWhoSaysSo(t *testing.T) {
	m := campus()
	head := "student_id,kind,at,note,by\n"
	m.mustTake(t, "facts", head+"s2,communication,2026-11-02 10:00,ill,Jan\n", Options{})
	if diff := m.mustTake(t, "facts", head+"s2,communication,2026-11-02 10:00,ill,\n", Options{}); diff.Unchanged != 1 {
		t.Errorf("said by nobody = %+v, want it known", diff)
	}
	if diff := m.mustTake(t, "facts", head+"s2,communication,2026-11-02 10:00,ill,Kim\n", Options{}); diff.Added != 1 {
		t.Errorf("said by Kim = %+v, want it added", diff)
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	m := campus()
	diff, err := m.take(t, "meetings", meetings+"s2,2026-11-02 10:00,tutor,met,,\ns9,2026-11-02 10:00,tutor,met,,\n", Options{DryRun: true})
	if faults, _ := errors.AsType[sheet.Faults](err); len(faults) != 1 || faults[0].Line != 3 {
		t.Errorf("faults = %v, want that of line 3", faults)
	}
	if want := []string{`new meeting of student s2 at Mon 2 Nov 2026 10:00: "tutor" met`}; !cmp.Equal(diff.Examples, want) || len(m.kept) > 0 {
		t.Errorf("examples = %q and %d facts, want %q and none", diff.Examples, len(m.kept), want)
	}
}

// Silence means something only through the day that somebody names.
func TestFeeds(t *testing.T) {
	const file = "user,time\ns2,2026-11-16 10:00\ns2,2026-11-20 10:00\n"
	twentieth := time.Date(2026, 11, 20, 23, 59, 59, 999e6, time.UTC)
	t.Run("nobody says", func(t *testing.T) {
		m := campus()
		if diff := m.mustTake(t, Logins, file, Options{}); !warned(diff, "nothing is concluded from silence") || len(m.feeds) > 0 {
			t.Errorf("feeds = %v with warnings %q, want none and a warning", m.feeds, diff.Warnings)
		}
	})
	t.Run("through a day, once", func(t *testing.T) {
		m := campus()
		o := Options{Through: through(t, "2026-11-20")}
		m.mustTake(t, Logins, file, o)
		if want := (Feed{Kind: engagement.Login, Through: twentieth}); m.feeds[engagement.Login] != want {
			t.Errorf("feed = %+v, want %+v", m.feeds[engagement.Login], want)
		}
		if diff := m.mustTake(t, Logins, file, o); !diff.Empty() {
			t.Errorf("again = %+v, want no change", diff)
		}
		if diff := m.mustTake(t, Logins, file, Options{Through: through(t, "2026-11-19")}); !diff.Empty() {
			t.Errorf("through an earlier day = %+v, want no change", diff)
		}
	})
	t.Run("a hole between two files", func(t *testing.T) {
		m := campus()
		m.mustTake(t, Logins, file, Options{Through: through(t, "2026-11-20")})
		later := "user,time\ns2,2026-11-23 10:00\n"
		if _, err := m.take(t, Logins, later, Options{Through: through(t, "2026-11-25")}); !errors.Is(err, ErrGuard) {
			t.Errorf("a file that begins after a weekend = %v, want ErrGuard", err)
		}
		since, err := ParseEdge("2026-11-21", false)
		if err != nil {
			t.Fatal(err)
		}
		m.mustTake(t, Logins, later, Options{Through: through(t, "2026-11-25"), Since: since})
		m.mustTake(t, Logins, "user,time\ns2,2026-11-26 10:00\n", Options{Through: through(t, "2026-11-26")}) // the day after
	})
	t.Run("a file without a log-in", func(t *testing.T) {
		m := campus()
		if _, err := m.take(t, Logins, "user,time\n", Options{Through: through(t, "2026-11-20")}); !errors.Is(err, ErrGuard) {
			t.Errorf("Import = %v, want ErrGuard", err)
		}
		m.mustTake(t, Logins, "user,time\n", Options{Through: through(t, "2026-11-20"), Force: true})
		if !m.feeds[engagement.Login].Through.Equal(twentieth) {
			t.Errorf("with force feeds = %v, want the log-ins through the 20th", m.feeds)
		}
	})
	t.Run("of payments, which people know until a file is said to be complete", func(t *testing.T) {
		m := campus()
		fees := "student_id,invoice,due,amount,paid\ns2,I-1,2026-10-01,900,2026-11-02\n"
		if diff := m.mustTake(t, "fees", fees, Options{}); warned(diff, "nobody says") {
			t.Errorf("warnings = %q, want none", diff.Warnings)
		}
		m.mustTake(t, "fees", fees, Options{Through: through(t, "2026-11-20")})
		if len(m.feeds) != 1 || m.feeds[engagement.Payment].Through.IsZero() {
			t.Errorf("feeds = %v, want payments", m.feeds)
		}
		if diff := m.mustTake(t, "fees", fees, Options{}); !warned(diff, "nobody says until when the payments are complete: nothing is concluded from silence after Fri 20 Nov 2026") {
			t.Errorf("warnings = %q, want one", diff.Warnings)
		}
	})
	t.Run("of tutors and supervisors", func(t *testing.T) {
		m := campus()
		m.mustTake(t, "meetings", meetings+"s2,2026-11-02 10:00,tutor,met,,\n", Options{Through: through(t, "2026-11-20")})
		if len(m.feeds) != 2 || m.feeds[engagement.Supervision].Through.IsZero() {
			t.Errorf("feeds = %v, want meetings and supervisions", m.feeds)
		}
	})
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind Kind
		o    Options
		want error
	}{
		{"a kind that is none", "lecturers", Options{}, ErrKind},
		{"a date format", "facts", Options{DateFormat: "us"}, ErrOption},
		{"through today", Logins, Options{Through: through(t, "2026-11-27")}, ErrOption},
		{"since without through", Logins, Options{Since: november}, ErrOption},
		{"since after through", Logins, Options{Through: november.AddDate(0, 0, -2), Since: november.AddDate(0, 0, -1)}, ErrOption},
		{"through of what has no silence", "changes", Options{Through: through(t, "2026-11-20")}, ErrOption},
	} {
		t.Run(tt.name, func(t *testing.T) {
			content := "student_id,date,event\n"
			if tt.kind == Logins {
				content = "user,time\n"
			}
			if _, err := campus().take(t, tt.kind, content, tt.o); !errors.Is(err, tt.want) {
				t.Errorf("Import = %v, want %v", err, tt.want)
			}
		})
	}
	if _, err := ParseEdge("20/11/2026", true); !errors.Is(err, ErrOption) {
		t.Errorf("ParseEdge = %v, want ErrOption", err)
	}
}

func TestWithdraw(t *testing.T) {
	m := campus()
	m.mustTake(t, Logins, "user,time\ns2,2026-11-16 10:00\n", Options{})
	d := m.desk()
	if err := d.Withdraw(t.Context(), 1, "jan", "  "); !errors.Is(err, ErrReason) {
		t.Errorf("without a reason = %v, want ErrReason", err)
	}
	if err := d.Withdraw(t.Context(), 1, "jan", "shared computer"); err != nil {
		t.Fatal(err)
	}
	if err := d.Withdraw(t.Context(), 1, "jan", "shared computer"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a second time = %v, want ErrUnknown", err)
	}
	kept, err := d.FactsOf(t.Context(), "s2")
	if err != nil || len(kept) != 1 || kept[0].WithdrawnBy != "jan: shared computer" {
		t.Errorf("FactsOf = %+v, %v; want it with who and why", kept, err)
	}
}
