package qr

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
	"github.com/rollcall-edge/rollcall/drivers/solo"
	"github.com/rollcall-edge/rollcall/drivers/textline"
)

// Options says which scanner is on which line.
type Options struct {
	Name       string           // of the bus, in metrics and logs
	Line       *serialport.Line // not used by anybody else
	Reader     string           // name, unique in the gateway
	Feedback   solo.Feedback    // what the scanner shows when it is sent what; empty for a scanner without a light
	HoldOff    time.Duration    // the same code again within this is one tap; 2 s when zero
	Registerer prometheus.Registerer
	Log        *slog.Logger
	Now        func() time.Time // time.Now when nil
}

// New checks the options and registers the metrics of the bus; the line is opened by Run. Its error names every fault.
func New(o Options) (drivers.Bus, error) {
	t := &talk{feedback: o.Feedback}
	_, lit := o.Feedback[drivers.Ready]
	b, err := solo.New(solo.Options{
		Driver: "qr", Name: o.Name, Line: o.Line, Reader: o.Reader, Talk: t.run,
		NoLight: !lit, HoldOff: o.HoldOff, Registerer: o.Registerer, Log: o.Log, Now: o.Now,
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// around is how many octets of a line may belong to no code: an AIM identifier and spaces.
const around = 16

var lines = textline.Form{End: []byte("\r\n"), Longest: credential.LongestCode + around}

// talk is the conversation with the scanner; one goroutine runs it.
type talk struct {
	feedback solo.Feedback
	cutter   *textline.Cutter
}

// run implements solo.Talk.
func (t *talk) run(ctx context.Context, s *solo.Session) error {
	t.cutter = textline.New(lines, s.Wire(1))
	return s.Listen(ctx, t.hear, t.feedback)
}

// hear reads the lines of a chunk. A line that is too long is as good as heard: the person is told, too.
func (t *talk) hear(s *solo.Session, c serialport.Chunk) {
	t.cutter.Push(c.Octets, c.At, func(line []byte) { read(s, line, c.At) })
	if t.cutter.Overrun() > 0 {
		s.Card("", credential.ErrCodeLength, c.At)
	}
	s.Noise(t.cutter.Noise())
}

// read reports a code. A few characters are what noise leaves of a line, of which nobody needs to hear.
func read(s *solo.Session, line []byte, at time.Time) {
	key, err := credential.FromCode(line)
	if err != nil && len(line) < credential.ShortestCode {
		s.Noise(len(line))
		s.Refuse(credential.Reason(err), at)
		return
	}
	s.Card(key, err, at)
}
