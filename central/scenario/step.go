package scenario

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

// done is what came of a step: the lights of its taps, and why the product refused what it wants.
type done struct {
	lights  map[string]Light // by tap as it is written
	refused error
}

// act does what a step wants, in the order of its keys in the reference. The first refusal ends it.
func (w *world) act(ctx context.Context, s *Step) (done, error) {
	d := done{lights: map[string]Light{}}
	acts := []func(context.Context, *Step) error{
		w.breakDown, w.importPolicy, w.importFiles, w.changeCards, w.changeLists, w.cancelSessions, w.reinstate, w.move, w.addAbsences, w.addFacts,
	}
	for _, act := range acts {
		if err := act(ctx, s); err != nil {
			return w.refused(d, err)
		}
	}
	if s.changesPlan() {
		if err := w.look(ctx); err != nil {
			return d, err
		}
	}
	for _, t := range s.Taps {
		light, err := w.tap(ctx, t)
		if err != nil {
			return d, err
		}
		d.lights[t.text] = light
		w.story.tell(w.now, "%s: %s", t.text, light)
	}
	for _, act := range []func(context.Context, *Step) error{w.amend, w.countHeads, w.closeRegisters} {
		if err := act(ctx, s); err != nil {
			return w.refused(d, err)
		}
	}
	return d, nil
}

// refused keeps a refusal for the expectations; that the scenario is stopped from outside is none.
func (w *world) refused(d done, err error) (done, error) {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return d, err
	}
	w.story.tell(w.now, "refused: %v", err)
	d.refused = err
	return d, nil
}

// changesPlan reports whether sessions or their windows may be others now.
func (s *Step) changesPlan() bool {
	return s.Policy.isSet() || len(s.Import)+len(s.Lists)+len(s.Cancel)+len(s.Reinstate)+len(s.Move) > 0
}

