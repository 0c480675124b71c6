package reader_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
)

// Two lines, five readers, one person. Whoever opens north.Path() and east.Path() is the gateway.
func Example() {
	dir, err := os.MkdirTemp("", "by-id")
	if err != nil {
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory

	north, err := reader.NewLine(dir, "usb-north", reader.Options{Baud: 38400, Seed: 1})
	if err != nil {
		return
	}
	defer north.Close() //nolint:errcheck // nothing to lose
	var doors []*reader.Reader
	for address := range byte(4) {
		d, err := north.AddOSDP(fmt.Sprintf("north %d", address), address, osdp.Options{})
		if err != nil {
			return
		}
		doors = append(doors, d.Reader)
	}

	east, err := reader.NewLine(dir, "usb-east", reader.Options{Baud: 9600})
	if err != nil {
		return
	}
	defer east.Close() //nolint:errcheck // nothing to lose
	gate, err := east.AddASCII("east gate", ascii.RDM6300())
	if err != nil {
		return
	}
	doors = append(doors, gate)

	patience, leave := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer leave()
	p, err := doors[0].Present(card.W26(123, 45678))
	if err != nil {
		return
	}
	result := p.Wait(patience)
	fmt.Println(len(doors), doors[0].HasLight(), gate.HasLight(), result.Light, result.After())
	// Output: 5 true false none 0s
}
