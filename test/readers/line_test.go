package readers

import (
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rollcall-edge/rollcall/drivers/serialport"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
)

// plug makes a simulated line that is taken away with the test.
func plug(t testing.TB, o reader.Options) *reader.Line {
	t.Helper()
	l, err := reader.NewLine(t.TempDir(), "usb-bench", o)
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	return l
}

// port is the driver's end of a simulated line.
func port(t testing.TB, l *reader.Line, baud int) *serialport.Line {
	t.Helper()
	p, err := serialport.New(serialport.Options{
		Bus: "bench", Path: l.Path(), Baud: baud, Registerer: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	})
	must(t, err)
	return p
}

// unkind is what the project promises to get along with: of the frames of readers, 5 % lost, 5 % damaged, 10 % after noise;
// and an adapter that gives back some of what it was told to send.
var unkind = reader.Faults{Drop: 0.05, Flip: 0.05, Noise: 0.1, Echo: 0.1}

// mustStrike fails a test whose faults did not strike.
func mustStrike(t testing.TB, l *reader.Line, f reader.Faults) {
	t.Helper()
	n := l.Counts()
	for _, fault := range []struct {
		name   string
		rate   float64
		struck int
	}{
		{"deaf", f.Deaf, n.Deafs}, {"busy", f.Busy, n.Busies}, {"drop", f.Drop, n.Drops}, {"flip", f.Flip, n.Flips},
		{"noise", f.Noise, n.Noises}, {"echo", f.Echo, n.Echoes}, {"split", f.Split, n.Splits},
	} {
		if fault.rate > 0 && fault.struck == 0 {
			t.Errorf("%s never struck in %d frames: the run has shown nothing", fault.name, n.Sent)
		}
	}
	t.Logf("%d pieces heard, %d frames sent: %d lost, %d damaged, %d after noise, %d in pieces; %d echoes",
		n.Heard, n.Sent, n.Drops, n.Flips, n.Noises, n.Splits, n.Echoes)
}
