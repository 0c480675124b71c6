package scenario

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

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
