package readers

import (
	"fmt"
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/osdp"
	"github.com/rollcall-edge/rollcall/drivers/osdp/keyring"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	simosdp "github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
)

// campus is a bus of OSDP readers with a gateway at its end.
type campus struct {
	*gateway
	panel *osdp.Bus
	line  *reader.Line
	doors []*reader.OSDP
	ring  keyring.Ring
}

// door is one reader: what it is, and what the gateway believes of it.
type door struct {
	device  simosdp.Options
	known   osdp.Key // its key in the gateway's ring, none when zero
	secures bool     // the configuration says that it is only spoken to under a key
}

// fleet are as many equal doors; keyed ones have each a key of its own.
func fleet(n int, keyed bool) []door {
	doors := make([]door, n)
	for i := range doors {
		if keyed {
			key := keyOf(byte(i))
			doors[i] = door{device: simosdp.Options{Key: &key}, known: key, secures: true}
		}
	}
	return doors
}

// keyOf is a key that is no secret, and not one that everybody knows.
func keyOf(n byte) [16]byte {
	return [16]byte{0xA1, 0xB2, 0xC3, 0xD4, 0xE5, 0xF6, 0x07, 0x18, 0x29, 0x3A, 0x4B, 0x5C, 0x6D, 0x7E, 0x8F, n}
}

// nameOf is the name of the door at an address.
func nameOf(address int) string { return fmt.Sprintf("door %d", address) }

// open hangs doors at addresses 1, 2, … of a line, and starts a gateway whose registers are open at each of them.
func open(t testing.TB, line *reader.Line, baud int, doors ...door) *campus {
	t.Helper()
	ring, err := keyring.Open(t.TempDir())
	must(t, err)
	c := &campus{line: line, ring: ring}
	var readers []osdp.Reader
	for i, d := range doors {
		name := nameOf(i + 1)
		device, err := line.AddOSDP(name, byte(i+1), d.device)
		must(t, err)
		c.doors = append(c.doors, device)
		readers = append(readers, osdp.Reader{Name: name, Address: byte(i + 1), Secure: d.secures})
		if d.known != (osdp.Key{}) {
			must(t, ring.Propose(name, d.known))
			must(t, ring.Adopt(name))
		}
	}
	c.panel = panel(t, line, baud, ring, readers)
	c.gateway = start(t, c.panel)
	for _, r := range readers {
		c.bus.Show(r.Name, drivers.Ready)
	}
	return c
}

func panel(t testing.TB, line *reader.Line, baud int, ring keyring.Ring, readers []osdp.Reader) *osdp.Bus {
	t.Helper()
	bus, err := osdp.New(osdp.Options{
		Name: "bench", Line: port(t, line, baud), Readers: readers, Keys: ring,
		Registerer: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	return bus
}

// names are those of all doors.
func (c *campus) names() []string {
	var names []string
	for _, d := range c.doors {
		names = append(names, d.Name())
	}
	return names
}
