package scenario

import "github.com/rollcall-edge/rollcall/central/calendar"

// Expect is what must be so right after a step: a section per noun.
type Expect struct {
	Light       Light                    `yaml:"light"` // of the step's only tap
	Lights      many[LightExpected]      `yaml:"lights"`
	Marks       many[MarkExpected]       `yaml:"marks"`
	Percentages many[PercentageExpected] `yaml:"percentages"`
	Contacts    many[ContactsExpected]   `yaml:"contacts"`
	Standings   many[StandingExpected]   `yaml:"standings"`
	Findings    many[FindingExpected]    `yaml:"findings"`
	NoFindings  many[FindingExpected]    `yaml:"no_findings"`       // none that holds and fits
	NoOthers    many[string]             `yaml:"no_other_findings"` // students with no finding that holds besides those above
	Refused     string                   `yaml:"refused"`           // what the step wants is refused, in words that contain these

	lightLine, refusedLine, othersLine int
}

// reason is what every expectation may say: where it comes from.
type reason struct {
	Because string `yaml:"because"`

	line int
}

// LightExpected is what the reader answers to one of the step's taps, or shows by itself.
type LightExpected struct {
	reason `yaml:",inline"`
	Tap    string `yaml:"tap"`    // as the step writes it, or
	Reader string `yaml:"reader"` // a room or room/reader
	Shows  Light  `yaml:"shows"`
}

// MarkExpected is a mark in a register, or a row of marks.
type MarkExpected struct {
	reason  `yaml:",inline"`
	Student string `yaml:"student"`
	Session string `yaml:"session"` // with Is, or
	Is      string `yaml:"is"`      // one of P L A E X N R U, or none: not in the register
	Class   string `yaml:"class"`   // with Row
	Row     string `yaml:"row"`     // of the meetings so far, e.g. P P L A
	Says    string `yaml:"says"`    // part of the sentence beside the mark
}

// PercentageExpected is a rate, as two whole numbers or a per cent with one decimal.
type PercentageExpected struct {
	reason   `yaml:",inline"`
	Student  string `yaml:"student"`
	Term     string `yaml:"term"`     // the present one if empty
	Attended *int   `yaml:"attended"` //
	Of       *int   `yaml:"of"`       //
	Percent  string `yaml:"percent"`  // e.g. 90.0
}

// ContactsExpected counts expected contacts up to now: sessions and what facts tell of.
type ContactsExpected struct {
	reason   `yaml:",inline"`
	Student  string `yaml:"student"`
	Term     string `yaml:"term"`
	Expected *int   `yaml:"expected"`
	Met      *int   `yaml:"met"`
	Missed   *int   `yaml:"missed"`
	Excused  *int   `yaml:"excused"`
	Unknown  *int   `yaml:"unknown"`
}

// StandingExpected is where a student stands in a term.
type StandingExpected struct {
	reason    `yaml:",inline"`
	Student   string       `yaml:"student"`
	Term      string       `yaml:"term"`
	Level     string       `yaml:"level"` // none, first warning, second warning, final warning, report to ukvi
	ReportDue calendar.Day `yaml:"report_due"`
}

// FindingExpected is a finding; what is left out may be anything.
type FindingExpected struct {
	reason     `yaml:",inline"`
	Student    string       `yaml:"student"` // "" is about no student, but
	About      string       `yaml:"about"`   // university, session Law, point L1/door, card of Amara, …
	Rule       string       `yaml:"rule"`
	Step       string       `yaml:"step"`
	Scope      string       `yaml:"scope"`
	Opens      string       `yaml:"opens"`
	On         calendar.Day `yaml:"on"` // the day on which it was met
	Deadline   calendar.Day `yaml:"deadline"`
	Policy     string       `yaml:"policy"` // e.g. college v1
	Says       string       `yaml:"says"`   // part of its sentence
	Superseded bool         `yaml:"superseded"`
}
