package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func gapAt(t *testing.T, clock string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateTime, "2026-11-19 "+clock+":00")
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// spans reads "08:30-09:00 up, 09:00-09:10 reader" as what a gateway said of a point.
func spans(t *testing.T, text string) (out []Heard) {
	t.Helper()
	for _, one := range strings.Split(text, ", ") {
		times, why, ok := strings.Cut(one, " ")
		if !ok {
			continue
		}
		since, until, _ := strings.Cut(times, "-")
		h := Heard{Span: Span{gapAt(t, since), gapAt(t, until)}, Why: Reason(why)}
		if why == "up" {
			h.Why = ""
		}
		out = append(out, h)
	}
	return out
}

// written is a room's coverage as the table writes it: share, whether it is complete, and each gap with its reasons.
func written(c RoomCoverage) string {
	parts := []string{fmt.Sprintf("%s %d", c.Room.ID, c.Permille)}
	if !c.Complete {
		parts[0] += " incomplete"
	}
	for _, g := range c.Gaps {
		var reasons []string
		for _, cause := range g.Causes {
			reasons = append(reasons, strings.TrimPrefix(cause.Point+" ", " ")+string(cause.Reason))
		}
		parts = append(parts, g.Since.Format("15:04")+"-"+g.Until.Format("15:04")+" "+strings.Join(reasons, ", "))
	}
	return strings.Join(parts, "; ")
}

