package ascii_test

import (
	"bufio"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/ascii"
	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRDM6300Suite(t *testing.T) {
	drivertest.Run(t, drivertest.Rig{
		Baud:   9600,
		Reader: "door",
		// The first is the worked example of the RDM6300 data sheet, the second that of the ID-12LA, whose digits are the same.
		Cards: []string{"em:010063E9AE", "em:0C000621A5", "em:0100000001", "em:00000000A5"},
		Bus:   bus(ascii.RDM6300()),
		Device: func(testing.TB) drivertest.Device {
			return newPusher([]string{
				"\x02010063E9AE25\x03", "\x020C000621A58E\x03", "\x02010000000100\x03", "\x0200000000A5A5\x03",
			}, 3, nil)
		},
		CardOctets: 14,
		Owes:       owed,
	})
}

// owed waits for the counts of Status and Line.
var owed = map[string]string{
	"noise around frames":                        "Line.Noise is not counted yet",
	"wrong speed":                                "Line.Noise is not counted yet",
	"cards wait while nobody takes them":         "Counts.Taps is not counted yet",
	"status tells the truth":                     "Counts are not there yet",
	"ends in time with a card that nobody takes": "Counts.Taps is not counted yet",
}

func TestGenericSuite(t *testing.T) {
	f := ascii.Generic()
	f.Start = []byte(":")
	f.Feedback = map[drivers.Signal]string{
		drivers.Off: "led 0\r", drivers.Ready: "led 3\r", drivers.Fault: "led 4\r",
		drivers.Accepted: "led 2 beep 1\r", drivers.Refused: "led 1 beep 3\r",
	}
	drivertest.Run(t, drivertest.Rig{
		Baud:   115200,
		Reader: "door",
		Cards:  []string{"uid:04A2B3C4D5E680", "uid:DEADBEEF", "uid:0102030405060708090A", "uid:01020304"},
		Bus:    bus(f),
		Device: func(testing.TB) drivertest.Device {
			// Each line three times, as from a card that stays: a busy machine may tear one of them for good.
			return newPusher([]string{":04A2B3C4D5E680\r\n", ":deadbeef\r\n", ":0102030405060708090A\r\n", ":01020304\r\n"}, 3,
				map[string]drivers.Signal{
					"led 0": drivers.Off, "led 3": drivers.Ready, "led 4": drivers.Fault,
					"led 2 beep 1": drivers.Accepted, "led 1 beep 3": drivers.Refused,
				})
		},
		CardOctets: 8,
		Unchecked:  true,
		Owes:       owed,
	})
}

func bus(f ascii.Format) func(testing.TB, *serialport.Line) drivers.Bus {
	return func(t testing.TB, line *serialport.Line) drivers.Bus {
		t.Helper()
		b, err := ascii.New(ascii.Options{Name: "bench", Line: line, Reader: "door", Format: f})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

// pusher is a reader that pushes literal frames and understands literal commands.
type pusher struct {
	frames   []string
	repeats  int
	commands map[string]drivers.Signal
	present  chan int
	shown    chan drivers.Signal
}

func newPusher(frames []string, repeats int, commands map[string]drivers.Signal) *pusher {
	p := &pusher{frames: frames, repeats: repeats, commands: commands, present: make(chan int, len(frames))}
	if commands != nil {
		p.shown = make(chan drivers.Signal, 64)
	}
	return p
}

func (p *pusher) Present(i int)                 { p.present <- i }
func (p *pusher) Lights() <-chan drivers.Signal { return p.shown }

func (p *pusher) Serve(line io.ReadWriter) {
	gone, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		p.push(line, gone)
	}()
	commands := bufio.NewReader(line)
	for {
		c, err := commands.ReadString('\r')
		if err != nil {
			break
		}
		if s, ok := p.commands[strings.TrimSuffix(c, "\r")]; ok {
			p.shown <- s
		}
	}
	close(gone)
	<-stopped
}

func (p *pusher) push(line io.Writer, gone <-chan struct{}) {
	for {
		select {
		case i := <-p.present:
			for range p.repeats {
				if _, err := io.WriteString(line, p.frames[i]); err != nil {
					return
				}
			}
		case <-gone:
			return
		}
	}
}
