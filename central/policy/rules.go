package policy

import (
	"slices"
	"time"
)

// Rules are the clauses of RULES 3.3 and 3.4 with their numbers. A clause that is nil is not in the policy.
type Rules struct {
	DailyAlert      *DailyAlert      `yaml:"A-1"`
	FirstWarning    *Rung            `yaml:"A-2"`
	SecondWarning   *Rung            `yaml:"A-3"`
	FinalWarning    *Rung            `yaml:"A-4"`
	SponsorReport   *SponsorReport   `yaml:"A-5"`
	Expulsion       *Expulsion       `yaml:"A-6"`
	Improvement     *Task            `yaml:"A-7"`
	Whereabouts     *Whereabouts     `yaml:"A-8"`
	InPerson        *InPerson        `yaml:"A-9"`
	ContactCounter  *ContactCounter  `yaml:"A-10"`
	Threshold       *Share           `yaml:"A-11"`
	Reminder        *Share           `yaml:"A-12"`
	Tracker         *Tracker         `yaml:"E-1"`
	CheckIn         *CheckIn         `yaml:"E-2"`
	MonthList       *MonthList       `yaml:"E-3"`
	LowMonths       *LowMonths       `yaml:"E-4"`
	ModuleShare     *ModuleShare     `yaml:"E-5"`
	MeetingList     *MeetingList     `yaml:"E-6"`
	WithdrawalList  *Task            `yaml:"E-7"`
	Inactivity      *Inactivity      `yaml:"E-8"`
	DistanceSilence *DistanceSilence `yaml:"E-9"`
	Delivery        *Delivery        `yaml:"E-10"`
	Enrolment       *Enrolment       `yaml:"E-11"`
	EventReport     *EventReport     `yaml:"E-12"`
	AbsenceLength   *AbsenceLength   `yaml:"E-13"`
	Placement       *Placement       `yaml:"E-14"`
	WorkHours       *WorkHours       `yaml:"E-15"`
	VisaAudit       *VisaAudit       `yaml:"E-16"`
	Debt            *Debt            `yaml:"E-17"`
	ContactDetails  *ContactDetails  `yaml:"E-18"`
	Curtailment     *Curtailment     `yaml:"E-19"`
	TapReminder     *TapReminder     `yaml:"E-20"`
	OffSite         *Task            `yaml:"E-21"`
	RemoteShare     *RemoteShare     `yaml:"E-22"`
	SelfAbsence     *SelfAbsence     `yaml:"F-1"`
}

// Period is over what a rate is taken.
type Period string

// The periods of the sources.
const (
	Term      Period = "term"      // C-5: starts again with each term
	Month     Period = "month"     // calendar month
	Fortnight Period = "fortnight" // two teaching weeks, counted from week 1
	Module    Period = "module"    // to date
	Programme Period = "programme" // to date, over terms
)

// Task is a clause that has no number: it opens a task for people, due so long after what caused it.
type Task struct {
	Due Deadline `yaml:"due"` // zero: no date
}

// Rung is a step of a ladder of warnings: attendance strictly below a per cent, or a number of missed contacts.
type Rung struct {
	Below       int64 `yaml:"below"`       // per cent
	Missed      int64 `yaml:"missed"`      // contacts
	Consecutive bool  `yaml:"consecutive"` // the missed contacts must follow one another
}

// DailyAlert is A-1.
type DailyAlert struct {
	Settle Duration `yaml:"settle"` // after the last session of the day
}

// SponsorReport is A-5: whichever is first of a rate and a number of missed contacts.
type SponsorReport struct {
	Rung `yaml:",inline"`
	Due  Deadline `yaml:"due"`
}

// Expulsion is A-6.
type Expulsion struct {
	Below int64    `yaml:"below"` // per cent, when looked at
	Due   Deadline `yaml:"due"`   // after the report
}

// Whereabouts is A-8.
type Whereabouts struct {
	Missed int64    `yaml:"missed"` // so many contacts missed one after another; 0: only those who were expelled
	Due    Deadline `yaml:"due"`    // zero: no date
}

// InPerson is A-9: illness and interviews are inside the part that may be missed.
type InPerson struct {
	Below       int64    `yaml:"below"`        // per cent in person
	RemoteAbove int64    `yaml:"remote_above"` // per cent remote
	Periods     []Period `yaml:"periods"`
}

// ContactCounter is A-10.
type ContactCounter struct {
	Expected int64 `yaml:"expected"`
	Missed   int64 `yaml:"missed"` // a finding at so many missed; 0: the counter is only shown
}

// Share is a rate that must not fall below a per cent.
type Share struct {
	Below  int64  `yaml:"below"` // 0: the source gives no number, and nothing follows
	Period Period `yaml:"period"`
}

// Tracker is E-1: which rows of the tracker are due how often, in teaching weeks.
type Tracker struct {
	LoginsEvery int      `yaml:"logins_every"`
	TapsEvery   int      `yaml:"taps_every"`
	Due         Deadline `yaml:"due"` // after the last day of the row; zero: on it
}

