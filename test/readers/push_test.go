package readers

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/ascii"
	"github.com/rollcall-edge/rollcall/drivers/qr"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	simascii "github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	simqr "github.com/rollcall-edge/rollcall/test/sim/reader/qr"
)

// pushing is a kind of reader that sends cards by itself.
type pushing struct {
	name    string
	device  simascii.Options // of a reader of text; a scanner has none
	scanner bool
	checked bool // a check guards the number: damaged bits are found
	started bool // something stands before the number: octets before it are told from it
	talks   bool // it answers what it is told, on the line that brings the cards
	make    func(i int) credential
}

func pushingKinds() []pushing {
	return []pushing{
		{name: "rdm6300", device: simascii.RDM6300(), checked: true, started: true, make: tag},
		{name: "id12la", device: simascii.ID12LA(), checked: true, started: true, make: tag},
		{name: "wec200", device: simascii.WEC200(), started: true, talks: true, make: badge},
		{name: "pcprox", device: simascii.PcProx(), talks: true, make: badge},
		{name: "generic", device: simascii.Generic(), make: uid},
		{name: "qr", scanner: true, make: ticket},
	}
}

func tag(i int) credential {
	return credential{card.FromEM4100([5]byte{0x01, 0x00, 0x63, byte(i >> 8), byte(i)}), fmt.Sprintf("em:010063%04X", i)}
}

func badge(i int) credential {
	return credential{card.W26(123, uint16(i)), fmt.Sprintf("w26:123:%d", i)} //nolint:gosec // small numbers
}

func uid(i int) credential {
	return credential{card.FromUID(0x04, 0xA2, 0xB3, 0xC4, 0xD5, byte(i>>8), byte(i)), fmt.Sprintf("uid:04A2B3C4D5%04X", i)}
}

func ticket(i int) credential {
	text := fmt.Sprintf("STUDENT-%06d", i)
	return credential{card.FromCode(text), "qr:" + text}
}

// open puts a reader on a line and starts a gateway. Cards come and go as quickly as the reader can send them, again every
// so often while they stay.
func (k pushing) open(t testing.TB, o reader.Options, again, stay time.Duration) (*gateway, *reader.Line, *reader.Reader) {
	t.Helper()
	o.Baud, o.Instant = 9600, true
	line := plug(t, o)
	r, bus := k.add(t, line, again, stay)
	g := start(t, bus)
	g.bus.Show(desk, drivers.Ready)
	g.awaitUp(t, desk)
	return g, line, r
}

func (k pushing) add(t testing.TB, line *reader.Line, again, stay time.Duration) (*reader.Reader, drivers.Bus) {
	t.Helper()
	registry, log := prometheus.NewRegistry(), slog.New(slog.DiscardHandler)
	if k.scanner {
		r, err := line.AddQR(desk, simqr.Options{ReadsAfter: 1, Repeat: again, Dwell: stay})
		must(t, err)
		bus, err := qr.New(qr.Options{Name: "bench", Line: port(t, line, 9600), Reader: desk, Registerer: registry, Log: log})
		must(t, err)
		return r, bus
	}
	device := k.device
	device.ReadsAfter, device.Repeat, device.Dwell = 0, again, stay
	r, err := line.AddASCII(desk, device)
	must(t, err)
	format, ok := ascii.Preset(k.name)
	if !ok {
		t.Fatalf("there is no preset %q", k.name)
	}
	bus, err := ascii.New(ascii.Options{Name: "bench", Line: port(t, line, 9600), Reader: desk, Format: format, Registerer: registry, Log: log})
	must(t, err)
	return r, bus
}

// faults are those under which a reader of this kind must not give a card that nobody presented. Where there is no check, a
// damaged digit is another digit, and where nothing stands before the code, so is an octet of noise: no driver can tell.
func (k pushing) faults() reader.Faults {
	f := reader.Faults{Drop: 0.1, Split: 0.2}
	if k.checked {
		f.Flip = 0.1
	}
	if !k.scanner {
		f.Noise = 0.1
	}
	return f
}

// A card whose one frame was damaged is not read, or as what it is; never as another one. One whose frame was whole is read
// once. Every frame has its dice, so that a run is the same each time.
func TestPushingReadersGiveNoOtherCard(t *testing.T) {
	t.Parallel()
	for _, k := range pushingKinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			g, line, r := k.open(t, reader.Options{Faults: k.faults(), Seed: 20261128}, 0, 5*time.Millisecond)
			const cards = 200
			presented := map[string]int{} // how often each may be read
			for i := range cards {
				c := k.make(1000 + i)
				presented[c.key] = 1
				before := struck(line)
				k.pass(t, r, c)
				if !k.talks && struck(line) == before {
					g.awaitKey(t, desk, c.key)
				}
			}
			line.SetFaults(reader.Faults{})
			last := k.make(5000)
			presented[last.key] = 1
			k.pass(t, r, last)
			g.awaitKey(t, desk, last.key)

			for _, key := range g.keys(desk) {
				if presented[key]--; presented[key] < 0 {
					t.Errorf("read %s, which nobody presented or which was read before", key)
				}
			}
			if n := len(g.keys(desk)); n < cards/2 {
				t.Errorf("%d of %d cards were read", n, cards)
			}
			t.Logf("%d of %d cards read", len(g.keys(desk)), cards+1)
			mustStrike(t, line, k.faults())
		})
	}
}

// pass holds a card to the reader until its frame went out.
func (k pushing) pass(t testing.TB, r *reader.Reader, c credential) {
	t.Helper()
	p, err := r.Present(c.card)
	must(t, err)
	await(t, "the frame of "+c.key+" has left", func() error {
		if p.Result().SentAt.IsZero() {
			return fmt.Errorf("result %+v", p.Result())
		}
		return nil
	})
	ctx, leave := context.WithCancel(t.Context())
	leave()
	p.Wait(ctx)
}

// struck is how many faults struck that can spoil a frame.
func struck(l *reader.Line) int {
	n := l.Counts()
	return n.Drops + n.Flips + n.Noises
}

// A card that stays, and is sent again and again, is read once, whatever happens to some of its frames.
func TestPushingReadersGiveACardThatStaysOnce(t *testing.T) {
	t.Parallel()
	for _, k := range pushingKinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			faults := k.faults()
			faults.Flip = 0
			g, line, r := k.open(t, reader.Options{Faults: faults, Seed: 20261129}, 0, 0)
			var want []string
			for i := range 40 {
				c := k.make(2000 + i)
				want = append(want, c.key)
				k.leave(t, g, line, r, c)
			}
			if got := g.keys(desk); !slices.Equal(got, want) {
				t.Errorf("read %d cards:\n%s\nwant %d:\n%s", len(got), strings.Join(got, " "), len(want), strings.Join(want, " "))
			}
			mustStrike(t, line, faults)
		})
	}
}

// leave sticks a card to the reader until it was read and eight frames more went out.
func (k pushing) leave(t testing.TB, g *gateway, line *reader.Line, r *reader.Reader, c credential) {
	t.Helper()
	p, err := r.Stick(time.Millisecond, c.card)
	must(t, err)
	g.awaitKey(t, desk, c.key)
	from := line.Counts().Sent
	await(t, "more frames of "+c.key+" were sent", func() error {
		if n := line.Counts().Sent; n < from+8 {
			return fmt.Errorf("%d frames", n-from)
		}
		return nil
	})
	r.Lift()
	ctx, leave := context.WithCancel(t.Context())
	leave()
	p.Wait(ctx)
}
