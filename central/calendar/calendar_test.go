package calendar

import (
	"slices"
	"testing"
	"time"
)

func day(t *testing.T, text string) Day {
	t.Helper()
	d, err := ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The bank holidays of England and Wales as gov.uk publishes them.
func TestBankHolidays(t *testing.T) {
	published := map[int][]string{
		2020: {"2020-01-01", "2020-04-10", "2020-04-13", "2020-05-08", "2020-05-25", "2020-08-31", "2020-12-25", "2020-12-28"},
		2021: {"2021-01-01", "2021-04-02", "2021-04-05", "2021-05-03", "2021-05-31", "2021-08-30", "2021-12-27", "2021-12-28"},
		2022: {"2022-01-03", "2022-04-15", "2022-04-18", "2022-05-02", "2022-06-02", "2022-06-03", "2022-08-29", "2022-09-19", "2022-12-26", "2022-12-27"},
		2023: {"2023-01-02", "2023-04-07", "2023-04-10", "2023-05-01", "2023-05-08", "2023-05-29", "2023-08-28", "2023-12-25", "2023-12-26"},
		2024: {"2024-01-01", "2024-03-29", "2024-04-01", "2024-05-06", "2024-05-27", "2024-08-26", "2024-12-25", "2024-12-26"},
		2025: {"2025-01-01", "2025-04-18", "2025-04-21", "2025-05-05", "2025-05-26", "2025-08-25", "2025-12-25", "2025-12-26"},
		2026: {"2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28"},
		2027: {"2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03", "2027-05-31", "2027-08-30", "2027-12-27", "2027-12-28"},
	}
	for year, want := range published {
		var got []string
		for d := (Day{year, time.January, 1}); d.Year == year; d = d.Add(1) {
			if BankHoliday(d) != "" {
				got = append(got, d.String())
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("bank holidays of %d = %v, want %v", year, got, want)
		}
	}
}

func TestDeadlines(t *testing.T) {
	c := &Calendar{}
	tests := []struct {
		name, from, working, calendar string
	}{
		{"row 50 tenth miss Fri 11 Dec 2026", "2026-12-11", "2026-12-29", "2026-12-21"},
		{"row 51 over Easter 2027", "2027-03-25", "2027-04-12", "2027-04-04"},
		{"row 52 over New Year", "2026-12-16", "2027-01-04", "2026-12-26"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := c.AddWorkingDays(day(t, tt.from), 10).String(); got != tt.working {
				t.Errorf("10 working days after %s = %s, want %s", tt.from, got, tt.working)
			}
			if got := day(t, tt.from).Add(10).String(); got != tt.calendar {
				t.Errorf("10 days after %s = %s, want %s", tt.from, got, tt.calendar)
			}
		})
	}
}

func TestProclaimedDayPostponesADeadline(t *testing.T) {
	c := &Calendar{Holidays: map[Day]string{day(t, "2026-11-02"): "Proclaimed"}}
	if got := c.AddWorkingDays(day(t, "2026-10-30"), 1).String(); got != "2026-11-03" {
		t.Errorf("next working day = %s, want 2026-11-03", got)
	}
}

func TestDaysAcrossTheClockChange(t *testing.T) {
	// Clocks go back on 25 October 2026: the day has 25 hours, and 23:30Z the evening before is already the 25th.
	if got := DayOf(time.Date(2026, 10, 24, 23, 30, 0, 0, time.UTC)).String(); got != "2026-10-25" {
		t.Errorf("day of 2026-10-24T23:30Z = %s, want 2026-10-25", got)
	}
	d := day(t, "2026-10-25")
	if got := d.Ends().Sub(d.Starts()); got != 25*time.Hour-time.Second {
		t.Errorf("25 October 2026 lasts %v, want 24h59m59s", got)
	}
	if got := d.Add(1).String(); got != "2026-10-26" {
		t.Errorf("day after = %s, want 2026-10-26", got)
	}
}

func TestTerms(t *testing.T) {
	c := &Calendar{Terms: []Term{{ID: "autumn", First: day(t, "2026-09-28"), Last: day(t, "2026-12-11")}}}
	if term, ok := c.TermAt(time.Date(2026, 12, 11, 23, 59, 0, 0, London)); !ok || term.ID != "autumn" {
		t.Errorf("term on its last evening = %v, %v", term, ok)
	}
	if _, ok := c.TermAt(time.Date(2026, 12, 12, 0, 0, 0, 0, London)); ok {
		t.Error("the day after the last day is still in the term")
	}
	tests := map[string]int{"2026-09-28": 1, "2026-10-04": 1, "2026-10-05": 2, "2026-12-11": 11}
	for text, want := range tests {
		if got := c.Terms[0].Week(day(t, text)); got != want {
			t.Errorf("teaching week of %s = %d, want %d", text, got, want)
		}
	}
}
