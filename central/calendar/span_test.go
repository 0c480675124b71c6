package calendar

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func texts(spans []Span) (out []string) {
	for _, s := range spans {
		out = append(out, s.First.String()+" "+s.Last.String())
	}
	return out
}

func TestPeriods(t *testing.T) {
	d := func(text string) Day { return day(t, text) }
	tests := []struct {
		name string
		got  []Span
		want []string
	}{
		{"months over a new year and a leap day", Months(d("2027-12-31"), d("2028-02-01")), []string{"2027-12-01 2027-12-31", "2028-01-01 2028-01-31", "2028-02-01 2028-02-29"}},
		{"one month of one day", Months(d("2026-10-25"), d("2026-10-25")), []string{"2026-10-01 2026-10-31"}},
		{"no month", Months(d("2026-10-02"), d("2026-10-01")), nil},
		{"weeks over the change of clocks", Weeks(d("2026-10-25"), d("2026-10-26")), []string{"2026-10-19 2026-10-25", "2026-10-26 2026-11-01"}},
		{"fortnights from a Wednesday", Term{First: d("2026-09-30"), Last: d("2026-10-23")}.Fortnights(), []string{"2026-09-28 2026-10-11", "2026-10-12 2026-10-25"}},
		{"the fifth week is in no fortnight", Term{First: d("2026-09-28"), Last: d("2026-10-30")}.Fortnights(), []string{"2026-09-28 2026-10-11", "2026-10-12 2026-10-25"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := texts(tt.got)
			if len(got) != len(tt.want) {
				t.Fatalf("got %v, want %v", got, tt.want)
			}
			for i := range got {
				if got[i] != tt.want[i] {
					t.Errorf("got %v, want %v", got, tt.want)
				}
			}
		})
	}
	if got := MonthOf(d("2026-10-25")).Month(); got != "2026-10" {
		t.Errorf("month = %q, want 2026-10", got)
	}
	if got := MonthOf(d("2026-10-25")).Over(); !got.Equal(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("October is over at %v, want midnight in winter time", got)
	}
}

// Months and weeks are without gaps and without overlaps, and each day is in the one that is its own.
func TestPeriodsCoverEachDayOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := Day{2024, time.January, 1}.Add(rapid.IntRange(0, 1500).Draw(t, "first"))
		last := first.Add(rapid.IntRange(0, 400).Draw(t, "length"))
		for name, spans := range map[string][]Span{"months": Months(first, last), "weeks": Weeks(first, last)} {
			if !spans[0].Contains(first) || !spans[len(spans)-1].Contains(last) {
				t.Errorf("%s of %s to %s = %v", name, first, last, texts(spans))
			}
			for i := range spans[1:] {
				if spans[i].Last.Add(1) != spans[i+1].First || !spans[i].Over().Equal(spans[i+1].Starts()) {
					t.Errorf("%s: %v is not followed by %v", name, spans[i], spans[i+1])
				}
			}
		}
	})
}

// Adding days inside a month takes no detour over instants, and comes to the same.
func TestAddComesToWhatInstantsDo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Day{2024, time.January, 1}.Add(rapid.IntRange(0, 1500).Draw(t, "day"))
		n := rapid.IntRange(-70, 70).Draw(t, "days")
		y, m, day := d.utc().AddDate(0, 0, n).Date()
		if got, want := d.Add(n), (Day{y, m, day}); got != want {
			t.Errorf("%s + %d days = %s, want %s", d, n, got, want)
		}
	})
}
