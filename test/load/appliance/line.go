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

// Line is an OSDP bus with simulated readers at the doors of the first rooms, on which octets take their time.
type Line struct {
	Doors []*reader.OSDP

	baud int
	line *reader.Line
	blue chan reader.Event // room for the readers' first blue lights; later ones nobody waits for
}

// NewLine plugs a bus in, with the given number of readers, at most eight.
func (s *Site) NewLine(baud, readers int) (*Line, error) {
	l := &Line{baud: baud, blue: make(chan reader.Event, readers)}
	var err error
	if l.line, err = reader.NewLine(s.dir, "usb-doors", reader.Options{Baud: baud, OnEvent: l.happened}); err != nil {
		return nil, fmt.Errorf("plug line in: %w", err)
	}
	for i := range readers {
		door, err := l.line.AddOSDP(Point(i), byte(i+1), osdp.Options{})
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
