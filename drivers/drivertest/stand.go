package drivertest

import (
	"context"
	"encoding/hex"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// Stand is a running driver with its device on a cable, for what a driver's own tests ask beside the suite. Its reader is the
// line's first.
type Stand struct {
	Bus   drivers.Bus
	Reads chan drivers.Read // without room, as in the suite
}

// NewStand starts the driver that bus makes on a line with these options, but for its path, and serve, which plays the device at
// the other end. Both have ended when the test has.
func NewStand(t testing.TB, o serialport.Options, bus func(*serialport.Line) drivers.Bus, serve func(io.ReadWriter)) *Stand {
	t.Helper()
	cable := NewCable(t)
	o.Path = cable.Path
	line, err := serialport.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s := &Stand{Bus: bus(line), Reads: make(chan drivers.Read)}
	served, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(served)
		serve(cable.End())
	}()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(ended)
		if err := s.Bus.Run(ctx, s.Reads); err != nil {
			t.Errorf("Run = %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		cable.Unplug()
		<-served
	})
	return s
}

// Until looks at a state until it is as it should be; the test's own time limit is the only one.
func (s *Stand) Until(holds func() bool) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		<-tick.C
	}
}

// Status is that of the reader.
func (s *Stand) Status() drivers.Status { return s.Bus.Status()[0] }

// Up waits until the reader is.
func (s *Stand) Up() { s.Until(func() bool { return s.Status().Up }) }

// Unhex reads octets as documents print them: hexadecimal digits, with spaces between them.
func Unhex(t testing.TB, text string) []byte {
	t.Helper()
	octets, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return octets
}
