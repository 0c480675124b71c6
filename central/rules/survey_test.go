package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"pgregory.net/rapid"
)

// autumn is a term of eleven whole weeks, from Monday 28 September 2026, and spring one after it.
var (
	autumn = calendar.Term{ID: "autumn", First: civil("2026-09-28"), Last: civil("2026-12-11")}
	spring = calendar.Term{ID: "spring", First: civil("2027-01-11"), Last: civil("2027-03-19")}
)

// london is an instant by the clocks of London.
func london(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05.000", text, calendar.London)
	if err != nil {
		panic(err)
	}
	return t
}

// campus is a university in its autumn term that goes by the shipped policies of some names.
func campus(asOf string, policies ...string) University {
	var held []*policy.Policy
	for _, name := range policies {
		p, err := shipped(name)
		if err != nil {
			panic(err)
		}
		held = append(held, p)
	}
	u := University{
		Looked: slices.Concat(OfTaps, OfFacts, OfTimetable), Since: autumn.First.Starts(), AsOf: london(asOf + ".000"), Calendar: &calendar.Calendar{Terms: []calendar.Term{autumn, spring}},
		Policies: func(calendar.Day) []*policy.Policy { return held },
	}
	u.Recent = calendar.DayOf(u.AsOf).Add(-14).Starts()
	for d := civil("2026-09-28"); d.Before(calendar.DayOf(u.AsOf).Add(1)); d = d.Add(1) {
		u.Days = append(u.Days, d)
	}
	return u
}

// surveyedAs is what a survey says: who, what, over what and when.
func surveyedAs(u University) string {
	var out []string
	for _, f := range Survey(u) {
		out = append(out, fmt.Sprintf("%s %s: %s (%s) %s", f.Rule, f.Subject, f.Step, f.Scope, f.AsOf.In(calendar.London).Format("2 Jan 15:04:05")))
	}
	return strings.Join(out, "; ")
}

func checkSurvey(t *testing.T, u University, want string) {
	t.Helper()
	if got := surveyedAs(u); got != want {
		t.Errorf("survey:\n%s\nwant\n%s", got, want)
	}
}

// presented is a tap of Monday 5 October at a building's door, of the card with a number.
func presented(seq uint64, card byte, building, clock string) Presentation {
	p := Presentation{Building: building, Card: [32]byte{card, 1}, Sure: true}
	p.ID.Seq, p.At, p.Point = seq, london("2026-10-05 "+clock), building+"/door"
	return p
}

func TestRow30CardInTwoBuildings(t *testing.T) {
	const flagged = "W-11 card 01010000: two buildings (2026-10-05) 5 Oct 09:00:40"
	first := presented(1, 1, "Library", "09:00:00.000")
	at := func(clock string) Presentation { return presented(2, 1, "Law school", clock) }
	unsure, within := at("09:00:40.000"), at("09:04:59.999")
	unsure.Sure, within.Within = false, time.Millisecond
	tests := []struct {
		name   string
		second Presentation
		want   string
	}{
		{"row 30 W-11 buildings 900 m apart, 40 s", at("09:00:40.000"), flagged},
		{"within five minutes", at("09:04:59.999"), strings.Replace(flagged, "09:00:40", "09:04:59", 1)},
		{"five minutes are possible", at("09:05:00.000"), ""},
		{"the clock's error is given to the student", within, ""},
		{"a clock that nobody vouches for proves nothing", unsure, ""},
		{"the same building", presented(2, 1, "Library", "09:00:40.000"), ""},
		{"another card", presented(2, 2, "Law school", "09:00:40.000"), ""},
		{"a point that nobody knows", presented(2, 1, "", "09:00:40.000"), ""},
		{"told twice", first, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := campus("2026-10-05 12:00:00", "college")
			u.Taps = []Presentation{tt.second, first}
			checkSurvey(t, u, tt.want)
			for _, f := range Survey(u) { // both taps are the evidence, and neither is touched
				if len(f.Evidence) != 2 || f.Opens != Notice || f.Policy != "college v1" {
					t.Errorf("finding = %+v, want a notice with both taps", f)
				}
			}
		})
	}
}

