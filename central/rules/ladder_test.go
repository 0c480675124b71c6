package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/policy"
	"github.com/rollcall-edge/rollcall/central/register"
	"pgregory.net/rapid"
)

func tally(attended, counted, missed int64) engagement.Tally {
	return engagement.Tally{Attended: attended, Counted: counted, Missed: missed}
}

// RULES section 4, rows 42 to 48. Rows about a percentage alone give no missed contacts, as the rows do.
func TestLadderRows(t *testing.T) {
	tests := []struct {
		name   string
		tally  engagement.Tally
		want   Level
		report bool
	}{
		{"row 42 A-2 27/30 is 90.00", tally(27, 30, 0), NoLevel, false},
		{"row 43 A-2 719/800 is 89.875", tally(719, 800, 0), First, false},
		{"row 44 A-2 9/10", tally(9, 10, 0), NoLevel, false},
		{"row 44 A-2 8/10 is 80, below 85, not below 80", tally(8, 10, 2), Second, false},
		{"row 45 A-2 four missed at 96 %", tally(96, 100, 4), First, false},
		{"row 46 A-3 17/20 is 85.00", tally(17, 20, 3), First, false},
		{"row 46 A-3 17/21", tally(17, 21, 4), Second, false},
		{"row 46 A-3 eight missed at 95 %", tally(152, 160, 8), Second, false},
		{"row 47 A-4 16/20 is 80.00", tally(16, 20, 4), Second, false},
		{"row 47 A-4 15/19", tally(15, 19, 4), Final, true},
		{"row 48 A-4 5/9 is too few to be a percentage", tally(5, 9, 0), NoLevel, false},
		{"row 48 A-4 5/9 with four missed", tally(5, 9, 4), First, false},
		{"A-4 ten missed at 96 %", tally(240, 250, 10), Final, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := stand{tally: tt.tally, best: tt.tally, policy: college}
			if got := warning(st).level; got != tt.want {
				t.Errorf("warning = %v, want %v", got, tt.want)
			}
			if got := st.reached(&college.Rules.SponsorReport.Rung); got != tt.report {
				t.Errorf("report = %v, want %v", got, tt.report)
			}
		})
	}
}

func TestLadderOverTime(t *testing.T) {
	tests := []struct {
		name, codes, want string
	}{
		{"nothing missed", strings.Repeat("P", 30), ""},
		{"ambiguity i: one absence at session 3", "PPA", ""},
		{"the tenth counted contact makes a percentage", "PPPPPPPPAA", "A-3@2026-10-10"},
		{"each rung in turn by number", strings.Repeat("P", 90) + "AAAAAAAAAA", "A-2@2027-01-02 A-3@2027-01-06 A-4@2027-01-08 A-5@2027-01-08 A-5@2027-01-19"},
		{"ambiguity ii: only the highest of several", "PPPPPPPAAA", "A-4@2026-10-10 A-5@2026-10-10 A-5@2026-10-21"},
		{"ambiguity iii, iv: recovery and a second fall", strings.Repeat("P", 17) + "AA" + strings.Repeat("P", 10) + "AA", "A-2@2026-10-19"},
		{"U never counts", "PPPPPPPPP" + strings.Repeat("U", 40), ""},
		{"E, X and N never count", "PPPPPPPPP" + strings.Repeat("EXN", 10), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := evaluate(history("2026-10-01", tt.codes)); got != tt.want {
				t.Errorf("findings = %q, want %q", got, tt.want)
			}
		})
	}
}

// A rung may ask for contacts missed one after another. What was authorised, cancelled or not required is neither missed nor
// met; what is unknown may have been met.
func TestConsecutiveContacts(t *testing.T) {
	inARow := *college
	inARow.Rules = policy.Rules{FirstWarning: &policy.Rung{Below: 1, Missed: 4, Consecutive: true}}
	tests := []struct{ name, codes, want string }{
		{"four in a row", "PAAAAP", "A-2@2026-10-05"},
		{"four with one attended among them", "PAAPAAP", ""},
		{"late and remote are attended", "AALAARAA", ""},
		{"authorised, cancelled and not required count for nothing", "AEAXANA", "A-2@2026-10-07"},
		{"the unknown may have been attended", "AAUAA", ""},
		{"seven, with a fifth that is said once", "AAAAAAA", "A-2@2026-10-04"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := days(evaluateAll(history("2026-10-01", tt.codes), always(&inARow), never)); got != tt.want {
				t.Errorf("findings = %q, want %q", got, tt.want)
			}
		})
	}
}

// Contacts of which nothing is known are no reason for a warning: it comes when attendance is below even if all were met.
func TestUnknownContactsLowerNoRate(t *testing.T) {
	tests := []struct{ name, codes, want string }{
		{"8 of 10", "PPPPPPPPAA", "A-3@2026-10-10"},
		{"8 of 10 and eleven unknown before", "UUUUUUUUUUU" + "PPPPPPPPAA", ""},
		{"6 of 10 and ten unknown before", "UUUUUUUUUU" + "PPPPPPAAAA", "A-3@2026-10-20"},
		{"unknown contacts make no percentage of nine", "PPPPPPPAA" + "UUUUUU", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := evaluate(history("2026-10-01", tt.codes)); got != tt.want {
				t.Errorf("findings = %q, want %q", got, tt.want)
			}
		})
	}
}

