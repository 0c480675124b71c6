package readers

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/pn532"
	"github.com/rollcall-edge/rollcall/drivers/twn4"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	simpn532 "github.com/rollcall-edge/rollcall/test/sim/reader/pn532"
	simtwn4 "github.com/rollcall-edge/rollcall/test/sim/reader/twn4"
)

const desk = "desk"

// asked is a kind of reader that has its line to itself and is asked for cards.
type asked struct {
	name string
	baud int
	add  func(*reader.Line) (*reader.Reader, error)
	bus  func(testing.TB, *reader.Line) drivers.Bus
	tags bool // it reads 125 kHz tags as well
}

func askedKinds() []asked {
	return []asked{twn4Kind("twn4 as delivered", false), twn4Kind("twn4 with CRC", true), pn532Kind()}
}

func twn4Kind(name string, crc bool) asked {
	return asked{
		name: name, baud: 9600, tags: true,
		add: func(l *reader.Line) (*reader.Reader, error) { return l.AddTWN4(desk, simtwn4.Options{CRC: crc}) },
		bus: func(t testing.TB, l *reader.Line) drivers.Bus {
			bus, err := twn4.New(twn4.Options{
				Name: "bench", Line: port(t, l, 9600), Reader: desk, CRC: crc, Blue: true,
				Registerer: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
			})
			must(t, err)
			return bus
		},
	}
}

func pn532Kind() asked {
	return asked{
		name: "pn532", baud: 115200,
		add: func(l *reader.Line) (*reader.Reader, error) { return l.AddPN532(desk, simpn532.RGB()) },
		bus: func(t testing.TB, l *reader.Line) drivers.Bus {
			bus, err := pn532.New(pn532.Options{
				Name: "bench", Line: port(t, l, 115200), Reader: desk,
				Lights:     pn532.Lights{Red: pn532.P30, Green: pn532.P31, Blue: pn532.P35},
				Registerer: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
			})
			must(t, err)
			return bus
		},
	}
}

// open puts a reader on a line and starts a gateway whose register is open.
func (k asked) open(t testing.TB, o reader.Options) (*gateway, *reader.Line, *reader.Reader) {
	t.Helper()
	o.Baud = k.baud
	line := plug(t, o)
	r, err := k.add(line)
	must(t, err)
	g := start(t, k.bus(t, line))
	g.bus.Show(desk, drivers.Ready)
	g.awaitUp(t, desk)
	return g, line, r
}

// credential is a card and the key that the gateway must know it by.
type credential struct {
	card card.Card
	key  string
}

// wallet are n cards of the kinds that a reader reads.
func (k asked) wallet(n byte) []credential {
	var all []credential
	for i := range n {
		four := credential{card.FromUID(0x66, 0xCF, 0x4D, i), fmt.Sprintf("uid:66CF4D%02X", i)}
		seven := credential{card.FromUID(0x04, 0xA2, 0xB3, 0xC4, 0xD5, 0xE6, i), fmt.Sprintf("uid:04A2B3C4D5E6%02X", i)}
		tag := credential{card.FromEM4100([5]byte{0x01, 0x00, 0x63, 0xE9, i}), fmt.Sprintf("em:010063E9%02X", i)}
		prox := credential{card.W26(10, uint16(i)), fmt.Sprintf("w26:10:%d", i)}
		kinds := []credential{four, seven}
		if k.tags {
			kinds = append(kinds, tag, prox)
		}
		all = append(all, kinds[int(i)%len(kinds)])
	}
	return all
}

