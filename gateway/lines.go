package gateway

import (
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/drivers/osdp"
	"github.com/rollcall-edge/rollcall/drivers/osdp/keyring"
	"github.com/rollcall-edge/rollcall/gateway/capture"
)

// openLines makes the drivers of all lines. A line that cannot be made is told to notice; the others go on without it.
func openLines(c *config.Gateway, r prometheus.Registerer, log *slog.Logger, notice func(name, text string)) []capture.Bus {
	keys := openKeys(c, notice)
	var buses []capture.Bus
	for _, b := range c.Buses {
		bus, err := capture.Open(lineOf(b, keys), r, log)
		if err != nil {
			notice("bus "+b.Name, fmt.Sprintf("%v; its readers are dark", err))
			continue
		}
		buses = append(buses, bus)
	}
	return buses
}

// KeysDir is where the keys of OSDP readers are: beside the journal, for the gateway's user alone.
func KeysDir(c *config.Gateway) string { return filepath.Join(c.Data, "reader-keys") }

// openKeys opens the keys. Where they cannot be read, no OSDP reader is spoken to: with no keys at all, one that has a key
// would be heard in plain.
func openKeys(c *config.Gateway, notice func(name, text string)) osdp.Keys {
	ring, err := keyring.Open(KeysDir(c))
	if err != nil {
		notice("reader keys", fmt.Sprintf("%v; OSDP readers are dark until then", err))
		return lostKeys{err}
	}
	return ring
}

// lostKeys is a place of keys that cannot be read, and why.
type lostKeys struct{ err error }

// Load implements osdp.Keys.
func (l lostKeys) Load(string) (osdp.Secret, error) { return osdp.Secret{}, l.err }

// Propose implements osdp.Keys.
func (l lostKeys) Propose(string, osdp.Key) error { return l.err }

// Adopt implements osdp.Keys.
func (l lostKeys) Adopt(string) error { return l.err }

// Withdraw implements osdp.Keys.
func (l lostKeys) Withdraw(string) error { return l.err }

// lineOf names each reader for its point: one reader hangs at one point.
func lineOf(b config.Bus, keys osdp.Keys) capture.Line {
	l := capture.Line{
		Name: b.Name, Driver: b.Driver, Preset: b.Preset, Device: b.Device, Baud: b.Baud, HoldOff: b.HoldOff.Std(),
		RS485: capture.RS485{RTS: b.RS485.RTS, Before: b.RS485.Before.Std(), After: b.RS485.After.Std()}, Keys: keys,
		TWN4: capture.TWN4(b.TWN4), PN532: capture.PN532(b.PN532), Format: capture.Format(b.Format), Feedback: b.Feedback,
	}
	for _, r := range b.Readers {
		l.Readers = append(l.Readers, capture.Reader{
			Name: r.Point, Address: byte(r.Address), Secure: r.Secure, Checksum: r.Checksum, Open: r.Open, ByteOrder: r.ByteOrder,
		})
	}
	return l
}
