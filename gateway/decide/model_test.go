package decide

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/timetable"
)

// model judges a tap straight from the words of W-1, W-2 and W-8 over the timetable as it came, without any index.
type model struct {
	tt       *contract.Timetable
	credited map[string]bool // "<holder> <session>"
}

func (m *model) decide(f Facts, now time.Time) (outcome contract.Outcome, reason contract.Reason, session string) {
	if f.Several {
		return contract.Refused, contract.SeveralCards, ""
	}
	if f.Unsuitable {
		return contract.Refused, contract.UnsuitableUID, ""
	}
	room := ""
	for _, p := range m.tt.Points {
		if p.ID == f.Point {
			room = p.Room
		}
	}
	if now.After(m.tt.ValidUntil) || room == "" || now.Before(m.tt.MadeAt.Add(-24*time.Hour)) {
		return contract.Unjudged, contract.NoTimetable, ""
	}
	holder, blocked := m.holder(f.Digest)
	if holder < 0 {
		return contract.Refused, contract.UnknownCard, ""
	}
	var open, listed, fresh []contract.Session
	for _, s := range m.tt.Sessions {
		if s.Cancelled || !slices.Contains(s.Rooms, room) || now.Before(s.OpensAt) || now.After(s.ClosesAt) {
			continue
		}
		open = append(open, s)
		if !slices.Contains(m.tt.Lists[s.List].Holders, uint32(holder)) {
			continue
		}
		listed = append(listed, s)
		if !m.credited[fmt.Sprint(holder, " ", s.ID)] {
			fresh = append(fresh, s)
		}
	}
	would := first(listed, now)
	if len(fresh) > 0 {
		would = first(fresh, now)
	}
	if blocked {
		return contract.Refused, contract.BlockedCard, would
	}
	if len(open) == 0 {
		return contract.Refused, contract.WindowClosed, ""
	}
	if len(listed) == 0 {
		return contract.Refused, contract.NotListed, first(open, now)
	}
	if len(fresh) == 0 {
		return contract.Duplicate, contract.None, would
	}
	m.credited[fmt.Sprint(holder, " ", would)] = true
	return contract.Accepted, contract.None, would
}

func (m *model) holder(d contract.Digest) (place int, blocked bool) {
	place = -1
	for i, h := range m.tt.Holders {
		if slices.Contains(h.Blocked, d) || slices.Contains(h.Digests, d) {
			place, blocked = i, slices.Contains(h.Blocked, d)
		}
	}
	return place, blocked
}

// first sorts by the sentence of W-1: in progress with the latest start, then not yet started with the earliest.
func first(sessions []contract.Session, now time.Time) string {
	if len(sessions) == 0 {
		return ""
	}
	rank := func(s contract.Session) (int, int64) {
		switch {
		case !now.Before(s.StartsAt) && !now.After(s.EndsAt):
			return 1, -s.StartsAt.UnixNano()
		case now.Before(s.StartsAt):
			return 2, s.StartsAt.UnixNano()
		}
		return 3, -s.StartsAt.UnixNano()
	}
	slices.SortFunc(sessions, func(a, b contract.Session) int {
		ra, ta := rank(a)
		rb, tb := rank(b)
		switch {
		case ra != rb:
			return ra - rb
		case ta != tb && ta < tb:
			return -1
		case ta != tb:
			return 1
		case a.ID < b.ID:
			return -1
		}
		return 1
	})
	return sessions[0].ID
}

// A small world, so that everything meets: few rooms and people, times on a coarse grid with a millisecond around it.
func drawTimetable(t *rapid.T, base time.Time) *contract.Timetable {
	tt := &contract.Timetable{
		Version: 1, Building: "north", MadeAt: base.Add(-12 * time.Hour),
		ValidUntil: base.Add(time.Duration(rapid.IntRange(-2, 40).Draw(t, "horizon")) * 15 * time.Minute),
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "points") {
		tt.Points = append(tt.Points, contract.Point{ID: fmt.Sprint("p", i), Room: fmt.Sprint("r", rapid.IntRange(0, 2).Draw(t, "room"))})
	}
	cards := rapid.IntRange(1, 3)
	for i := range rapid.IntRange(1, 5).Draw(t, "holders") {
		var h contract.Holder
		for c := range cards.Draw(t, "cards") {
			h.Digests = append(h.Digests, digest(i, c))
		}
		if rapid.Bool().Draw(t, "lost one") {
			h.Blocked = append(h.Blocked, digest(i, 3))
		}
		tt.Holders = append(tt.Holders, h)
	}
	for range rapid.IntRange(1, 3).Draw(t, "lists") {
		var l contract.List
		for h := range tt.Holders {
			if rapid.Bool().Draw(t, "listed") {
				l.Holders = append(l.Holders, uint32(h))
			}
		}
		tt.Lists = append(tt.Lists, l)
	}
	for i := range rapid.IntRange(0, 8).Draw(t, "sessions") {
		tt.Sessions = append(tt.Sessions, drawSession(t, base, i, len(tt.Lists)))
	}
	return tt
}

