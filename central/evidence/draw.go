package evidence

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// told is a fact as one line of a file tells it.
type told struct {
	engagement.Noted
	line     int
	user     string // the account it is about, if the source knows no student numbers
	named    bool   // the line says who says so; otherwise it is whoever imports
	withdraw bool   // the line takes the fact back
}

// The longest text of a fact, in octets: of a word that identifies something, and of a note.
const (
	maxWord = 200
	maxNote = 4000
)

// drawing is what the lines of a file are read with.
type drawing struct {
	now   time.Time
	actor string
}

// line draws the facts of one line; ok is false if it has a fault.
func (l layout) line(r sheet.Row, d drawing) (all []told, ok bool) {
	withdraw, ok := r.Yes("withdraw", false)
	if !ok {
		return nil, false
	}
	for _, t := range l.tells {
		if t.ifAny && r.Text(t.at) == "" {
			continue
		}
		f, is := t.draw(r, d)
		if !is {
			return nil, false
		}
		f.withdraw = withdraw
		all = append(all, f)
	}
	return all, true
}

// draw draws one fact from a line.
func (t telling) draw(r sheet.Row, d drawing) (told, bool) {
	f, ok := t.form(r)
	if !ok {
		return told{}, false
	}
	out := told{line: r.Line, named: text(r, t.by) != ""}
	out.Kind, out.By = f.kind, d.actor
	parts := []bool{
		t.student(r, f, &out), t.times(r, f, &out), t.subject(r, f, &out),
		t.worth(r, f, &out), t.word(r, "note", t.note, may, maxNote, &out.Note),
	}
	if out.named {
		parts = append(parts, t.word(r, "by", t.by, may, maxWord, &out.By))
	}
	return out, !slices.Contains(parts, false) && t.plausible(r, f, d.now, out)
}

// plausible holds what happened, or was missed, to the past: a day read as a month would keep a student from ever being idle.
func (t telling) plausible(r sheet.Row, f form, now time.Time, out told) bool {
	switch {
	case !out.At.After(now):
		return true
	case f.happened:
		return past(r, t.at, out.At, now)
	case engagement.Outcome(out.Value) == engagement.Missed:
		r.Fault(t.value, fmt.Sprintf("what is due at %s cannot have been missed yet", sheet.Shown(r.Text(t.at))), "write expected until then")
		return false
	}
	return true
}

func text(r sheet.Row, column string) string {
	if column == "" {
		return ""
	}
	return r.Text(column)
}

// form is that of the kind which the line tells of.
func (t telling) form(r sheet.Row) (form, bool) {
	kind := t.kinds[0]
	if len(t.kinds) > 1 {
		if said := r.Text("kind"); said != "" || t.pick {
			kind = engagement.Kind(said)
		}
	}
	if f, known := formOf(kind); known && slices.Contains(t.kinds, kind) {
		return f, true
	}
	r.Fault("kind", sheet.Shown(string(kind))+" is no kind of fact that this file tells", "write one of "+list(t.kinds))
	return form{}, false
}

func list[S ~string](words []S) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(or(string(w), "nothing"))
	}
	return b.String()
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (t telling) student(r sheet.Row, f form, out *told) bool {
	if !f.university {
		var ok bool
		out.Student, ok = r.ID("student_id")
		return ok
	}
	if slices.ContainsFunc(t.kinds, func(k engagement.Kind) bool { f, _ := formOf(k); return !f.university }) && r.Text("student_id") != "" {
		r.Fault("student_id", fmt.Sprintf("a fact of the kind %s is of the university, not of a student", f.kind), "leave the field empty")
		return false
	}
	return true
}

// times reads when it was and how long it lasts.
func (t telling) times(r sheet.Row, f form, out *told) bool {
	var ok bool
	if out.At, ok = moment(r, t.at, f.ending); !ok {
		return false
	}
	until := text(r, t.until)
	switch {
	case until == "" && f.until == must:
		r.Fault(or(t.until, "until"), fmt.Sprintf("a %s lasts until something", f.kind), "write the last day")
		return false
	case until == "":
		return true
	case f.until == never:
		r.Fault(t.until, fmt.Sprintf("a %s lasts until nothing", f.kind), "leave the field empty")
		return false
	}
	if out.Until, ok = moment(r, t.until, true); !ok {
		return false
	}
	if out.Until.Before(out.At) {
		r.Fault(t.until, "it ends before it begins", "")
		return false
	}
	return true
}

// words1 reads a text that must, may or must not be there.
func (t telling) word(r sheet.Row, part, column string, n need, most int, into *string) bool {
	*into = text(r, column)
	switch {
	case *into == "" && n == must:
		r.Fault(or(column, part), "the field is empty", "")
	case *into != "" && n == never:
		r.Fault(column, "facts of this kind have nothing to say here", "leave the field empty")
	case len(*into) > most:
		r.Fault(column, fmt.Sprintf("the text is %d octets long, at most %d are allowed", len(*into), most), "")
	default:
		return true
	}
	return false
}

// ruleScope is a rule, or rule and scope as in a finding.
var ruleScope = regexp.MustCompile(`^[A-Z]-[0-9]{1,2}( .+)?$`)

