package report

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// gapSource reads what is known of readers at a time.
type gapSource interface {
	PointsIn(ctx context.Context, rooms []string) ([]RoomPoint, error)                              // by room and point
	HearingOf(ctx context.Context, points []string, from, to time.Time) (map[string][]Heard, error) // by point; what reaches into the time
}

// RoomPoint is a reader of a room.
type RoomPoint struct {
	Point      string
	Room       string
	Building   string
	Exit       bool       // it hears people leave, so that nobody is expected to tap at it
	HeardUntil *time.Time // every tap of it up to here is at central; nil if it was never heard of
}

// Heard is a time that a gateway spoke of.
type Heard struct {
	Span
	Why Reason // why the point did not hear all of it; "" if it did
}

// Reason is why nobody vouches for the taps of a reader at a time.
type Reason string

// The reasons. ReaderDown and ClockUncertain are what gateways say themselves; the others are what central makes of silence.
const (
	ReaderDown     Reason = "reader"         // its gateway was running and could not hear it
	ClockUncertain Reason = "clock"          // its gateway did not know the time
	GatewayOff     Reason = "gateway_off"    // its gateway was not running: later records speak of other times only
	GatewaySilent  Reason = "gateway_silent" // its gateway has not been heard since
	NotHereYet     Reason = "not_here_yet"   // its gateway is heard, and records of it are still to come
	NoWord         Reason = "no_word"        // its gateway is heard, has sent all, and does not speak of it
	NoGateway      Reason = "no_gateway"     // no gateway is in service in the building
	NoReader       Reason = "no_reader"      // no reader is known in any room of the session
)

// Cause is why one reader does not cover a time.
type Cause struct {
	Point  string `json:"point"` // "" for a room without one
	Reason Reason `json:"reason"`
	Text   string `json:"text"` // a sentence a person can read
}

// Gap is a time of a register's window in which no reader of a room is proved to have been listening.
type Gap struct {
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
	Causes []Cause   `json:"causes"` // one of each reader of the room
}

// RoomCoverage is how much of a register's window the readers of one room covered, and when they did not.
type RoomCoverage struct {
	Session  string    `json:"session"`
	Module   string    `json:"module"`
	Title    string    `json:"title"`
	OpensAt  time.Time `json:"opens_at"`
	ClosesAt time.Time `json:"closes_at"`
	StartsAt time.Time `json:"starts_at"`
	ClosedBy string    `json:"closed_by"` // who closed the register by hand; "" if nobody
	Room     Room      `json:"room"`
	Permille int64     `json:"permille"` // of the window, as far as it has passed
	Complete bool      `json:"complete"` // every tap of the room up to the close is at central
	Gaps     []Gap     `json:"gaps"`     // in order
}

// Concludes tells whether somebody who did not tap in this room can be absent (G-3), if a policy asks for a share in per cent.
func (c RoomCoverage) Concludes(percent int64) bool { return c.Complete && c.Permille >= 10*percent }

const (
	// settles is how long after a moment its heartbeat may come without anything being wrong: one is written every minute.
	settles = 90 * time.Second
	// slightest is the shortest gap worth showing: where heartbeats touch they do so to the millisecond.
	slightest = time.Second
)

// NotCovered lists the rooms of registers open at some time within from and to that were not covered throughout, by room and time.
func (r *Reports) NotCovered(ctx context.Context, from, to time.Time) ([]RoomCoverage, error) {
	sessions, err := r.Sessions(ctx, SessionQuery{From: from, To: to})
	if err != nil {
		return nil, err
	}
	return r.NotCoveredOf(ctx, sessions)
}

// NotCoveredOf is NotCovered for sessions that were read with their rooms.
func (r *Reports) NotCoveredOf(ctx context.Context, sessions []Session) (out []RoomCoverage, err error) {
	now := r.Now()
	sessions = slices.DeleteFunc(slices.Clone(sessions), func(s Session) bool {
		return s.Cancelled || !s.Mandatory || len(s.Rooms) == 0 || !s.OpensAt.Before(passed(s, now))
	})
	if len(sessions) == 0 {
		return nil, nil
	}
	g := gapFinder{now: now}
	if err := g.load(ctx, r, sessions); err != nil {
		return nil, err
	}
	for _, s := range sessions {
		out = append(out, g.session(s)...)
	}
	slices.SortStableFunc(out, func(a, b RoomCoverage) int {
		return cmp.Or(cmp.Compare(a.Room.Building, b.Room.Building), cmp.Compare(a.Room.ID, b.Room.ID), a.OpensAt.Compare(b.OpensAt))
	})
	return out, nil
}

