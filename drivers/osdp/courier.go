package osdp

import (
	"context"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/gateway/failpoint"
)

// courier carries cards to the gateway, so that the bus loop never waits for a full queue: only the reader whose card
// waits is not polled. There is room for one card of each reader, and no reader has two on the way.
type courier struct {
	out   chan parcel
	taken chan int      // place of the reader whose card was taken
	done  chan struct{} // closed when carry has returned
}

type parcel struct {
	reader int
	read   drivers.Read
}

func newCourier(readers int) *courier {
	return &courier{out: make(chan parcel, readers), taken: make(chan int, readers), done: make(chan struct{})}
}

// carry returns when ctx ends; what it holds then was not taken.
func (c *courier) carry(ctx context.Context, reads chan<- drivers.Read) {
	defer close(c.done)
	for {
		select {
		case p := <-c.out:
			failpoint.Hit(failpoint.DriverRead)
			select {
			case reads <- p.read:
				c.taken <- p.reader
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}
