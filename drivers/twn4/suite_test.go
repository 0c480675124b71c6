package twn4_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
	"github.com/rollcall-edge/rollcall/drivers/twn4"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What SearchTag says of a card behind the result: type, bits, octets, ID. The first is the protocol's own example.
const (
	classic = "80200466CF4DC2"
	desfire = "80380704D03501700703"
	em      = "402805010063E9AE"
	prox    = "491A0405000980"
	random  = "80200408"               // and three octets that are others at each look
	book    = "824008E004010012345678" // ISO 15693
)

var keys = []string{"uid:66CF4DC2", "uid:04D03501700703", "em:010063E9AE", "w26:10:19"}

func TestSuite(t *testing.T) {
	for _, tt := range []struct {
		name    string
		checked bool
	}{
		{"as delivered", false},
		{"with CRC", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			drivertest.Run(t, drivertest.Rig{
				Baud:   9600,
				Reader: "desk",
				Cards:  keys,
				Bus: func(t testing.TB, line *serialport.Line) drivers.Bus {
					t.Helper()
					return newBus(t, twn4.Options{Line: line, CRC: tt.checked, Blue: true})
				},
				Device: func(testing.TB) drivertest.Device {
					d := newDevice(classic, desfire, em, prox)
					d.checked = tt.checked
					return d
				},
				CardOctets: 15,
			})
		})
	}
}

func newBus(t testing.TB, o twn4.Options) *twn4.Bus {
	t.Helper()
	o.Name, o.Reader = "bench", "desk"
	b, err := twn4.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
