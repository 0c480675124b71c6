package osdp_test

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/osdp"
)

// secureSite is a bus with one reader that has a key.
func secureSite(t *testing.T, l *locked) *site {
	t.Helper()
	return newSite(t, osdp.Options{Readers: []osdp.Reader{{Name: "a", Address: 1}}, Keys: newDrawer(benchKey, "a")}, l.Serve)
}

func secure(all []drivers.Status) bool { return all[0].Up && all[0].Keyed && all[0].Secure }

// counted waits until a metric has the value.
func (s *site) counted(want float64, name string, labels ...string) {
	s.Helper()
	s.until(func([]drivers.Status) bool { return s.count(name, labels...) == want })
}

// What may not be said inside a session ends it, and only that: the reader is met anew at once, nothing that was said is
// believed, and the next card is read.
func TestWhatDoesNotBelongInASession(t *testing.T) {
	for _, tt := range []struct {
		name    string
		spoil   func(reply []byte) []byte
		result  string
		session string
	}{
		{"a wrong code", func(r []byte) []byte { return recode(r, len(r)-3) }, "mac", "broken"},
		{"another reply under the old code", func(r []byte) []byte { return recode(r, 8) }, "mac", "broken"},
		{"ACK in plain", func(r []byte) []byte { return seal(1, r[5]&3, "40") }, "mac", "broken"},
		{"a card in plain", func(r []byte) []byte { return seal(1, r[5]&3, cards[0]) }, "mac", "broken"},
		{"NAK 5 in plain", func(r []byte) []byte { return seal(1, r[5]&3, "41 05") }, "nak", "broken"},
		{"NAK 6 in plain", func(r []byte) []byte { return seal(1, r[5]&3, "41 06") }, "nak", "broken"},
		{"NAK 4 in plain", func(r []byte) []byte { return seal(1, 0, "41 04") }, "nak", "broken"},
		{"the reader lost its power", func([]byte) []byte { return nil }, "nak", "broken"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLocked(benchKey, cards...)
			s := secureSite(t, l)
			defer s.stop()
			s.bus.Show("a", drivers.Ready)
			waitLight(l.script, drivers.Ready)
			s.until(secure)
			if strings.HasPrefix(tt.name, "the reader lost") {
				l.powerCycle()
			} else {
				l.spoilNext(tt.spoil)
			}
			s.counted(2, "sessions_total", "secure")
			l.Present(1)
			if got := <-s.reads; got.Credential != keys[1] {
				t.Errorf("Read = %+v, want %s", got, keys[1])
			}
			s.counted(1, "sessions_total", tt.session)
			s.counted(1, "bus_exchanges_total", tt.result)
			if got := s.count("sessions_total", "up") + s.count("sessions_total", "lost"); got != 1 {
				t.Errorf("the reader went up and down %v times, want up once", got)
			}
			s.until(secure)
			s.until(func(all []drivers.Status) bool { return all[0].Trouble == "" })
		})
	}
}

// recode flips a bit and makes the CRC right again.
func recode(reply []byte, at int) []byte {
	reply[at] ^= 1
	end := len(reply) - 2
	binary.LittleEndian.PutUint16(reply[end:], bitwiseCRC(reply[1:end]))
	return reply
}

// Two things may be said in plain: wait, and I did not get that. The session stands.
func TestWhatMayBeSaidInPlain(t *testing.T) {
	for _, tt := range []struct{ name, text, result string }{
		{"BUSY", "79", "busy"}, {"NAK 1", "41 01", "nak"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLocked(benchKey, cards...)
			s := secureSite(t, l)
			defer s.stop()
			s.until(secure)
			l.spoilNext(func(r []byte) []byte {
				if tt.text == "79" {
					return seal(1, 0, tt.text)
				}
				return seal(1, r[5]&3, tt.text)
			})
			l.Present(0)
			if got := <-s.reads; got.Credential != keys[0] {
				t.Errorf("Read = %+v, want %s", got, keys[0])
			}
			s.counted(1, "bus_exchanges_total", tt.result)
			if got := s.count("sessions_total", "secure"); got != 1 {
				t.Errorf("%v sessions, want 1", got)
			}
		})
	}
}

// A reader that answers a light under no session with NAK 3, again and again, still gives its cards.
func TestLightRefusedInPlain(t *testing.T) {
	t.Parallel()
	l := newLocked(benchKey, cards...)
	l.answer(0x69, "bare 41 03")
	s := secureSite(t, l)
	defer s.stop()
	s.until(func(all []drivers.Status) bool {
		return secure(all) && strings.HasPrefix(all[0].Trouble, "refuses light commands")
	})
	l.Present(0)
	if got := <-s.reads; got.Credential != keys[0] {
		t.Errorf("Read = %+v, want %s", got, keys[0])
	}
	s.counted(2, "sessions_total", "secure")
}

// A keyed reader that speaks plain is asked for nothing, whatever it offers.
func TestPlainReaderInThePlaceOfOneWithAKey(t *testing.T) {
	for _, tt := range []struct{ name, challenge, trouble string }{
		{"does not know the channel", "41 03", "refuses its key"},
		{"has no key", "41 05", "refuses its key"},
		{"acknowledges everything", "40", "answers with something else"},
		{"gives a card", cards[0], "answers with something else"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			reader := newScript(1, cards...)
			reader.answer(0x76, tt.challenge)
			reader.Stick(0)
			s := newSite(t, osdp.Options{Readers: []osdp.Reader{{Name: "a", Address: 1}}, Keys: newDrawer(benchKey, "a")}, reader.Serve)
			defer s.stop()
			s.until(func(all []drivers.Status) bool { return strings.HasPrefix(all[0].Trouble, tt.trouble) })
			if got := s.bus.Status()[0]; got.Up || got.Secure || !got.Keyed || got.Made != "" || !got.HeardAt.IsZero() {
				t.Errorf("Status = %+v, want down, keyed, and nothing believed", got)
			}
			s.until(func([]drivers.Status) bool { return s.count("sessions_total", "refused") >= 2 }) // it is tried again
			if n := reader.Asked(); n != 0 {
				t.Errorf("it was asked for cards %d times", n)
			}
		})
	}
}

