package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
)

// fortnights has one session on the Monday and Tuesday of each fortnight of the autumn term, and no log-in.
func fortnights(codes ...string) (all []engagement.Contact) {
	for i, c := range codes {
		all = append(all, daily(civil("2026-09-28").Add(14*i).String(), 60, c)...)
	}
	return all
}

func TestWhatFollowsACheckIn(t *testing.T) {
	meeting := func(day, outcome string) engagement.Fact {
		return engagement.Fact{Kind: engagement.Meeting, Of: "tutor", Value: outcome, At: on(day)}
	}
	wrote := func(day string) engagement.Fact { return engagement.Fact{Kind: engagement.Communication, At: on(day)} }
	enough := logins("2026-10-13", "2026-10-14", "2026-10-20", "2026-10-21")
	checkIn, ask := "check-in, 2026-09-28, task, 2026-10-12", "meeting, 2026-10-12, task, 2026-10-26"
	tests := []struct {
		name  string
		codes []string
		facts []engagement.Fact
		want  []string
	}{
		{"no improvement", []string{"AA", "AA"}, nil, []string{checkIn, ask}},
		{"improvement in one of the two", []string{"AA", "AA"}, enough, []string{checkIn, "amber, 2026-10-12, notice, 2026-10-26"}},
		{"improvement, then low again", []string{"AA", "PP", "AA"}, nil, []string{checkIn, "amber, 2026-10-12, notice, 2026-10-26", "check-in, 2026-10-26, task, 2026-11-09"}},
		{"a fortnight that is not known", []string{"AA", "UU", "AA"}, nil, []string{checkIn, "amber, 2026-10-12, notice, 2026-10-26", "check-in, 2026-10-26, task, 2026-11-09"}},
		{"the meeting was missed", []string{"AA", "AA"}, []engagement.Fact{meeting("2026-10-30", "missed")},
			[]string{checkIn, ask, "high risk, 2026-10-12, case, 2026-10-30"}},
		{"a meeting was missed before one was asked for", []string{"AA", "AA"}, []engagement.Fact{meeting("2026-10-20", "missed")}, []string{checkIn, ask}},
		{"no reply", []string{"AA", "AA", "AA"}, nil, []string{checkIn, ask, "high risk, 2026-10-12, case, 2026-11-09"}},
		{"no reply, once in a row", []string{"AA", "AA", "AA", "AA", "AA"}, nil, []string{checkIn, ask, "high risk, 2026-10-12, case, 2026-11-09"}},
		{"no reply, but better", []string{"AA", "AA", "PP"}, nil, []string{checkIn, ask, "amber, 2026-10-26, notice, 2026-11-09"}},
		{"a reply, but not better", []string{"AA", "AA", "AA"}, []engagement.Fact{wrote("2026-10-14")}, []string{checkIn, ask, "meeting, 2026-10-26, task, 2026-11-09"}},
		{"met, but not better", []string{"AA", "AA", "AA"}, []engagement.Fact{meeting("2026-10-30", "met")}, []string{checkIn, ask, "meeting, 2026-10-26, task, 2026-11-09"}},
		{"excused from the meeting", []string{"AA", "AA", "AA"}, []engagement.Fact{meeting("2026-10-30", "authorised")}, []string{checkIn, ask, "meeting, 2026-10-26, task, 2026-11-09"}},
		{"a meeting is to come, and missed", []string{"AA", "AA", "AA"}, []engagement.Fact{meeting("2026-11-12", "missed")},
			[]string{checkIn, ask, "meeting, 2026-10-26, task, 2026-11-09", "high risk, 2026-10-26, case, 2026-11-12"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := followed(t, fortnights(tt.codes...), tt.facts...)
			s.AsOf = civil("2026-09-28").Add(14*max(len(tt.codes), 4) + 1).Starts()
			got := slices.DeleteFunc(lines(s, "E-2"), func(l string) bool { // the fortnights without sessions
				return strings.Contains(l, "amber") && civil(strings.Split(l, ", ")[1]).Starts().After(civil("2026-09-28").Add(14*len(tt.codes)-1).Starts())
			})
			if !slices.Equal(got, tt.want) {
				t.Errorf("found:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
		})
	}
}

// The sixth and last week of teaching in threes is left over; a new term begins anew; before arrival nothing is asked for.
func TestFortnightsAreOfATerm(t *testing.T) {
	s := followed(t, slices.Concat(fortnights("PP", "PP", "PP", "PP", "AA"), daily("2026-12-07", 60, "AA"), daily("2027-01-13", 60, "AA")))
	s.AsOf = on("2027-01-25")
	want := []string{
		"amber, 2026-09-28, notice, 2026-10-12", "amber, 2026-10-12, notice, 2026-10-26", "amber, 2026-10-26, notice, 2026-11-09", "amber, 2026-11-09, notice, 2026-11-23",
		"check-in, 2026-11-23, task, 2026-12-07", "check-in, 2027-01-11, task, 2027-01-25",
	}
	wantLines(t, s, "E-2", want...)
	late := followed(t, daily("2026-10-26", 60, "PP"))
	late.AsOf = on("2026-11-09")
	wantLines(t, late, "E-2", "amber, 2026-10-26, notice, 2026-11-09")
}

// Who is away for a week has half as many log-ins to make.
func TestLogInsOfDaysThatCount(t *testing.T) {
	for n, want := range map[int][]string{1: {"amber, 2026-09-28, notice, 2026-10-12"}, 2: nil} {
		s := followed(t, daily("2026-09-28", 60, "PP"), logins("2026-09-28", "2026-09-29")[:n]...)
		s.AsOf = on("2026-10-12")
		s.Absences = append(s.Absences, illness("2026-10-05", "2026-10-11"))
		wantLines(t, s, "E-2", want...)
	}
}

func TestCommunicationsThatComeAsFiles(t *testing.T) {
	s := followed(t, fortnights("AA", "AA", "AA"))
	s.AsOf = on("2026-11-09")
	s.Known = map[engagement.Kind]time.Time{engagement.Login: never, engagement.Communication: on("2026-11-01")}
	wantLines(t, s, "E-2", "check-in, 2026-09-28, task, 2026-10-12", "meeting, 2026-10-12, task, 2026-10-26", "meeting, 2026-10-26, task, 2026-11-09")
}
