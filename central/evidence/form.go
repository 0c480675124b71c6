package evidence

import (
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
)

// need says whether a part of a fact must be there.
type need int

const (
	may need = iota
	must
	never
)

// part is a part of a fact that may tell two statements of the same thing apart.
type part int

const (
	partOf   part = iota
	partAt        // the moment
	partYear      // the year of the moment, for what comes once a year
)

// form is what a kind of fact is made of.
type form struct {
	kind  engagement.Kind
	about string // in words, what the cells mean
	of    need
	until need
	ofs   []string // that may be in the cell of; empty for any
	value []string // that may be in the cell value; empty for any or none
	// is what identifies the thing told: a later statement of it with other details replaces the earlier one. Nil if every
	// statement stands for itself.
	is []part

	amount     bool // an amount makes sense
	ending     bool // a day without a time means its end: it is a deadline or the end of something
	happened   bool // it tells what happened, so it is not in the future
	needValue  bool
	needAmount bool
	rule       bool // of is a rule, or rule and scope
	university bool // of no student
	session    bool // of is a session's identifier
	// feed says whether the silence of files means something: it must be said until when they are complete, or nothing is
	// concluded; it may be said, and until then people are taken to know; or there is no such thing.
	feed need
}

var outcomes = []string{string(engagement.Met), string(engagement.Missed), string(engagement.Excused), string(engagement.NotYet), string(engagement.NotNeeded)}

// events are the changes that policies may ask to be reported (E-12).
var events = []string{"course_change", "leave", "early_completion", "withdrawal", "termination", "deregistration"}

var yearly = []part{partOf, partYear}

var thing, thingAt = []part{partOf}, []part{partOf, partAt}

