package osdp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/osdp"
	"github.com/rollcall-edge/rollcall/drivers/osdp/keyring"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

var alone = []osdp.Reader{{Name: "a", Address: 1}}

// From plain to a session under a key of its own, with a real key directory, while another reader is served.
func TestInstallKey(t *testing.T) {
	kept, err := keyring.Open(t.TempDir() + "/keys")
	if err != nil {
		t.Fatal(err)
	}
	fresh, other := newLocked("", cards...), newScript(4, cards...)
	fresh.opens = true
	var log bytes.Buffer
	s := newSite(t, osdp.Options{
		Readers: []osdp.Reader{{Name: "a", Address: 1}, {Name: "b", Address: 4}}, Keys: kept,
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, multidrop{fresh, other}.Serve)
	s.until(func(all []drivers.Status) bool { return all[1].Up })
	if err := s.bus.InstallKey(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	s.until(func(all []drivers.Status) bool { return all[0].Up && all[0].Keyed && all[0].Secure })
	secret, err := kept.Load("a")
	told, _ := fresh.wasTold()
	if err != nil || !bytes.Equal(told, secret.Adopted[:]) || secret.Proposed != (osdp.Key{}) || secret.Adopted.Known() {
		t.Error("the reader has another key than is kept, or one that everybody knows")
	}
	fresh.Present(0)
	other.Present(1)
	got := map[string]string{}
	for range 2 {
		r := <-s.reads
		got[r.Reader] = r.Credential
	}
	if d := cmp.Diff(map[string]string{"a": keys[0], "b": keys[1]}, got); d != "" {
		t.Errorf("reads (-want +got):\n%s", d)
	}
	if err := s.bus.InstallKey(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "it has one") {
		t.Errorf("a second InstallKey = %v, want a refusal", err)
	}
	if err := s.bus.InstallKey(t.Context(), "nobody"); !errors.Is(err, drivers.ErrNoReader) {
		t.Errorf("InstallKey of nobody = %v, want %v", err, drivers.ErrNoReader)
	}
	s.stop()
	for _, shown := range []string{string(told), strings.ToUpper(hexOf(told)), hexOf(told)} {
		if strings.Contains(log.String(), shown) {
			t.Error("the key is in the log")
		}
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var out []byte
	for _, o := range b {
		out = append(out, digits[o>>4], digits[o&15])
	}
	return string(out)
}

// What can go wrong on the way of a key, and what is kept afterwards.
func TestInstallKeyFails(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(*locked)
		err     string
		did     []string
		keyed   bool
	}{
		{"not in installation mode", func(l *locked) { l.opens = false },
			"waited in vain, because the reader is not in its installation mode", nil, false},
		{"silent", func(l *locked) { l.mute(true) },
			"waited in vain, because the reader has never answered", nil, false},
		{"refuses the key", func(l *locked) { l.answer(0x75, "41 03") },
			"the reader refuses the order (NAK 3: unknown command)", []string{"propose", "withdraw"}, false},
		{"confirms and does not take it", func(l *locked) { l.answer(0x75, "40") },
			"the reader confirmed the key and does not use it", []string{"propose"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l, kept := newLocked(benchKey, cards...), newDrawer("")
			l.opens = true
			tt.prepare(l)
			s := newSite(t, osdp.Options{Readers: alone, Keys: kept}, l.Serve)
			defer s.stop()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if why, late := strings.CutPrefix(tt.err, "waited in vain, because the reader "); late {
				go func() { // the technician gives up when the status page says why
					s.until(func(all []drivers.Status) bool { return strings.HasPrefix(all[0].Trouble, why) })
					cancel()
				}()
			}
			err := s.bus.InstallKey(ctx, "a")
			if err == nil || !strings.HasPrefix(err.Error(), "install key of reader a: "+tt.err) {
				t.Errorf("InstallKey = %v, want %q", err, tt.err)
			}
			if d := cmp.Diff(tt.did, kept.did()); d != "" {
				t.Errorf("the keys (-want +got):\n%s", d)
			}
			secret, _ := kept.Load("a")
			if keyed := secret != (osdp.Secret{}); keyed != tt.keyed {
				t.Errorf("a key is kept: %v, want %v", keyed, tt.keyed)
			}
		})
	}
}

// A confirmation that is lost for good leaves it open whether the reader has the key; the next session tells.
func TestInstallKeyWithTheConfirmationLost(t *testing.T) {
	t.Parallel()
	l, kept := newLocked("", cards...), newDrawer("")
	l.opens = true
	l.loseAfterKey = 6
	kept.proposing = func() {
		if told, _ := l.wasTold(); told != nil {
			t.Error("the key went out before it was kept")
		}
	}
	s := newSite(t, osdp.Options{Readers: alone, Keys: kept}, l.Serve)
	defer s.stop()
	if err := s.bus.InstallKey(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"propose", "adopt"}, kept.did()); d != "" {
		t.Errorf("the keys (-want +got):\n%s", d)
	}
	if !secure(s.bus.Status()) {
		t.Errorf("Status = %+v, want secure", s.bus.Status()[0])
	}
}

// The power failed after the key went out. The reader may have it or not; either way it ends with that key and no other.
func TestKeyThatWasOnlyProposed(t *testing.T) {
	key := osdp.Key(octets(benchKey))
	t.Run("the reader has it", func(t *testing.T) {
		t.Parallel()
		l, kept := newLocked(benchKey, cards...), newDrawer("")
		kept.kept["a"] = osdp.Secret{Proposed: key}
		s := newSite(t, osdp.Options{Readers: alone, Keys: kept}, l.Serve)
		defer s.stop()
		s.until(secure)
		if d := cmp.Diff([]string{"adopt"}, kept.did()); d != "" {
			t.Errorf("the keys (-want +got):\n%s", d)
		}
	})
	t.Run("the reader does not have it", func(t *testing.T) {
		t.Parallel()
		l, kept := newLocked("00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF", cards...), newDrawer("")
		l.opens = true
		kept.kept["a"] = osdp.Secret{Proposed: key}
		s := newSite(t, osdp.Options{Readers: alone, Keys: kept}, l.Serve)
		defer s.stop()
		s.until(func(all []drivers.Status) bool {
			return strings.HasPrefix(all[0].Trouble, "was sent a key and never confirmed it: put it into its installation mode and run")
		})
		if err := s.bus.InstallKey(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		if told, _ := l.wasTold(); !bytes.Equal(told, key[:]) {
			t.Error("the reader was given another key than the one proposed before")
		}
		s.until(secure)
	})
	t.Run("the reader had it and comes back during the next installation", func(t *testing.T) {
		t.Parallel()
		l, kept := newLocked(benchKey, cards...), newDrawer("")
		l.mute(true)
		kept.kept["a"] = osdp.Secret{Proposed: key}
		s := newSite(t, osdp.Options{Readers: alone, Keys: kept}, l.Serve)
		defer s.stop()
		done := make(chan error, 1)
		go func() { done <- s.bus.InstallKey(t.Context(), "a") }()
		s.until(func(all []drivers.Status) bool { return strings.HasPrefix(all[0].Trouble, "has never answered") })
		l.mute(false)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if told, _ := l.wasTold(); told != nil {
			t.Error("a key was sent to a reader that had it")
		}
	})
}

// However patient a technician is, the key that everybody knows is good for five minutes.
func TestInstallKeyEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		line, err := serialport.New(serialport.Options{Bus: "hall", Path: "/dev/serial/by-id/nothing", Baud: 9600})
		if err != nil {
			t.Fatal(err)
		}
		bus, err := osdp.New(osdp.Options{Name: "hall", Line: line, Readers: alone, Keys: newDrawer("")})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- bus.Run(ctx, nil) }()
		at := time.Now()
		err = bus.InstallKey(context.Background(), "a")
		if took := time.Since(at); took < 5*time.Minute || took > 5*time.Minute+2*time.Second {
			t.Errorf("InstallKey took %v, want five minutes", took)
		}
		if err == nil || !strings.Contains(err.Error(), "no device /dev/serial/by-id/nothing") || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("InstallKey = %v, want the trouble of the line", err)
		}
		cancel()
		<-ended
	})
}

