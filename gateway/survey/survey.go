// Package survey compares a configuration with the machine it lies on, before anything runs, and says what a person would
// otherwise find out at a door: how fast each OSDP bus can be, which keys and devices are missing, what is set wrong. It
// opens no line, writes nothing and judges no syntax; that is the configuration's own.
package survey

import (
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/gateway/console"
)

// Slow is the longest round over the readers of a bus at which nobody notices the wait for a light.
const Slow = 150 * time.Millisecond

// Report is what was found.
type Report struct {
	Buses    []Bus     // OSDP buses, in the order of the configuration
	Warnings []Warning // in the order of the configuration
}

// Bus is the reckoning of one OSDP bus: it is of the protocol alone and knows nothing of cables.
type Bus struct {
	Name          string
	Baud          int
	Plain, Secure int           // readers without and with a key
	Round         time.Duration // over all readers, when all are polled back to back
	Light         time.Duration // longest wait of a card for its light
}

// Warning is something to do before it is missed. Names are those of the status page where both know the thing.
type Warning struct{ Name, Text string }

// longestSocket is what fits into the address of a socket (unix(7)), with its end.
const longestSocket = 107

// Look surveys a configuration that has no faults; keys is the directory of the readers' keys.
func Look(c *config.Gateway, keys string) Report {
	var r Report
	if socket := console.Socket(c.Data); len(socket) > longestSocket {
		r.warn("console", "%s is too long for a socket, so rollcall-gateway readers will find no gateway: choose a shorter data directory", socket)
	}
	for _, b := range c.Buses {
		r.device(b)
		if b.Driver == "osdp" {
			r.osdp(b, openRing(keys))
		}
	}
	return r
}

func (r *Report) warn(name, format string, args ...any) {
	r.Warnings = append(r.Warnings, Warning{name, fmt.Sprintf(format, args...)})
}
