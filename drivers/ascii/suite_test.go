package ascii_test

import (
	"testing"
	"time"

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
			}, nil, "")
		},
		CardOctets: 14,
	})
}

func TestID12LASuite(t *testing.T) {
	drivertest.Run(t, drivertest.Rig{
		Baud:   9600,
		Reader: "door",
		Cards:  []string{"em:0C000621A5", "em:010063E9AE", "em:0100000001", "em:00000000A5"},
		Bus:    bus(ascii.ID12LA()),
		Device: func(testing.TB) drivertest.Device {
			// The first is the worked example of the ID-2LA/12LA/20LA data sheet of 2013.
			return newPusher([]string{
				"\x020C000621A58E\r\n\x03", "\x02010063E9AE25\r\n\x03", "\x02010000000100\r\n\x03", "\x0200000000A5A5\r\n\x03",
			}, nil, "")
		},
		CardOctets: 16,
	})
}

func TestWEC200Suite(t *testing.T) {
	drivertest.Run(t, drivertest.Rig{
		Baud:   9600,
		Reader: "door",
		Cards:  []string{"w26:177:25111", "w26:123:45678", "w26:0:1", "w26:255:65534"},
		Bus:    bus(ascii.WEC200()),
		Device: func(testing.TB) drivertest.Device {
			// The first is the worked example of the manual, appendix C; the answer that of its chapter 6.
			return newPusher([]string{
				"\x02WFC177ID25111\r", "\x02WFC123ID45678\r", "\x02WFC0ID1\r", "\x02WFC255ID65534\r",
			}, nil, "\x02A\r")
		},
		CardOctets: 9,
		Unchecked:  true,
	})
}

func TestPcProxSuite(t *testing.T) {
	drivertest.Run(t, drivertest.Rig{
		Baud:   9600,
		Reader: "door",
		Cards:  []string{"uid:04A2B3C4D5E680", "uid:9A8B7C6D5E4F30", "uid:0102030405060708090A", "w26:123:45678"},
		Bus:    bus(ascii.PcProx()),
		Device: func(testing.TB) drivertest.Device {
			// After each command comes the prompt (manual, chapter 4), so that most cards stand behind one. Nobody
			// presents cards without a pause: what noise follows a line is no part of the next.
			p := newPusher([]string{"04A2B3C4D5E680\r", "9A8B7C6D5E4F30\r", "0102030405060708090A\r", "123:45678\r"},
				map[string]drivers.Signal{
					"rfid:out.led=0": drivers.Off, "rfid:out.led=1": drivers.Fault, "rfid:out.led=2": drivers.Accepted,
					"rfid:out.led=3": drivers.Ready, "rfid:beep.now=3": drivers.Refused,
				}, "\r\nRF IDeas>")
			p.pause = 300 * time.Millisecond
			return p
		},
		CardOctets: 12,
		Bare:       true,
		Unchecked:  true,
	})
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
			return newPusher([]string{":04A2B3C4D5E680\r\n", ":deadbeef\r\n", ":0102030405060708090A\r\n", ":01020304\r\n"},
				map[string]drivers.Signal{
					"led 0": drivers.Off, "led 3": drivers.Ready, "led 4": drivers.Fault,
					"led 2 beep 1": drivers.Accepted, "led 1 beep 3": drivers.Refused,
				}, "")
		},
		CardOctets: 8,
		Unchecked:  true,
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