// CheckIn is E-2, for each fortnight of teaching weeks.
type CheckIn struct {
	Below         int64    `yaml:"below"`           // per cent of taps
	LoginsPerWeek int64    `yaml:"logins_per_week"` // on average
	SameLogin     Duration `yaml:"same_login"`      // log-ins closer than this are one
}

// MonthList is E-3: below degree level, by minutes attended of minutes scheduled in a calendar month.
type MonthList struct {
	Below     int64    `yaml:"below"`
	Levels    []string `yaml:"levels"`
	WeekHours int64    `yaml:"week_hours"` // a teaching week with fewer scheduled hours is a fault of the timetable
}

// LowMonths is E-4: calendar months in a row, each by minutes; months without teaching neither count nor break the row.
type LowMonths struct {
	Below  int64    `yaml:"below"`
	Months int      `yaml:"months"`
	Levels []string `yaml:"levels"`
	Due    Deadline `yaml:"due"` // from the day it was considered
}

// ModuleShare is E-5.
type ModuleShare struct {
	Below        int64    `yaml:"below"`
	MinCounted   int64    `yaml:"min_counted"`
	PatternGap   int64    `yaml:"pattern_gap"`   // points between the best and the worst module that make a pattern; 0: not looked at
	Programmes   []string `yaml:"programmes"`    // whom it is about; empty: everybody
	PreSessional []string `yaml:"pre_sessional"` // programmes whose students are placed on an attendance report; it is about them too
}

// MeetingList is E-6: whose week was low is on the list of the Monday after.
type MeetingList struct {
	Below      int64    `yaml:"below"`      // per cent
	Programmes []string `yaml:"programmes"` // whom it is about; empty: everybody
}

// LeastSilence is the smallest number of days that a rule may call silence: a student is not looked for after a weekend.
const LeastSilence = 7

// Inactivity is E-8: calendar days since the last engagement, authorised days left out.
type Inactivity struct {
	Days  int      `yaml:"days"`
	Early []int    `yaml:"early"`
	Due   Deadline `yaml:"due"` // from the day it was considered
}

// DistanceSilence is E-9.
type DistanceSilence struct {
	Days int `yaml:"days"`
}

// Delivery is E-10: which deliveries have no taps expected.
type Delivery struct {
	WithoutTaps []string `yaml:"without_taps"`
}

// Enrolment is E-11.
type Enrolment struct {
	Grace Deadline `yaml:"grace"` // after the latest day of enrolment
	Due   Deadline `yaml:"due"`   // after that
}

// EventReport is E-12: events of a student's life that must be reported.
type EventReport struct {
	Events []string `yaml:"events"`
	Due    Deadline `yaml:"due"`
}

// AbsenceLength is E-13.
type AbsenceLength struct {
	MaxDays   int      `yaml:"max_days"`  // consecutive calendar days; grants that touch or overlap are one
	Approvals []string `yaml:"approvals"` // roles that must all have approved
}

// Placement is E-14: it must be reported before it starts.
type Placement struct {
	TimesheetWithin int `yaml:"timesheet_within"` // days after a week in which its timesheet must be there; 0: nobody asks for it
}

// WorkHours is E-15, for each week from Monday to Sunday in term.
type WorkHours struct {
	Limit       Duration `yaml:"limit"`
	BelowDegree Duration `yaml:"below_degree"`
	Levels      []string `yaml:"levels"`     // below degree; empty: nobody is
	AmberFrom   int64    `yaml:"amber_from"` // per cent of the limit
}

// For is the limit for a student of a level.
func (w *WorkHours) For(level string) time.Duration {
	if slices.Contains(w.Levels, level) {
		return w.BelowDegree.Std()
	}
	return w.Limit.Std()
}

// VisaAudit is E-16.
type VisaAudit struct {
	EveryDays  int `yaml:"every_days"`
	EndsWithin int `yaml:"ends_within"` // days ahead that a permission's end is listed
}

// Debt is E-17.
type Debt struct {
	Days int `yaml:"days"` // after the due day
}

// ContactDetails is E-18.
type ContactDetails struct {
	Within int `yaml:"within"` // days in which address and telephone must have been confirmed
}

// Curtailment is E-19: shown, nothing follows.
type Curtailment struct {
	Days int `yaml:"days"`
}

// TapReminder is E-20.
type TapReminder struct {
	EveryDays int `yaml:"every_days"`
}

// RemoteShare is E-22, for each programme.
type RemoteShare struct {
	Above          int64 `yaml:"above"`           // per cent of taught hours that are remote or optional
	WithPermission int64 `yaml:"with_permission"` // the same where permission is on record
}

// SelfAbsence is F-1: an illness of up to so many days needs no request.
type SelfAbsence struct {
	NoNoticeDays int  `yaml:"no_notice_days"`
	Authorised   bool `yaml:"authorised"` // and counts as authorised
}