// subject reads what the fact is of.
func (t telling) subject(r sheet.Row, f form, out *told) bool {
	switch {
	case !t.word(r, "of", t.of, f.of, maxWord, &out.Of):
		return false
	case f.ofs != nil && !slices.Contains(f.ofs, out.Of):
		r.Fault(t.of, sheet.Shown(out.Of)+" is not among the words for this", "write "+list(f.ofs))
		return false
	case f.rule && !ruleScope.MatchString(out.Of):
		r.Fault(t.of, sheet.Shown(out.Of)+" is not a rule", "write the rule and its scope as the finding has them, for example A-5 or E-3 2026-10")
		return false
	}
	return true
}

// worth reads value and amount.
func (t telling) worth(r sheet.Row, f form, out *told) bool {
	if !t.valued(r, f, out) {
		return false
	}
	amount := text(r, t.amount)
	switch {
	case amount == "" && f.needAmount:
		r.Fault(or(t.amount, "amount"), "the field is empty", "")
		return false
	case amount == "":
		return true
	case !f.amount:
		r.Fault(t.amount, fmt.Sprintf("a %s has no amount", f.kind), "leave the field empty")
		return false
	}
	n, problem, advice := t.unit.read(amount)
	if problem != "" {
		r.Fault(t.amount, sheet.Shown(amount)+problem, advice)
		return false
	}
	out.Amount = n
	return true
}

func (t telling) valued(r sheet.Row, f form, out *told) bool {
	said := strings.ToLower(text(r, t.value))
	if t.words != nil {
		if word, known := t.words[said]; known {
			out.Value = word
			return true
		}
		r.Fault(t.value, sheet.Shown(said)+" is not among the words for this", "write "+list(sorted(t.words)))
		return false
	}
	switch {
	case f.value == nil:
		return t.word(r, "value", t.value, may, maxWord, &out.Value)
	case said == "" && !f.needValue, slices.Contains(f.value, said):
		out.Value = said
		return true
	}
	r.Fault(or(t.value, "value"), sheet.Shown(said)+" is not among the words for this", "write "+list(f.value))
	return false
}

func sorted(words map[string]string) []string {
	var keys []string
	for w := range words {
		keys = append(keys, w)
	}
	slices.Sort(keys)
	return keys
}

// instant is a time with its own offset from UTC, as programs write it.
var instant = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$`)

// moment is a day, a local time in London, or an instant with its own offset; a day means its first or its last instant. Less
// than a millisecond is cut off, because nothing less is kept.
func moment(r sheet.Row, column string, end bool) (at time.Time, ok bool) {
	v := r.Text(column)
	if !instant.MatchString(v) {
		at, ok = r.Moment(column, end)
		return at, ok && inOurTime(r, column, at)
	}
	at, err := time.Parse(time.RFC3339Nano, strings.Replace(v, " ", "T", 1))
	if err != nil {
		r.Fault(column, sheet.Shown(v)+" is not a time", "write it as 2026-11-20T14:05:31Z")
		return time.Time{}, false
	}
	at = at.Truncate(time.Millisecond).UTC()
	return at, inOurTime(r, column, at)
}

// The years that facts may be about: others are slips, and a silence of centuries would be reckoned day by day.
const (
	firstYear = 1990
	lastYear  = 2100
)

// inOurTime reports, as a fault, a year that is a slip.
func inOurTime(r sheet.Row, column string, at time.Time) bool {
	if firstYear <= at.Year() && at.Year() <= lastYear {
		return true
	}
	r.Fault(column, fmt.Sprintf("%s is not between %d and %d", sheet.Shown(r.Text(column)), firstYear, lastYear), "check the year")
	return false
}

// past reports, as a fault, what cannot have happened yet.
func past(r sheet.Row, column string, at, now time.Time) bool {
	if !at.After(now) {
		return inOurTime(r, column, at)
	}
	r.Fault(column, sheet.Shown(r.Text(column))+" is in the future, and this tells what happened", "check day and month, and the clock that wrote it")
	return false
}

var (
	wholeNumber = regexp.MustCompile(`^[0-9]{1,12}$`)
	decimal     = regexp.MustCompile(`^([0-9]{1,6})(?:\.([0-9]{1,2}))?$`)
	pounds      = regexp.MustCompile(`^£?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(?:\.([0-9]{2}))?$`)
)

// read turns the text of an amount into minutes or pence.
func (u unit) read(text string) (n int64, problem, advice string) {
	form, advice := wholeNumber, "write minutes or pence, without a fraction"
	switch u {
	case hours:
		form, advice = decimal, "write hours, for example 7.5"
	case money:
		form, advice = pounds, "write pounds and pence, for example 1234.50"
	}
	m := form.FindStringSubmatch(text)
	if m == nil {
		return 0, " is not an amount", advice
	}
	if u == whole {
		n, _ := strconv.ParseInt(text, 10, 64)
		return n, "", ""
	}
	units, _ := strconv.ParseInt(strings.ReplaceAll(m[1], ",", ""), 10, 64)
	hundredths, _ := strconv.ParseInt((m[2] + "00")[:2], 10, 64)
	if u == hours {
		return units*60 + (hundredths*60+50)/100, "", ""
	}
	return units*100 + hundredths, "", ""
}
