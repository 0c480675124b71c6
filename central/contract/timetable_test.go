package contract

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func smallTimetable() *Timetable {
	start := at("2026-10-05T08:00:00Z")
	return &Timetable{
		Version: 1, Building: "library", MadeAt: start, ValidUntil: start.AddDate(0, 0, 14),
		Points:  []Point{{"LIB-0.01/door", "LIB-0.01"}},
		Holders: []Holder{{Digests: []Digest{{1}}}, {Digests: []Digest{{2}}}},
		Lists:   []List{{Holders: []uint32{0, 1}}},
		Sessions: []Session{{
			ID: "s1", Rooms: []string{"LIB-0.01"}, StartsAt: start, EndsAt: start.Add(time.Hour),
			OpensAt: start.Add(-30 * time.Minute), ClosesAt: start.Add(time.Hour),
		}},
	}
}

func TestTimetableValidate(t *testing.T) {
	if err := smallTimetable().Validate(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(*Timetable)
		place  string
	}{
		{"version 0", func(t *Timetable) { t.Version = 0 }, "version 0"},
		{"no building", func(t *Timetable) { t.Building = "" }, "building"},
		{"point without room", func(t *Timetable) { t.Points[0].Room = "" }, "points[0]"},
		{"list names nobody", func(t *Timetable) { t.Lists[0].Holders = []uint32{0, 2} }, "lists[0]"},
		{"list out of order", func(t *Timetable) { t.Lists[0].Holders = []uint32{1, 0} }, "lists[0]"},
		{"holder twice", func(t *Timetable) { t.Lists[0].Holders = []uint32{1, 1} }, "lists[0]"},
		{"session without list", func(t *Timetable) { t.Sessions[0].List = 1 }, "sessions[0]"},
		{"ends before it starts", func(t *Timetable) { t.Sessions[0].EndsAt = t.Sessions[0].StartsAt }, "sessions[0]"},
		{"closes before it opens", func(t *Timetable) { t.Sessions[0].ClosesAt = t.Sessions[0].OpensAt.Add(-1) }, "sessions[0]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := smallTimetable()
			tt.change(table)
			if err := table.Validate(); !errors.Is(err, ErrTimetable) || !strings.Contains(err.Error(), tt.place) {
				t.Errorf("Validate = %v, want ErrTimetable naming %q", err, tt.place)
			}
		})
	}
}
