package reader_test

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
)

// panel is a control panel as small as can be: it repeats a command, octet for octet, until it is answered.
type panel struct {
	t        *testing.T
	h        *host
	octets   chan []byte
	scan     osdp.Scanner
	sequence map[byte]byte
}

func newPanel(t *testing.T, l *reader.Line) *panel {
	p := &panel{t: t, h: plugIn(t, l), octets: make(chan []byte), sequence: map[byte]byte{}}
	ended, stop := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			b := make([]byte, 256)
			n, err := p.h.f.Read(b)
			if err != nil {
				return
			}
			select {
			case p.octets <- b[:n]:
			case <-stop:
				return
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		p.h.f.Close() //nolint:errcheck // ends the read
		<-ended
	})
	return p
}

// ask returns the reply to one command, however often it takes.
func (p *panel) ask(address, code byte, data ...byte) osdp.Frame {
	p.t.Helper()
	sequence := p.sequence[address]
	command := osdp.Frame{Address: address, Sequence: sequence, CRC: true, Code: code, Data: data}.Encode()
	for range 500 {
		p.h.write(command)
		if f, ok := p.reply(address, sequence, false); ok {
			p.sequence[address] = sequence%3 + 1
			return f
		}
	}
	p.t.Fatalf("command %02X to %d was never answered", code, address)
	return osdp.Frame{}
}

// reply waits as long as a panel does for a frame of this device with this number. A frame without CRC is no answer
// to one with it: a flipped bit in the control octet would leave eight bits of check.
func (p *panel) reply(address, sequence byte, secure bool) (osdp.Frame, bool) {
	patience := time.NewTimer(40 * time.Millisecond)
	defer patience.Stop()
	for {
		select {
		case b := <-p.octets:
			now := time.Now()
			for _, f := range p.scan.Feed(now, now, b) {
				if f.Address == address|0x80 && f.Sequence == sequence && f.CRC && f.Secure == secure && f.Code != 0x79 {
					return f, true
				}
			}
		case <-patience.C:
			return osdp.Frame{}, false
		}
	}
}

func TestEveryCardOnceThroughFaults(t *testing.T) {
	tests := []struct {
		name   string
		faults reader.Faults
		struck func(reader.LineCounts) int
	}{
		{"drop", reader.Faults{Drop: 0.1}, func(c reader.LineCounts) int { return c.Drops }},
		{"flip", reader.Faults{Flip: 0.1}, func(c reader.LineCounts) int { return c.Flips }},
		{"deaf", reader.Faults{Deaf: 0.1}, func(c reader.LineCounts) int { return c.Deafs }},
		{"busy", reader.Faults{Busy: 0.1}, func(c reader.LineCounts) int { return c.Busies }},
		{"noise", reader.Faults{Noise: 0.3}, func(c reader.LineCounts) int { return c.Noises }},
		{"echo", reader.Faults{Echo: 0.3}, func(c reader.LineCounts) int { return c.Echoes }},
		{"split", reader.Faults{Split: 0.5, SplitGap: 200 * time.Microsecond}, func(c reader.LineCounts) int { return c.Splits }},
		{"all together", reader.Faults{Drop: 0.05, Flip: 0.05, Deaf: 0.02, Busy: 0.02, Noise: 0.1, Echo: 0.5, Split: 0.2}, func(c reader.LineCounts) int { return min(c.Drops, c.Echoes) }},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLine(t, reader.Options{Instant: true, Seed: uint64(i)})
			doors := []*reader.OSDP{addOSDP(t, l, "a", 0, osdp.Options{}), addOSDP(t, l, "b", 1, osdp.Options{})}
			p := newPanel(t, l)
			for address := range doors {
				p.ask(byte(address), poll) // a session first: what a restart loses is another test
			}
			l.SetFaults(tt.faults)
			const cards = 30
			for n := range cards {
				for address, door := range doors {
					tap(t, p, door, byte(address), byte(n))
				}
			}
			for address, door := range doors {
				p.ask(byte(address), poll)
				c := door.Counts()
				if c.Presented != cards || c.Taken != cards || c.Lost != 0 || c.Lights[lamp.Green] != cards || c.Unasked != [lamp.Lights]int{} {
					t.Errorf("door %d: %+v, want %d cards taken once and green", address, c, cards)
				}
			}
			if tt.struck(l.Counts()) == 0 {
				t.Errorf("counts = %+v: the fault never struck", l.Counts())
			}
		})
	}
}

// tap is one person and the panel serving them.
func tap(t *testing.T, p *panel, door *reader.OSDP, address, n byte) {
	t.Helper()
	person, err := door.Present(card.FromUID(address, n, n, n))
	if err != nil {
		t.Fatal(err)
	}
	f := p.ask(address, poll)
	if f.Code != raw || len(f.Data) != 8 || f.Data[4] != address || f.Data[5] != n {
		t.Fatalf("card %d at %d: reply %02X % X", n, address, f.Code, f.Data)
	}
	if f := p.ask(address, led, green...); f.Code != ack {
		t.Fatalf("light for card %d at %d: reply %02X % X", n, address, f.Code, f.Data)
	}
	if got := person.Wait(t.Context()); got.Light != lamp.Green {
		t.Fatalf("card %d at %d: %+v, want green", n, address, got)
	}
}

func TestFaultsRepeatWithTheirSeed(t *testing.T) {
	run := func(seed uint64) []byte {
		l := newLine(t, reader.Options{Instant: true, Seed: seed, Faults: reader.Faults{Flip: 0.5}})
		addOSDP(t, l, "door", 1, osdp.Options{})
		h := plugIn(t, l)
		var all []byte
		for range 20 {
			h.write(osdp.Frame{Address: 1, CRC: true, Code: poll}.Encode())
			all = append(all, h.read(9)...) // an ACK, right or wrong
		}
		return all
	}
	if a, b := run(1), run(1); string(a) != string(b) {
		t.Errorf("same seed gave\n% X and\n% X", a, b)
	}
	if a, b := run(1), run(2); string(a) == string(b) {
		t.Errorf("another seed gave the same octets % X", a)
	}
}
