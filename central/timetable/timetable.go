// Package timetable knows where and when teaching happens and who is expected: it takes that in from CSV files and gives
// each building's gateway its own part, signed. It judges no tap and holds no marks.
package timetable

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// What Import and Wait refuse; a faulty file is Faults instead.
var (
	ErrKind      = errors.New("no such kind of file; the kinds are terms, holidays, rooms, students, cards, timetable and absences")
	ErrOption    = errors.New("import option is not usable")
	ErrGuard     = errors.New("refused: the import would take away more than it should; look at a dry run, then repeat it with force")
	ErrUnchanged = errors.New("no newer timetable")
)

// What an import is asked with and answers in; who imports need not know how files are read.
type (
	DateFormat = sheet.DateFormat
	Diff       = sheet.Diff
	Fault      = sheet.Fault
	Faults     = sheet.Faults
)

// The formats of days.
const (
	ISO = sheet.ISO
	DMY = sheet.DMY
)

// Building is where one gateway, or one cluster of them, hears taps.
type Building struct{ ID, Name string }

// Room is a room of a building.
type Room struct {
	ID, Building, Name string
	OffSite            bool // not the university's own site: to be approved before it is taught in (E-21)
	Approved           bool // of a room off site
}

// Barred reports whether nothing may be scheduled in the room.
func (r Room) Barred() bool { return r.OffSite && !r.Approved }

// Point is where a reader hangs.
type Point struct {
	ID, Room string
	Exit     bool // where people leave: a tap there is no arrival (C-2)
}

// Places is the campus.
type Places struct {
	Buildings []Building
	Rooms     []Room
	Points    []Point
}

// Student is a person on class lists.
type Student struct {
	ID, Name, Email, Department, Programme string
	Level                                  string // FHEQ level, e.g. "6"
	Visa                                   bool   // sponsored by the university
	Delivery                               string // campus, distance or placement; empty is campus
}

// Card is one credential of a student, known by its digest only.
type Card struct {
	Digest  contract.Digest
	Student string
	From    time.Time // first instant it counts; zero for always
	To      time.Time // last instant it counts; zero for no end
	Blocked bool      // reported lost or withdrawn
}

// Session is one dated teaching event with its window (W-1) and everybody expected there.
type Session struct {
	ID        string // event_id of the timetable source
	Module    string
	Kind      string // lecture, seminar, …
	Delivery  string // in_person, online, hybrid, or empty
	Staff     string // who teaches it, as the source names them
	Mandatory bool
	Cancelled bool
	StartsAt  time.Time
	EndsAt    time.Time
	OpensAt   time.Time // first instant a tap counts
	ClosesAt  time.Time // last instant a tap counts
	Rooms     []string  // ascending
	Students  []string  // ascending
}

// Absence is a time for which a student asked to be absent. Policies say whose approval makes it authorised (E-13).
type Absence struct {
	Student   string
	From      time.Time
	To        time.Time // inclusive
	Reason    string
	Actor     string // who approved it, or took it in
	Approvals []Approval
}

// Approval is a word on an absence by somebody in a role, as policies name it.
type Approval struct{ Role, Actor string }

// State is what the database holds while an import is planned: one consistent view.
type State interface {
	Terms(ctx context.Context) ([]calendar.Term, error)
	Holidays(ctx context.Context) ([]Holiday, error)
	Places(ctx context.Context) (Places, error)
	Students(ctx context.Context) ([]Student, error)
	Cards(ctx context.Context) ([]Card, error)
	Absences(ctx context.Context) ([]Absence, error) // those not withdrawn
	// Sessions reads the sessions with these ids; unknown ones are left out.
	Sessions(ctx context.Context, ids []string) ([]Session, error)
	// SessionsBetween reads the sessions that start at or after from and before to.
	SessionsBetween(ctx context.Context, from, to time.Time) ([]Session, error)
	// CountSessions counts those not cancelled that start at or after from.
	CountSessions(ctx context.Context, from time.Time) (int, error)
}

// Change is what an import does to the database; each part is stored as it is given.
type Change struct {
	Terms     []calendar.Term
	Holidays  []Holiday
	Buildings []Building
	Rooms     []Room
	Points    []Point
	Students  []Student
	Cards     []Card
	Sessions  []SessionChange
	Absences  []Absence
	Approved  []Absence // known already, with approvals that are new

	Dirty    []string // students to be judged again
	AllDirty bool     // everybody is to be judged again
	Receipt  Receipt
}

// SessionChange is a new or changed session. Session.Rooms and Session.Students are not read.
type SessionChange struct {
	Session
	Planned                   bool   // it was there before: when its rooms change is kept (W-6)
	List                      string // the same for sessions with the same students
	AddRooms, DropRooms       []string
	AddStudents, DropStudents []string
}

// Receipt is what is kept of an import.
type Receipt struct {
	Kind      Kind
	Digest    [32]byte // SHA-256 of the file
	Actor     string
	AppliedAt time.Time
	Diff      Diff
}

// ImportStore keeps the campus.
type ImportStore interface {
	// Plan runs f on a consistent view, holding nobody up.
	Plan(ctx context.Context, f func(State) error) error

	// Import runs f in a write transaction and applies the change it returns in the same transaction: all of it or none.
	// A nil change applies nothing. F runs again from the start if another transaction came between.
	Import(ctx context.Context, f func(State) (*Change, error)) error
}