// Of 60 cards at an unkind line each arrives once, in order, also when its reader is lost while the card lies there. Nobody sees
// red. A light may be lost together with its reader; it is not asked of every one that it was seen, only of nearly all.
func TestAskedReadersGiveEachCardOnce(t *testing.T) {
	t.Parallel()
	for _, k := range askedKinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			faults := unkind
			faults.Split = 0.1
			g, line, r := k.open(t, reader.Options{Instant: true, Faults: faults, Seed: 20261127})
			seen := map[lamp.Light]int{}
			var want []string
			for _, c := range k.wallet(60) {
				want = append(want, c.key)
				light := g.serve(t, r, c)
				seen[light]++
			}
			if diff := cmp.Diff(want, g.keys(desk)); diff != "" {
				t.Errorf("cards (-presented +read):\n%s", diff)
			}
			if seen[lamp.Red] > 0 || seen[lamp.Green] < len(want)*3/4 {
				t.Errorf("people saw %v, want nearly all green and nobody red", seen)
			}
			t.Logf("%v; %+v", seen, g.status(desk).Counts)
			mustStrike(t, line, faults)
		})
	}
}

// enough looks at a card that was read already make a person go who sees no light.
const enough = 20

// serve lets a person hold a card to a reader until it was read, and until its light is seen, or given up, or not to come.
func (g *gateway) serve(t testing.TB, r *reader.Reader, c credential) lamp.Light {
	t.Helper()
	before := g.status(desk).Counts
	p, err := r.Present(c.card)
	must(t, err)
	g.awaitKey(t, desk, c.key)
	await(t, "the light of "+c.key+" is seen or given up", func() error {
		n := g.status(desk).Counts
		if p.Result().ShownAt.IsZero() && n.Unshown == before.Unshown && n.Repeats < before.Repeats+enough {
			return fmt.Errorf("result %+v, light %v, status %+v", p.Result(), r.Light(), g.status(desk))
		}
		return nil
	})
	ctx, leave := context.WithCancel(t.Context())
	leave()
	return p.Wait(ctx).Light
}

// Two cards at once are one read without a card; the two of them stay, and nothing more is read.
func TestTwoCardsAreOneReadOfNeither(t *testing.T) {
	t.Parallel()
	for _, k := range askedKinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			g, _, r := k.open(t, reader.Options{Instant: true})
			p, err := r.Stick(0, card.FromUID(0x66, 0xCF, 0x4D, 1), card.FromUID(0x66, 0xCF, 0x4D, 2))
			must(t, err)
			if got := wait(p); got != lamp.RedDouble {
				t.Errorf("the person saw %v, want two red flashes", got)
			}
			g.lookOn(t)
			r.Lift()
			g.serve(t, r, credential{card.FromUID(0x66, 0xCF, 0x4D, 3), "uid:66CF4D03"})
			if diff := cmp.Diff([]string{"several", "uid:66CF4D03"}, g.keys(desk)); diff != "" {
				t.Errorf("reads (-want +got):\n%s", diff)
			}
		})
	}
}

// A card with a random number (ISO/IEC 14443-3: first octet 08) is one read that names nobody, for as long as it lies there.
func TestRandomNumberNamesNobody(t *testing.T) {
	t.Parallel()
	for _, k := range askedKinds() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			g, _, r := k.open(t, reader.Options{Instant: true})
			p, err := r.Stick(0, card.FromUID(0x08, 0x12, 0x34, 0x56))
			must(t, err)
			if got := wait(p); got != lamp.Red {
				t.Errorf("the person saw %v, want red", got)
			}
			g.lookOn(t)
			if diff := cmp.Diff([]string{"unsuitable"}, g.keys(desk)); diff != "" {
				t.Errorf("reads (-want +got):\n%s", diff)
			}
		})
	}
}

// lookOn waits until the reader was asked 50 times more.
func (g *gateway) lookOn(t testing.TB) {
	t.Helper()
	from := g.bus.Line().Exchanges
	await(t, "the reader is asked 50 times more", func() error {
		if n := g.bus.Line().Exchanges; n < from+50 {
			return fmt.Errorf("%d times", n-from)
		}
		return nil
	})
}

// wait is what a person sees who has all the time that a test has.
func wait(p *reader.Presentation) lamp.Light {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return p.Wait(ctx).Light
}