func TestTravelIsFlaggedOnceADay(t *testing.T) {
	u := campus("2026-10-05 12:00:00", "college")
	u.Taps = []Presentation{
		presented(1, 1, "Library", "09:00:00.000"), presented(2, 1, "Law school", "09:01:00.000"), presented(3, 1, "Library", "09:02:00.000"),
	}
	checkSurvey(t, u, "W-11 card 01010000: two buildings (2026-10-05) 5 Oct 09:01:00")
}

func TestBurst(t *testing.T) {
	queue := func(step time.Duration, cards ...byte) []Presentation {
		var taps []Presentation
		for i, c := range cards {
			p := presented(uint64(i+1), c, "Library", "09:00:00.000")
			p.At, p.Session = p.At.Add(time.Duration(i)*step), "law-1"
			taps = append(taps, p)
		}
		return taps
	}
	tests := []struct {
		name string
		taps []Presentation
		want string
	}{
		{"five cards in five seconds", queue(1250*time.Millisecond, 1, 2, 3, 4, 5), "W-11 point Library/door: many cards at once (law-1) 5 Oct 09:00:05"},
		{"a millisecond more", queue(1250250*time.Microsecond, 1, 2, 3, 4, 5), ""},
		{"four cards", queue(time.Second, 1, 2, 3, 4), ""},
		{"the same card over again", queue(time.Second, 1, 2, 1, 2, 1, 2), ""},
		{"once for a session", queue(time.Second, 1, 2, 3, 4, 5, 6, 7, 8, 9), "W-11 point Library/door: many cards at once (law-1) 5 Oct 09:00:04"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := campus("2026-10-05 12:00:00", "college")
			u.Taps = tt.taps
			checkSurvey(t, u, tt.want)
		})
	}
}

func TestDoubtfulTaps(t *testing.T) {
	shown, lost := presented(1, 1, "Library", "09:00:00.000"), presented(2, 2, "Library", "09:00:07.000")
	shown.Evidence, shown.Session, lost.Blocked = 5, "law-1", true // 5 is a code on a screen
	again := shown
	again.ID.Seq, again.At = 3, again.At.Add(time.Minute)
	for name, want := range map[string]string{
		"imperial":     "W-11 card 01010000: without proximity (law-1) 5 Oct 09:00:00; W-11 card 02010000: blocked card (2026-10-05) 5 Oct 09:00:07",
		"bedfordshire": "W-11 card 02010000: blocked card (2026-10-05) 5 Oct 09:00:07", // its policy is a code that is shown
	} {
		t.Run(name, func(t *testing.T) {
			u := campus("2026-10-05 12:00:00", name)
			u.Taps = []Presentation{again, lost, shown}
			checkSurvey(t, u, want)
		})
	}
}

// A day whose taps were not read is not looked at: what was found of it before stays.
func TestSurveyOfSomeDays(t *testing.T) {
	u := campus("2026-10-05 12:00:00", "college")
	u.Taps, u.Days = []Presentation{presented(1, 1, "A", "09:00:00.000"), presented(2, 1, "B", "09:00:01.000")}, nil
	checkSurvey(t, u, "")
}

func TestRow35Headcount(t *testing.T) {
	const at = "5 Oct 09:30:00"
	tests := []struct {
		name                 string
		count, unknown       int64
		tolerance            int64
		registered           int64
		want, summary, opens string
	}{
		{"row 35 C-6 register 30, count 22", 22, 0, 0, 30, "C-6 session law-1: more registered than counted (2026-10-05T08:30:00Z) " + at, "8 more", "notice"},
		{"row 35 C-6 register 30, count 30", 30, 0, 0, 30, "", "", ""},
		{"row 35 C-6 register 30, count 31", 31, 0, 0, 30, "C-6 session law-1: present but not registered (2026-10-05T08:30:00Z) " + at, "1 present but not registered", "notice"},
		{"tolerated", 22, 0, 8, 30, "", "", ""},
		{"beyond what is tolerated", 21, 0, 8, 30, "C-6 session law-1: more registered than counted (2026-10-05T08:30:00Z) " + at, "9 more", "notice"},
		{"somebody's tap may be on its way", 31, 1, 0, 30, "", "", ""},
		{"what is on its way only adds", 22, 5, 0, 30, "C-6 session law-1: more registered than counted (2026-10-05T08:30:00Z) " + at, "8 more", "notice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := campus("2026-10-05 12:00:00", "college")
			p, _ := shipped("college")
			p.Marking.Headcount = tt.tolerance
			u.Policies = func(calendar.Day) []*policy.Policy { return []*policy.Policy{p} }
			u.Headcounts = []Headcount{{ID: 1, Session: "law-1", By: "m.officer", At: london("2026-10-05 09:30:00.000"), Count: tt.count, Registered: tt.registered, Unknown: tt.unknown}}
			checkSurvey(t, u, tt.want)
			for _, f := range Survey(u) {
				if !strings.Contains(f.Summary, tt.summary) || string(f.Opens) != tt.opens {
					t.Errorf("finding = %+v, want %s", f, tt.summary)
				}
			}
		})
	}
}

