package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
)

// followed is a sponsored student below degree level under the policy of source 003, whose log-ins are known for ever.
func followed(t testing.TB, contacts []engagement.Contact, facts ...engagement.Fact) Student {
	t.Helper()
	s := withFacts(t, facts...)
	s.Record = engagement.NewRecord(s.Person, contacts, s.Facts, nil, map[engagement.Kind]time.Time{engagement.Login: never})
	s.Level = "4"
	return s
}

// daily are sessions, one a day from a day on, weekends too, at 09:00 and so many minutes long.
func daily(first string, minutes int, codes string) []engagement.Contact {
	var all []engagement.Contact
	for i, code := range codes {
		starts := civil(first).Add(i).Starts().Add(9 * time.Hour)
		c := engagement.Contact{
			ID: fmt.Sprintf("%d %s", minutes, starts.Format(time.DateOnly)), Kind: engagement.Session, Code: register.Code(code),
			StartsAt: starts, EndsAt: starts.Add(time.Duration(minutes) * time.Minute),
		}
		c.KnownAt = c.EndsAt
		all = append(all, c)
	}
	return all
}

func logins(days ...string) []engagement.Fact {
	var all []engagement.Fact
	for _, d := range days {
		all = append(all, engagement.Fact{Kind: engagement.Login, At: on(d)})
	}
	return all
}

func of(module string, contacts []engagement.Contact) []engagement.Contact {
	for i := range contacts {
		contacts[i].Module, contacts[i].ID = module, module+" "+contacts[i].ID
	}
	return contacts
}

// with changes a copy of the student's policy.
func (s Student) with(change func(*policy.Policy)) Student {
	p := *s.Policies(civil("2026-10-01"))
	change(&p)
	s.Policies = always(&p)
	return s
}

// illness is an absence that both have approved.
func illness(first, last string) register.Absence {
	a := register.Absence{ID: 1, Since: civil(first).Starts(), Until: civil(last).Ends(), Reason: "illness"}
	for _, role := range []string{"course_lead", "head_of_registry"} {
		a.Approvals = append(a.Approvals, register.Approval{Role: role, By: "m", At: civil(first).Starts()})
	}
	return a
}

func until(day string) map[engagement.Kind]time.Time {
	return map[engagement.Kind]time.Time{engagement.Login: civil(day).Ends()}
}

func TestCheckIns(t *testing.T) {
	const first = "2026-09-28"
	three, four := logins("2026-09-30", "2026-10-05", "2026-10-06"), logins("2026-09-30", "2026-10-05", "2026-10-06", "2026-10-11")
	amber := "amber, 2026-09-28, notice, 2026-10-12"
	checkIn := "check-in, 2026-09-28, task, 2026-10-12"
	tests := []struct {
		name   string
		codes  string
		logins []engagement.Fact
		known  map[engagement.Kind]time.Time
		want   []string
	}{
		{"row 57 E-2 taps 4/10 and log-ins 3", "PPPPAAAAAA", three, nil, []string{checkIn}},
		{"row 57 E-2 taps 5/10 and no log-in", "PPPPPAAAAA", nil, nil, []string{amber}},
		{"row 57 E-2 taps 4/10 and log-ins 4", "PPPPAAAAAA", four, nil, []string{amber}},
		{"both are enough", "PPPPPAAAAA", four, nil, nil},
		{"one session that is not known could make it half", "PPPPAAAAU", three, nil, []string{amber}},
		{"it could not", "PPPPAAAAAAU", three, nil, []string{checkIn}},
		{"log-ins are known up to Saturday", "PPPPAAAAAA", three, until("2026-10-10"), []string{amber}},
		{"and through Sunday", "PPPPAAAAAA", three, until("2026-10-11"), []string{checkIn}},
		{"log-ins alone are not known", "PPPPPPPPPP", nil, until("2026-10-10"), nil},
		{"a feed that never was", "PPPPAAAAAA", nil, map[engagement.Kind]time.Time{}, []string{amber}},
		{"authorised absence is not counted", "PPPPEEEEEE", nil, nil, []string{amber}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := followed(t, daily(first, 60, tt.codes), tt.logins...)
			if s.AsOf = on("2026-10-12"); tt.known != nil {
				s.Known = tt.known
			}
			wantLines(t, s, "E-2", tt.want...)
		})
	}
}

