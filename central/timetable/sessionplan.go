package timetable

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// guardPercent is how many of the coming sessions an import may cancel without force, and how many of the places on their
// class lists it may take away by leaving them out.
const guardPercent = 10

// sessionPlan is a plan with what sessions are compared against.
type sessionPlan struct {
	*plan
	f        *sessionsFile
	known    *sheet.Roll
	rooms    map[string]Room
	unknown  map[string]bool // rooms that were reported
	have     map[string]Session
	coming   int // sessions that are still to start
	canceled int // of these, how many this import cancels
	past     int // sessions already over that this import changes
	listed   int // places on the class lists of coming sessions that the file states
	unlisted int // of these, how many it takes away by leaving them out
}

func (f *sessionsFile) plan(ctx context.Context, state State, p *plan) error {
	s := &sessionPlan{plan: p, f: f, rooms: map[string]Room{}, unknown: map[string]bool{}}
	if err := s.load(ctx, state); err != nil {
		return err
	}
	for _, e := range f.order {
		s.event(e)
	}
	if f.complete {
		if err := s.cancelUnnamed(ctx, state); err != nil {
			return err
		}
	}
	s.conclude()
	return s.warnOverlaps(ctx, state)
}

func (s *sessionPlan) load(ctx context.Context, state State) (err error) {
	if s.known, err = studentsOf(ctx, state); err != nil {
		return err
	}
	places, err := state.Places(ctx)
	if err != nil {
		return err
	}
	for _, r := range places.Rooms {
		s.rooms[r.ID] = r
	}
	ids := make([]string, len(s.f.order))
	for i, e := range s.f.order {
		ids[i] = e.id
	}
	present, err := state.Sessions(ctx, ids)
	if err != nil {
		return err
	}
	s.have = keyed(present, func(v Session) string { return v.ID })
	s.coming, err = state.CountSessions(ctx, s.now)
	return err
}

// event plans what one event of the file comes to.
func (s *sessionPlan) event(e *event) {
	old, known := s.have[e.id]
	switch {
	case e.deleted > 0 && e.stated > 0:
		s.fault(e.deleted, "delete", fmt.Sprintf("event %s is deleted here and stated in line %d", sheet.Shown(e.id), e.stated), "delete one of the two lines")
	case e.deleted > 0 && !known:
		s.diff.Warn("line %d deletes event %s, which is not there", e.deleted, sheet.Shown(e.id))
	case e.deleted > 0:
		s.cancel(old)
	case e.stated == 0 && !known:
		s.diff.Warn("line %d takes students off event %s, which is not there", e.at, sheet.Shown(e.id))
	case s.referencesExist(e) && s.approved(e, old):
		s.put(old, known, s.want(e, old))
	}
}

// referencesExist reports rooms and students of an event that nobody knows.
func (s *sessionPlan) referencesExist(e *event) bool {
	ok := true
	for _, room := range slices.Sorted(maps.Keys(e.rooms)) {
		if _, known := s.rooms[room]; known {
			continue
		}
		ok = false
		if !s.unknown[room] {
			s.unknown[room] = true
			s.fault(e.rooms[room], "room_id", "room "+sheet.Shown(room)+" is unknown", "import rooms first")
		}
	}
	for _, student := range slices.Sorted(maps.Keys(e.students)) {
		ok = s.known.Check(&s.faults, e.students[student], student) && ok
	}
	return ok
}

// approved reports rooms off site that nobody may be taught in (E-21). What stands in such a room already, from before its approval
// ended, is no fault of the file; what is over neither.
func (s *sessionPlan) approved(e *event, old Session) bool {
	ok := true
	for _, room := range slices.Sorted(maps.Keys(e.rooms)) {
		if !s.rooms[room].Barred() || slices.Contains(old.Rooms, room) || e.facts.ends.Before(s.now) {
			continue
		}
		ok = false
		s.fault(e.rooms[room], "room_id", "room "+sheet.Shown(room)+" is off site and not approved", "have it approved and import rooms with approved yes, or teach elsewhere")
	}
	return ok
}

// want is the session as it will be.
func (s *sessionPlan) want(e *event, old Session) Session {
	want := old
	if e.stated > 0 {
		opens, closes := s.f.window(e.facts.starts, e.facts.ends)
		want = Session{
			ID: e.id, Module: e.facts.module, Kind: e.facts.kind, Delivery: e.facts.delivery, Staff: e.facts.staff,
			Mandatory: e.facts.mandatory, StartsAt: e.facts.starts, EndsAt: e.facts.ends,
			OpensAt: opens, ClosesAt: closes,
			Rooms: slices.Sorted(maps.Keys(e.rooms)),
		}
	}
	listed := maps.Clone(e.students)
	if !s.f.complete || e.stated == 0 {
		for _, student := range old.Students {
			listed.Note(student, 0)
		}
	}
	if s.f.complete && e.stated > 0 && !old.StartsAt.Before(s.now) {
		s.listed += len(old.Students)
		s.unlisted += len(without(old.Students, slices.Sorted(maps.Keys(listed))))
	}
	for student := range e.leaving {
		delete(listed, student)
	}
	want.Students = slices.Sorted(maps.Keys(listed))
	return want
}