func TestInstallKeyWithoutAPlaceForIt(t *testing.T) {
	s := newSite(t, osdp.Options{Readers: alone}, newLocked("").Serve)
	defer s.stop()
	if err := s.bus.InstallKey(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "name a key directory in the configuration") {
		t.Errorf("InstallKey = %v", err)
	}
}

// A gateway that stops does not keep a technician waiting.
func TestInstallKeyEndsWithTheBus(t *testing.T) {
	l := newLocked("", cards...)
	l.mute(true)
	s := newSite(t, osdp.Options{Readers: alone, Keys: newDrawer("")}, l.Serve)
	done := make(chan error, 1)
	go func() { done <- s.bus.InstallKey(t.Context(), "a") }()
	s.until(func([]drivers.Status) bool { return s.bus.Line().Exchanges > 0 })
	s.stop()
	if err := <-done; err == nil || !strings.Contains(err.Error(), "the gateway is stopping") {
		t.Errorf("InstallKey = %v", err)
	}
}

func TestMove(t *testing.T) {
	for _, tt := range []struct {
		name    string
		keys    osdp.Keys
		reader  func() (interface{ Serve(io.ReadWriter) }, *script)
		address byte
		baud    int
		err     string
		moved   bool
	}{
		{name: "plain", reader: plainReader("54 05 00 96 00 00"), address: 5, baud: 38400, moved: true},
		{name: "under the channel", keys: newDrawer(benchKey, "a"), reader: lockedReader, address: 5, baud: 38400, moved: true},
		{name: "to where it is", keys: newDrawer(benchKey, "a"), reader: lockedReader, address: 1, baud: 115200},
		{name: "refused", reader: plainReader("41 03"), address: 5, baud: 38400, err: "the reader refuses the order (NAK 3: unknown command)"},
		{name: "an answer without the place", reader: plainReader("40"), address: 5, baud: 38400, err: "the reader did not say what it accepted"},
		{name: "an address that is taken", reader: plainReader(""), address: 4, baud: 38400, err: "address 4 belongs to reader b: use another"},
		{name: "everybody's address", reader: plainReader(""), address: 0x7F, baud: 38400, err: "address 127 is not possible: use 0 to 126"},
		{name: "a speed of no reader", reader: plainReader(""), address: 5, baud: 4800, err: "speed 4800 is not possible"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			reader, cards := tt.reader()
			other := newScript(4, "50 00 00 20 00 DE AD BE EF")
			s := newSite(t, osdp.Options{Readers: []osdp.Reader{{Name: "a", Address: 1}, {Name: "b", Address: 4}}, Keys: tt.keys},
				multidrop{reader.(replier), other}.Serve)
			defer s.stop()
			s.until(allUp(2))
			address, baud, err := s.bus.Move(t.Context(), "a", tt.address, tt.baud)
			if tt.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), "move reader a: "+tt.err) {
					t.Errorf("Move = %v, want %q", err, tt.err)
				}
			} else if address != tt.address || baud != tt.baud || err != nil {
				t.Errorf("Move = %d, %d, %v; want %d, %d", address, baud, err, tt.address, tt.baud)
			}
			if tt.moved {
				s.until(func(all []drivers.Status) bool {
					return !all[0].Up && strings.HasPrefix(all[0].Trouble, "listens at address 5 and 38400 baud now: change the configuration")
				})
			} else {
				cards.Present(0)
				if r := <-s.reads; r.Reader != "a" {
					t.Errorf("Read = %+v, want one of a", r)
				}
			}
			other.Present(0)
			if r := <-s.reads; r.Reader != "b" {
				t.Errorf("Read = %+v, want one of b", r)
			}
		})
	}
}

func plainReader(answer string) func() (interface{ Serve(io.ReadWriter) }, *script) {
	return func() (interface{ Serve(io.ReadWriter) }, *script) {
		s := newScript(1, cards...)
		s.answer(0x6E, answer)
		return s, s
	}
}

func lockedReader() (interface{ Serve(io.ReadWriter) }, *script) {
	l := newLocked(benchKey, cards...)
	return l, l.script
}

func TestMoveOfASilentReader(t *testing.T) {
	s := newSite(t, osdp.Options{Readers: alone}, func(line io.ReadWriter) { io.Copy(io.Discard, line) }) //nolint:errcheck // until it goes
	defer s.stop()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err := s.bus.Move(ctx, "a", 2, 9600)
	if err == nil || !strings.Contains(err.Error(), "has never answered: check its address") || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Move = %v", err)
	}
	if _, _, err := s.bus.Move(t.Context(), "nobody", 2, 9600); !errors.Is(err, drivers.ErrNoReader) {
		t.Errorf("Move of nobody = %v, want %v", err, drivers.ErrNoReader)
	}
}
