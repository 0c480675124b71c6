package reader_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp/acu"
)

var ownKey = [16]byte{0xC0, 0xFF, 0xEE, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}

// securePanel is a panel as small as can be that speaks to one device through a secure channel.
type securePanel struct {
	*panel
	acu.Channel
}

// secure opens a channel with the device at an address, which is new.
func secure(t *testing.T, p *panel, address, which byte, key [16]byte) *securePanel {
	t.Helper()
	s := &securePanel{p, acu.Channel{Address: address}}
	p.ask(address, poll)
	s.handshake(which, key)
	return s
}

func (s *securePanel) handshake(which byte, key [16]byte) {
	s.t.Helper()
	proof, err := s.Prove(s.insist(s.Challenge(which), nil), key)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.Begin(s.insist(proof, nil)); err != nil {
		s.t.Fatal(err)
	}
}

// tell says something through the channel until it is answered there.
func (s *securePanel) tell(code byte, data ...byte) (byte, []byte) {
	s.t.Helper()
	command := s.Seal(code, data...)
	s.insist(command, func(reply []byte) (err error) {
		code, data, err = s.Open(reply)
		return err
	})
	return code, data
}

// insist repeats a command, octet for octet, until there is a reply and it is good.
func (s *securePanel) insist(command []byte, good func(reply []byte) error) []byte {
	s.t.Helper()
	for range 500 {
		s.h.write(command)
		f, ok := s.reply(s.Address, s.Sequence, true)
		if ok && (good == nil || good(f.Encode()) == nil) {
			return f.Encode()
		}
	}
	s.t.Fatalf("command % X was never answered", command)
	return nil
}

func TestEverySecureCardOnceThroughFaults(t *testing.T) {
	for i, faults := range []reader.Faults{
		{Drop: 0.1}, {Flip: 0.1}, {Busy: 0.1}, {Noise: 0.3}, {Echo: 0.3}, {Split: 0.5, SplitGap: 200 * time.Microsecond},
		{Drop: 0.05, Flip: 0.05, Deaf: 0.02, Busy: 0.02, Noise: 0.1, Echo: 0.5, Split: 0.2},
	} {
		l := newLine(t, reader.Options{Instant: true, Seed: uint64(i)})
		door := addOSDP(t, l, "door", 1, osdp.Options{Key: &ownKey, RequireSecure: true})
		addOSDP(t, l, "neighbour", 2, osdp.Options{})
		p := newPanel(t, l)
		s := secure(t, p, 1, acu.Own, ownKey)
		l.SetFaults(faults)
		const cards = 30
		for n := range byte(cards) {
			person, err := door.Present(card.FromUID(1, n, n, n))
			if err != nil {
				t.Fatal(err)
			}
			if code, data := s.tell(poll); code != raw || !bytes.Equal(data, []byte{0, 0, 32, 0, 1, n, n, n}) {
				t.Fatalf("%+v: card %d came as %02X % X", faults, n, code, data)
			}
			if code, _ := s.tell(led, green...); code != ack {
				t.Fatalf("%+v: light for card %d: reply %02X", faults, n, code)
			}
			person.Wait(t.Context())
		}
		s.tell(poll)
		c := door.Counts()
		if c.Taken != cards || c.Lost != 0 || c.Lights[lamp.Green] != cards || c.Unasked != [lamp.Lights]int{} {
			t.Errorf("%+v: %+v, want %d cards taken once and green", faults, c, cards)
		}
		if got := door.Protocol(); got.Sessions != 1 || got.WrongMACs != 0 {
			t.Errorf("%+v: %+v, want one session and no wrong MAC", faults, got)
		}
	}
}

func TestInstallationOverALine(t *testing.T) {
	events := make(chan reader.Event, 64) // more than this test makes
	l := newLine(t, reader.Options{Instant: true, OnEvent: func(e reader.Event) { events <- e }})
	door := addOSDP(t, l, "door", 1, osdp.Options{Install: true})
	s := secure(t, newPanel(t, l), 1, acu.Default, [16]byte([]byte("0123456789:;<=>?")))
	if open, usesDefault := door.Secure(); !open || !usesDefault || !door.Installing() {
		t.Errorf("secure %v with the default key %v, installing %v, want true three times", open, usesDefault, door.Installing())
	}
	if code, _ := s.tell(0x75, append([]byte{1, 16}, ownKey[:]...)...); code != ack {
		t.Fatalf("KEYSET = %02X, want ACK", code)
	}
	if key, ok := door.Key(); !ok || key != ownKey || door.Installing() {
		t.Errorf("key %X %v, installing %v, want the one sent, false", key, ok, door.Installing())
	}
	s.handshake(acu.Own, ownKey)
	if open, usesDefault := door.Secure(); !open || usesDefault {
		t.Errorf("secure %v with the default key %v, want true and false", open, usesDefault)
	}
	door.SetKey(&[16]byte{1}, false)
	want := []reader.Kind{reader.Restarted, reader.Secured, reader.Keyed, reader.Unsecured, reader.Secured, reader.Unsecured}
	var got []reader.Kind
	for range want {
		got = append(got, (<-events).Kind)
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("events (-got +want):\n%s", diff)
	}
}

func TestKnobsOfOneReader(t *testing.T) {
	l := newLine(t, reader.Options{Baud: 38400})
	door := addOSDP(t, l, "door", 1, osdp.Options{Queue: 1})
	other := addOSDP(t, l, "other", 2, osdp.Options{})
	h := plugIn(t, l)
	h.ask(1, 0, poll)

	door.SetBusy(1)
	if got := code(h.ask(1, 1, poll)); got != 0x79 {
		t.Errorf("POLL = %02X, want BUSY", got)
	}
	door.Refuse(9)
	if got := h.ask(1, 1, poll); code(got) != 0x41 || got[7] != 9 {
		t.Errorf("POLL = % X, want NAK 9", got)
	}
	if err := door.Press("7"); err != nil {
		t.Error(err)
	}
	if err := door.Press("8"); !errors.Is(err, reader.ErrFull) {
		t.Errorf("Press into a full queue = %v, want ErrFull", err)
	}
	if got := h.ask(1, 2, poll); code(got) != 0x53 || got[8] != 1 || got[9] != '7' {
		t.Errorf("POLL = % X, want KEYPAD 7", got)
	}

	door.SetTurnaround(150 * time.Millisecond)
	asked := time.Now()
	h.ask(1, 3, poll)
	if took := time.Since(asked); took < 150*time.Millisecond {
		t.Errorf("slow reader answered after %v, want 150 ms or more", took)
	}

	door.SetBaud(9600)
	if address, baud := door.Where(); address != 1 || baud != 9600 {
		t.Errorf("reader is at %d, %d baud, want 1, 9600", address, baud)
	}
	h.write(osdp.Frame{Address: 1, Sequence: 1, CRC: true, Code: poll}.Encode())
	if got := h.ask(2, 0, poll); got[2] != 0x82 {
		t.Errorf("reply % X, want only that of the reader at the line's speed", got)
	}
	if other.Protocol().Plain != 1 || door.Protocol().Plain != 5 {
		t.Errorf("commands in the clear: %d and %d, want 1 and 5", other.Protocol().Plain, door.Protocol().Plain)
	}
}