func TestRow58NothingScheduled(t *testing.T) {
	enrolled := engagement.Fact{Kind: engagement.Enrolled, At: on("2026-09-28")}
	s := followed(t, nil, enrolled)
	s.AsOf = on("2026-10-12")
	wantLines(t, s, "E-2", "amber, 2026-09-28, notice, 2026-10-12")
	s.AsOf = on("2026-11-27")
	wantLines(t, s, "E-8", "21 days, 2026-09-28, notice, 2026-10-19", "45 days, 2026-09-28, notice, 2026-11-12", "60 days, 2026-09-28, case, 2026-11-27, 2026-12-11")
}

func TestLogInsThatAreOneVisit(t *testing.T) {
	at := func(clocks ...string) (all []engagement.Fact) {
		for _, c := range clocks {
			when, err := time.ParseInLocation("2006-01-02 15:04", "2026-10-05 "+c, time.UTC)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, engagement.Fact{Kind: engagement.Login, At: when})
		}
		return all
	}
	in := calendar.Span{First: civil("2026-10-05"), Last: civil("2026-10-18")}
	for _, tt := range []struct {
		facts []engagement.Fact
		want  int64
	}{
		{nil, 0}, {at("10:00"), 1}, {at("10:00", "10:00"), 1}, {at("10:00", "10:29"), 1}, {at("10:00", "10:30"), 2}, {at("10:00", "10:20", "10:40"), 2},
		{logins("2026-10-04", "2026-10-05", "2026-10-18", "2026-10-19"), 2},
	} {
		if got := visits(Student{Record: engagement.Record{Facts: tt.facts}}.logins(), in.Starts(), in.Over(), 30*time.Minute); got != tt.want {
			t.Errorf("visits of %v = %d, want %d", tt.facts, got, tt.want)
		}
	}
}

func TestMonthList(t *testing.T) {
	const exception, annotated = "exception, 2026-10, task, 2026-11-01", "annotated, 2026-10, notice, 2026-11-03"
	note := func(day string) engagement.Fact {
		return engagement.Fact{Kind: engagement.Annotation, Of: "E-3 2026-10", At: on(day), By: "j.tutor"}
	}
	lessOne := slices.Concat(daily("2026-10-01", 3059, "P"), daily("2026-10-05", 541, "A"))
	tests := []struct {
		name     string
		contacts []engagement.Contact
		facts    []engagement.Fact
		want     []string
	}{
		{"row 59 E-3 3060 of 3600 minutes", slices.Concat(daily("2026-10-01", 3060, "P"), daily("2026-10-05", 540, "A")), nil, nil},
		{"row 59 E-3 3059 of 3600 minutes", lessOne, nil, []string{exception}},
		{"annotated before the month was over", lessOne, []engagement.Fact{note("2026-10-31")}, nil},
		{"annotated after", lessOne, []engagement.Fact{note("2026-11-03"), note("2026-11-20")}, []string{exception, annotated}},
		{"another month was annotated", lessOne, []engagement.Fact{{Kind: engagement.Annotation, Of: "E-3 2026-09", At: on("2026-10-02")}}, []string{exception}},
		{"minutes that are not known", slices.Concat(lessOne, daily("2026-10-20", 60, "U")), nil, nil},
		{"authorised minutes do not help", slices.Concat(daily("2026-10-01", 60, "PPPPPA"), daily("2026-10-12", 60, "EEEE")), nil, []string{exception}}, // 5/6
		{"nor harm", slices.Concat(daily("2026-10-01", 60, "PPPPPPA"), daily("2026-10-12", 60, "EEEE")), nil, nil},                                      // 6/7
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := followed(t, tt.contacts, tt.facts...)
			s.AsOf = on("2026-12-24")
			wantLines(t, s, "E-3", tt.want...)
		})
	}
	atDegree := followed(t, lessOne)
	atDegree.Level = "6"
	wantLines(t, atDegree, "E-3")
}

