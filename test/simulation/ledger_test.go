package simulation

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	marks "github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/gateway/decide"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// shown is a tap and the light that answered it.
type shown struct {
	decide.Decision
	building *building
	digest   contract.Digest
	at       time.Time // by the true clock
	stamp    contract.Stamp
	id       contract.TapID // the first it was kept under
	amber    bool           // not kept, and said so
}

// ledger is what happened at the doors and in the boxes, written down by the world itself. What must follow from it at central
// and in the replicas the oracle says.
type ledger struct {
	world *world
	steps int // of the plan

	mu      sync.Mutex // guards everything that follows
	taps    []shown
	missed  int                                   // taps at a reader without power
	lives   map[string][]span                     // when each gateway ran
	streams map[contract.Stream]*building         // every stream there ever was, with its owner
	kept    map[contract.Stream]uint64            // the highest number that a light spoke of
	old     map[string]int                        // old images put back whose new stream has not begun yet
	through map[string]map[contract.Stream]uint64 // watermarks as last seen, by holder
	hazy    map[string][]span                     // when each gateway had a wrong clock, or an old image and no new stream yet
	times   map[string]int                        // taps by what their time at central rests on, in the end
	marks   map[marks.Code]int                    // in the end
	images  int                                   // old ones that were put back
	lost    map[contract.Stream]bool              // whose card died
	alone   int                                   // of those, how many had records that were on the mirror and nowhere else
	ahead   float64                               // records that central stored ahead of a backlog
	seals   int                                   // that the offline verifier found good in the end
	days    int                                   // likewise, of central's daily seals
}

// span is a time from since to until; a zero until is now.
type span struct{ since, until time.Time }

func newLedger(w *world) *ledger {
	return &ledger{
		world: w, lives: map[string][]span{}, streams: map[contract.Stream]*building{}, kept: map[contract.Stream]uint64{},
		old: map[string]int{}, lost: map[contract.Stream]bool{}, through: map[string]map[contract.Stream]uint64{}, hazy: map[string][]span{}, times: map[string]int{}, marks: map[marks.Code]int{},
	}
}

// tapped notes a tap.
func (l *ledger) tapped(s shown) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taps = append(l.taps, s)
	if !s.amber {
		l.kept[s.id.Stream] = max(l.kept[s.id.Stream], s.id.Seq)
	}
}

// miss notes a person in front of a dark reader.
func (l *ledger) miss() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.missed++
}

// began notes that a gateway runs, and holds its journal against what its lights have said.
func (l *ledger) began(b *building, j *journal.Journal) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lives[b.name] = append(l.lives[b.name], span{since: time.Now()})
	if q, ok := j.Quarantined(); ok {
		l.world.fault("%s: the journal was quarantined: %s", b.name, q.Reason)
	}
	stream := j.Stream()
	if l.streams[stream] == nil {
		l.newStreamLocked(b, stream, "a start")
	}
	if kept := l.kept[stream]; j.Durable() < kept && l.old[b.name] == 0 {
		l.world.fault("%s: the journal ends at %d after a start, and a light has spoken of %d", b.name, j.Durable(), kept)
	}
}

func (l *ledger) ended(b *building, _ *run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	spans := l.lives[b.name]
	spans[len(spans)-1].until = time.Now()
}

// rolledBack notes that an older image of a journal was put back.
func (l *ledger) rolledBack(b *building) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.old[b.name]++
	l.images++
	l.hazy[b.name] = append(l.hazy[b.name], span{time.Now().Add(-time.Hour), time.Now().Add(time.Hour)})
}

// cardLost notes that a journal's disk died, and whether nobody but the mirror had its last records. The next one is blank, so its
// stream is another.
func (l *ledger) cardLost(b *building, stream contract.Stream, alone bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.old[b.name]++
	l.lost[stream] = true
	if alone {
		l.alone++
	}
	l.hazy[b.name] = append(l.hazy[b.name], span{time.Now().Add(-time.Hour), time.Now().Add(time.Hour)})
}

// isOld reports whether a box has an old image whose new stream has not begun yet.
func (l *ledger) isOld(b *building) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.old[b.name] > 0
}

// restreamed notes that a gateway began a new stream while it ran.
func (l *ledger) restreamed(b *building, j *journal.Journal, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.newStreamLocked(b, j.Stream(), reason)
}

// newStreamLocked: a gateway begins another stream after an old image was put back, and never otherwise.
func (l *ledger) newStreamLocked(b *building, stream contract.Stream, reason string) {
	if l.streams[stream] != nil {
		l.world.fault("%s begins stream %s, which there was before: %s", b.name, stream, reason)
	}
	for _, owner := range l.streams {
		if owner == b && l.old[b.name] == 0 {
			l.world.fault("%s begins stream %s although its disk is no old image: %s", b.name, stream, reason)
			break
		}
	}
	l.old[b.name] = max(0, l.old[b.name]-1)
	l.streams[stream] = b
}

// all are the streams there ever were.
func (l *ledger) all() []contract.Stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []contract.Stream
	for s := range l.streams {
		all = append(all, s)
	}
	return all
}

// rises notes a watermark, which never goes back.
func (l *ledger) rises(holder string, stream contract.Stream, through uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.through[holder] == nil {
		l.through[holder] = map[contract.Stream]uint64{}
	}
	if before := l.through[holder][stream]; through < before {
		l.world.fault("%s had stream %s up to %d and has it up to %d now", holder, stream, before, through)
	}
	l.through[holder][stream] = through
}

// share is the part of an interval in which a gateway ran.
func (l *ledger) share(b string, from, to time.Time) float64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var ran time.Duration
	for _, s := range l.lives[b] {
		since, until := s.since, s.until
		if until.IsZero() {
			until = time.Now()
		}
		if since.Before(from) {
			since = from
		}
		if until.After(to) {
			until = to
		}
		ran += max(0, until.Sub(since))
	}
	return ran.Seconds() / to.Sub(from).Seconds()
}

// clock notes that a gateway's clock is wrong from now on, or right again.
func (l *ledger) clock(b *building, right bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, s := range l.hazy[b.name] {
		if s.until.IsZero() {
			l.hazy[b.name][i].until = time.Now()
		}
	}
	if !right {
		l.hazy[b.name] = append(l.hazy[b.name], span{since: time.Now()})
	}
}

// certain reports whether a gateway can speak for all of a time that is over: it ran without a break, with a right clock and its own
// stream, and wrote the heartbeats before and after.
func (l *ledger) certain(b string, from, to time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	from, to = from.Add(-2*beatEvery), to.Add(2*beatEvery)
	for _, s := range l.hazy[b] {
		if s.since.Before(to) && (s.until.IsZero() || s.until.After(from)) {
			return false
		}
	}
	return slices.ContainsFunc(l.lives[b], func(s span) bool {
		return !s.since.After(from) && (s.until.IsZero() && time.Now().After(to) || s.until.After(to))
	})
}

// tapKey tells taps apart whatever number they have.
func tapKey(point string, digest contract.Digest, stamp contract.Stamp) string {
	return fmt.Sprintf("%s %x %d", point, digest, stamp.At.UnixNano())
}