func drawSession(t *rapid.T, base time.Time, i, lists int) contract.Session {
	grid := func(from, to int, name string) time.Duration {
		return time.Duration(rapid.IntRange(from, to).Draw(t, name)) * 15 * time.Minute
	}
	s := contract.Session{ID: fmt.Sprint("s", i), StartsAt: base.Add(grid(0, 12, "start")), Cancelled: rapid.IntRange(0, 5).Draw(t, "cancelled") == 0}
	s.EndsAt = s.StartsAt.Add(grid(1, 8, "length"))
	s.OpensAt, s.ClosesAt = s.StartsAt.Add(-grid(0, 3, "early")), s.EndsAt.Add(grid(-1, 2, "late"))
	if s.ClosesAt.Before(s.OpensAt) {
		s.ClosesAt = s.OpensAt
	}
	s.List = uint32(rapid.IntRange(0, lists-1).Draw(t, "list"))
	for r := range 3 {
		if rapid.Bool().Draw(t, "in room") {
			s.Rooms = append(s.Rooms, fmt.Sprint("r", r))
		}
	}
	return s
}

func digest(holder, card int) contract.Digest {
	return contract.DigestOf([]byte("k"), fmt.Sprintf("uid:%d:%d", holder, card))
}

func TestDecideAgainstAModel(t *testing.T) {
	base := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		tt := drawTimetable(t, base)
		if err := tt.Validate(); err != nil {
			t.Fatal(err)
		}
		x, memory, m := timetable.Build(tt), NewCredited(), &model{tt: tt, credited: map[string]bool{}}
		for range rapid.IntRange(1, 30).Draw(t, "taps") {
			now := base.Add(time.Duration(rapid.IntRange(-4, 24).Draw(t, "at"))*15*time.Minute + time.Duration(rapid.IntRange(-1, 1).Draw(t, "ms"))*time.Millisecond)
			f := Facts{Point: fmt.Sprint("p", rapid.IntRange(0, 4).Draw(t, "point")), Several: rapid.IntRange(0, 9).Draw(t, "several") == 0}
			f.Unsuitable = rapid.IntRange(0, 9).Draw(t, "unsuitable") == 0
			if !f.Several && !f.Unsuitable {
				f.Digest = digest(rapid.IntRange(0, 5).Draw(t, "holder"), rapid.IntRange(0, 3).Draw(t, "card"))
			}
			got := memory.Decide(x, f, now)
			var want Decision
			want.Timetable = 1
			want.Outcome, want.Reason, want.Session = m.decide(f, now)
			if got != want {
				t.Fatalf("Decide(%+v, %v) = %+v, want %+v", f, now, got, want)
			}
		}
	})
}

// The blue light is on exactly while somebody's tap could meet an open register, and every change of it is an edge.
func TestLightsAgainstAModel(t *testing.T) {
	base := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		tt := drawTimetable(t, base)
		x := timetable.Build(tt)
		open := func(p contract.Point, now time.Time) bool {
			for _, s := range tt.Sessions {
				if !s.Cancelled && slices.Contains(s.Rooms, p.Room) && !now.Before(s.OpensAt) && !now.After(s.ClosesAt) && !now.After(tt.ValidUntil) {
					return true
				}
			}
			return false
		}
		for _, p := range tt.Points {
			for now := base.Add(-time.Hour); now.Before(base.Add(8 * time.Hour)); now = now.Add(15 * time.Minute) {
				for _, d := range []time.Duration{-time.Millisecond, 0, time.Millisecond} {
					if got, want := x.IsOpen(p.ID, now.Add(d)), open(p, now.Add(d)); got != want {
						t.Fatalf("IsOpen(%s, %v) = %v, want %v", p.ID, now.Add(d), got, want)
					}
				}
			}
			now := base.Add(-time.Hour)
			for range 100 { // between two edges nothing changes
				edge, ok := x.NextEdge(now)
				if !ok {
					break
				}
				if before := edge.Add(-time.Millisecond); before.After(now) && open(p, now) != open(p, before) {
					t.Fatalf("IsOpen(%s) changes between %v and %v, which are no edges", p.ID, now, before)
				}
				now = edge
			}
		}
	})
}