// What was expected besides sessions is missed like them (004, item 11), and is no part of the percentage.
func TestRow45MissedContactsOfOtherKinds(t *testing.T) {
	h := history("2026-10-01", strings.Repeat("P", 98)+"AA")
	var facts []engagement.Fact
	for i, kind := range []engagement.Kind{engagement.Submission, engagement.Meeting} {
		facts = append(facts, engagement.Fact{ID: int64(i), Kind: kind, At: time.Date(2026, 10, 2+i, 12, 0, 0, 0, time.UTC), Of: "first", Value: string(engagement.Missed)})
	}
	got := Evaluate(Student{Record: engagement.NewRecord(h.Person, h.Contacts, facts, nil, nil), Policies: always(college), Calendar: oneTerm, AsOf: never})
	if len(got) != 1 || got[0].Rule != "A-2" || !strings.Contains(got[0].Summary, "98 of 100 contacts attended (98.0 %), 4 missed") {
		t.Errorf("findings = %+v, want the first warning for two sessions, a submission and a meeting", got)
	}
}

// Counters and levels start again with a term, and what the last term came to stays as it was (C-5, source 004, note).
func TestRow49NewTerm(t *testing.T) {
	twoTerms := &calendar.Calendar{Terms: []calendar.Term{
		{ID: "one", First: calendar.Day{Year: 2026, Month: 9, Day: 1}, Last: calendar.Day{Year: 2026, Month: 10, Day: 12}},
		{ID: "two", First: calendar.Day{Year: 2026, Month: 10, Day: 13}, Last: calendar.Day{Year: 2027, Month: 8, Day: 31}},
	}}
	student := func(codes string) Student {
		h := history("2026-10-01", codes) // the twelfth is on the last day of term one
		return Student{Record: engagement.NewRecord(h.Person, h.Contacts, nil, nil, nil), Policies: always(college), Calendar: twoTerms, AsOf: time.Date(2026, 10, 18, 0, 0, 0, 0, time.UTC)}
	}
	tests := []struct{ name, codes, want string }{
		{"row 49 C-5 counters are 0", "PPPPPPPPPPAA" + "AAA", "A-3@2026-10-12"},
		{"row 49 C-5 levels are reset", "AAAA" + "PPPPPPPP" + "AAAA", "A-2@2026-10-04 A-4@2026-10-10 A-5@2026-10-10 A-2@2026-10-16"},
		{"row 49 C-5 open cases stay", "AAAAAAAAAAAA" + "PPPPP", "A-2@2026-10-04 A-3@2026-10-08 A-4@2026-10-10 A-5@2026-10-10"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := days(Evaluate(student(tt.codes))); got != tt.want {
				t.Errorf("findings = %q, want %q", got, tt.want)
			}
		})
	}
}

// A lateness is attendance and no missed contact (C-3): the text says neither, so the student is given it, and the policy says so.
func TestLateCountsAsAttended(t *testing.T) {
	if got := evaluate(history("2026-10-01", strings.Repeat("L", 30))); got != "" {
		t.Errorf("findings = %q, want none of thirty late arrivals", got)
	}
	literal := *college
	literal.Counting.LateAttends = false
	if got := days(evaluateAll(history("2026-10-01", "PPPPPPPPPPPLL"), always(&literal), never)); got != "A-3@2026-10-13" {
		t.Errorf("findings = %q, want 11 of 13 where a lateness does not count", got)
	}
}

// Contacts of every code but A miss nothing.
func TestOnlyAbsencesAreMissed(t *testing.T) {
	for _, code := range []register.Code{register.Present, register.Late, register.Authorised, register.Remote, register.Cancelled, register.NotNeeded, register.Unknown} {
		if got := evaluate(history("2026-10-01", strings.Repeat(string(code), 9))); got != "" {
			t.Errorf("findings of nine %s = %q, want none", code, got)
		}
	}
}

// Whatever the sessions turn out to be of which nothing is known, a student has come at least as far as was found before.
func TestTheUnknownLowersNoLevel(t *testing.T) {
	worst := func(codes string) Level {
		level := NoLevel
		for _, f := range evaluateAll(history("2026-10-01", codes), always(college), never) {
			level = max(level, f.Level)
		}
		return level
	}
	rapid.Check(t, func(t *rapid.T) {
		codes := rapid.StringOfN(rapid.SampledFrom([]rune("PPPPPLAAEXNRUU")), 0, 60, -1).Draw(t, "codes")
		known := []rune(codes)
		for i, code := range known {
			if code == 'U' {
				known[i] = rapid.SampledFrom([]rune("PLAEXNR")).Draw(t, "turns out to be")
			}
		}
		if before, after := worst(codes), worst(string(known)); after < before {
			t.Errorf("%s came to %v, and as %s to %v", codes, before, string(known), after)
		}
	})
}