func TestReaderWithAnotherKey(t *testing.T) {
	l := newLocked("00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF", cards...)
	l.opens = true // the key that everybody knows would do; it must not be tried
	s := secureSite(t, l)
	defer s.stop()
	s.until(func(all []drivers.Status) bool {
		return strings.HasPrefix(all[0].Trouble, "does not have its key: if it was replaced, remove its key file, then put it into its installation mode and run: rollcall-gateway osdp install a")
	})
	if l.standing() {
		t.Error("a session stands")
	}
}

// Configured to be secure and without a key: nothing at all is sent.
func TestSecureReaderWithoutAKeyIsNotSpokenTo(t *testing.T) {
	spoken := make(chan struct{}, 1)
	s := newSite(t, osdp.Options{Readers: []osdp.Reader{{Name: "a", Address: 1, Secure: true}}, Keys: newDrawer("")}, func(line io.ReadWriter) {
		for {
			if _, err := readCommand(line); err != nil {
				return
			}
			spoken <- struct{}{}
		}
	})
	want := "is not used, because it has no key yet: put it into its installation mode and run: rollcall-gateway osdp install a"
	s.until(func(all []drivers.Status) bool { return all[0].Trouble == want })
	s.stop()
	if len(spoken) > 0 {
		t.Error("it was spoken to")
	}
}

// A key that cannot be read leaves the reader unused, never plain, until somebody puts it right.
func TestKeyThatCannotBeRead(t *testing.T) {
	t.Parallel()
	l := newLocked(benchKey, cards...)
	kept := newDrawer(benchKey, "a")
	kept.spoil(errors.New("key file a.key may be used by others (mode 0644): chmod 600 a.key"))
	s := newSite(t, osdp.Options{Readers: []osdp.Reader{{Name: "a", Address: 1}}, Keys: kept}, l.Serve)
	defer s.stop()
	want := "is not used, because its key cannot be: key file a.key may be used by others (mode 0644): chmod 600 a.key"
	s.until(func(all []drivers.Status) bool { return all[0].Trouble == want && all[0].Keyed })
	kept.spoil(nil)
	s.until(secure)
}

// A key file that vanishes while the gateway runs does not open the reader to whoever speaks plain.
func TestLostKeyFileDoesNotOpenTheReader(t *testing.T) {
	t.Parallel()
	l := newLocked(benchKey, cards...)
	kept := newDrawer(benchKey, "a")
	s := newSite(t, osdp.Options{Readers: []osdp.Reader{{Name: "a", Address: 1}}, Keys: kept}, l.Serve)
	defer s.stop()
	s.until(secure)
	kept.forget("a")
	l.mute(true)
	s.until(func(all []drivers.Status) bool {
		return strings.HasPrefix(all[0].Trouble, "is not used, because it has no key yet")
	})
}

func TestSecureReaderTellsOfItself(t *testing.T) {
	l := newLocked(benchKey, cards...)
	s := secureSite(t, l)
	defer s.stop()
	l.answer(0x60, "48 01 01")
	s.until(func(all []drivers.Status) bool { return all[0].Tamper && all[0].PowerLost })
	got := s.bus.Status()[0]
	if want := "vendor 00068E, model 1.2, firmware 1.2.3"; got.Made != want {
		t.Errorf("Made = %q, want %q", got.Made, want)
	}
	if !strings.HasPrefix(got.Trouble, "reports that its case is open") {
		t.Errorf("Trouble = %q", got.Trouble)
	}
	for name, want := range map[string]float64{"reader_secure": 1, "reader_tamper": 1, "reader_power_failure": 1, "reader_up": 1} {
		if got := s.count(name, "a"); got != want {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	l.answer(0x60, "48 00 00")
	s.until(func(all []drivers.Status) bool { return !all[0].Tamper && !all[0].PowerLost && all[0].Trouble == "" })
}

// libosdp 3.2.0 answers LSTAT under the panel's block 15, not sealed: the code is right, and that is what counts.
func TestReplyUnderThePanelsBlock(t *testing.T) {
	l := newLocked(benchKey, cards...)
	l.bare = true
	l.answer(0x64, "48 01 00")
	s := secureSite(t, l)
	defer s.stop()
	s.until(func(all []drivers.Status) bool { return secure(all) && all[0].Tamper })
	l.Present(0)
	if got := <-s.reads; got.Credential != keys[0] {
		t.Errorf("Read = %+v, want %s", got, keys[0])
	}
	if got := s.count("sessions_total", "broken"); got != 0 {
		t.Errorf("%v sessions broken, want 0", got)
	}
}

// A gateway that stops puts the light off under the session, even when a reply was just lost.
func TestSecureLightGoesOutWithAReplyLost(t *testing.T) {
	l := newLocked(benchKey, cards...)
	s := secureSite(t, l)
	s.bus.Show("a", drivers.Ready)
	waitLight(l.script, drivers.Ready)
	s.until(secure)
	lost := make(chan struct{})
	l.spoilNext(func([]byte) []byte { close(lost); return nil })
	<-lost
	s.stop()
	waitLight(l.script, drivers.Off)
	if got := s.count("sessions_total", "secure"); got != 1 {
		t.Errorf("%v sessions, want 1", got)
	}
}