// passed is the end of a window as far as anybody could have vouched for it.
func passed(s Session, now time.Time) time.Time { return earlier(s.ClosesAt, now.Add(-settles)) }

// gapFinder holds what is known of the readers and gateways of some sessions.
type gapFinder struct {
	now      time.Time
	points   map[string][]RoomPoint // by room
	heard    map[string][]Heard     // by point
	gateways map[string][]Gateway   // in service, by building
}

func (g *gapFinder) load(ctx context.Context, r *Reports, sessions []Session) error {
	rooms, from, to := map[string]bool{}, sessions[0].OpensAt, sessions[0].ClosesAt
	for _, s := range sessions {
		from, to = earlier(from, s.OpensAt), later(to, s.ClosesAt)
		for _, room := range s.Rooms {
			rooms[room.ID] = true
		}
	}
	points, err := r.source.PointsIn(ctx, slices.Sorted(maps.Keys(rooms)))
	if err != nil {
		return fmt.Errorf("read readers: %w", err)
	}
	g.points = map[string][]RoomPoint{}
	names := make([]string, len(points))
	for i, p := range points {
		g.points[p.Room], names[i] = append(g.points[p.Room], p), p.Point
	}
	if g.heard, err = r.source.HearingOf(ctx, names, from, to); err != nil {
		return fmt.Errorf("read coverage: %w", err)
	}
	fleet, err := r.Gateways(ctx)
	if err != nil {
		return err
	}
	g.gateways = map[string][]Gateway{}
	for _, gateway := range fleet {
		if gateway.RevokedAt == nil {
			g.gateways[gateway.Building] = append(g.gateways[gateway.Building], gateway)
		}
	}
	return nil
}

// session lists the rooms of a session that were not covered throughout. A room without a reader is one if no other has any:
// people tap where there is one.
func (g *gapFinder) session(s Session) (out []RoomCoverage) {
	readers := false
	for _, room := range s.Rooms {
		if len(entrances(g.points[room.ID])) == 0 {
			continue
		}
		readers = true
		if c := g.room(s, room); len(c.Gaps) > 0 || !c.Complete && g.now.After(s.ClosesAt.Add(settles)) {
			out = append(out, c)
		}
	}
	if !readers {
		c := coverageOf(s, s.Rooms[0])
		c.Gaps = []Gap{{Since: s.OpensAt, Until: passed(s, g.now), Causes: []Cause{{Reason: NoReader, Text: "no reader is known in this room: staff must close the register"}}}}
		out = append(out, c)
	}
	return out
}

func coverageOf(s Session, room Room) RoomCoverage {
	return RoomCoverage{Session: s.ID, Module: s.Module, Title: s.Title, OpensAt: s.OpensAt, ClosesAt: s.ClosesAt, StartsAt: s.StartsAt, ClosedBy: s.ClosedBy, Room: room}
}

// entrances are the points at which people are expected to tap.
func entrances(points []RoomPoint) []RoomPoint {
	return slices.DeleteFunc(slices.Clone(points), func(p RoomPoint) bool { return p.Exit })
}

func (g *gapFinder) room(s Session, room Room) RoomCoverage {
	c, window := coverageOf(s, room), Span{s.OpensAt, passed(s, g.now)}
	c.Complete = !slices.ContainsFunc(g.points[room.ID], func(p RoomPoint) bool { return p.HeardUntil == nil || p.HeardUntil.Before(s.ClosesAt) })
	points := entrances(g.points[room.ID])
	var working []Span
	for _, p := range points {
		for _, h := range g.heard[p.Point] {
			if h.Why == "" {
				working = append(working, h.Span)
			}
		}
	}
	c.Permille, _ = measure(working, window)
	for _, hole := range holes(working, window) {
		for _, piece := range g.pieces(points, hole) {
			c.Gaps = addGap(c.Gaps, Gap{Since: piece.Since, Until: piece.Until, Causes: g.causes(points, piece)})
		}
	}
	return c
}

