package readers

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/osdp"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	simosdp "github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
)

// quick is a line without faults on which octets take no time.
var quick = reader.Options{Baud: 115200, Instant: true, Seed: 1}

// A reader that has a key here and turns up without it, or with another one, is not believed, and a technician hears what to
// do. With the right key the same reader gives the card that it held all the while.
func TestSwappedReaderIsNotBelieved(t *testing.T) {
	t.Parallel()
	right, wrong := keyOf(1), keyOf(2)
	for _, tt := range []struct {
		name   string
		device simosdp.Options
	}{
		{"unkeyed", simosdp.Options{}},
		{"with another key", simosdp.Options{Key: &wrong}},
		{"in installation mode", simosdp.Options{Install: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, plug(t, quick), 115200, door{device: tt.device, known: right})
			d := c.doors[0]
			_, err := d.Present(badges(7, 1)[0])
			must(t, err)
			c.awaitTrouble(t, d.Name(), "remove its key file", "rollcall-gateway osdp install")
			c.awaitDisbelief(t, d.Name())
			if keys := c.keys(d.Name()); len(keys) > 0 {
				t.Errorf("read %q from a reader without its key", keys)
			}
			d.SetKey(&right, false)
			c.awaitKey(t, d.Name(), "w26:123:7")
		})
	}
}

// A new reader is not used before it has a key. InstallKey gives it one of its own, under which its cards are read; in plain
// it is not believed again.
func TestInstalledReaderIsNeverHeardInPlainAgain(t *testing.T) {
	t.Parallel()
	c := open(t, plug(t, quick), 115200, door{device: simosdp.Options{Install: true}, secures: true})
	d := c.doors[0]
	c.awaitTrouble(t, d.Name(), "no key yet", "rollcall-gateway osdp install")
	must(t, c.panel.InstallKey(t.Context(), d.Name()))

	key, has := d.Key()
	secret, err := c.ring.Load(d.Name())
	must(t, err)
	if !has || secret.Adopted != osdp.Key(key) || osdp.Key(key).Known() || d.Installing() {
		t.Errorf("the reader has its key: %v, installing: %v; the ring's is the same: %v", has, d.Installing(), secret.Adopted == osdp.Key(key))
	}
	if seen := queue(t, d.Reader, badges(1, 3)); seen[0] != lamp.Green || seen[1] != lamp.Green || seen[2] != lamp.Green {
		t.Errorf("people saw %v, want green", seen)
	}
	if open, known := d.Secure(); !open || known {
		t.Errorf("secure channel open: %v, under the key that everybody knows: %v", open, known)
	}

	d.SetKey(nil, false)
	_, err = d.Present(badges(4, 1)[0])
	must(t, err)
	c.awaitTrouble(t, d.Name(), "refuses its key")
	c.awaitDisbelief(t, d.Name())
	if diff := cmp.Diff([]string{"w26:123:1", "w26:123:2", "w26:123:3"}, c.keys(d.Name())); diff != "" {
		t.Errorf("cards (-under the key +read):\n%s", diff)
	}
}

// Move changes address and speed at the reader; a gateway whose configuration has followed finds it there, key and all.
func TestMovedReaderIsFoundWhereItSaid(t *testing.T) {
	t.Parallel()
	const address, baud = 0x21, 38400
	for _, keyed := range []bool{false, true} {
		t.Run(fmt.Sprintf("keyed %v", keyed), func(t *testing.T) {
			t.Parallel()
			line := plug(t, quick)
			c := open(t, line, 115200, fleet(1, keyed)...)
			d := c.doors[0]
			c.awaitUp(t, d.Name())
			gotAddress, gotBaud, err := c.panel.Move(t.Context(), d.Name(), address, baud)
			if err != nil || gotAddress != address || gotBaud != baud {
				t.Fatalf("Move = %#x, %d, %v", gotAddress, gotBaud, err)
			}
			if a, b := d.Where(); a != address || b != baud {
				t.Errorf("the reader listens at %#x, %d baud", a, b)
			}
			c.awaitTrouble(t, d.Name(), "listens at address 33 and 38400 baud now")
			c.stop()

			c.panel = panel(t, line, baud, c.ring, []osdp.Reader{{Name: d.Name(), Address: address, Secure: keyed}})
			c.gateway = start(t, c.panel)
			c.bus.Show(d.Name(), drivers.Ready)
			if seen := queue(t, d.Reader, badges(1, 2)); seen[0] != lamp.Green || seen[1] != lamp.Green {
				t.Errorf("people saw %v, want green", seen)
			}
		})
	}
}

// Nobody else than a technician gets a key into a reader: without installation mode InstallKey fails and leaves nothing.
func TestInstallKeyNeedsInstallationMode(t *testing.T) {
	t.Parallel()
	other := keyOf(9)
	c := open(t, plug(t, quick), 115200, door{device: simosdp.Options{Key: &other}, secures: true})
	d := c.doors[0]
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	over := make(chan error, 1)
	go func() { over <- c.panel.InstallKey(ctx, d.Name()) }()
	c.awaitTrouble(t, d.Name(), "installation mode")
	cancel()
	if err := <-over; err == nil {
		t.Error("InstallKey succeeded on a reader that is not in its installation mode")
	}
	if key, _ := d.Key(); key != other {
		t.Error("the reader has another key now")
	}
	secret, err := c.ring.Load(d.Name())
	if must(t, err); secret != (osdp.Secret{}) {
		t.Error("a key was kept for a reader that has none from us")
	}
}

// awaitDisbelief waits until a reader that has a key is down. It is still up for the few handshakes after a session broke.
func (g *gateway) awaitDisbelief(t testing.TB, reader string) {
	t.Helper()
	await(t, reader+" is down for want of its key", func() error {
		if s := g.status(reader); s.Up || s.Secure || !s.Keyed {
			return fmt.Errorf("status %+v", s)
		}
		return nil
	})
}

// awaitTrouble waits until a technician is told something with these words.
func (g *gateway) awaitTrouble(t testing.TB, reader string, words ...string) {
	t.Helper()
	await(t, fmt.Sprintf("the trouble of %s says %q", reader, words), func() error {
		trouble := g.status(reader).Trouble
		for _, w := range words {
			if !strings.Contains(trouble, w) {
				return fmt.Errorf("it says %q", trouble)
			}
		}
		return nil
	})
}
