// Package scenario plays a story that somebody who reads no code can write: people, a timetable and a policy, what happens at
// which moment, and what must follow. It plays it through the real central, on a database of its own and a clock that it
// steps, and through a real gateway's decision where a card is held to a reader, and says what came out differently. It
// judges nothing itself. test/scenarios/README.md is the reference of the format.
package scenario

import (
	"errors"
	"fmt"
	"strings"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/sheet"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

// File is one scenario as it is written.
type File struct {
	Title     string            `yaml:"scenario"`
	Because   string            `yaml:"because"`
	Only      many[string]      `yaml:"only"` // rules that no_findings and no_other_findings look at; all if empty
	Starts    Moment            `yaml:"starts"`
	Policy    Policy            `yaml:"policy"`
	Terms     many[Term]        `yaml:"terms"`
	Holidays  map[string]string `yaml:"holidays"` // bank holidays that were proclaimed: day → name
	Places    map[string]rooms  `yaml:"places"`   // by building
	People    people            `yaml:"people"`
	Timetable many[Class]       `yaml:"timetable"`
	Attends   many[Attends]     `yaml:"attends"`
	Steps     many[Step]        `yaml:"steps"`

	path string // of the file
}

// many is a list that may be written as its only entry.
type many[T any] []T

// OneEntry tells document that a single entry needs no -.
func (many[T]) OneEntry() {}

// Policy is a shipped policy or a file of one's own, with other values.
type Policy struct {
	StartFrom string            `yaml:"start_from"` // college, …
	File      string            `yaml:"file"`       // beside the scenario
	Change    map[string]string `yaml:"change"`     // path → value
}

// Short lets the name of a policy, or of its file, stand for it.
func (p *Policy) Short(names []string) error {
	if len(names) != 1 {
		return errOnePolicy
	}
	if p.StartFrom = names[0]; strings.HasSuffix(names[0], ".yaml") {
		p.StartFrom, p.File = "", names[0]
	}
	return nil
}

var errOnePolicy = errors.New("one policy is enough here; a step may bring in another")

// people are students by name. Names alone may stand for them.
type people map[string]Person

// Short is people of whom nothing more is said.
func (p *people) Short(names []string) (err error) {
	*p, err = named[Person](names)
	return err
}

// rooms are the readers of rooms. The rooms alone may stand for them; each has one reader then.
type rooms map[string][]string

// Short is rooms with a reader at the door.
func (r *rooms) Short(names []string) (err error) {
	*r, err = named[[]string](names)
	return err
}

func named[V any](names []string) (map[string]V, error) {
	all := map[string]V{}
	for _, name := range names {
		if _, twice := all[name]; twice {
			return nil, fmt.Errorf("%q is there twice", name)
		}
		var none V
		all[name] = none
	}
	return all, nil
}

func (p Policy) isSet() bool { return p.StartFrom != "" || p.File != "" }

// Term is an academic term, both days included.
type Term struct {
	Name string       `yaml:"term"`
	From calendar.Day `yaml:"from"`
	To   calendar.Day `yaml:"to"`
}

// Person is a student.
type Person struct {
	Number     string       `yaml:"number"` // student number; the name if empty
	Visa       bool         `yaml:"visa"`
	Level      string       `yaml:"level"`
	Programme  string       `yaml:"programme"`
	Department string       `yaml:"department"`
	Delivery   string       `yaml:"delivery"`
	Cards      many[string] `yaml:"card"` // one is made up if there is none here; "none" for nobody's
}

// Class is a class that meets on some days.
type Class struct {
	Name      string             `yaml:"class"`
	Module    string             `yaml:"module"` // the class's name if empty
	Kind      string             `yaml:"type"`
	Delivery  string             `yaml:"delivery"`
	Mandatory *bool              `yaml:"mandatory"`
	Staff     string             `yaml:"staff"`
	Rooms     many[string]       `yaml:"room"`
	Time      Span               `yaml:"time"`
	On        many[calendar.Day] `yaml:"on"`   // single days, or
	Days      many[Weekday]      `yaml:"days"` // days of the week
	From      calendar.Day       `yaml:"from"`
	To        calendar.Day       `yaml:"to"`
	Except    many[calendar.Day] `yaml:"except"`
	Students  many[string]       `yaml:"students"` // "everybody" is all people
}

// Attends says who comes to which classes, so that not every tap must be a step.
type Attends struct {
	Students many[string]       `yaml:"students"`
	Classes  many[string]       `yaml:"classes"`
	From     calendar.Day       `yaml:"from"`
	To       calendar.Day       `yaml:"to"`
	Except   many[calendar.Day] `yaml:"except"`
	Row      Row                `yaml:"row"` // of the classes' meetings in order of time; on time at each if empty
}

// Step is what happens at one moment, and what must be so right after it.
type Step struct {
	At      Moment `yaml:"at"`
	Because string `yaml:"because"`

	Silent        many[string]          `yaml:"silent"`         // buildings that central hears nothing of from now on
	HeardAgain    many[string]          `yaml:"heard_again"`    // and what they kept arrives
	Broken        many[string]          `yaml:"broken"`         // readers, or rooms with all theirs
	Mended        many[string]          `yaml:"mended"`         // and they work again
	Clocks        many[Clock]           `yaml:"clock"`          // of buildings: started anew, set wrong, set right
	Policy        Policy                `yaml:"policy"`         // comes into force as it says itself
	Import        many[Import]          `yaml:"import"`         // of a CSV file
	Cards         many[CardChange]      `yaml:"card"`           // bound, blocked, ended
	Lists         many[ListChange]      `yaml:"list"`           // who is expected
	Cancel        many[string]          `yaml:"cancel"`         // sessions
	Reinstate     many[string]          `yaml:"reinstate"`      // sessions
	Move          many[Move]            `yaml:"move"`           // to another room or time
	Absences      many[Absence]         `yaml:"absence"`        // asked for, or approved
	Facts         many[Fact]            `yaml:"fact"`           // anything dated besides taps
	KnownUntil    map[string]Moment     `yaml:"known_until"`    // kind of fact → complete up to
	Taps          many[Tap]             `yaml:"tap"`            // at this moment
	Amendments    many[Amendment]       `yaml:"amend"`          // by staff
	Headcounts    many[Headcount]       `yaml:"headcount"`      // of a session
	CloseRegister many[RegisterClosure] `yaml:"close_register"` // by staff

	Expect Expect `yaml:"expect"`

	line int
}

// Clock is what happens to the clock of a building's gateway.
type Clock struct {
	Building  string `yaml:"building"`
	Restarted bool   `yaml:"restarted"` // the gateway was off and starts anew
	Shows     Moment `yaml:"shows"`     // what the clock shows from now on, and nobody vouches for
	Sure      bool   `yaml:"sure"`      // but it takes itself to be right, set by a time server that is wrong
	Right     bool   `yaml:"right"`     // it is set to the true time, and vouched for
}

// Import is a CSV file, as a registry would export it.
type Import struct {
	Kind       string           `yaml:"kind"`
	File       string           `yaml:"file"` // beside the scenario, or
	Text       string           `yaml:"text"` // its content
	Mode       timetable.Mode   `yaml:"mode"`
	Through    Moment           `yaml:"through"` // until when the file is complete,
	Since      Moment           `yaml:"since"`   // and from when on
	DateFormat sheet.DateFormat `yaml:"date_format"`
	Force      bool             `yaml:"force"`
}

// CardChange binds a card to a student, or ends it.
type CardChange struct {
	Student string       `yaml:"student"`
	Card    string       `yaml:"card"` // the student's first card if empty
	From    calendar.Day `yaml:"from"`
	To      calendar.Day `yaml:"to"`
	Blocked bool         `yaml:"blocked"`
}

// ListChange puts students on the list of a session and takes others off.
type ListChange struct {
	Session string       `yaml:"session"` // or
	Class   string       `yaml:"class"`   // every session from the step's day on
	Add     many[string] `yaml:"add"`
	Remove  many[string] `yaml:"remove"`
}

// Move is another room or time for a session.
type Move struct {
	Session string       `yaml:"session"`
	Rooms   many[string] `yaml:"room"`
	On      calendar.Day `yaml:"on"`
	Time    Span         `yaml:"time"`
}

// Absence is an absence that was asked for.
type Absence struct {
	Student    string            `yaml:"student"`
	From       Moment            `yaml:"from"`
	To         Moment            `yaml:"to"` // a day means all of it
	Reason     string            `yaml:"reason"`
	ApprovedBy string            `yaml:"approved_by"`
	Approvals  map[string]string `yaml:"approvals"` // role → name, for policies that ask for roles
}

// Fact is something dated that is known of a student, or of the university.
type Fact struct {
	Student   string          `yaml:"student"` // "" is the university
	Kind      engagement.Kind `yaml:"kind"`
	At        Moment          `yaml:"at"` // the moment of the step if empty
	Until     Moment          `yaml:"until"`
	Of        string          `yaml:"of"`
	Value     string          `yaml:"value"`
	Amount    int             `yaml:"amount"`
	Note      string          `yaml:"note"`
	By        string          `yaml:"by"`
	EveryDays int             `yaml:"every_days"` // the same again, each so many days, up to
	Last      calendar.Day    `yaml:"last"`
}

// Amendment is a mark recorded by staff.
type Amendment struct {
	Student string `yaml:"student"`
	Session string `yaml:"session"`
	To      string `yaml:"to"`
	Reason  string `yaml:"reason"`
	By      string `yaml:"by"`
	Role    string `yaml:"role"` // lecturer; anything else is the attendance team
}

// Headcount is how many people somebody saw in a session.
type Headcount struct {
	Session string `yaml:"session"`
	People  int    `yaml:"people"`
	By      string `yaml:"by"`
}

// RegisterClosure closes a register by hand.
type RegisterClosure struct {
	Session string `yaml:"session"`
	By      string `yaml:"by"`
	Reason  string `yaml:"reason"`
}