func (s *sessionPlan) put(old Session, known bool, want Session) {
	change := SessionChange{
		Session: want, Planned: known, List: listKey(want.Students),
		AddRooms: without(want.Rooms, old.Rooms), DropRooms: without(old.Rooms, want.Rooms),
		AddStudents: without(want.Students, old.Students), DropStudents: without(old.Students, want.Students),
	}
	headSame := sameHead(old, want)
	if known && headSame && len(change.AddRooms)+len(change.DropRooms)+len(change.AddStudents)+len(change.DropStudents) == 0 {
		s.diff.Unchanged++
		return
	}
	if known {
		s.diff.Changed++
		s.diff.Example("changed session %s: %s", want.ID, describe(old, change, headSame))
	} else {
		s.diff.Added++
		s.diff.Example("new session %s: %s with %d students", want.ID, when(want), len(want.Students))
	}
	if known && old.EndsAt.Before(s.now) {
		s.past++
	}
	s.change.Sessions = append(s.change.Sessions, change)
	s.dirty(old, change, headSame && len(change.AddRooms)+len(change.DropRooms) == 0)
}

// listKey is the same for the same students, who are in order.
func listKey(students []string) string {
	sum := sha256.Sum256([]byte(strings.Join(students, "\n")))
	return hex.EncodeToString(sum[:8])
}

// dirty names those whose marks may change: everybody when the session itself changes, otherwise who joins or leaves.
func (s *sessionPlan) dirty(old Session, c SessionChange, listOnly bool) {
	s.change.Dirty = append(s.change.Dirty, c.AddStudents...)
	s.change.Dirty = append(s.change.Dirty, c.DropStudents...)
	if !listOnly {
		s.change.Dirty = append(s.change.Dirty, old.Students...)
	}
}

// cancel keeps a session with its taps and its list, but opens no register for it any more (W-7).
func (s *sessionPlan) cancel(old Session) {
	if old.Cancelled {
		s.diff.Unchanged++
		return
	}
	s.diff.Removed++
	s.diff.Example("cancelled session %s: %s with %d students", old.ID, when(old), len(old.Students))
	if !old.StartsAt.Before(s.now) {
		s.canceled++
	}
	if old.EndsAt.Before(s.now) {
		s.past++
	}
	next := old
	next.Cancelled = true
	s.change.Sessions = append(s.change.Sessions, SessionChange{Session: next, Planned: true, List: listKey(next.Students)})
	s.change.Dirty = append(s.change.Dirty, old.Students...)
}

// cancelUnnamed cancels what stands on the days of the file and is not in the file.
func (s *sessionPlan) cancelUnnamed(ctx context.Context, state State) error {
	days := slices.SortedFunc(maps.Keys(s.f.days), func(a, b calendar.Day) int { return a.Starts().Compare(b.Starts()) })
	for _, day := range days {
		present, err := state.SessionsBetween(ctx, day.Starts(), day.Add(1).Starts())
		if err != nil {
			return err
		}
		for _, old := range present {
			if s.f.events[old.ID] == nil && !old.Cancelled {
				s.cancel(old)
			}
		}
	}
	return nil
}

func (s *sessionPlan) conclude() {
	if s.past > 0 {
		s.diff.Warn("%d sessions that are over change; their marks will be judged again", s.past)
	}
	if s.unlisted*100 > s.listed*guardPercent {
		s.guard = fmt.Sprintf("it takes %d of %d students off the lists of coming sessions by leaving them out, more than %d %%", s.unlisted, s.listed, guardPercent)
	}
	if s.canceled*100 > s.coming*guardPercent {
		s.guard = fmt.Sprintf("it cancels %d of %d coming sessions, more than %d %%", s.canceled, s.coming, guardPercent)
	}
	for _, c := range s.change.Sessions {
		if len(c.Rooms) == 0 && !c.Cancelled {
			s.diff.Warn("session %s has no room: no reader opens its register", c.ID)
		}
	}
}

func sameHead(a, b Session) bool {
	return a.Module == b.Module && a.Kind == b.Kind && a.Delivery == b.Delivery && a.Staff == b.Staff && a.Mandatory == b.Mandatory &&
		a.Cancelled == b.Cancelled && a.StartsAt.Equal(b.StartsAt) && a.EndsAt.Equal(b.EndsAt) &&
		a.OpensAt.Equal(b.OpensAt) && a.ClosesAt.Equal(b.ClosesAt)
}

// without is what of a is not in b; both ascend.
func without(a, b []string) []string {
	var out []string
	for _, v := range a {
		if _, found := slices.BinarySearch(b, v); !found {
			out = append(out, v)
		}
	}
	return out
}

func describe(old Session, c SessionChange, headSame bool) string {
	text := fmt.Sprintf("%d students join, %d leave", len(c.AddStudents), len(c.DropStudents))
	if len(c.AddRooms)+len(c.DropRooms) > 0 {
		text += fmt.Sprintf(", rooms %v become %v", old.Rooms, c.Rooms)
	}
	switch {
	case headSame:
	case old.Cancelled:
		text += ", takes place again"
	case !old.StartsAt.Equal(c.StartsAt) || !old.EndsAt.Equal(c.EndsAt):
		text += fmt.Sprintf(", %s becomes %s", when(old), when(c.Session))
	default:
		text += ", other details"
	}
	return text
}

// when is a session's time for people, in London.
func when(s Session) string {
	from, to := s.StartsAt.In(calendar.London), s.EndsAt.In(calendar.London)
	return from.Format("Mon 2 Jan 2006 15:04") + to.Format("–15:04")
}