// attendedOf1000 has so many of 1000 minutes attended in each of some months.
func attendedOf1000(of map[string]int) (all []engagement.Contact) {
	for month, minutes := range of {
		all = append(all, daily(month+"-02", minutes, "P")...)
		all = append(all, daily(month+"-05", 1000-minutes, "A")...)
	}
	return all
}

func TestLowMonths(t *testing.T) {
	tests := []struct {
		name     string
		contacts []engagement.Contact
		want     []string
	}{
		{"row 60 E-4 69.9, 69.9, 70.0", attendedOf1000(map[string]int{"2026-10": 699, "2026-11": 699, "2026-12": 700}), nil},
		{"row 60 E-4 69.9 three times", attendedOf1000(map[string]int{"2026-10": 699, "2026-11": 699, "2026-12": 699}),
			[]string{"withdraw sponsorship, 2026-12, case, 2027-01-01, 2027-01-15"}},
		{"row 61 E-4 no teaching in January", attendedOf1000(map[string]int{"2026-11": 690, "2026-12": 690, "2027-02": 690}),
			[]string{"withdraw sponsorship, 2027-02, case, 2027-03-01, 2027-03-15"}},
		{"January all authorised", slices.Concat(attendedOf1000(map[string]int{"2026-11": 690, "2026-12": 690, "2027-02": 690}), daily("2027-01-11", 60, "EEX")),
			[]string{"withdraw sponsorship, 2027-02, case, 2027-03-01, 2027-03-15"}},
		{"January not known", slices.Concat(attendedOf1000(map[string]int{"2026-11": 690, "2026-12": 690, "2027-02": 690}), daily("2027-01-11", 60, "U")), nil},
		{"a row of five months is one case", attendedOf1000(map[string]int{"2026-10": 1, "2026-11": 1, "2026-12": 1, "2027-01": 1, "2027-02": 1}),
			[]string{"withdraw sponsorship, 2026-12, case, 2027-01-01, 2027-01-15"}},
		{"two rows are two", attendedOf1000(map[string]int{"2026-10": 1, "2026-11": 1, "2026-12": 1, "2027-01": 700, "2027-02": 1, "2027-03": 1, "2027-04": 1}),
			[]string{"withdraw sponsorship, 2026-12, case, 2027-01-01, 2027-01-15", "withdraw sponsorship, 2027-04, case, 2027-05-01, 2027-05-17"}}, // 3 May is a bank holiday
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantLines(t, followed(t, tt.contacts), "E-4", tt.want...) })
	}
	unsponsored := followed(t, tests[1].contacts)
	unsponsored.Sponsored = false
	wantLines(t, unsponsored, "E-4")
}

// knownOn says when contacts were known.
func knownOn(contacts []engagement.Contact, day string) []engagement.Contact {
	for i := range contacts {
		contacts[i].KnownAt = on(day)
	}
	return contacts
}

// A building that was silent until the 7th: the case is dated as it was met, its report is due from when it was known.
func TestLowMonthsKnownLater(t *testing.T) {
	contacts := knownOn(attendedOf1000(map[string]int{"2026-10": 699, "2026-11": 699, "2026-12": 699}), "2027-01-07")
	wantLines(t, followed(t, contacts), "E-4", "withdraw sponsorship, 2026-12, case, 2027-01-01, 2027-01-21")
}

