package ble

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/ble/wire"
)

// session is one life of a worker: start or await it, follow what it says, see it end.
func (s *Supervisor) session(ctx context.Context) ending {
	if err := s.listen(); err != nil {
		return ending{reasonSocket, err.Error(), false}
	}
	if s.o.External {
		return s.meet(ctx, nil)
	}
	c, err := start(s.o)
	if err != nil {
		return ending{reasonSpawn, err.Error(), true}
	}
	defer c.stop(s.o.StopWithin)
	return s.meet(ctx, c)
}

func (s *Supervisor) meet(ctx context.Context, c *child) ending {
	conn, err := s.accept(ctx, c)
	if err != nil {
		return ending{reasonNoWorker, err.Error(), false}
	}
	defer conn.Close()
	unhook := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer unhook()
	return s.follow(conn)
}

// follow reads records until the worker ends or must be ended.
func (s *Supervisor) follow(conn net.Conn) ending {
	r := wire.NewReader(conn)
	var rec wire.Record
	var last wire.Status
	s.expectStatus(conn)
	for {
		if err := r.Next(&rec); err != nil {
			return s.broken(err)
		}
		switch rec.Type {
		case wire.AdvertType:
			s.hear(&rec.Advert)
		case wire.TroubleType:
			return given(rec.Trouble)
		case wire.StatusType:
			s.expectStatus(conn)
			s.alive(last, rec.Status)
			last = rec.Status
			if name, is := s.beacons.overdue(s.Adapter().Since, s.o.Now(), s.o.SilentAfter); is {
				return ending{reasonBeaconSilent, name, false}
			}
		}
	}
}

func (s *Supervisor) expectStatus(conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now().Add(s.o.StatusWithin)) // a closed connection shows at the next read
}

// broken names what ended the stream. A worker that could not say why is one that crashed or was killed.
func (s *Supervisor) broken(err error) ending {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ending{reasonNoStatus, "", false}
	case errors.Is(err, wire.ErrRecord), errors.Is(err, wire.ErrVersion):
		s.metrics.malformed.WithLabelValues(layerWorker).Inc()
		return ending{reasonProtocol, err.Error(), false}
	}
	return ending{wire.Crash.String(), err.Error(), false}
}

// alive takes a sign of life: the worker scans, and its counts since the last one.
func (s *Supervisor) alive(last, now wire.Status) {
	s.metrics.dropped.WithLabelValues(stageWorker).Add(grown(last.Dropped, now.Dropped))
	s.metrics.malformed.WithLabelValues(layerController).Add(grown(last.Malformed, now.Malformed))
	if now.RoundTrip > 0 {
		s.metrics.roundTrip.Observe(float64(now.RoundTrip) / 1e6)
	}
	if s.Adapter().Up {
		s.changed.tell()
		return
	}
	s.o.Log.Info("Bluetooth scanning", slog.Int("hci", s.o.Device))
	s.setAdapter(true, "")
}

// grown is never negative: a counter that goes back is a worker's fault and must not be ours.
func grown(from, to uint64) float64 {
	if to < from {
		return 0
	}
	return float64(to - from)
}

// hear takes one advert.
func (s *Supervisor) hear(a *wire.Advert) {
	now := s.o.Now()
	s.metrics.heard(a, now)
	kind, err := s.beacons.hear(a, now)
	switch {
	case errors.Is(err, errFull):
		s.metrics.dropped.WithLabelValues(stageTable).Inc()
	case err != nil:
		s.metrics.malformed.WithLabelValues(layerAdvert).Inc()
	}
	s.metrics.frame(kind)
	if kind.Identifies() || kind.Tells() {
		s.changed.tell()
	}
}
