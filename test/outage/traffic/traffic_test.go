package traffic

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
)

var morning = time.Date(2026, 11, 25, 10, 20, 0, 0, time.UTC)

// Every presentation has a card of its own, whose holder is expected in the room exactly when the light is to be green.
func TestRoster(t *testing.T) {
	r, err := New(7, morning, 5*time.Minute, 8)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Visits) != 8*300 {
		t.Errorf("%d visits, want 8 a second", len(r.Visits))
	}
	listed := map[[2]string]bool{}
	for _, s := range r.Sessions {
		for _, student := range s.Students {
			listed[[2]string{s.Room, student}] = true
		}
	}
	seen, red := map[string]bool{}, 0
	for i, v := range r.Visits {
		if seen[v.Key] {
			t.Fatalf("card of visit %d is used twice", i)
		}
		seen[v.Key] = true
		if green := listed[[2]string{v.Room, v.Student}]; green != (v.Expect == history.Green) {
			t.Fatalf("visit %d of %q to %s expects %s", i, v.Student, v.Room, v.Expect)
		}
		if v.Expect == history.Red {
			red++
		}
		if i > 0 && v.After < r.Visits[i-1].After {
			t.Fatalf("visit %d comes before the one before it", i)
		}
	}
	if share := 100 * red / len(r.Visits); share < 5 || share > 20 {
		t.Errorf("%d of 100 are refused, want about ten", share)
	}
	again, err := New(7, morning, 5*time.Minute, 8)
	if err != nil || again.Visits[99] != r.Visits[99] {
		t.Errorf("visit 99 = %v and %v, %v, want the same people from the same seed", r.Visits[99], again.Visits[99], err)
	}
}

// Files name every card that somebody holds, and nobody else's.
func TestFiles(t *testing.T) {
	r, err := New(7, morning, time.Minute, 8)
	if err != nil {
		t.Fatal(err)
	}
	var cards strings.Builder
	for _, f := range r.Files(morning) {
		if f.Kind == "cards" {
			if err := f.Write(&cards); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, v := range r.Visits {
		if held := strings.Contains(cards.String(), v.Student+","+v.Key+","); held != (v.Student != "") {
			t.Errorf("card of visit %d of %q is listed: %v", i, v.Student, held)
		}
	}
}

// Classes are of one day in London.
func TestHours(t *testing.T) {
	at := func(hour, minute int) time.Time { return time.Date(2026, 11, 25, hour, minute, 0, 0, campus.London) }
	tests := []struct {
		name       string
		now        time.Time
		lasts      time.Duration
		start, end time.Time
		err        error
	}{
		{"in the morning", at(10, 20), 5 * time.Minute, at(10, 15), at(10, 40), nil},
		{"just after midnight", at(0, 2), 5 * time.Minute, at(0, 0), at(0, 22), nil},
		{"just before midnight", at(23, 45), 5 * time.Minute, at(24, 0), at(24, 5), nil},
		{"a long one in the evening", at(23, 0), 2 * time.Hour, at(22, 55), at(25, 15), ErrMidnight},
	}
	for _, tt := range tests {
		start, end, err := hours(tt.now, tt.lasts)
		if !start.Equal(tt.start) || !end.Equal(tt.end) || !errors.Is(err, tt.err) {
			t.Errorf("%s: %v to %v, %v, want %v to %v, %v", tt.name, start, end, err, tt.start, tt.end, tt.err)
		}
	}
}

// Whose light a light may be: after somebody went without one, it may be theirs, until so long afterwards that it comes no more.
func TestUnanswered(t *testing.T) {
	card := func(light history.Light, left int) *entry {
		e := &entry{Presentation: history.Presentation{Light: light, Sent: morning, Left: morning.Add(time.Duration(left) * time.Second)}}
		return e
	}
	at := func(s int) time.Time { return morning.Add(time.Duration(s) * time.Second) }
	var u unanswered
	u.add(card(history.Green, 1))
	if u.any(at(1)) {
		t.Error("a light that came leaves somebody without")
	}
	u.add(card(history.None, 4))
	if !u.any(at(5)) {
		t.Error("who went without a light is forgotten")
	}
	u.add(card(history.Green, 6)) // the light of the one before, so that this one's may still come
	if !u.any(at(7)) {
		t.Error("who saw the light of another is forgotten")
	}
	if u.any(at(25)) {
		t.Error("a light is expected 20 s after anybody went without")
	}
	u.add(&entry{Presentation: history.Presentation{Light: history.None, Left: at(30)}})
	if u.any(at(31)) {
		t.Error("a card that never left its reader is waited for")
	}
	u.add(&entry{Presentation: history.Presentation{Light: history.None, Sent: at(32), Left: at(33), Lightless: true}})
	if u.any(at(34)) {
		t.Error("a light is expected of a reader that has none")
	}
}
