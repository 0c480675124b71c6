package policy

import (
	"strconv"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// Policy is one version of one university's policy.
type Policy struct {
	Name     string       `yaml:"policy"`   // e.g. college
	Version  int          `yaml:"version"`  // counts from 1; a version never changes once it was applied
	Title    string       `yaml:"title"`    // for people
	Source   string       `yaml:"source"`   // the document it is made from
	From     calendar.Day `yaml:"from"`     // first day it applies
	Scope    Scope        `yaml:"scope"`    // whom it applies to; empty is everybody
	Marking  Marking      `yaml:"marking"`  // from facts to marks
	Counting Counting     `yaml:"counting"` // from marks to rates
	Rules    Rules        `yaml:"rules"`    // what follows

	// Feeds are the kinds of facts that come as files and that silence is judged by: a rule that concludes from a student's
	// silence (E-8, E-11) waits until these are complete. Kinds that people enter need no feed.
	Feeds []string `yaml:"feeds"`

	NotFromPolicy map[string]string `yaml:"not_from_policy"` // path of a value, e.g. marking.opens → why somebody had to decide it
}

// ID names the version beside every judgement, e.g. "college v1".
func (p *Policy) ID() string { return p.Name + " v" + strconv.Itoa(p.Version) }

// Scope restricts a policy to some students. A nil or empty field restricts nothing; a student is in scope when every field
// that is set fits. Of several policies in force the one with the narrowest scope holds: the one with most fields set.
type Scope struct {
	Programmes []string `yaml:"programmes"`
	Levels     []string `yaml:"levels"`   // FHEQ levels, e.g. "6"
	Visa       *bool    `yaml:"visa"`     // holds a visa that the university sponsors
	Delivery   []string `yaml:"delivery"` // campus, distance, placement
}

// Marking says how a student's taps become marks (RULES 3.1, 3.2).
type Marking struct {
	Opens  Edge `yaml:"opens"`  // W-1, W-3: when a tap counts first
	Closes Edge `yaml:"closes"` // and last

	PresentWithin Duration `yaml:"present_within"` // C-1: a first tap up to this long after the start is P; 0: the whole window is P
	LateWithin    Duration `yaml:"late_within"`    // C-1: up to this long after the start it is L, after it A unless announced

	// W-4: the evidence that proves presence in the room; a tap with other evidence makes R, never P. Empty: every tap does.
	InPerson []string `yaml:"in_person"`

	LeavingEarly *LeavingEarly `yaml:"leaving_early"` // C-2; nil: nobody leaves early
	RoomChange   RoomChange    `yaml:"room_change"`   // W-6
	OldRoomFor   Duration      `yaml:"old_room_for"`  // W-6, follow: a tap at the old room up to so long after the start is credited; 0: none is
	ChainClasses bool          `yaml:"chain_classes"` // W-1: contiguous sessions of one class and list share a tap
	MinCoverage  int64         `yaml:"min_coverage"`  // G-3: per cent of the window in which a reader of the room must have been working

	ForgottenCard ForgottenCard `yaml:"forgotten_card"` // W-9: who may record P without a tap
	AmendWithin   int           `yaml:"amend_within"`   // W-10: days in which lecturers may amend; 0 is no limit
	QRGrace       Duration      `yaml:"qr_grace"`       // W-5: after the end of a code's slot
	Integrity     Integrity     `yaml:"integrity"`      // W-11
	Headcount     int64         `yaml:"headcount"`      // C-6: how many more registered than counted are tolerated
}

// LeavingEarly is C-2: an out-tap or a tutor's entry earlier than Grace before the end makes the mark A.
type LeavingEarly struct {
	Grace Duration `yaml:"grace"`
}

// RoomChange is W-6, for a room that changes on the day of the session.
type RoomChange string

// The two ways in the sources.
const (
	FollowTimetable RoomChange = "follow" // the new room counts, the old one for a while
	Exempt          RoomChange = "exempt" // a student without a tap is not required (N)
)

// ForgottenCard is W-9.
type ForgottenCard string

// Who may record P without a tap.
const (
	ForbidManual   ForgottenCard = "forbid"
	LecturerManual ForgottenCard = "lecturer" // the session's staff and the attendance team
	TeamManual     ForgottenCard = "team"     // the attendance team alone
)

// Integrity is W-11: what raises a flag for people to look at, never a penalty.
type Integrity struct {
	TravelWithin Duration `yaml:"travel_within"` // (a) one card in two buildings within this
	BurstCards   int      `yaml:"burst_cards"`   // (c) so many different cards on one reader
	BurstWithin  Duration `yaml:"burst_within"`  // within this
}

// Counting says what is in a rate (RULES G-2, F-1).
type Counting struct {
	AuthorisedCounts bool  `yaml:"authorised_counts"` // E is in the denominator
	LateAttends      bool  `yaml:"late_attends"`      // C-3: L is in the numerator
	MinCounted       int64 `yaml:"min_counted"`       // percentages mean nothing before this many contacts count
}
