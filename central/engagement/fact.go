package engagement

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/register"
)

// Kind is a kind of fact.
type Kind string

// Contacts beyond sessions. Something was expected at At of Of, and Value says what came of it: an Outcome.
const (
	Submission  Kind = "submission"  // of an assignment
	Exam        Kind = "exam"        // of a paper or test
	Meeting     Kind = "meeting"     // with a tutor or an official of the university
	Supervision Kind = "supervision" // of a dissertation
)

// Engagement that nobody had expected at a moment.
const (
	Login         Kind = "login"         // to the virtual learning environment; Of: which, "" for the only one
	Timesheet     Kind = "timesheet"     // At: the last day it is about; Of: employer; By: the supervisor who confirmed it
	Communication Kind = "communication" // the student wrote or called; Note: about what
)

// What happened in a student's life at the university.
const (
	Enrolment  Kind = "enrolment"  // At: the latest moment to enrol; Of: programme. Value: "continuing" or "cas"
	Enrolled   Kind = "enrolled"   // At: when; Of: programme
	CourseEnd  Kind = "course_end" // At: the planned end
	Change     Kind = "change"     // E-12, Of: an event, e.g. withdrawal; At: the date of it; Note: the reason
	Leave      Kind = "leave"      // leave of absence, At to Until: nothing is expected
	Placement  Kind = "placement"  // At to Until; Of: employer; Value: days a week; Amount: minutes a week; Note: contact and address
	Work       Kind = "work"       // At: the day; Of: employer; Amount: minutes; Value: "" or "sabbatical"
	Fee        Kind = "fee"        // At: due; Of: invoice; Amount: pence; Value: fee status, e.g. X3
	Payment    Kind = "payment"    // Of: invoice; Amount: pence; Note: reference, which tells two of a day apart
	Permission Kind = "permission" // to be in the country, At to Until; Value: "study" or "no_study"
	Details    Kind = "details"    // the student confirmed address and telephone
)

// What is known about one session, Of.
const (
	Announced Kind = "announced" // C-1: At: when the student said that they would come late
	Left      Kind = "left"      // C-2: At: when the student left, by the tutor's entry
	Joined    Kind = "joined"    // W-4: At: when the student joined online
	Exempted  Kind = "exempted"  // G-4: nothing is required, e.g. because the device was out of order; Note: why
)

// What people did about findings. Of is the rule, or rule and scope as in the finding: "A-5", "E-3 2026-10". With a report it is
// rule and scope where a rule asks for several: "E-12 withdrawal 2026-11-16" (event and its day), "E-14 Acme Ltd 2027-01-11"
// (employer and first day). At is when it was done, not when it was recorded.
const (
	Annotation  Kind = "annotation"  // E-3: reason and steps are on record
	Reported    Kind = "reported"    // a sponsor report was made
	Satisfied   Kind = "satisfied"   // the university is satisfied with the response
	Undertaking Kind = "undertaking" // signed
	Reason      Kind = "reason"      // for silence, At to Until
	Remark      Kind = "remark"      // anything else the tracker should hold: letters, extensions; Of: what
)

// Facts of the university, of no student.
const (
	Audit      Kind = "audit"      // E-16, E-18: signed by By; Of: "immigration" or "details"
	RemoteHigh Kind = "remote"     // E-22: permission for a higher share of remote teaching; Of: programme
	Reminder   Kind = "reminder"   // E-20: students were reminded to tap
	Ended      Kind = "ended"      // C-2: the tutor closed the class at At, before its planned end; Of: session
	TrackerRow Kind = "trackerrow" // E-1: Of: "logins" or "taps"; At: the last day of the row
)

// Outcome is what came of an expected contact, in Value.
type Outcome string

// The outcomes.
const (
	Met       Outcome = "met"
	Missed    Outcome = "missed"
	Excused   Outcome = "authorised"
	NotYet    Outcome = "expected" // nothing is known of it yet, and nothing is concluded
	NotNeeded Outcome = "cancelled"
)

// code is how an outcome is marked.
func (o Outcome) code() register.Code {
	switch o {
	case Met:
		return register.Present
	case Missed:
		return register.Absent
	case Excused:
		return register.Authorised
	case NotNeeded:
		return register.Cancelled
	}
	return register.Unknown
}

// Fact is one dated thing that is known of a student besides taps and marks, or of the university. It never changes; a later
// one may say that it was wrong (Withdrawn).
type Fact struct {
	ID         int64 // grows with every fact recorded
	Kind       Kind
	At         time.Time
	Until      time.Time // the last instant of a span; zero for a moment
	Of         string
	Value      string
	Amount     int64
	Note       string
	By         string // who says so
	RecordedAt time.Time
}

// Noted is a fact with whom it is about.
type Noted struct {
	Student string // "" for a fact of the university
	Fact
}

// Covers reports whether a span holds at an instant, both ends included.
func (f Fact) Covers(t time.Time) bool { return !t.Before(f.At) && !t.After(f.Until) }

// contact is the expected contact that a fact tells of; ok is false for facts that tell of none.
func (f Fact) contact() (c Contact, ok bool) {
	if !slices.Contains([]Kind{Submission, Exam, Meeting, Supervision}, f.Kind) {
		return Contact{}, false
	}
	id := fmt.Sprintf("%s %s %s", f.Kind, f.Of, f.At.UTC().Format(time.RFC3339))
	return Contact{ID: id, Kind: f.Kind, StartsAt: f.At, EndsAt: f.At, Code: Outcome(f.Value).code()}, true
}
