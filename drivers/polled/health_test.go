package polled

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPausesGrow(t *testing.T) {
	var h health
	var got []time.Duration
	for range 7 {
		got = append(got, h.away())
	}
	want := []time.Duration{250 * ms, 500 * ms, 1000 * ms, 2000 * ms, 4000 * ms, 5000 * ms, 5000 * ms}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("pauses (-want +got):\n%s", d)
	}
	h.met()
	if got := h.away(); got != 250*ms {
		t.Errorf("pause after the reader was met = %v, want 250ms", got)
	}
}

func TestThreeFailuresInARowLoseTheReader(t *testing.T) {
	var h health
	for i, answered := range []bool{false, false, true, false, false, false} {
		if answered {
			h.answered()
			continue
		}
		if lost, want := h.failed(), i == 5; lost != want {
			t.Errorf("lost after question %d = %v, want %v", i, lost, want)
		}
	}
}

func TestTroubleSaysWhatToDo(t *testing.T) {
	for _, tt := range []struct {
		name  string
		known bool
		err   error
		want  string
	}{
		{"never there", false, ErrSilent, "has never answered: check its power, its cable and the speed of the line; look here"},
		{"gone", true, ErrSilent, "stopped answering: check its power and its cable"},
		{"noise", true, ErrDamaged, "answers, but not a word can be read: check the speed of the line and its cable; look here"},
		{"no power for a moment", true, ErrRestarted, "lost its power for a moment: check its supply"},
		{"refusal", true, ErrRefused, "refuses what it is asked: look here"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := health{known: tt.known}
			if got := h.trouble(tt.err, "look here"); !strings.EqualFold(got, tt.want) {
				t.Errorf("trouble = %q, want %q", got, tt.want)
			}
		})
	}
}
