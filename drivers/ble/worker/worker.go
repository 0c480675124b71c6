// Package worker is the process that owns a Bluetooth adapter: it scans with go-ble and sends every advertisement to the
// gateway. It does not parse adverts, keeps none, and never tries to repair go-ble: when in doubt it ends.
//
// go-ble (github.com/go-ble/ble, pinned) is good at talking to a controller and has faults that no caller can catch: its
// parser of advertising data loops for ever on two octets anyone may send, a damaged event panics in a goroutine of its
// own, and after a command that is not answered the same process can never use the adapter again. So it lives in a process
// of its own, of it only the raw octets are used, and a fresh process is the one cure for everything.
//
// The process needs CAP_NET_ADMIN and sole use of the adapter: mask bluetooth.service. Not supported: active scanning,
// Bluetooth 5 extended advertising, advertising.
package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/ble/wire"
)

// Options of Run. Zero durations and sizes mean the value named.
type Options struct {
	Device int    // 0 for hci0
	Socket string // Unix socket where the gateway listens
	Log    *slog.Logger

	StartWithin     time.Duration // 15 s: from start to scanning
	HeartbeatEvery  time.Duration // 10 s: a question to the controller, then a Status to the gateway
	HeartbeatWithin time.Duration // 2 s: for its answer, and for giving the adapter back at the end
	EmptyEvery      time.Duration // 60 s: adverts are looked at in lots of this length
	EmptyAtLeast    uint64        // 20: a lot with fewer adverts says nothing
	Queue           int           // 4096: adverts held while the gateway does not read
}

func (o Options) withDefaults() Options {
	o.StartWithin = or(o.StartWithin, 15*time.Second)
	o.HeartbeatEvery = or(o.HeartbeatEvery, 10*time.Second)
	o.HeartbeatWithin = or(o.HeartbeatWithin, 2*time.Second)
	o.EmptyEvery = or(o.EmptyEvery, time.Minute)
	o.EmptyAtLeast = or(o.EmptyAtLeast, 20)
	o.Queue = or(o.Queue, 4096)
	return o
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// errGatewayGone ends a worker whose gateway has closed the connection: the next gateway starts its own.
var errGatewayGone = errors.New("gateway closed the connection")

// Run scans until ctx ends, and then returns nil. On an error the process must exit, because go-ble may still hold the
// adapter: goroutines stuck inside it are the only ones Run may leave behind. The gateway has then been told the reason.
// The standard logger is silenced for the rest of the process, as go-ble writes packets to it.
func Run(ctx context.Context, o Options) error {
	o = o.withDefaults()
	counts := &counts{}
	silence(counts)
	l, err := dial(ctx, o, counts)
	if err != nil {
		return err
	}
	err = scan(ctx, o, l, counts)
	if ctx.Err() != nil {
		err = nil
	}
	l.close(farewell(err))
	return err
}

// farewell is the last record for the gateway, nil when there is nothing it needs to know.
func farewell(err error) []byte {
	var f *fault
	if !errors.As(err, &f) {
		return nil
	}
	return wire.AppendTrouble(nil, wire.Trouble{Reason: f.reason, Detail: f.Error()})
}