func TestModuleShare(t *testing.T) {
	const sinos = "SINOS, LAW, task, "
	law := func(codes string) []engagement.Contact { return of("LAW", daily("2026-10-01", 60, codes)) }
	tests := []struct {
		name     string
		contacts []engagement.Contact
		want     []string
	}{
		{"row 62 E-5 21 of 25 sessions are 84 %", law("PPPPPPPPPPPPPPPPPPPPPAAAA"), []string{sinos + "2026-10-25"}},
		{"row 62 E-5 2 of 3 sessions are too few", law("PPA"), nil},
		{"17 of 20 are 85 %", law("PPPPPPPPPPPPPPPPPAAA"), nil},
		{"the fourth session makes it a rate", law("APPP"), []string{sinos + "2026-10-04"}},
		{"it recovers and falls again", law("APPPPPPPPPAAAA"), []string{sinos + "2026-10-04"}},
		{"what is not known is taken for attended", law("APPPUUU"), []string{sinos + "2026-10-04"}},
		{"and not for counted", law("APPU"), nil},
		{"one is not known", law("PAPPPUP"), []string{sinos + "2026-10-04"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { wantLines(t, followed(t, tt.contacts), "E-5", tt.want...) })
	}
}

func TestInconsistentPattern(t *testing.T) {
	tests := []struct {
		name     string
		law, tax string
		want     []string
	}{
		{"100 % and 70 %", "PPPPPPPPPP", "PPPPPPPAAA", []string{"inconsistent pattern, , task, 2026-10-10"}},
		{"100 % and 71 %", "PPPPPPP", "PPPPPAA", nil},
		{"three sessions are no rate", "PPP", "AAA", nil},
		{"both are low", "AAAA", "AAAA", nil},
		{"it may be lower", "PPPPUPPPPP", "PPPPPPPAAA", nil},
		{"it may be higher", "PPPPPPPPPPP", "PPPPPPPAAAU", []string{"inconsistent pattern, , task, 2026-10-10"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := followed(t, slices.Concat(of("LAW", daily("2026-10-01", 60, tt.law)), of("TAX", daily("2026-10-01", 60, tt.tax))))
			got := slices.DeleteFunc(lines(s, "E-5"), func(l string) bool { return !strings.HasPrefix(l, "inconsistent") })
			if !slices.Equal(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

func TestWhoIsPlacedWhere(t *testing.T) {
	s := followed(t, of("LAW", daily("2026-10-01", 60, "APPP"))).with(func(p *policy.Policy) {
		rule := *p.Rules.ModuleShare
		rule.Programmes, rule.PreSessional = []string{"PATH"}, []string{"PRE10"}
		p.Rules.ModuleShare = &rule
	})
	for programme, want := range map[string][]string{
		"LLB": nil, "PATH": {"SINOS, LAW, task, 2026-10-04"}, "PRE10": {"attendance report, LAW, task, 2026-10-04"},
	} {
		s.Programme = programme
		wantLines(t, s, "E-5", want...)
	}
}

func TestMeetingList(t *testing.T) {
	weeks := slices.Concat(daily("2026-10-05", 60, "PPPPA"), daily("2026-10-12", 60, "PPPPPPPPA"[:7]), daily("2026-10-19", 60, "PPPUA"))
	wantLines(t, followed(t, weeks), "E-6", "weekly meeting, 2026-10-05, notice, 2026-10-12", "weekly meeting, 2026-10-19, notice, 2026-10-26")
}

func TestInactivity(t *testing.T) {
	const seen = "2026-10-02"
	early := []string{"21 days, 2026-10-02, notice, 2026-10-23", "45 days, 2026-10-02, notice, 2026-11-16"}
	full := append(slices.Clone(early), "60 days, 2026-10-02, case, 2026-12-01, 2026-12-15")
	away := func(first, last string) []register.Absence { return []register.Absence{illness(first, last)} }
	later := func(s string) []engagement.Contact {
		return slices.Concat(daily(seen, 60, "P"), daily("2026-10-20", 60, s))
	}
	tests := []struct {
		name     string
		contacts []engagement.Contact
		facts    []engagement.Fact
		absences []register.Absence
		known    map[engagement.Kind]time.Time
		asOf     string
		want     []string
	}{
		{"row 63 E-8 30 November, 59 days", daily(seen, 60, "P"), nil, nil, nil, "2026-11-30", early},
		{"row 63 E-8 1 December, 60 days", daily(seen, 60, "P"), nil, nil, nil, "2026-12-01", full},
		{"row 64 E-8 authorised from 19 October to 1 November, 14 December", daily(seen, 60, "P"), nil, away("2026-10-19", "2026-11-01"), nil, "2026-12-14",
			[]string{"21 days, 2026-10-02, notice, 2026-11-06", "45 days, 2026-10-02, notice, 2026-11-30"}},
		{"row 64 E-8 authorised from 19 October to 1 November, 15 December", daily(seen, 60, "P"), nil, away("2026-10-19", "2026-11-01"), nil, "2026-12-15",
			[]string{"21 days, 2026-10-02, notice, 2026-11-06", "45 days, 2026-10-02, notice, 2026-11-30", "60 days, 2026-10-02, case, 2026-12-15, 2026-12-31"}},
		{"row 65 E-8 a log-in on day 59", daily(seen, 60, "P"), logins("2026-11-30"), nil, nil, "2026-12-20", early},
		{"a log-in on day 60 is late", daily(seen, 60, "P"), logins("2026-12-01"), nil, nil, "2026-12-20", full},
		{"log-ins are known up to day 58", daily(seen, 60, "P"), nil, nil, until("2026-11-29"), "2026-12-20", early},
		{"and through day 59", daily(seen, 60, "P"), nil, nil, until("2026-11-30"), "2026-12-20", full},
		{"no feed ever", daily(seen, 60, "P"), nil, nil, map[engagement.Kind]time.Time{}, "2026-12-20", nil},
		{"missed sessions are no engagement", later("AAAA"), nil, nil, nil, "2026-12-01", full},
		{"a session that is not known may be", later("U"), nil, nil, nil, "2026-12-18", []string{"21 days, 2026-10-20, notice, 2026-11-10", "45 days, 2026-10-20, notice, 2026-12-04"}},
		{"late and online are engagement", later("LR"), nil, nil, nil, "2026-11-11", []string{"21 days, 2026-10-21, notice, 2026-11-11"}},
		{"a submission", daily(seen, 60, "P"), []engagement.Fact{{Kind: engagement.Submission, Value: "met", At: on("2026-10-20")}}, nil, nil, "2026-11-10",
			[]string{"21 days, 2026-10-20, notice, 2026-11-10"}},
		{"a message is none", daily(seen, 60, "P"), []engagement.Fact{{Kind: engagement.Communication, At: on("2026-10-20")}}, nil, nil, "2026-12-01", full},
		{"the course ended", daily(seen, 60, "P"), []engagement.Fact{{Kind: engagement.CourseEnd, At: on("2026-10-30")}}, nil, nil, "2027-12-01", early[:1]},
		{"it was prolonged", daily(seen, 60, "P"), []engagement.Fact{{Kind: engagement.CourseEnd, At: on("2026-10-30")}, {Kind: engagement.CourseEnd, At: on("2027-06-30")}}, nil, nil, "2026-12-01", full},
		{"withdrew", daily(seen, 60, "P"), []engagement.Fact{{Kind: engagement.Change, Of: "withdrawal", At: on("2026-10-30")}}, nil, nil, "2027-12-01", early[:1]},
		{"on leave", daily(seen, 60, "P"), []engagement.Fact{{Kind: engagement.Leave, At: on("2026-10-19"), Until: on("2026-11-01")}}, nil, nil, "2026-12-14",
			[]string{"21 days, 2026-10-02, notice, 2026-11-06", "45 days, 2026-10-02, notice, 2026-11-30"}},
		{"never seen, first expected on 2 October", daily(seen, 60, "AA"), nil, nil, nil, "2026-12-01", full},
		{"enrolled on 2 October, first missed before and after", daily("2026-10-01", 60, "AA"), []engagement.Fact{{Kind: engagement.Enrolled, At: on(seen)}}, nil, nil, "2026-12-01", full},
		{"two silences", slices.Concat(daily(seen, 60, "P"), daily("2026-10-25", 60, "P")), nil, nil, nil, "2026-11-15",
			[]string{"21 days, 2026-10-02, notice, 2026-10-23", "21 days, 2026-10-25, notice, 2026-11-15"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := followed(t, tt.contacts, tt.facts...)
			if s.AsOf, s.Absences = on(tt.asOf), tt.absences; tt.known != nil {
				s.Known = tt.known
			}
			wantLines(t, s, "E-8", tt.want...)
		})
	}
}

func TestNobodyWithoutASponsorIsReportedForSilence(t *testing.T) {
	s := followed(t, daily("2026-10-02", 60, "P"))
	s.Sponsored, s.AsOf = false, on("2026-12-01")
	wantLines(t, s, "E-8", "21 days, 2026-10-02, notice, 2026-10-23", "45 days, 2026-10-02, notice, 2026-11-16", "60 days, 2026-10-02, case, 2026-12-01")
}