func TestTracker(t *testing.T) {
	// Week 1 ends on Sunday 4 October; two working days later is Tuesday 6 October.
	const logins, taps = "E-1 university: logins missing (2026-09-28) 7 Oct 00:00:00", "E-1 university: taps missing (2026-09-28) 14 Oct 00:00:00"
	fed := func(text string) func(*University) {
		return func(u *University) { u.Known = map[engagement.Kind]time.Time{engagement.Login: london(text + ".000")} }
	}
	unheard := func(text string) func(*University) {
		return func(u *University) {
			fed("2026-12-31 00:00:00")(u)
			u.Unheard = []Unheard{{"A/door", london(text + ".000")}, {"A/door", london(text + ".000").Add(-time.Hour)}}
		}
	}
	tests := []struct {
		name, asOf string
		known      func(*University)
		want       string
	}{
		{"not due before the end of the second working day", "2026-10-06 23:59:59", func(*University) {}, ""},
		{"due and no file", "2026-10-07 00:00:00", func(*University) {}, logins},
		{"a file to Saturday", "2026-10-07 00:00:00", fed("2026-10-03 23:59:59"), logins},
		{"a file to Sunday", "2026-10-07 00:00:00", fed("2026-10-04 23:59:59"), ""},
		{"a row kept elsewhere", "2026-10-07 00:00:00", func(u *University) {
			u.Facts = []engagement.Fact{{ID: 1, Kind: engagement.TrackerRow, Of: "logins", At: london("2026-10-04 12:00:00.000")}}
		}, ""},
		{"taps are due every second week", "2026-10-13 23:59:59", unheard("2026-10-08 10:00:00"), ""},
		{"a point has not delivered", "2026-10-14 00:00:00", unheard("2026-10-08 10:00:00"), taps},
		{"a register of the next fortnight", "2026-10-14 00:00:00", unheard("2026-10-12 10:00:00"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := campus(tt.asOf, "stmarys")
			p, _ := shipped("stmarys")
			p.Rules = policy.Rules{Tracker: p.Rules.Tracker}
			u.Policies = func(calendar.Day) []*policy.Policy { return []*policy.Policy{p} }
			tt.known(&u)
			checkSurvey(t, u, tt.want)
		})
	}
}

func TestTrackerIsNoBusinessOfVacations(t *testing.T) {
	u := campus("2027-01-10 12:00:00", "stmarys")
	u.Since = autumn.First.Starts()
	got := strings.Count(surveyedAs(u), "logins missing")
	if got != 11 {
		t.Errorf("rows of log-ins missing = %d, want one for each of the 11 teaching weeks", got)
	}
	if taps := rows(autumn, 2); len(taps) != 5 || taps[4].Last != civil("2026-12-06") {
		t.Errorf("fortnights = %v, want five", taps)
	}
}

