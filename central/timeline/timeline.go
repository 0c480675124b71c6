// Package timeline says when the records of a stream happened, from what the gateway stamped and from the anchors that tie a
// boot's time since boot to the time of day. It is pure integer arithmetic: the same records give the same moments, whenever
// they arrive. It never guesses: what nothing vouches for is bounded, and called uncertain.
package timeline

import (
	"math/bits"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// How far clocks are trusted.
const (
	// steering is how much faster or slower than true time a clock may run that nobody disciplines: the kernel's own limit
	// (MAXFREQ, 500 parts in a million), by which it lets its error bound grow, too.
	steering = 500
	// wander is how far the rate strays from its mean between two anchors, in parts per million: a crystal over the
	// temperatures of a riser cupboard. The mean itself is known from the two.
	wander = 50
	// slack is allowed between two witnesses beyond their bounds: gateways tell a step from steering by it, too.
	slack = time.Second
	// reading is how far apart the two clocks of one stamp may have been read.
	reading = 2 * time.Millisecond
	// Sure is the greatest bound with which a moment counts as known. Windows and lateness are told in minutes.
	Sure = time.Minute
)

// Kind says what a moment rests on. Numbers are stored: never reuse one.
type Kind uint8

// The kinds of moments.
const (
	AsStamped Kind = 0 // the stamp holds
	Corrected Kind = 1 // an anchor, or two, say better than the stamp
	Uncertain Kind = 2 // nothing vouches for it, or two witnesses contradict each other: it is for review
)

// Moment is when a record happened, as far as anybody can tell.
type Moment struct {
	Kind Kind
	// At is UTC. Of an uncertain moment it is where the record is listed: the stamp if that is possible, else the nearest
	// possible instant, and the latest one if nothing bounds it from below.
	At     time.Time
	Within time.Duration // bound of At's error, whole milliseconds; 0 when uncertain
	// Earliest and Latest bound an uncertain moment. Earliest is zero if nothing does.
	Earliest, Latest time.Time
}

// Witness ties one boot's time since boot to the time of day: an anchor, or a record whose stamp is vouched for.
type Witness struct {
	Boot   contract.Boot `json:"boot"`
	Uptime time.Duration `json:"uptime"`
	At     time.Time     `json:"at"`
	Within time.Duration `json:"within"`
}

// Anchor is the witness of an anchor record, with its number in the stream.
type Anchor struct {
	Seq uint64
	Witness
}

// AnchorOf is the anchor that a record carries; ok is false if it carries none.
func AnchorOf(r contract.Record) (a Anchor, ok bool) {
	if r.Anchor == nil {
		return a, false
	}
	return Anchor{r.ID.Seq, Witness{r.Anchor.Boot, r.Anchor.Uptime, r.Anchor.At, r.Anchor.Within}}, true
}

// Walk goes over the records of one stream in the order of their numbers.
type Walk struct {
	// Before is the last witness up to where the walk begins; zero if there is none.
	Before Witness
	// Ahead are the anchors behind where the walk begins, in order.
	Ahead []Anchor
}

// Next says when a record happened that came to central at receivedAt, and makes it the last witness if it vouches for a time.
//
// A record lies between two witnesses of its boot: the last one before it, and the next anchor. Their rates differ by a
// drift that is nearly steady, so between two the correction is interpolated: unlike the nearer of the two it has no jump
// half way, where heartbeats that touch would overlap or part. Beyond the last witness the bound grows with distance.
// A synchronised stamp is a witness of its own and stands, unless one of the others contradicts it: then nobody knows who
// was right.
func (w *Walk) Next(r contract.Record, receivedAt time.Time) Moment {
	for len(w.Ahead) > 0 && w.Ahead[0].Seq <= r.ID.Seq {
		w.Ahead = w.Ahead[1:]
	}
	m := w.moment(r.Stamp, receivedAt)
	if a, ok := AnchorOf(r); ok {
		w.Before = a.Witness
	} else if r.Stamp.Quality == contract.Synchronised && m.Kind == AsStamped {
		w.Before = Witness{r.Stamp.Boot, r.Stamp.Uptime, r.Stamp.At, r.Stamp.Within}
	}
	return m
}

func (w *Walk) moment(s contract.Stamp, receivedAt time.Time) Moment {
	claims := w.claims(s)
	if len(claims) == 0 {
		return w.bounded(s, receivedAt)
	}
	if !agree(claims) {
		return disputed(s, claims, receivedAt)
	}
	c := best(claims)
	if c.at.Add(-c.within).After(receivedAt.Add(Sure)) { // it arrived before it happened
		return w.bounded(s, receivedAt)
	}
	if c.within > Sure {
		return disputed(s, []claim{c}, receivedAt)
	}
	m := Moment{At: c.at, Within: wholeMilliseconds(c.within), Kind: Corrected}
	if c.own || c.at.Sub(s.At).Abs() <= reading {
		m.At, m.Kind = s.At, AsStamped
	}
	return m
}

// claim is what one witness says of the moment of a stamp.
type claim struct {
	at       time.Time
	within   time.Duration
	distance time.Duration // behind the witness, in time since boot; negative before it
	own      bool          // it is the stamp itself
}

// claims are the words of the witness before, of the next anchor, and of the stamp itself. A stamp that does not tell its boot
// has no other witness.
func (w *Walk) claims(s contract.Stamp) []claim {
	claims := make([]claim, 0, 3)
	told := s.Boot != contract.Boot{}
	if told && !w.Before.At.IsZero() && w.Before.Boot == s.Boot {
		claims = append(claims, w.Before.says(s.Uptime))
	}
	for _, a := range w.Ahead {
		if told && a.Boot == s.Boot {
			claims = append(claims, a.says(s.Uptime))
			break
		}
	}
	if s.Quality == contract.Synchronised {
		claims = append(claims, claim{at: s.At, within: s.Within, own: true})
	}
	return claims
}

func (w Witness) says(uptime time.Duration) claim {
	distance := uptime - w.Uptime
	return claim{at: w.At.Add(distance), within: w.Within + drift(distance, steering), distance: distance}
}

func drift(over time.Duration, perMillion int64) time.Duration {
	return over.Abs() / time.Duration(1_000_000/perMillion)
}

// agree reports whether all claims can be true.
func agree(claims []claim) bool {
	for i, a := range claims {
		for _, b := range claims[i+1:] {
			if a.at.Sub(b.at).Abs() > a.within+b.within+slack {
				return false
			}
		}
	}
	return true
}

// best is the stamp if it is vouched for, else what lies between two witnesses, else the nearer one's word.
func best(claims []claim) claim {
	if last := claims[len(claims)-1]; last.own || len(claims) == 1 {
		return last
	}
	a, b := claims[0], claims[1]
	whole := a.distance - b.distance
	switch {
	case a.distance >= 0 && b.distance <= 0 && whole > 0:
		return claim{
			at:     a.at.Add(share(b.at.Sub(a.at), a.distance, whole)),
			within: max(a.within-drift(a.distance, steering), b.within-drift(b.distance, steering)) + drift(min(a.distance, -b.distance), wander),
		}
	case a.distance.Abs() < b.distance.Abs(): // numbers and times since boot differ in order, by a moment
		return a
	}
	return b
}

// share is d × part ÷ whole, which fits although the product may not. Part is at most whole.
func share(d, part, whole time.Duration) time.Duration {
	high, low := bits.Mul64(uint64(d.Abs()), uint64(part))
	quotient, _ := bits.Div64(high, low, uint64(whole))
	if d < 0 {
		return -time.Duration(quotient)
	}
	return time.Duration(quotient)
}

// disputed is bounded by what the witnesses say, and by the moment the record was here.
func disputed(s contract.Stamp, claims []claim, receivedAt time.Time) Moment {
	m := Moment{Kind: Uncertain, Earliest: claims[0].at.Add(-claims[0].within), Latest: claims[0].at.Add(claims[0].within)}
	for _, c := range claims[1:] {
		m.Earliest, m.Latest = earlier(m.Earliest, c.at.Add(-c.within)), later(m.Latest, c.at.Add(c.within))
	}
	m.Latest = earlier(m.Latest, receivedAt)
	return m.listed(s)
}

// bounded is a moment that nobody speaks of: behind the last time known before it, by at least the time since boot, before
// the boot in which time is known again, and before it was here.
func (w *Walk) bounded(s contract.Stamp, receivedAt time.Time) Moment {
	m := Moment{Kind: Uncertain, Latest: receivedAt}
	if b := w.Before; !b.At.IsZero() {
		since := s.Uptime // it booted after that
		if b.Boot == s.Boot {
			since = max(s.Uptime-b.Uptime, 0)
		}
		m.Earliest = b.At.Add(since - b.Within - drift(since, steering))
	}
	if len(w.Ahead) > 0 && w.Ahead[0].Boot != s.Boot {
		next := w.Ahead[0]
		booted := next.At.Add(next.Within + drift(next.Uptime, steering) - next.Uptime)
		m.Latest = earlier(m.Latest, booted)
	}
	return m.listed(s)
}

// listed puts the bounds in order and finds the place for a list. A lower bound above the upper one is worth nothing: then
// the clocks that gave it were wrong.
func (m Moment) listed(s contract.Stamp) Moment {
	if m.Earliest.After(m.Latest) {
		m.Earliest = time.Time{}
	}
	m.At = earlier(s.At, m.Latest)
	if m.Earliest.IsZero() {
		m.At = m.Latest
	}
	m.At = later(m.At, m.Earliest)
	return m
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func wholeMilliseconds(d time.Duration) time.Duration {
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}
