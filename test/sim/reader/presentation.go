package reader

import (
	"context"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// Presentation is one person in front of a reader with a card, or with several at once.
type Presentation struct {
	reader *Reader
	cards  []card.Card
	over   chan struct{} // closed when the person goes

	result Result // guarded by the line's mutex
	gone   bool   // likewise
}

// Result is what came of a presentation. Times not reached are zero.
type Result struct {
	Light    lamp.Light // the first light shown for it, or None
	PlacedAt time.Time  // the card came into the field
	SentAt   time.Time  // the last octet of its frame left the reader for the first time, lost on the way or not
	ShownAt  time.Time  // the light became visible
	Taken    bool       // the panel is known to have the card; OSDP only
	Lost     bool       // nobody has it: thrown away by an OSDP reader, or taken away from another before it was sent
}

// After is the time from the card's frame to the light, 0 when there was no light.
func (r Result) After() time.Duration {
	if r.ShownAt.IsZero() {
		return 0
	}
	return r.ShownAt.Sub(r.SentAt)
}

// Cards are those in the person's hand.
func (p *Presentation) Cards() []card.Card { return p.cards }

// Wait stands at the reader until it shows a light, or until ctx ends and the person gives up. At a reader without a
// light it waits for the card to be taken away.
func (p *Presentation) Wait(ctx context.Context) Result {
	select {
	case <-p.over:
	case <-ctx.Done():
		p.leave()
	}
	return p.Result()
}

// Result is what is known so far. Taken and Lost may still be set after the person has gone: the card's frame may
// wait in the reader for a panel that is away.
func (p *Presentation) Result() Result {
	p.reader.line.mu.Lock()
	defer p.reader.line.mu.Unlock()
	return p.result
}

// leave ends the presentation without a light, unless it is over already.
func (p *Presentation) leave() {
	l := p.reader.line
	l.mu.Lock()
	told := p.endLocked(time.Now())
	l.mu.Unlock()
	l.tell(told)
}

// endLocked ends the presentation with the light it has by now.
func (p *Presentation) endLocked(now time.Time) []Event {
	if p.gone {
		return nil
	}
	p.gone = true
	r := p.reader
	r.waiting = nil
	r.counts.Lights[p.result.Light]++
	close(p.over)
	if d, ok := r.device.(holder); ok {
		d.depart(now)
		r.line.rouse()
	}
	return []Event{{At: now, Reader: r.name, Kind: Left, Light: p.result.Light}}
}