func TestThinWeeks(t *testing.T) {
	week := func(student, level, monday string, minutes int64) Week {
		return Week{Subject: policy.Subject{Programme: "FND", Level: level, Visa: true, Delivery: "campus"}, Student: student, Monday: civil(monday), Minutes: minutes}
	}
	other, distant := week("s1", "3", "2026-10-05", 60), week("s1", "3", "2026-10-05", 60)
	other.Visa, distant.Delivery = false, "distance"
	const want = "E-3 programme FND: thin timetable (2026-10-05) 12 Oct 00:00:00"
	tests := []struct {
		name, asOf string
		weeks      []Week
		want       string
	}{
		{"15 hours", "2026-10-13 12:00:00", []Week{week("s1", "3", "2026-10-05", 900)}, ""},
		{"a minute less", "2026-10-13 12:00:00", []Week{week("s1", "3", "2026-10-05", 899)}, want},
		{"one warning for a programme", "2026-10-13 12:00:00", []Week{week("s1", "3", "2026-10-05", 899), week("s2", "4", "2026-10-05", 60)}, want},
		{"degree level", "2026-10-13 12:00:00", []Week{week("s1", "6", "2026-10-05", 60)}, ""},
		{"nobody of the policy's scope", "2026-10-13 12:00:00", []Week{other}, ""},
		{"no classroom is expected", "2026-10-13 12:00:00", []Week{distant}, ""},
		{"the week is not over", "2026-10-11 23:59:59", []Week{week("s1", "3", "2026-10-05", 60)}, ""},
		{"the week in which a term ends", "2026-12-15 12:00:00", []Week{week("s1", "3", "2026-12-07", 60)}, "E-3 programme FND: thin timetable (2026-12-07) 14 Dec 00:00:00"},
		{"no teaching week", "2026-12-22 12:00:00", []Week{week("s1", "3", "2026-12-14", 60)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := campus(tt.asOf, "stmarys")
			p, _ := shipped("stmarys")
			p.Rules = policy.Rules{MonthList: p.Rules.MonthList, Delivery: p.Rules.Delivery}
			u.Policies = func(calendar.Day) []*policy.Policy { return []*policy.Policy{p} }
			u.Weeks = tt.weeks
			checkSurvey(t, u, tt.want)
		})
	}
}

func TestRow74ImmigrationAudit(t *testing.T) {
	audit := func(id int64, day, by string) engagement.Fact {
		return engagement.Fact{ID: id, Kind: engagement.Audit, Of: "immigration", At: london(day + " 15:00:00.000"), By: by}
	}
	const due, overdue = "E-16 university: due (2026-11-17) 17 Nov 00:00:00", "E-16 university: overdue (2026-11-17) 18 Nov 00:00:00"
	opening := audit(9, "2026-10-21", "m.officer") // in time before that of row 74
	tests := []struct {
		name, asOf string
		audits     []engagement.Fact
		want       string
	}{
		{"day 13", "2026-11-16 23:59:59", []engagement.Fact{audit(1, "2026-11-03", "m")}, ""},
		{"day 14", "2026-11-17 23:59:59", []engagement.Fact{audit(1, "2026-11-03", "m")}, due},
		{"row 74 E-16 none by 17 Nov 24:00", "2026-11-18 00:00:00", []engagement.Fact{audit(1, "2026-11-03", "m")}, due + "; " + overdue},
		{"on day 14", "2026-11-18 00:00:00", []engagement.Fact{audit(1, "2026-11-03", "m"), audit(2, "2026-11-17", "m")}, due},
		{"before it is due", "2026-11-18 00:00:00", []engagement.Fact{audit(1, "2026-11-03", "m"), audit(2, "2026-11-16", "m")}, ""},
		{"that came late was late", "2026-11-25 00:00:00", []engagement.Fact{audit(1, "2026-11-03", "m"), audit(2, "2026-11-20", "m")}, due + "; " + overdue},
		{"that nobody signed is none", "2026-11-18 00:00:00", []engagement.Fact{audit(1, "2026-11-03", "m"), audit(2, "2026-11-16", "")}, due + "; " + overdue},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := auditing(tt.asOf)
			u.Facts = append(tt.audits, opening, audit(8, "2026-10-08", "m"))
			checkSurvey(t, u, tt.want)
		})
	}
	t.Run("none ever: the term began", func(t *testing.T) {
		checkSurvey(t, auditing("2026-10-13 00:00:00"), "E-16 university: due (2026-10-12) 12 Oct 00:00:00; E-16 university: overdue (2026-10-12) 13 Oct 00:00:00")
	})
}

func auditing(asOf string) University {
	u := campus(asOf, "stmarys")
	p, _ := shipped("stmarys")
	p.Rules = policy.Rules{VisaAudit: p.Rules.VisaAudit}
	u.Policies = func(calendar.Day) []*policy.Policy { return []*policy.Policy{p} }
	return u
}

