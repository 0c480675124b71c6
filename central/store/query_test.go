package store

import (
	"errors"
	"testing"

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