// breakDown is what happens to buildings and readers. A gateway that is heard of again delivers all it kept, and fetches the
// timetable.
func (w *world) breakDown(ctx context.Context, s *Step) error {
	for _, name := range s.Silent {
		if err := w.publish(ctx); err != nil { // what it knows when the line goes dead
			return err
		}
		if err := w.report(ctx, w.buildings[name]); err != nil {
			return err
		}
		w.buildings[name].silent = true
		w.story.tell(w.now, "%s falls silent", name)
	}
	for _, name := range s.HeardAgain {
		w.buildings[name].silent = false
		w.published = calendar.Day{}
		w.story.tell(w.now, "%s is heard again; %d records arrive", name, len(w.buildings[name].kept))
	}
	for _, place := range s.Broken {
		if err := w.setUp(place, false); err != nil {
			return err
		}
	}
	for _, place := range s.Mended {
		if err := w.setUp(place, true); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) setUp(place string, up bool) error {
	for _, p := range w.at(place) {
		if err := w.buildings[p.building].setUp(p.id, up, w.now); err != nil {
			return err
		}
		w.story.tell(w.now, "the reader %s %s", p.id, map[bool]string{true: "works again", false: "stops working"}[up])
	}
	return nil
}

func (w *world) importPolicy(ctx context.Context, s *Step) error {
	if !s.Policy.isSet() {
		return nil
	}
	text, err := s.Policy.text(w.dir())
	if err != nil {
		return err
	}
	p, err := w.central.Policies.Import(ctx, s.Policy.name(), text, "scenario")
	if err != nil {
		return err
	}
	w.published = calendar.Day{}
	w.story.tell(w.now, "policy %s is imported; it applies from %s", p.ID(), p.From)
	return nil
}

func (w *world) importFiles(ctx context.Context, s *Step) error {
	for _, i := range s.Import {
		if err := w.importFile(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) importFile(ctx context.Context, i Import) error {
	text := []byte(i.Text)
	if i.File != "" {
		var err error
		if text, err = os.ReadFile(filepath.Join(w.dir(), i.File)); err != nil {
			return fmt.Errorf("read import: %w", err)
		}
	}
	o := central.ImportOptions{Actor: "scenario", Force: i.Force, DateFormat: i.DateFormat, Mode: i.Mode}
	var err error
	if i.Through.isSet() {
		if o.Through, err = i.Through.last(calendar.DayOf(w.now)); err != nil {
			return err
		}
	}
	if i.Since.isSet() {
		if o.Since, err = i.Since.on(calendar.DayOf(w.now)); err != nil {
			return err
		}
	}
	diff, err := w.central.Import(ctx, i.Kind, bytes.NewReader(text), o)
	if err != nil {
		return err
	}
	w.published = calendar.Day{}
	w.story.tell(w.now, "import of %s: %d added, %d changed, %d removed, %d unchanged", i.Kind, diff.Added, diff.Changed, diff.Removed, diff.Unchanged)
	return nil
}

func (w *world) changeCards(ctx context.Context, s *Step) error {
	for _, c := range s.Cards {
		key := c.Card
		if key == "" {
			key = w.keys[c.Student][0]
		}
		row := []string{w.number(c.Student), key, dayOrNone(c.From), dayOrNone(c.To), "active"}
		if c.Blocked {
			row[4] = "blocked"
		}
		if err := w.take(ctx, timetable.Cards, cardSheet([][]string{row})); err != nil {
			return err
		}
		for holder, keys := range w.keys { // a card has one holder
			w.keys[holder] = slices.DeleteFunc(keys, func(k string) bool { return k == key && holder != c.Student })
		}
		if !slices.Contains(w.keys[c.Student], key) {
			w.keys[c.Student] = append(w.keys[c.Student], key)
		}
		w.story.tell(w.now, "card %s of %s: %s", key, c.Student, row[4])
	}
	return nil
}

func dayOrNone(d calendar.Day) string {
	if d == (calendar.Day{}) {
		return ""
	}
	return d.String()
}

// card is the key of what somebody holds to a reader: their first card, or the card itself as in "card w26:7:12".
func (w *world) card(who string) (string, error) {
	if isCard(who) {
		return strings.TrimPrefix(who, cardPrefix), nil
	}
	if keys := w.keys[who]; len(keys) > 0 {
		return keys[0], nil
	}
	return "", fmt.Errorf("%s has no card to tap with; give one under people, or write: card w26:7:12 at …", who)
}

// cardPrefix is before a card that a tap names by its key.
const cardPrefix = "card "

func isCard(who string) bool { return strings.HasPrefix(who, cardPrefix) }

func (w *world) changeLists(ctx context.Context, s *Step) error {
	for _, l := range s.Lists {
		for _, meeting := range w.meant(l) {
			if err := w.changeList(ctx, meeting, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// meant are the sessions of a change: one, or all of a class from today on.
func (w *world) meant(l ListChange) []*session {
	today := calendar.DayOf(w.now)
	if l.Class == "" {
		return []*session{w.plan.named(l.Session, today)}
	}
	return slices.DeleteFunc(w.plan.of(l.Class), func(s *session) bool { return calendar.DayOf(s.starts).Before(today) })
}

func (w *world) changeList(ctx context.Context, s *session, l ListChange) error {
	s.students = slices.DeleteFunc(append(s.students, l.Add...), func(name string) bool { return slices.Contains(l.Remove, name) })
	slices.Sort(s.students)
	s.students = slices.Compact(s.students)
	w.story.tell(w.now, "the list of %s is now: %s", s.id, shownList(s.students))
	if len(l.Remove) > 0 {
		if err := w.take(ctx, timetable.Sessions, w.deletions(s.id, l.Remove)); err != nil {
			return err
		}
	}
	if len(l.Add) > 0 {
		return w.take(ctx, timetable.Sessions, w.sessionsSheet([]*session{s}))
	}
	return nil
}

func (w *world) cancelSessions(ctx context.Context, s *Step) error {
	for _, name := range s.Cancel {
		id := name
		if session := w.plan.named(name, calendar.DayOf(w.now)); session != nil {
			session.cancelled = true
			id = session.id
		}
		if err := w.take(ctx, timetable.Sessions, w.deletions(id, nil)); err != nil {
			return err
		}
		w.story.tell(w.now, "%s is cancelled", id)
	}
	return nil
}

func (w *world) reinstate(ctx context.Context, s *Step) error {
	for _, name := range s.Reinstate {
		meeting := w.plan.named(name, calendar.DayOf(w.now))
		meeting.cancelled = false
		if err := w.take(ctx, timetable.Sessions, w.sessionsSheet([]*session{meeting})); err != nil {
			return err
		}
		w.story.tell(w.now, "%s takes place after all", meeting.id)
	}
	return nil
}

// move states a session again; it keeps its name, which has the day it was planned for.
func (w *world) move(ctx context.Context, s *Step) error {
	for _, m := range s.Move {
		meeting := w.plan.named(m.Session, calendar.DayOf(w.now))
		if len(m.Rooms) > 0 {
			meeting.rooms = m.Rooms
		}
		if err := meeting.reschedule(m); err != nil {
			return err
		}
		if err := w.take(ctx, timetable.Sessions, w.sessionsSheet([]*session{meeting})); err != nil {
			return err
		}
		w.story.tell(w.now, "%s is now in %s, %s to %s", meeting.id, shownList(meeting.rooms), shownTime(meeting.starts), shownTime(meeting.ends))
	}
	w.plan.order()
	return nil
}

func (s *session) reschedule(m Move) error {
	day := m.On
	if day == (calendar.Day{}) {
		day = calendar.DayOf(s.starts)
	}
	from, to := Moment{timed: true, clock: clockOf(s.starts)}, Moment{timed: true, clock: clockOf(s.ends)}
	if m.Time.isSet() {
		from, to = m.Time.from, m.Time.to
	}
	starts, err := from.on(day)
	if err != nil {
		return err
	}
	ends, err := to.on(day)
	s.starts, s.ends = starts, ends
	return err
}

// clockOf is the time since midnight that clocks in London show.
func clockOf(t time.Time) time.Duration {
	t = t.In(calendar.London)
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
}

func (w *world) addAbsences(ctx context.Context, s *Step) error {
	for _, a := range s.Absences {
		if err := w.take(ctx, timetable.Absences, w.absenceSheet(a)); err != nil {
			return err
		}
		w.story.tell(w.now, "absence of %s from %s to %s: %s", a.Student, a.From.text, a.To.text, a.Reason)
	}
	return nil
}

// addFacts imports facts as a file would bring them, and notes until when those of some kinds are complete.
func (w *world) addFacts(ctx context.Context, s *Step) error {
	var rows [][]string
	for _, f := range s.Facts {
		told, err := w.factRows(f)
		if err != nil {
			return err
		}
		rows = append(rows, told...)
	}
	if len(rows) > 0 {
		_, err := w.central.Import(ctx, "facts", bytes.NewReader(table(factColumns, rows)), central.ImportOptions{Actor: "scenario"})
		if err != nil {
			return err
		}
	}
	return w.vouch(ctx, s)
}

func (w *world) vouch(ctx context.Context, s *Step) error {
	if len(s.KnownUntil) == 0 {
		return nil
	}
	known := map[engagement.Kind]time.Time{}
	for kind, m := range s.KnownUntil {
		until, err := m.last(calendar.DayOf(w.now))
		if err != nil {
			return err
		}
		known[engagement.Kind(kind)] = until
		w.story.tell(w.now, "%s facts are complete up to %s", kind, shownTime(until))
	}
	return w.central.AddFacts(ctx, nil, known)
}

var factColumns = []string{"student_id", "kind", "at", "until", "of", "value", "amount", "note", "by"}

// factRows are the lines that one entry comes to.
func (w *world) factRows(f Fact) ([][]string, error) {
	of, number := f.Of, f.Student
	if slices.Contains(aboutSessions, f.Kind) {
		of = w.sessionID(f.Of)
	}
	if number != "" {
		number = w.number(number)
	}
	amount := ""
	if f.Amount != 0 {
		amount = strconv.Itoa(f.Amount)
	}
	at, err := w.times(f)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for _, m := range at {
		rows = append(rows, []string{number, string(f.Kind), m, f.Until.text, of, f.Value, amount, f.Note, f.By})
	}
	w.story.tell(w.now, "fact of %s: %s %s%s", orElse(f.Student, "the university"), f.Kind, at[0], about(f))
	return rows, nil
}

// times are those of a fact as a file writes them; a day alone stays one, since its end may be meant.
func (w *world) times(f Fact) ([]string, error) {
	at := w.now
	if f.At.isSet() {
		var err error
		if at, err = f.At.on(calendar.DayOf(w.now)); err != nil {
			return nil, err
		}
	}
	write := func(day calendar.Day) string {
		if f.At.isSet() && !f.At.timed {
			return day.String()
		}
		return day.String() + " " + at.In(calendar.London).Format("15:04:05")
	}
	day := calendar.DayOf(at)
	all := []string{write(day)}
	for f.EveryDays > 0 && !f.Last.Before(day.Add(f.EveryDays)) {
		day = day.Add(f.EveryDays)
		all = append(all, write(day))
	}
	return all, nil
}

// aboutSessions are the kinds of facts that are of a session.
var aboutSessions = []engagement.Kind{engagement.Announced, engagement.Left, engagement.Joined, engagement.Exempted, engagement.Ended}

func about(f Fact) string {
	text := ""
	for _, word := range []string{f.Of, f.Value, f.Note} {
		if word != "" {
			text += ", " + word
		}
	}
	if f.EveryDays > 0 {
		text += fmt.Sprintf(", and every %d days until %s", f.EveryDays, f.Last)
	}
	return text
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (w *world) amend(ctx context.Context, s *Step) error {
	for _, a := range s.Amendments {
		err := w.central.Amend(ctx, report.Amendment{
			Student: w.number(a.Student), Session: w.sessionID(a.Session), Code: report.Code(a.To), Reason: a.Reason,
			Actor: orElse(a.By, "scenario"), MadeAt: w.now,
		}, a.Role == lecturer)
		if err != nil {
			return err
		}
		w.story.tell(w.now, "%s records %s for %s in %s: %s", orElse(a.By, "staff"), a.To, a.Student, w.sessionID(a.Session), a.Reason)
	}
	return nil
}

// lecturer is the role of the session's staff; everybody else is of the attendance team.
const lecturer = "lecturer"

// sessionID is the identifier of a session; one that is not in the file came with an import and is its own.
func (w *world) sessionID(name string) string {
	if s := w.plan.named(name, calendar.DayOf(w.now)); s != nil {
		return s.id
	}
	return name
}

func (w *world) countHeads(ctx context.Context, s *Step) error {
	for _, h := range s.Headcounts {
		count := report.Headcount{Counter: orElse(h.By, "scenario"), At: w.now, People: int64(h.People), MadeAt: w.now}
		if err := w.central.CountHeads(ctx, w.sessionID(h.Session), count); err != nil {
			return err
		}
		w.story.tell(w.now, "%s counts %d people in %s", count.Counter, h.People, w.sessionID(h.Session))
	}
	return nil
}

func (w *world) closeRegisters(ctx context.Context, s *Step) error {
	for _, c := range s.CloseRegister {
		closure := report.Closure{Actor: orElse(c.By, "scenario"), Reason: c.Reason, MadeAt: w.now}
		if err := w.central.CloseRegister(ctx, w.sessionID(c.Session), closure); err != nil {
			return err
		}
		w.story.tell(w.now, "%s closes the register of %s", closure.Actor, w.sessionID(c.Session))
	}
	return nil
}

// validCode are the marks that a scenario may name.
var validCodes = []string{
	string(register.Present), string(register.Late), string(register.Absent), string(register.Authorised), string(register.Remote),
	string(register.Cancelled), string(register.NotNeeded), string(register.Unknown),
}
