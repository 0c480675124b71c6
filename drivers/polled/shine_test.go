package polled

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers"
)

// play runs a script for a while and writes down what a person sees and hears.
func play(s drivers.Signal, alike bool, lasts time.Duration) (seen []string) {
	start := time.Unix(1000, 0)
	script := newScript(s, alike, start)
	for {
		at, ok := script.next()
		after := at.Sub(start)
		if !ok || after >= lasts {
			return seen
		}
		if script.silences() {
			seen = append(seen, fmt.Sprintf("%d quiet", after.Milliseconds()))
			script.hushed()
			continue
		}
		now := script.step()
		note := fmt.Sprintf("%d %s", after.Milliseconds(), [...]string{"dark", "red", "green", "amber", "blue"}[now.colour])
		if now.beep > 0 {
			note += " beep"
		}
		seen = append(seen, note)
		script.begun(at)
	}
}

func TestScripts(t *testing.T) {
	for _, tt := range []struct {
		signal drivers.Signal
		alike  bool
		want   []string
	}{
		{drivers.Off, false, []string{"0 dark"}},
		{drivers.Ready, false, []string{"0 blue"}},
		{drivers.Fault, false, []string{"0 amber"}},
		{drivers.Fault, true, []string{"0 amber", "600 dark", "1000 amber"}},
		{drivers.Accepted, false, []string{"0 green beep", "100 quiet"}},
		{drivers.Refused, false, []string{"0 red beep", "100 quiet", "200 red beep", "300 quiet", "400 red beep", "500 quiet"}},
		{drivers.Several, false, []string{"0 red beep", "100 quiet", "250 dark", "500 red beep", "600 quiet", "750 dark"}},
		{drivers.Stored, false, []string{"0 blue beep", "100 quiet", "200 dark", "400 blue", "600 dark", "800 blue"}},
		{drivers.NotKept, false, []string{"0 amber beep", "400 quiet", "600 dark"}},
	} {
		t.Run(tt.signal.String(), func(t *testing.T) {
			if d := cmp.Diff(tt.want, play(tt.signal, tt.alike, 1001*time.Millisecond)); d != "" {
				t.Errorf("script (-want +got):\n%s", d)
			}
		})
	}
}

// A flash that took longer than the second would be cut short by the steady light.
func TestFlashesLastASecondAtMost(t *testing.T) {
	for signal, steps := range flashes {
		total := time.Duration(0)
		for _, s := range steps {
			total += s.lasts
		}
		if total > time.Second {
			t.Errorf("%v lasts %v", signal, total)
		}
	}
	for s := drivers.Accepted; s <= drivers.NotKept; s++ {
		if len(flashes[s]) == 0 {
			t.Errorf("%v has no script", s)
		}
	}
}

// What a slow line delays is not skipped: two flashes stay two.
func TestALateStepDelaysTheNext(t *testing.T) {
	start := time.Unix(1000, 0)
	s := newScript(drivers.Several, false, start)
	s.begun(start.Add(90 * time.Millisecond))
	s.hushed()
	if at, ok := s.next(); !ok || at.Sub(start) != 340*time.Millisecond {
		t.Errorf("next = %v after the start, want 340ms", at.Sub(start))
	}
}
