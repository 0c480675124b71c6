package pn532_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/pn532"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Cards as InListPassiveTarget describes them behind their number: SENS_RES, SEL_RES, length of the UID, UID.
var (
	desfire = []byte{0x03, 0x44, 0x20, 7, 0x04, 0xA2, 0xB3, 0xC4, 0xD5, 0xE6, 0x80}
	classic = []byte{0x00, 0x04, 0x08, 4, 0xDE, 0xAD, 0xBE, 0xEF}
	longest = []byte{0x00, 0x84, 0x00, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	another = []byte{0x00, 0x04, 0x08, 4, 1, 2, 3, 4}
	random  = []byte{0x03, 0x44, 0x20, 4, 0x08, 0x11, 0x22, 0x33}
)

var keys = []string{"uid:04A2B3C4D5E680", "uid:DEADBEEF", "uid:0102030405060708090A", "uid:01020304"}

// wired is red on P30, green on P31, blue on P35, a buzzer on P33; of the unused outputs P32 and P34 are high.
var (
	wired  = pn532.Lights{Red: pn532.P30, Green: pn532.P31, Blue: pn532.P35, Buzzer: pn532.P33}
	wiring = map[byte]drivers.Signal{
		0b10_010100: drivers.Off, 0b10_010101: drivers.Refused, 0b10_010110: drivers.Accepted,
		0b10_010111: drivers.Fault, 0b10_110100: drivers.Ready,
	}
)

func TestSuite(t *testing.T) {
	drivertest.Run(t, drivertest.Rig{
		Baud:   115200,
		Reader: "door",
		Cards:  keys,
		Bus: func(t testing.TB, line *serialport.Line) drivers.Bus {
			t.Helper()
			return newBus(t, pn532.Options{Line: line, Lights: wired})
		},
		Device: func(testing.TB) drivertest.Device {
			d := newDevice(desfire, classic, longest, another)
			d.wiring = wiring
			return d
		},
		CardOctets: 15,
	})
}

func newBus(t testing.TB, o pn532.Options) *pn532.Bus {
	t.Helper()
	o.Name, o.Reader = "bench", "door"
	b, err := pn532.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
