package scenario

import (
	"context"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/timetable"
)

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

// sessionID is the identifier of a session; one that is not in the file came with an import and is its own.
func (w *world) sessionID(name string) string {
	if s := w.plan.named(name, calendar.DayOf(w.now)); s != nil {
		return s.id
	}
	return name
}
