package writer

import (
	"context"
	"time"
)

// Shipping copies the own stream to the cluster, and begins a new one where central disowned the present one.
type Shipping struct {
	Ship     func(ctx context.Context)                      // ships until ctx ends; nil without a cluster
	Disowned func() (reason string, from uint64, gone bool) // whether central disowned the journal's stream, and from which number on
	Restream func(reason string, from uint64) error         // is called while nothing is shipped
	Every    time.Duration                                  // between two questions whether the stream is disowned
}

// Run ships until ctx ends and returns nil then; an error is Restream's.
func (s Shipping) Run(ctx context.Context) error {
	look := time.NewTicker(s.Every)
	defer look.Stop()
	for {
		stop := s.start(ctx)
		reason, from, gone := s.awaitDisowned(ctx, look.C)
		stop()
		if !gone {
			return nil
		}
		if err := s.Restream(reason, from); err != nil {
			return err
		}
	}
}

// start ships until the function it returns is called, which waits for the end.
func (s Shipping) start(ctx context.Context) (stop func()) {
	if s.Ship == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Ship(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

func (s Shipping) awaitDisowned(ctx context.Context, look <-chan time.Time) (reason string, from uint64, gone bool) {
	for {
		select {
		case <-ctx.Done():
			return "", 0, false
		case <-look:
		}
		if reason, from, gone = s.Disowned(); gone {
			return reason, from, true
		}
	}
}
