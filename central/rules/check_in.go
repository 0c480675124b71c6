package rules

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// checkIns is rule E-2. Source 003, section 4: "if ID card tap ins are below 50% and Moodle logins are below 2 per week, UCIT
// will make contact with the individual students to 'check in'". What follows if nothing improves is in checkInRow.
//
// It looks back on each fortnight of teaching weeks, counted from week 1 of the term, on the Monday after. The rule says "and",
// the survey that it quotes "/": both for anybody to act, either alone is a notice, "amber". Taps are the sessions attended of
// those that count, since lecturers amend; without any there is no test of taps. Log-ins close together are one, and days on
// which nothing is expected of the student lower how many are asked for.
//
// Only what holds whatever becomes known is concluded: sessions that are not known are taken for attended, and log-ins are not
// few before they are complete through the fortnight. Until then few taps alone are a notice that says so.
func checkIns(s Student) []Finding {
	arrived, ok := s.arrival()
	if !ok {
		return nil
	}
	logins := s.logins()
	var findings []Finding
	for _, term := range s.Calendar.Terms {
		first, _ := s.Calendar.TermAt(term.First.Starts())
		if first != term || term.Last.Ends().Before(arrived) || s.AsOf.Before(term.First.Starts()) {
			continue // of terms that overlap the first has the weeks
		}
		row := checkInRow{s: s}
		fortnights := s.Split(term.Fortnights())
		for i := range fortnights {
			if !row.look(s.fortnight(&fortnights[i], logins, calendar.DayOf(arrived))) {
				break
			}
		}
		row.missedMeeting(row.asked.AddDate(0, 0, 14)) // asked for in the last fortnight
		findings = append(findings, row.findings...)
	}
	return findings
}

// fortnight is what two teaching weeks come to.
type fortnight struct {
	*engagement.Period
	policy      *policy.Policy // of the day after; nil if it has no such rule
	taps        engagement.Tally
	unknown     int64 // sessions, counted as attended in taps
	logins      int64
	loginsKnown bool
	fewTaps     bool
	fewLogins   bool
}

func (s Student) fortnight(of *engagement.Period, logins []time.Time, arrived calendar.Day) fortnight {
	f := fortnight{Period: of, policy: s.on(of.Over())}
	if f.policy == nil || f.policy.Rules.CheckIn == nil {
		f.policy = nil
		return f
	}
	rule := f.policy.Rules.CheckIn
	if !s.tapless(f.policy) {
		sessions := of.Measure()
		f.taps, f.unknown = sessions.AtBest(f.policy.Counting), sessions.Unknown
		f.fewTaps = f.taps.Below(rule.Below)
	}
	f.logins = visits(logins, of.Starts(), of.Over(), rule.SameLogin.Std())
	f.loginsKnown = s.heard([]string{string(engagement.Login)}, of.Last.Add(1))
	if f.loginsKnown && f.logins < 2*rule.LoginsPerWeek && !s.tutored(f.policy) { // most log in enough
		f.fewLogins = 7*f.logins < rule.LoginsPerWeek*s.expectedDays(of.Span, arrived, f.policy)
	}
	return f
}

// logins are the moments of log-ins, in order.
func (s Student) logins() []time.Time {
	all := make([]time.Time, 0, len(s.Facts))
	for i := range s.Facts {
		if s.Facts[i].Kind == engagement.Login {
			all = append(all, s.Facts[i].At)
		}
	}
	return all
}

// visits counts log-ins of a stretch of time; one that comes sooner than apart after the last that counted is the same visit.
func visits(logins []time.Time, from, over time.Time, apart time.Duration) int64 {
	var n int64
	var last time.Time
	first, _ := slices.BinarySearchFunc(logins, from, time.Time.Compare)
	for _, at := range logins[first:] {
		if !at.Before(over) {
			break
		}
		if n == 0 || at.Sub(last) >= apart {
			n, last = n+1, at
		}
	}
	return n
}

// expectedDays counts the days of a span on which log-ins could be expected of the student, who is then neither away nor on
// placement.
func (s Student) expectedDays(in calendar.Span, arrived calendar.Day, p *policy.Policy) int64 {
	days := append(s.away(p), calendar.Span{Last: arrived.Add(-1)})
	for _, f := range s.Of(engagement.Placement) {
		days = append(days, spanOf(f))
	}
	return int64(days.expected(in))
}

// says is what a fortnight came to.
func (f fortnight) says() string {
	taps := "no sessions counted"
	if f.taps.Counted > 0 {
		taps = rate(f.taps, f.unknown, "sessions")
	}
	logins := "log-ins not known yet"
	if f.loginsKnown {
		logins = fmt.Sprintf("%d log-ins", f.logins)
	}
	return fmt.Sprintf("Fortnight from %s: %s, %s", f.First, taps, logins)
}
