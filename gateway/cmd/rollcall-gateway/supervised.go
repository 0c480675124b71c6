package main

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/rollcall-edge/rollcall/gateway"
)

// superviseFrom returns what to call with whatever begins to run: it tells systemd that the program is up and then, if the
// unit asks for it, that it is alive, twice as often as demanded; a gateway that hangs is not spoken for. Without systemd
// nothing happens. Stop waits for it to end.
func superviseFrom(ctx context.Context, log *slog.Logger) (started func(gateway.Living), stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	var present atomic.Pointer[gateway.Living]
	started = func(l gateway.Living) {
		if present.Swap(&l) != nil {
			return // another part took over; systemd knows us already
		}
		notify(log, daemon.SdNotifyReady)
		every, err := daemon.SdWatchdogEnabled(false)
		if err != nil || every == 0 {
			return
		}
		running.Go(func() { keepAlive(ctx, log, every/2, func() { (*present.Load()).Alive() }) })
	}
	return started, func() {
		notify(log, daemon.SdNotifyStopping)
		cancel()
		running.Wait()
	}
}

func keepAlive(ctx context.Context, log *slog.Logger, every time.Duration, alive func()) {
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			alive()
			notify(log, daemon.SdNotifyWatchdog)
		}
	}
}

func notify(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("systemd not told", slog.String("state", state), slog.Any("error", err))
	}
}
