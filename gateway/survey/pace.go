package survey

import (
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/drivers/osdp"
)

// speeds of OSDP above the slowest, in the order they are advised.
var speeds = []int{19200, 38400, 57600, 115200, 230400}

// osdp looks at the keys of a bus and reckons its pace.
func (r *Report) osdp(b config.Bus, ring ring) {
	bus := Bus{Name: b.Name, Baud: b.Baud}
	for _, reader := range b.Readers {
		keyed, err := ring.has(reader.Point)
		switch {
		case err != nil:
			r.warn("reader "+reader.Point, "is not heard until this is put right: %v", err)
		case reader.Secure && !keyed:
			r.warn("reader "+reader.Point, "is to be secure and has no key, so it is not heard: put it into its installation mode and run: rollcall-gateway readers install %s", reader.Point)
		}
		if keyed || reader.Secure || err != nil {
			bus.Secure++
		} else {
			bus.Plain++
		}
	}
	bus.Round, bus.Light = osdp.Cycle(b.Baud, bus.Plain, bus.Secure), osdp.Latest(b.Baud, bus.Plain, bus.Secure)
	r.Buses = append(r.Buses, bus)
	if bus.Round > Slow {
		r.warn("bus "+b.Name+" slow", "a round over its %d readers takes %d ms at %d baud, and a card waits for its light up to %d ms: %s",
			bus.readers(), millis(bus.Round), b.Baud, millis(bus.Light), bus.advice(b.Readers))
	}
}

func (b Bus) readers() int { return b.Plain + b.Secure }

// advice is the least speed that would do, or else how many lines the readers need.
func (b Bus) advice(readers []config.Reader) string {
	for _, baud := range speeds {
		if round := b.roundAt(baud); baud > b.Baud && round <= Slow {
			return fmt.Sprintf("at %d baud a round takes %d ms. Move each of its readers, for example with rollcall-gateway readers move %s --baud %d, then write baud: %d",
				baud, millis(round), readers[0].Point, baud, baud)
		}
	}
	fastest := speeds[len(speeds)-1]
	each := b.mostAt(fastest)
	lines := (b.readers() + each - 1) / each
	return fmt.Sprintf("no speed would do; hang at most %d readers on a line of %d baud, which makes %s", each, fastest, plural(lines, "line"))
}

func (b Bus) roundAt(baud int) time.Duration { return osdp.Cycle(baud, b.Plain, b.Secure) }

// mostAt is how many readers, under keys if some are, make a round that nobody notices.
func (b Bus) mostAt(baud int) int {
	n := 1
	for ; n < b.readers(); n++ {
		plain, secure := n+1, 0
		if b.Secure > 0 {
			plain, secure = 0, n+1
		}
		if osdp.Cycle(baud, plain, secure) > Slow {
			break
		}
	}
	return n
}

func millis(d time.Duration) int64 { return d.Round(time.Millisecond).Milliseconds() }

func plural(n int, noun string) string {
	return fmt.Sprintf("%d %s", n, noun+strings.Repeat("s", min(n-1, 1)))
}