// holes are the parts of a window that no span covers; measure has put the spans in order.
func holes(working []Span, window Span) (out []Span) {
	edge := window.Since
	for _, s := range append(working, Span{window.Until, window.Until}) {
		if end := earlier(s.Since, window.Until); end.Sub(edge) >= slightest {
			out = append(out, Span{edge, end})
		}
		edge = later(edge, s.Until)
	}
	return out
}

// pieces cuts a hole where something about one of the points changes.
func (g *gapFinder) pieces(points []RoomPoint, hole Span) (out []Span) {
	cuts := []time.Time{hole.Since, hole.Until}
	cut := func(at time.Time) {
		if at.After(hole.Since) && at.Before(hole.Until) {
			cuts = append(cuts, at)
		}
	}
	for _, p := range points {
		if p.HeardUntil != nil {
			cut(*p.HeardUntil)
		}
		for _, h := range g.heard[p.Point] {
			cut(h.Since)
			cut(h.Until)
		}
	}
	slices.SortFunc(cuts, time.Time.Compare)
	for i := 1; i < len(cuts); i++ {
		if cuts[i].After(cuts[i-1]) {
			out = append(out, Span{cuts[i-1], cuts[i]})
		}
	}
	return out
}

// addGap joins a gap with the one before if the causes are the same.
func addGap(gaps []Gap, next Gap) []Gap {
	if n := len(gaps); n > 0 && gaps[n-1].Until.Equal(next.Since) && slices.Equal(gaps[n-1].Causes, next.Causes) {
		gaps[n-1].Until = next.Until
		return gaps
	}
	return append(gaps, next)
}

func (g *gapFinder) causes(points []RoomPoint, piece Span) (out []Cause) {
	for _, p := range points {
		out = append(out, g.cause(p, piece))
	}
	return out
}

// cause is why a point does not cover a piece. What its gateway says itself comes first.
func (g *gapFinder) cause(p RoomPoint, piece Span) Cause {
	for _, why := range []Reason{ReaderDown, ClockUncertain} {
		for _, h := range g.heard[p.Point] {
			if h.Why == why && !h.Since.After(piece.Since) && !h.Until.Before(piece.Until) {
				return Cause{p.Point, why, saidTexts[why]}
			}
		}
	}
	if p.HeardUntil != nil && p.HeardUntil.After(piece.Since) {
		return Cause{p.Point, GatewayOff, "no gateway was running that listened to it"}
	}
	return g.silence(p)
}

var saidTexts = map[Reason]string{
	ReaderDown:     "the reader did not work, or was unplugged",
	ClockUncertain: "the gateway did not know the time",
}

// silence is why nothing has come of a point yet.
func (g *gapFinder) silence(p RoomPoint) Cause {
	responsible := g.responsible(p)
	if len(responsible) == 0 {
		return Cause{p.Point, NoGateway, "no gateway is in service in building " + p.Building}
	}
	var missing uint64
	var silent *Gateway
	for _, gateway := range responsible {
		missing += gateway.Missing
		if gateway.Silent {
			silent = &gateway
		}
	}
	switch {
	case silent != nil:
		return Cause{p.Point, GatewaySilent, silentText(*silent)}
	case missing > 0:
		return Cause{p.Point, NotHereYet, fmt.Sprintf("%d records of its gateway are known and not here yet", missing)}
	}
	return Cause{p.Point, NoWord, "its gateway is heard and does not speak of this reader"}
}

func silentText(g Gateway) string {
	text := fmt.Sprintf("gateway %s has never been heard", g.ID)
	if g.HeardAt != nil {
		text = fmt.Sprintf("gateway %s is silent since %s", g.ID, g.HeardAt.In(calendar.London).Format("2 Jan 15:04:05"))
	}
	if g.Missing > 0 {
		text += fmt.Sprintf(", and %d records of it are known and not here yet", g.Missing)
	}
	return text
}

// responsible are the gateways that last spoke of a point, or all of its building if none did.
func (g *gapFinder) responsible(p RoomPoint) []Gateway {
	var named []Gateway
	for _, gateway := range g.gateways[p.Building] {
		if slices.ContainsFunc(gateway.Readers, func(r ReaderState) bool { return r.Point == p.Point }) {
			named = append(named, gateway)
		}
	}
	if len(named) > 0 {
		return named
	}
	return g.gateways[p.Building]
}
