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

const benchKey = "A1 B2 C3 D4 E5 F6 07 18 29 3A 4B 5C 6D 7E 8F 90"

var (
	door  = osdp.Reader{Name: "door", Address: 1}
	aisle = osdp.Reader{Name: "aisle", Address: 4}
)

func TestOSDPSuite(t *testing.T) {
	drivertest.Run(t, drivertest.Rig{
		Baud: 38400, Reader: "door", Cards: keys, CardOctets: 14,
		Bus:    busOf(osdp.Options{Readers: []osdp.Reader{door}}),
		Device: func(testing.TB) drivertest.Device { return newScript(1, cards...) },
		Neighbour: &drivertest.Neighbour{
			Reader: "aisle",
			Bus:    busOf(osdp.Options{Readers: []osdp.Reader{door, aisle}}),
			Device: func(testing.TB) drivertest.Device { return newScript(4, cards...) },
		},
	})
}

func TestOSDPSecureSuite(t *testing.T) {
	one, other := door, aisle
	one.Secure, other.Secure = true, true
	drivertest.Run(t, drivertest.Rig{
		Baud: 38400, Reader: "door", Cards: keys, CardOctets: 31,
		Bus:    busOf(osdp.Options{Readers: []osdp.Reader{one}}),
		Device: func(testing.TB) drivertest.Device { return newLocked(benchKey, cards...) },
		Neighbour: &drivertest.Neighbour{
			Reader: "aisle",
			Bus:    busOf(osdp.Options{Readers: []osdp.Reader{one, other}}),
			Device: func(testing.TB) drivertest.Device { return newLockedAt(4, benchKey, cards...) },
		},
	})
}

// busOf makes the driver of a rig; secure readers have the key of the bench.
func busOf(o osdp.Options) func(testing.TB, *serialport.Line) drivers.Bus {
	return func(t testing.TB, line *serialport.Line) drivers.Bus {
		o := o
		o.Name, o.Line = "bench", line
		var secure []string
		for _, r := range o.Readers {
			if r.Secure {
				secure = append(secure, r.Name)
			}
		}
		o.Keys = newDrawer(benchKey, secure...)
		b, err := osdp.New(o)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}
