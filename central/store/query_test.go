package store

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/report"
)

// Pages and the API pass on what they are asked. What no database can hold is not found, and is no fault of central's.
func TestTextThatOneEngineCannotHold(t *testing.T) {
	s, reports := smallCollege(t)
	for _, text := range []string{"s1\x00", "\xff", "s\xc3"} {
		if _, err := reports.Student(t.Context(), text, "", true); !errors.Is(err, report.ErrNotFound) {
			t.Errorf("Student(%q) = %v, want ErrNotFound", text, err)
		}
		if list, err := reports.Students(t.Context(), "", report.Filter{Search: text}); err != nil || len(list.Rows) != 0 {
			t.Errorf("Students(%q) = %+v, %v; want nobody", text, list, err)
		}
	}
	a := report.Amendment{Student: "s1", Session: "e1", Code: "P", Actor: "lee", Reason: "here\x00\xff\x00there", MadeAt: collegeNow}
	if err := s.AddAmendment(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if got, want := columnOf(t, s, `SELECT reason FROM amendment WHERE student_id = 's1'`), []string{"here\uFFFD\uFFFD\uFFFDthere"}; !cmp.Equal(got, want) {
		t.Errorf("reason = %q, want %q", got, want)
	}
}

// A snapshot that needs a second connection waits for ever once snapshots hold all of them.
func TestSnapshotsNeedOneConnection(t *testing.T) {
	s := openTest(t)
	s.read.SetMaxOpenConns(1)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // what hangs shall say so
	defer cancel()
	for range 3 { // asked for, prepared, and run prepared
		var sum int
		err := s.view(ctx, func(tx *transaction) error {
			return each(ctx, tx, func(r *sql.Rows) error {
				var n int
				err := r.Scan(&n)
				sum += n
				return err
			}, `SELECT 40 UNION ALL SELECT 2`)
		})
		if err != nil || sum != 42 {
			t.Fatalf("sum = %d, %v; want 42", sum, err)
		}
	}
}