// The audit must look at those whose permission is missing, forbids study, or ends within sixty days of Monday 12 October.
func TestVisaAuditListsHolders(t *testing.T) {
	u := auditing("2026-10-12 12:00:00")
	permission := func(student, from, until, value string) Permit {
		f := engagement.Fact{Kind: engagement.Permission, At: civil(from).Starts(), Value: value}
		if until != "" {
			f.Until = civil(until).Ends()
		}
		return Permit{student, []engagement.Fact{f}}
	}
	extended := permission("extended", "2026-01-01", "2026-11-01", "study")
	extended.Permissions = append(extended.Permissions, permission("", "2026-10-01", "2028-01-01", "study").Permissions...)
	u.Permits = []Permit{
		{Student: "none"}, permission("ends", "2026-01-01", "2026-12-11", "study"), permission("ends a day later", "2026-01-01", "2026-12-12", "study"),
		permission("ended", "2026-01-01", "2026-10-11", "study"), permission("to come", "2026-10-13", "2028-01-01", "study"),
		permission("forbids", "2026-01-01", "2028-01-01", "no_study"), permission("endless", "2026-01-01", "", "study"), extended,
	}
	want := []string{"ended: no permission on record", "ends: permission ends 2026-12-11", "forbids: permission forbids study", "none: no permission on record", "to come: no permission on record"}
	found := Survey(u)
	if len(found) != 1 || !slices.Equal(found[0].Evidence, want) || !strings.Contains(found[0].Summary, "5 of 8") {
		t.Errorf("findings = %+v, want one with %q", found, want)
	}
}

func TestReminders(t *testing.T) {
	sent := func(days ...string) []engagement.Fact {
		var facts []engagement.Fact
		for i, d := range days {
			facts = append(facts, engagement.Fact{ID: int64(i), Kind: engagement.Reminder, At: london(d + " 12:00:00.000")})
		}
		return facts
	}
	due := func(day, at string) string { return "E-20 university: reminder due (" + day + ") " + at + " 00:00:00" }
	tests := []struct {
		name, asOf string
		sent       []engagement.Fact
		want       string
	}{
		{"28 days into the term", "2026-10-26 00:00:00", nil, due("2026-10-26", "26 Oct")},
		{"27 days", "2026-10-25 23:59:59", nil, ""},
		{"and 28 days later again", "2026-11-23 09:00:00", nil, due("2026-10-26", "26 Oct") + "; " + due("2026-11-23", "23 Nov")},
		{"counted from the last", "2026-11-12 09:00:00", sent("2026-10-01", "2026-10-15"), due("2026-11-12", "12 Nov")},
		{"sent the day before", "2026-10-27 09:00:00", sent("2026-10-25"), ""},
		{"late", "2026-11-23 09:00:00", sent("2026-10-30"), due("2026-10-26", "26 Oct")},
		{"not in the vacation", "2027-01-10 09:00:00", sent("2026-10-25", "2026-11-15"), ""},
		{"sent before the term", "2026-10-26 00:00:00", sent("2026-08-01"), due("2026-10-26", "26 Oct")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := campus(tt.asOf, "stmarys")
			p, _ := shipped("stmarys")
			p.Rules = policy.Rules{TapReminder: p.Rules.TapReminder}
			u.Policies = func(calendar.Day) []*policy.Policy { return []*policy.Policy{p} }
			u.Facts = tt.sent
			checkSurvey(t, u, tt.want)
		})
	}
}

func TestOffSite(t *testing.T) {
	barred := []Barred{{Room: "EX-1", Since: london("2026-10-05 10:00:00.000"), Sessions: []string{"law-1"}}, {Room: "EX-2", Since: london("2026-10-05 10:00:00.000")}}
	u := campus("2026-10-05 12:00:00", "stmarys")
	u.Barred, u.Known = barred, map[engagement.Kind]time.Time{engagement.Login: u.AsOf}
	checkSurvey(t, u, "E-21 room EX-1: not approved () 5 Oct 10:00:00")
	u = campus("2026-10-05 12:00:00", "college")
	u.Barred = barred
	checkSurvey(t, u, "") // the clause is not in the policy
}

