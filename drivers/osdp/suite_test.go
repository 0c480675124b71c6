package osdp_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/drivertest"
	"github.com/rollcall-edge/rollcall/drivers/osdp"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Four cards as RAW, and their keys.
var (
	cards = []string{
		"50 00 01 1A 00 BD D9 37 40",          // Wiegand 26, facility 123, card 45678
		"50 00 00 38 00 04 A2 B3 C4 D5 E6 80", // UID of 7 octets
		"50 00 01 1A 00 80 80 00 80",          // Wiegand 26, facility 1, card 1
		"50 00 00 20 00 DE AD BE EF",          // UID of 4 octets
	}
	keys = []string{"w26:123:45678", "uid:04A2B3C4D5E680", "w26:1:1", "uid:DEADBEEF"}
)

func TestOSDPSuite(t *testing.T) {
	drivertest.Run(t, drivertest.Rig{
		Baud: 38400, Reader: "door", Cards: keys, CardOctets: 14,
		Bus: func(t testing.TB, line *serialport.Line) drivers.Bus {
			b, err := osdp.New(osdp.Options{Name: "bench", Line: line, Readers: []osdp.Reader{{Name: "door", Address: 1}}})
			if err != nil {
				t.Fatal(err)
			}
			return b
		},
		Device: func(testing.TB) drivertest.Device { return newScript(1, cards...) },
	})
}

const benchKey = "A1 B2 C3 D4 E5 F6 07 18 29 3A 4B 5C 6D 7E 8F 90"

func TestOSDPSecureSuite(t *testing.T) {
	drivertest.Run(t, drivertest.Rig{
		Baud: 38400, Reader: "door", Cards: keys, CardOctets: 31,
		Bus: func(t testing.TB, line *serialport.Line) drivers.Bus {
			b, err := osdp.New(osdp.Options{
				Name: "bench", Line: line, Keys: newDrawer(benchKey, "door"),
				Readers: []osdp.Reader{{Name: "door", Address: 1, Secure: true}},
			})
			if err != nil {
				t.Fatal(err)
			}
			return b
		},
		Device: func(testing.TB) drivertest.Device { return newLocked(benchKey, cards...) },
	})
}