// forms are all kinds of facts, in the order of engagement.Kind.
var forms = []form{
	{kind: engagement.Submission, about: "of: assignment; at: when it is due; value: outcome", of: must, until: never, value: outcomes, needValue: true, is: thingAt, ending: true, feed: must},
	{kind: engagement.Exam, about: "of: paper or test; at: its end; value: outcome", of: must, until: never, value: outcomes, needValue: true, is: thingAt, ending: true, feed: must},
	{kind: engagement.Meeting, about: "of: with whom, or about what; value: outcome", of: must, until: never, value: outcomes, needValue: true, is: thingAt, feed: must},
	{kind: engagement.Supervision, about: "of: dissertation or supervisor; value: outcome", of: must, until: never, value: outcomes, needValue: true, is: thingAt, feed: must},

	{kind: engagement.Login, about: "to the virtual learning environment; of: which, if there are several", until: never, happened: true, feed: must},
	{kind: engagement.Timesheet, about: "of: employer; at: the last day it is about; by: the supervisor who confirmed it", of: must, until: never, is: thingAt, happened: true, feed: must},
	{kind: engagement.Communication, about: "the student wrote or called; note: about what", until: never, happened: true},

	{kind: engagement.Enrolment, about: "at: the latest moment to enrol; of: programme; value: cas or continuing", of: must, until: never, value: []string{"cas", "continuing"}, needValue: true, is: yearly, ending: true, feed: never},
	{kind: engagement.Enrolled, about: "of: programme", of: must, until: never, is: yearly, happened: true},
	{kind: engagement.CourseEnd, about: "at: the planned end of the course; of: programme", until: never, is: thing, ending: true, feed: never},
	{kind: engagement.Change, about: "at: the date of it; of: what happened, for example withdrawal; note: the reason", of: must, ofs: events, until: never, feed: never},
	{kind: engagement.Leave, about: "leave of absence, at to until", until: must, is: []part{partAt}, feed: never},
	{kind: engagement.Placement, about: "at to until; of: employer; value: days a week; amount: minutes a week; note: contact and address", of: must, until: must, is: thingAt, amount: true, feed: never},
	{kind: engagement.Work, about: "at: the day; of: employer; amount: minutes; value: empty or sabbatical", until: never, value: []string{"", "sabbatical"}, is: thingAt, amount: true, needAmount: true, feed: never},
	{kind: engagement.Fee, about: "of: invoice; at: when it is due; amount: pence; value: fee status, for example X3", of: must, until: never, is: thing, amount: true, ending: true, feed: never},
	{kind: engagement.Payment, about: "of: invoice; amount: pence; note: reference, which tells two of a day apart", of: must, until: never, amount: true, happened: true},
	{kind: engagement.Permission, about: "to be in the country, at to until; value: study or no_study", until: must, value: []string{"study", "no_study"}, needValue: true, is: []part{partAt}},
	{kind: engagement.Details, about: "the student confirmed address and telephone", until: never, happened: true},

	{kind: engagement.Announced, about: "of: session; at: when the student said that they would come late", of: must, until: never, happened: true, session: true, feed: never},
	{kind: engagement.Left, about: "of: session; at: when the student left, by the tutor's entry", of: must, until: never, is: thing, happened: true, session: true, feed: never},
	{kind: engagement.Joined, about: "of: session; at: when the student joined online", of: must, until: never, happened: true, session: true, feed: must},
	{kind: engagement.Exempted, about: "of: session, at which nothing is required; note: why", of: must, until: never, is: thing, session: true, feed: never},

	{kind: engagement.Annotation, about: "of: rule and scope; note: reason and steps", of: must, until: never, happened: true, rule: true, feed: never},
	{kind: engagement.Reported, about: "of: rule; a sponsor report was made", of: must, until: never, happened: true, rule: true, feed: never},
	{kind: engagement.Satisfied, about: "of: rule; the university is satisfied with the response", of: must, until: never, happened: true, rule: true, feed: never},
	{kind: engagement.Undertaking, about: "of: rule; the student signed an undertaking", of: must, until: never, happened: true, rule: true, feed: never},
	{kind: engagement.Reason, about: "for silence, at to until; note: which", until: must, feed: never},
	{kind: engagement.Remark, about: "anything else that the tracker should hold; of: what", feed: never},

	{kind: engagement.Audit, about: "of: immigration or details; by: who signed it", of: must, ofs: []string{"immigration", "details"}, until: never, happened: true, university: true, feed: never},
	{kind: engagement.RemoteHigh, about: "of: programme that may be taught remotely to a higher share", of: must, university: true, feed: never},
	{kind: engagement.Reminder, about: "students were reminded to tap", until: never, happened: true, university: true, feed: never},
	{kind: engagement.Ended, about: "of: session; at: when the tutor closed the class, before its planned end", of: must, until: never, is: thing, happened: true, university: true, session: true, feed: never},
	{kind: engagement.TrackerRow, about: "of: logins or taps; at: the last day of the row", of: must, ofs: []string{"logins", "taps"}, until: never, university: true, ending: true, feed: never},
}

func formOf(kind engagement.Kind) (form, bool) {
	i := slices.IndexFunc(forms, func(f form) bool { return f.kind == kind })
	if i < 0 {
		return form{}, false
	}
	return forms[i], true
}

// content is what two statements of the same fact have in common.
type content struct {
	student   string
	kind      engagement.Kind
	at, until int64 // UTC milliseconds; until is 0 for a moment
	of, value string
	amount    int64
	note, by  string
}

func contentOf(n engagement.Noted) content {
	c := content{student: n.Student, kind: n.Kind, at: n.At.UnixMilli(), of: n.Of, value: n.Value, amount: n.Amount, note: n.Note, by: n.By}
	if !n.Until.IsZero() {
		c.until = n.Until.UnixMilli()
	}
	return c
}

// identity is the thing a fact tells of; false if the fact stands for itself.
func (f form) identity(n engagement.Noted) (content, bool) {
	id := content{student: n.Student, kind: n.Kind}
	for _, p := range f.is {
		switch p {
		case partOf:
			id.of = n.Of
		case partAt:
			id.at = n.At.UnixMilli()
		case partYear:
			id.at = int64(calendar.DayOf(n.At).Year)
		}
	}
	return id, f.is != nil
}