// The register is open from 08:30 to 10:00.
func TestWhyARoomWasNotCovered(t *testing.T) {
	type point struct{ name, until, said string } // until is HH:MM, or "" for never
	for name, tt := range map[string]struct {
		points   []point
		gateways []Gateway
		now      string
		want     []string
	}{
		"covered throughout":                        {[]point{{"R/a", "10:01", "08:00-10:01 up"}}, nil, "10:05", nil},
		"reader unplugged for ten minutes":          {[]point{{"R/a", "10:01", "08:00-09:00 up, 09:00-09:10 reader, 09:10-10:01 up"}}, nil, "10:05", []string{"R 888; 09:00-09:10 R/a reader"}},
		"the other reader of the room fills it":     {[]point{{"R/a", "10:01", "08:00-09:00 up, 09:00-10:01 reader"}, {"R/b", "10:01", "08:50-10:01 up"}}, nil, "10:05", nil},
		"both are down, for different reasons":      {[]point{{"R/a", "10:01", "08:00-09:00 up, 09:00-09:20 reader, 09:20-10:01 up"}, {"R/b", "10:01", "08:00-09:10 up"}}, nil, "10:05", []string{"R 888; 09:10-09:20 R/a reader, R/b gateway_off"}},
		"another room of the session does not help": {[]point{{"R/a", "10:01", "08:00-09:00 up, 09:00-10:01 reader"}, {"Q/a", "10:01", "08:00-10:01 up"}}, nil, "10:05", []string{"R 333; 09:00-10:00 R/a reader"}},
		"a room without a reader beside one with":   {[]point{{"Q/a", "10:01", "08:00-10:01 up"}}, nil, "10:05", nil},
		"no room has a reader":                      {nil, nil, "10:05", []string{"R 0 incomplete; 08:30-10:00 no_reader"}},
		"the gateway was off":                       {[]point{{"R/a", "10:01", "08:00-09:00 up, 09:30-10:01 up"}}, nil, "10:05", []string{"R 666; 09:00-09:30 R/a gateway_off"}},
		"the gateway did not know the time":         {[]point{{"R/a", "10:01", "08:00-09:00 up, 09:00-09:30 clock, 09:30-10:01 up"}}, nil, "10:05", []string{"R 666; 09:00-09:30 R/a clock"}},
		"the gateway is silent":                     {[]point{{"R/a", "09:30", "08:00-09:30 up"}}, []Gateway{{ID: "g", Silent: true}}, "10:05", []string{"R 666 incomplete; 09:30-10:00 R/a gateway_silent"}},
		"unplugged, and then silent":                {[]point{{"R/a", "09:30", "08:00-09:00 up, 09:00-09:30 reader"}}, []Gateway{{ID: "g", Silent: true}}, "10:05", []string{"R 333 incomplete; 09:00-09:30 R/a reader; 09:30-10:00 R/a gateway_silent"}},
		"its taps are not here yet":                 {[]point{{"R/a", "09:30", "08:00-09:30 up"}}, []Gateway{{ID: "g", Missing: 7}}, "10:05", []string{"R 666 incomplete; 09:30-10:00 R/a not_here_yet"}},
		"the gateway says nothing of the reader":    {[]point{{"R/a", "", ""}}, []Gateway{{ID: "g"}}, "10:05", []string{"R 0 incomplete; 08:30-10:00 R/a no_word"}},
		"another gateway of the building speaks":    {[]point{{"R/a", "09:30", "08:00-09:30 up"}}, []Gateway{{ID: "h", Silent: true}, {ID: "g", Missing: 7, Readers: []ReaderState{{Point: "R/a"}}}}, "10:05", []string{"R 666 incomplete; 09:30-10:00 R/a not_here_yet"}},
		"no gateway is in service":                  {[]point{{"R/a", "", ""}}, []Gateway{}, "10:05", []string{"R 0 incomplete; 08:30-10:00 R/a no_gateway"}},
		"the register is open and all is well":      {[]point{{"R/a", "09:14", "08:00-09:14 up"}}, []Gateway{{ID: "g"}}, "09:15", nil},
		"open, with a gap so far":                   {[]point{{"R/a", "09:14", "08:00-08:40 up, 08:40-09:14 reader"}}, []Gateway{{ID: "g"}}, "09:15", []string{"R 229 incomplete; 08:40-09:13 R/a reader"}},
		"not open yet":                              {[]point{{"R/a", "", ""}}, []Gateway{{ID: "g", Silent: true}}, "08:31", nil},
		"covered, but the last minute is not here":  {[]point{{"R/a", "09:59", "08:00-10:00 up"}}, []Gateway{{ID: "g", Missing: 1}}, "10:05", []string{"R 1000 incomplete"}},
		"people leave by a door that is not heard":  {[]point{{"R/a", "10:01", "08:00-10:01 up"}, {"R/out", "09:00", "08:00-09:00 up"}}, []Gateway{{ID: "g", Missing: 1}}, "10:05", []string{"R 1000 incomplete"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := gapFinder{now: gapAt(t, tt.now), points: map[string][]RoomPoint{}, heard: map[string][]Heard{}, gateways: map[string][]Gateway{"B": tt.gateways}}
			for _, p := range tt.points {
				room := p.name[:1]
				row := RoomPoint{Point: p.name, Room: room, Building: "B", Exit: strings.HasSuffix(p.name, "/out")}
				if p.until != "" {
					until := gapAt(t, p.until)
					row.HeardUntil = &until
				}
				g.points[room] = append(g.points[room], row)
				g.heard[p.name] = spans(t, p.said)
			}
			s := Session{ID: "s", OpensAt: gapAt(t, "08:30"), ClosesAt: gapAt(t, "10:00"), Mandatory: true, Rooms: []Room{{ID: "R"}, {ID: "Q"}}}
			var got []string
			if s.OpensAt.Before(passed(s, g.now)) {
				for _, c := range g.session(s) {
					got = append(got, written(c))
				}
			}
			if diff := cmp.Diff(got, tt.want); diff != "" {
				t.Errorf("not covered (-got +want):\n%s", diff)
			}
		})
	}
}

func TestConcludes(t *testing.T) {
	for _, tt := range []struct {
		permille int64
		complete bool
		want     bool
	}{{950, true, true}, {949, true, false}, {1000, false, false}, {1000, true, true}} {
		if got := (RoomCoverage{Permille: tt.permille, Complete: tt.complete}).Concludes(95); got != tt.want {
			t.Errorf("%d permille, complete %v: concludes %v, want %v", tt.permille, tt.complete, got, tt.want)
		}
	}
}
