package report

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestRateRoundsDown(t *testing.T) {
	tests := []struct {
		name    string
		rate    Rate
		text    string
		below90 bool
		below80 bool
	}{
		{"row 42 A-2 27 of 30", Rate{27, 30}, "90.0%", false, false},
		{"row 43 A-2 719 of 800 is 89.875", Rate{719, 800}, "89.8%", true, false},
		{"row 44 A-2 8 of 10", Rate{8, 10}, "80.0%", true, false},
		{"row 47 A-4 15 of 19 is 78.947", Rate{15, 19}, "78.9%", true, true},
		{"just below a threshold is not shown on it", Rate{8999, 10000}, "89.9%", true, false},
		{"two thirds", Rate{2, 3}, "66.6%", true, true},
		{"all", Rate{3, 3}, "100.0%", false, false},
		{"none", Rate{0, 3}, "0.0%", true, true},
		{"nothing counted", Rate{}, "–", false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.rate.String(); got != tt.text {
				t.Errorf("String = %s, want %s", got, tt.text)
			}
			if tt.rate.Below(90) != tt.below90 || tt.rate.Below(80) != tt.below80 {
				t.Errorf("Below 90, 80 = %v, %v, want %v, %v", tt.rate.Below(90), tt.rate.Below(80), tt.below90, tt.below80)
			}
		})
	}
}

// minute is an instant of one morning.
func minute(n int) time.Time { return time.Date(2026, 11, 17, 10, n, 0, 0, time.UTC) }

func TestMeasure(t *testing.T) {
	window := Span{minute(0), minute(30)}
	tests := []struct {
		name     string
		spans    []Span
		permille int64
		until    int // minute; -1 for none
	}{
		{"nothing", nil, 0, -1},
		{"all of it", []Span{{minute(-5), minute(40)}}, 1000, 30},
		{"a third, rounded down", []Span{{minute(0), minute(10)}}, 333, 10},
		{"overlap counts once", []Span{{minute(0), minute(20)}, {minute(10), minute(15)}}, 666, 20},
		{"out of order, with a gap", []Span{{minute(20), minute(30)}, {minute(0), minute(5)}}, 500, 30},
		{"outside", []Span{{minute(-10), minute(-1)}, {minute(31), minute(40)}}, 0, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			permille, until := measure(tt.spans, window)
			got := -1
			if until != nil {
				got = int(until.Sub(minute(0)) / time.Minute)
			}
			if permille != tt.permille || got != tt.until {
				t.Errorf("measure = %d, until %d, want %d, %d", permille, got, tt.permille, tt.until)
			}
		})
	}
	if permille, until := measure(nil, Span{minute(5), minute(5)}); permille != 1000 || until != nil {
		t.Errorf("a window that has not begun = %d, %v, want 1000 and nil", permille, until)
	}
}

// measure agrees with counting the minutes one by one, whatever the spans.
func TestMeasureAgainstCounting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window := Span{minute(10), minute(50)}
		var spans []Span
		covered := map[int]bool{}
		for range rapid.IntRange(0, 6).Draw(t, "spans") {
			from := rapid.IntRange(0, 60).Draw(t, "from")
			to := rapid.IntRange(from, 60).Draw(t, "to")
			spans = append(spans, Span{minute(from), minute(to)})
			for m := max(from, 10); m < min(to, 50); m++ {
				covered[m] = true
			}
		}
		if got, _ := measure(spans, window); got != int64(len(covered)*1000/40) {
			t.Fatalf("measure(%v) = %d, want %d minutes of 40", spans, got, len(covered))
		}
	})
}

func TestNearest(t *testing.T) {
	contact := func(opens, starts, closes int) Contact {
		return Contact{Session: Session{OpensAt: minute(opens), StartsAt: minute(starts), ClosesAt: minute(closes)}}
	}
	contacts := []Contact{contact(30, 60, 120), contact(90, 120, 180)}
	tests := []struct {
		name string
		at   int
		want int
	}{
		{"inside the first", 70, 0}, {"in both, nearer the second's start", 110, 1}, {"in both, nearer the first's start", 89 + 1, 0},
		{"before the first, within two hours", -80, 0}, {"before the first, two hours to the minute", -90, 0},
		{"before the first, more than two hours", -91, -1}, {"after the second", 300, 1}, {"long after", 301, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := nearest(contacts, minute(tt.at)); got != tt.want {
				t.Errorf("nearest = %d, want %d", got, tt.want)
			}
		})
	}
}

func TestPresentTerm(t *testing.T) {
	terms := []Term{{ID: "autumn", FirstDay: "2026-09-28"}, {ID: "spring", FirstDay: "2027-01-11"}}
	for day, want := range map[string]string{"2026-09-01": "autumn", "2026-09-28": "autumn", "2027-01-10": "autumn", "2027-01-11": "spring", "2027-08-01": "spring"} {
		if got := presentTerm(terms, day).ID; got != want {
			t.Errorf("term on %s = %s, want %s", day, got, want)
		}
	}
}

func TestDaySpan(t *testing.T) {
	tests := []struct {
		name, day string
		from      string
		hours     float64
	}{
		{"winter", "2026-11-19", "2026-11-19T00:00:00Z", 24},
		{"summer", "2026-10-05", "2026-10-04T23:00:00Z", 24},
		{"clocks go back", "2026-10-25", "2026-10-24T23:00:00Z", 25},
		{"clocks go forward", "2027-03-28", "2027-03-28T00:00:00Z", 23},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			from, to, err := DaySpan(tt.day)
			if err != nil {
				t.Fatal(err)
			}
			if got := from.Format(time.RFC3339); got != tt.from || to.Sub(from).Hours() != tt.hours {
				t.Errorf("DaySpan = %s and %v hours, want %s and %v", got, to.Sub(from).Hours(), tt.from, tt.hours)
			}
		})
	}
	if _, _, err := DaySpan("19/11/2026"); !errors.Is(err, ErrQuery) {
		t.Errorf("DaySpan of another form = %v, want ErrQuery", err)
	}
}

// Weeks are civil weeks: a session on the Monday after the clocks went back is not in the week before.
func TestLastWeeks(t *testing.T) {
	at := func(text string) time.Time {
		v, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	weeks := lastWeeks([]Tally{
		{StartsAt: at("2026-10-18T23:30:00Z"), Rate: Rate{1, 1}}, // Monday 19 October, 00:30 in summer time
		{StartsAt: at("2026-10-25T23:30:00Z"), Rate: Rate{0, 1}}, // Sunday 25 October, 23:30 in winter time
		{StartsAt: at("2026-10-26T00:00:00Z"), Rate: Rate{1, 2}},
		{StartsAt: at("2020-01-01T00:00:00Z"), Rate: Rate{9, 9}},
	}, at("2026-10-28T12:00:00Z"))
	if len(weeks) != 10 || weeks[9].Monday != "2026-10-26" || weeks[0].Monday != "2026-08-24" {
		t.Fatalf("weeks = %+v", weeks)
	}
	if diff := cmp.Diff([]Rate{weeks[8].Rate, weeks[9].Rate}, []Rate{{1, 2}, {1, 2}}); diff != "" {
		t.Errorf("last two weeks, got - want +:\n%s", diff)
	}
}

func TestGatewayReadsAnyReport(t *testing.T) {
	for _, document := range []string{"", "{", "null", `{"points":[{}]}`, `[1]`} {
		var g Gateway
		g.read([]byte(document)) // must not panic, and says nothing it cannot know
		if g.Up != 0 || g.Build != "" {
			t.Errorf("read(%q) = %+v", document, g)
		}
	}
}
