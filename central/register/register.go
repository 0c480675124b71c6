// Package register turns a student's taps, and what staff recorded, into one mark per expected session. It is a pure function
// of facts: it reads no database and no clock, and it concludes no absence from silence (RULES G-3, G-4).
//
// The light a gateway showed is evidence, not verdict: which session a tap credits is decided again here, over all of the
// student's taps in order of time, so that a late batch, a corrected list or a card bound later gives the right mark.
package register

import (
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Code is a mark's code (RULES G-2).
type Code string

// The codes of RULES G-2.
const (
	Present    Code = "P"
	Late       Code = "L"
	Absent     Code = "A" // unauthorised
	Authorised Code = "E"
	Remote     Code = "R"
	Cancelled  Code = "X"
	NotNeeded  Code = "N" // not required, or exempt
	Unknown    Code = "U" // nothing may be concluded yet
)

// Valid reports whether c is one of the codes that staff may record.
func (c Code) Valid() bool {
	switch c {
	case Present, Late, Absent, Authorised, Remote, NotNeeded:
		return true
	}
	return false
}

// Facts is all that is known of one student's sessions.
type Facts struct {
	Delivery   string     // how the student studies: campus, distance or placement; "" is campus
	Sessions   []*Session // on whose list the student is; they are shared between students, and never changed
	Taps       []Tap      // of all the student's credentials, accepted by the gateway or not
	Unsure     []Unsure   // taps of which nobody knows quite when they were made; none of them is among Taps
	Amendments []Amendment
	Absences   []Absence // that were asked for, whether granted or not
	Away       []Away
	Notes      []Note
	Coverage   Coverage  // of the rooms of Sessions, old ones too
	JoinsKnown time.Time // every word on who joined online up to here is among Notes; zero if nobody delivers them
}

// Session is one dated teaching event that the student is expected at.
type Session struct {
	ID        string
	Module    string
	Kind      string // lecture, seminar, …
	List      string // the same for sessions with the same class list; "" if that is not known
	Delivery  string // in_person, online or hybrid; "" if nobody says
	Rooms     []string
	Moves     []Move // changes of Rooms after the session was first planned
	StartsAt  time.Time
	EndsAt    time.Time
	EndedAt   time.Time // when the tutor closed the class early; zero if nobody says so
	Cancelled bool
	ClosedBy  string // the person who closed the register by hand, or ""
}

// Move is a room that a session got or lost, and when that became known (W-6).
type Move struct {
	At    time.Time
	Room  string
	Added bool // otherwise it was dropped
}

// Tap is one presentation of one of the student's credentials.
type Tap struct {
	ID       contract.TapID
	At       time.Time
	Point    string
	Room     string // of the point; "" when nobody knows the point
	Exit     bool   // the point is one at which people leave: the tap is never an arrival (C-2)
	Evidence contract.Evidence
}

// Unsure is a tap between two instants, both included, since the gateway's clock was not set and nothing told it the time
// later. Earliest is zero if nothing bounds it. Tap.At is where it is listed.
type Unsure struct {
	Tap
	Earliest, Latest time.Time
}

// Away is a time in which the student is not expected on campus: a leave of absence or the time after they left, of which nothing is
// expected, or a placement, during which only online sessions are (E-14). Both ends are included; without an end it lasts.
type Away struct {
	Since, Until time.Time
	Placement    bool
}

// Note is what is recorded of a student and one session besides taps and marks.
type Note struct {
	ID         int64 // grows with every note
	Kind       NoteKind
	Session    string
	At         time.Time // when it happened
	RecordedAt time.Time
	By         string
	Text       string
}

// NoteKind is what a note says.
type NoteKind string

// The kinds of notes.
const (
	Announced    NoteKind = "announced" // C-1: the student said at At that they would come late
	LeftEarly    NoteKind = "left"      // C-2: the student left at At, by the tutor's entry
	JoinedOnline NoteKind = "joined"    // W-4: the student joined online at At
	Exempted     NoteKind = "exempted"  // G-4: nothing is required, because of Text
)

// Amendment is a code recorded by staff; the latest for a session holds (W-10).
type Amendment struct {
	ID      int64 // grows with every amendment: it decides between two of the same instant
	Session string
	Code    Code
	Reason  string
	Actor   string
	MadeAt  time.Time
}

// Source is what a mark rests on.
type Source string

// The sources of a mark, in the order in which they are asked (G-4).
const (
	FromCancellation Source = "cancelled"
	FromStaff        Source = "amendment"
	FromTap          Source = "tap"
	FromAbsence      Source = "absence"
	FromExemption    Source = "exempt"
	FromJoining      Source = "joined"   // online
	FromSilence      Source = "complete" // no tap, and every reader's word that there was none
	Pending          Source = "pending"
)

// Mark is what the register says of one student at one session.
type Mark struct {
	Session *Session
	Code    Code
	Source  Source
	Reason  string // a sentence a person can read
	Tap     *Tap   // the tap that was credited, if one was, even when the code rests on something else
	Policy  string // the version that made it; "" when none holds for the student
}