func TestRow80RemoteShare(t *testing.T) {
	const warned = "E-22 programme LAW: remote share (autumn) 28 Sep 00:00:00"
	permitted := []engagement.Fact{{Kind: engagement.RemoteHigh, Of: "LAW", At: civil("2026-01-01").Starts()}}
	tests := []struct {
		name   string
		taught Taught
		facts  []engagement.Fact
		want   string
	}{
		{"row 80 E-22 21 % optional or remote, no permission", Taught{"LAW", "autumn", 10000, 1000, 1100}, nil, warned},
		{"20 % exactly", Taught{"LAW", "autumn", 10000, 1000, 1000}, nil, ""},
		{"a minute more", Taught{"LAW", "autumn", 10000, 1001, 1000}, nil, warned},
		{"21 % with permission", Taught{"LAW", "autumn", 10000, 1000, 1100}, permitted, ""},
		{"40 % with permission", Taught{"LAW", "autumn", 10000, 4000, 0}, permitted, ""},
		{"more with permission", Taught{"LAW", "autumn", 10000, 4001, 0}, permitted, warned},
		{"permission of another programme", Taught{"TAX", "autumn", 10000, 4000, 0}, permitted, strings.Replace(warned, "LAW", "TAX", 1)},
		{"a term to come", Taught{"LAW", "spring", 10000, 10000, 0}, nil, ""},
		{"nothing taught", Taught{"LAW", "autumn", 0, 0, 0}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := campus("2026-10-05 12:00:00", "stmarys")
			u.Known = map[engagement.Kind]time.Time{engagement.Login: u.AsOf}
			u.Taught, u.Facts = []Taught{tt.taught}, tt.facts
			checkSurvey(t, u, tt.want)
		})
	}
}

// Two policies that say the same make one finding, named after the first; one that says it alone is named.
func TestSeveralPolicies(t *testing.T) {
	u := campus("2026-10-05 12:00:00", "portsmouth", "college")
	u.Taps = []Presentation{presented(1, 1, "A", "09:00:00.000"), presented(2, 1, "B", "09:00:01.000")}
	if found := Survey(u); len(found) != 1 || found[0].Policy != "college v1" {
		t.Errorf("findings = %+v, want one by college v1", found)
	}
}

// Time adds to a survey's findings and changes none, and neither does the order in which facts became known.
func TestSurveyGrowsAndOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		late := anyUniversity(t)
		want := Survey(late)
		early := late
		early.AsOf = late.AsOf.AddDate(0, 0, -rapid.IntRange(0, 60).Draw(t, "days earlier"))
		then := slices.DeleteFunc(slices.Clone(want), func(f Finding) bool { return f.AsOf.After(early.AsOf) })
		if diff := cmp.Diff(then, Survey(early), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("findings as of %s (-of later, +of then):\n%s", early.AsOf, diff)
		}
		late.Taps = rapid.Permutation(slices.Concat(late.Taps, late.Taps)).Draw(t, "taps in another order")
		late.Facts = rapid.Permutation(slices.Concat(late.Facts, late.Facts)).Draw(t, "facts in another order")
		late.Headcounts = rapid.Permutation(late.Headcounts).Draw(t, "headcounts in another order")
		late.Unheard = rapid.Permutation(late.Unheard).Draw(t, "registers in another order")
		late.Weeks = rapid.Permutation(slices.Concat(late.Weeks, late.Weeks)).Draw(t, "weeks in another order")
		if diff := cmp.Diff(want, Survey(late)); diff != "" {
			t.Fatalf("order or repetition matters:\n%s", diff)
		}
	})
}

func anyUniversity(t *rapid.T) University {
	u := campus("2027-02-01 12:00:00", rapid.SampledFrom(shippedNames()).Draw(t, "policy"), "stmarys")
	u.Recent, u.Facts = firstDay.Starts(), anyFacts(t)
	for i := range rapid.IntRange(0, 30).Draw(t, "taps") {
		p := presented(uint64(i), rapid.Byte().Draw(t, "card")%8, rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, "building"), "09:00:00.000")
		p.At = p.At.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "second")) * time.Second)
		p.Blocked = rapid.Bool().Draw(t, "blocked")
		u.Taps = append(u.Taps, p)
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "things") {
		at := instants(t, "moment of a thing")
		u.Headcounts = append(u.Headcounts, Headcount{ID: int64(i), Session: fmt.Sprint("s", i), At: at, Count: int64(i), Registered: 3})
		u.Unheard = append(u.Unheard, Unheard{"A/door", at})
		u.Weeks = append(u.Weeks, Week{policy.Subject{Programme: "FND", Level: "3", Visa: i%2 == 0, Delivery: "campus"}, fmt.Sprint("s", i), calendar.DayOf(at).Monday(), int64(200 * i)})
		u.Barred = append(u.Barred, Barred{fmt.Sprint("R", i), at, []string{"x"}})
	}
	return u
}
