package worker

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/go-ble/ble"
	"github.com/go-ble/ble/linux/hci"

	"github.com/rollcall-edge/rollcall/drivers/ble/wire"
)

// scan opens the adapter and watches over it. Every doubt is an error.
func scan(ctx context.Context, o Options, l *link, c *counts) error {
	a, err := openWithin(ctx, o, func(adv ble.Advertisement) { hear(adv, l, c) })
	if err != nil {
		return err
	}
	o.Log.Info("scanning", slog.Int("hci", o.Device))
	heartbeat, lots := time.NewTicker(o.HeartbeatEvery), time.NewTicker(o.EmptyEvery)
	defer heartbeat.Stop()
	defer lots.Stop()
	report(l, c, 0)
	lot := emptyWatch{atLeast: o.EmptyAtLeast}
	for {
		select {
		case <-ctx.Done():
			a.release(o.HeartbeatWithin)
			return nil
		case <-l.gone:
			a.release(o.HeartbeatWithin)
			return errGatewayGone
		case <-a.hci.Done():
			return lost(o.Device, a.hci.Error())
		case <-heartbeat.C:
			took, err := a.beat(o.HeartbeatWithin)
			if err != nil {
				return faultf(wire.Heartbeat, "heartbeat of hci%d: %v", o.Device, err)
			}
			report(l, c, took)
		case <-lots.C:
			if lot.bad(c.heard.Load(), c.empty.Load()) {
				return faultf(wire.EmptyAdverts, "hci%d delivers adverts without data", o.Device)
			}
		}
	}
}

// lost tells a socket that ended from a socket loop that panicked. The latter leaves no error and takes the process with
// it in a moment; whether the gateway still hears of it is a matter of luck, so both ways have one name there.
func lost(device int, err error) error {
	if err == nil {
		return faultf(wire.Crash, "hci%d sent an event that cannot be read", device)
	}
	return faultf(wire.Lost, "hci%d went away: %s", device, plain(err))
}

func report(l *link, c *counts, roundTrip time.Duration) {
	l.note(wire.AppendStatus(nil, wire.Status{
		Dropped:   c.dropped.Load(),
		Malformed: c.malformed.Load(),
		RoundTrip: uint32(min(roundTrip.Microseconds(), 1<<32-1)),
	}))
}

// raw is the part of go-ble's advertisement that only copies octets. All others parse, and parse badly.
type raw interface {
	Addr() ble.Addr
	AddressType() uint8
	RSSI() int
	Data() []byte
}

// hear runs in a goroutine that go-ble starts for each advert. An event that lies about its lengths panics in the
// accessors; it is counted.
func hear(adv ble.Advertisement, l *link, c *counts) {
	defer func() {
		if recover() != nil {
			c.malformed.Add(1)
		}
	}()
	a, ok := copyAdvert(adv)
	if !ok {
		c.malformed.Add(1)
		return
	}
	c.heard.Add(1)
	if a.Len == 0 {
		c.empty.Add(1)
	}
	l.offer(a)
}

func copyAdvert(adv ble.Advertisement) (wire.Advert, bool) {
	r, ok := adv.(raw)
	if !ok {
		return wire.Advert{}, false
	}
	data := r.Data()
	a := wire.Advert{Random: r.AddressType()&1 == 1, RSSI: int8(r.RSSI())}
	if len(data) > wire.MaxData || copy(a.Addr[:], octets(r.Addr())) != len(a.Addr) {
		return wire.Advert{}, false
	}
	a.Len = uint8(copy(a.Data[:], data))
	return a, true
}

func octets(addr ble.Addr) net.HardwareAddr {
	if random, ok := addr.(hci.RandomAddress); ok {
		addr = random.Addr
	}
	hw, _ := addr.(net.HardwareAddr)
	return hw
}

// emptyWatch notices a controller that goes on reporting senders but loses what they say.
type emptyWatch struct {
	atLeast      uint64
	heard, empty uint64 // when the last lot ended
}

// bad is given the totals at the end of a lot and reports whether more than nine in ten of its adverts were empty.
func (w *emptyWatch) bad(heard, empty uint64) bool {
	h, e := heard-w.heard, empty-w.empty
	w.heard, w.empty = heard, empty
	return h >= w.atLeast && 10*e > 9*h
}
