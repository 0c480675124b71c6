package campus

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

func london(t *testing.T, text string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04:05", text, London)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// A timetable writes one date, start and end; classes that are on around midnight must fit into that, and their registers
// must be open.
func TestHoursOfAClassThatIsOn(t *testing.T) {
	tests := []struct{ name, now, start, end string }{
		{"by day", "2026-11-25 10:20:00", "2026-11-25 10:10:00", "2026-11-25 11:10:00"},
		{"after midnight", "2026-11-25 00:04:00", "2026-11-25 00:00:00", "2026-11-25 00:54:00"},
		{"before midnight", "2026-11-25 23:20:00", "2026-11-25 23:10:00", "2026-11-25 23:59:59"},
		{"late in the evening the next day's", "2026-11-25 23:31:00", "2026-11-26 00:00:00", "2026-11-26 00:50:00"},
		{"in the last second", "2026-11-25 23:59:59", "2026-11-26 00:00:00", "2026-11-26 00:50:00"},
		{"as the clocks go forward", "2026-03-29 00:55:00", "2026-03-29 00:45:00", "2026-03-29 02:45:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := london(t, tt.now)
			start, end := hours(now)
			if !start.Equal(london(t, tt.start)) || !end.Equal(london(t, tt.end)) {
				t.Errorf("hours = %v to %v, want %s to %s", start.In(London), end.In(London), tt.start, tt.end)
			}
			s := model.Session{Start: start, End: end}
			if day(start) != day(end) || now.Before(s.Opens()) || now.After(s.Closes()) {
				t.Errorf("class of %v to %v at %v: want one day and an open register", start, end, now)
			}
		})
	}
}

func TestEverybodyIsInOneClass(t *testing.T) {
	c := made(t)
	short := reference.Add(33 * time.Second)
	live := c.Live(reference, short)
	again := c.Live(reference, short)
	seen := map[string]bool{}
	for i, s := range live {
		if s.ID != again[i].ID || !slices.Equal(s.Students, again[i].Students) || !s.End.Equal(again[i].End) {
			t.Errorf("class %s cannot be made up again", s.ID)
		}
		if isShort := slices.Contains(ShortRooms, s.Room); isShort != s.End.Equal(short) {
			t.Errorf("class in %s ends at %v", s.Room, s.End)
		}
		for _, id := range s.Students {
			if seen[id] {
				t.Fatalf("student %s is in two classes", id)
			}
			seen[id] = true
		}
	}
	if len(live) != 12 || len(seen) != 600 {
		t.Errorf("%d classes with %d students, want 12 with 600", len(live), len(seen))
	}
}

func TestTimetableFileStatesOffsets(t *testing.T) {
	c := made(t)
	var b bytes.Buffer
	if err := c.WriteTimetable(&b, c.Live(reference, time.Time{})[:1]); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 51 {
		t.Fatalf("%d lines, want a head and 50 students", len(lines))
	}
	for i, want := range map[int]string{1: "2026-11-25", 2: "10:10:00+00:00", 3: "11:10:00+00:00", 4: "LIB-0.01", 7: "yes", 8: "in_person"} {
		if got := lines[1][i]; got != want {
			t.Errorf("%s = %q, want %q", lines[0][i], got, want)
		}
	}
	if lines[1][5] == "" || lines[1][10] == "" {
		t.Errorf("line %q has no module or no student", lines[1])
	}
}

func TestVisits(t *testing.T) {
	c := made(t)
	from := reference
	live := c.Live(reference, from.Add(30*time.Second))
	visits := c.Visits(live, Pace{From: from, Until: from.Add(time.Minute), Rush: time.Minute, Rate: 8})
	if n := len(visits); n < 430 || n > 560 {
		t.Errorf("%d visits, want about 480", n)
	}
	listed := map[string]string{}
	for _, s := range live {
		for _, id := range s.Students {
			listed[id] = s.Room
		}
	}
	count := map[string]int{}
	for i, v := range visits {
		if i > 0 && v.At.Before(visits[i-1].At) {
			t.Fatalf("visit %d comes before the one before it", i)
		}
		switch {
		case v.Student == "":
			count["stranger"]++
		case listed[v.Student] != v.Room:
			count["wrong room"]++
		case slices.Contains(ShortRooms, v.Room) && v.At.After(from.Add(30*time.Second)):
			count["too late"]++
		default:
			count["right"]++
		}
		kind, _, _ := strings.Cut(v.Card.Key, ":")
		if want := map[ReaderKind]string{OSDP: "w26", TWN4: "uid", PN532: "uid", QR: "qr", RDM6300: "em"}[kindOf(v.Room)]; kind != want {
			t.Fatalf("a card of kind %d is held to the reader of %s", v.Card.Kind(), v.Room)
		}
	}
	for what, least := range map[string]int{"stranger": 3, "wrong room": 8, "too late": 4, "right": 350} {
		if count[what] < least {
			t.Errorf("%d visits of kind %s, want at least %d", count[what], what, least)
		}
	}
}

func TestVisitsTrickleAfterTheRush(t *testing.T) {
	c := made(t)
	visits := c.Visits(c.Live(reference, time.Time{}), Pace{
		From: reference, Until: reference.Add(20 * time.Minute), Rush: 5 * time.Minute, Rate: 1, Trickle: 0.1,
	})
	rush, after := 0, 0
	for _, v := range visits {
		if v.At.Before(reference.Add(5 * time.Minute)) {
			rush++
		} else {
			after++
		}
	}
	if rush < 270 || rush > 360 || after < 80 || after > 110 {
		t.Errorf("%d visits in the rush and %d after, want about 300 and 90", rush, after)
	}
}
