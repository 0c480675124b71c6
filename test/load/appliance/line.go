package appliance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
)

// Wiring says what hangs on an OSDP bus and how it is spoken to.
type Wiring struct {
	Baud    int
	Readers int  // at most eight
	Secure  bool // each reader under a key of its own
}

// Line is an OSDP bus with simulated readers at the doors of the first rooms, on which octets take their time.
type Line struct {
	Doors []*reader.OSDP

	wiring Wiring
	line   *reader.Line
	blue   chan reader.Event // room for the readers' first blue lights; later ones nobody waits for
}

// NewLine plugs a bus in.
func (s *Site) NewLine(w Wiring) (*Line, error) {
	l := &Line{wiring: w, blue: make(chan reader.Event, w.Readers)}
	var err error
	if l.line, err = reader.NewLine(s.dir, "usb-doors", reader.Options{Baud: w.Baud, OnEvent: l.happened}); err != nil {
		return nil, fmt.Errorf("plug line in: %w", err)
	}
	for i := range w.Readers {
		var o osdp.Options
		if w.Secure {
			o = osdp.Options{Key: &s.keys[i], RequireSecure: true}
		}
		door, err := l.line.AddOSDP(Point(i), byte(i+1), o)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("plug line in: %w", err), l.line.Close())
		}
		l.Doors = append(l.Doors, door)
	}
	return l, nil
}

// Close unplugs the line.
func (l *Line) Close() error { return l.line.Close() }

func (l *Line) happened(e reader.Event) {
	if e.Kind != reader.Steadied || e.Light != lamp.Blue {
		return
	}
	select {
	case l.blue <- e:
	default:
	}
}

// Lit waits until every reader has shown blue since the line was plugged in, and tells when the last one did.
func (l *Line) Lit(ctx context.Context) (at time.Time, err error) {
	lit := map[string]bool{}
	for len(lit) < len(l.Doors) {
		select {
		case e := <-l.blue:
			lit[e.Reader], at = true, e.At
		case <-ctx.Done():
			return at, fmt.Errorf("wait for blue: %d of %d readers show it: %w", len(lit), len(l.Doors), ctx.Err())
		}
	}
	return at, nil
}
