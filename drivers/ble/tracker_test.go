package ble

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers/ble/beacon"
	"github.com/rollcall-edge/rollcall/drivers/ble/wire"
)

// Adverts laid out by hand from the formats' specifications.
const (
	doorAD    = "0201060303aafe1716aafe00ee8b0ca750095477cb3e770123456789ab0000"
	doorID    = "uid:8b0ca750095477cb3e77:0123456789ab"
	stageAD   = "02011a1aff4c000215e2c56db5dffb48d2b060d0f5a71096e000010002c5"
	stageID   = "ibeacon:e2c56db5-dffb-48d2-b060-d0f5a71096e0:1:2"
	batteryAD = "0201060303aafe1116aafe20000bb8158000000bb8000493e0" // 3.000 V, 21.5 °C, 3000 adverts, 30,000 s
	phoneAD   = "02011a1107" + "5de4b414bc1b75114ee1870100017ea7"
)

var places = map[string]Place{doorID: {"door", "LT1"}, stageID: {"stage", "LT2"}}

func advert(t testing.TB, addr byte, rssi int8, ad string) *wire.Advert {
	t.Helper()
	b, err := hex.DecodeString(ad)
	if err != nil {
		t.Fatal(err)
	}
	a := &wire.Advert{Random: true, RSSI: rssi, Addr: [6]byte{0xC0, 0, 0, 0, 0, addr}}
	a.Len = uint8(copy(a.Data[:], b))
	return a
}

// anyone is the advert of the nth beacon nobody has configured.
func anyone(t testing.TB, n int) *wire.Advert {
	return advert(t, byte(n), -70, fmt.Sprintf("0d16aafe30ee%016x", n))
}

func newTestTracker(t testing.TB) *tracker {
	t.Helper()
	tr, err := newTracker(places, 4, 10*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func mustHear(t testing.TB, tr *tracker, a *wire.Advert, at time.Time) {
	t.Helper()
	if _, err := tr.hear(a, at); err != nil {
		t.Fatal(err)
	}
}

func TestTrackerListsConfiguredBeaconsFirst(t *testing.T) {
	tr := newTestTracker(t)
	mustHear(t, tr, anyone(t, 7), noon)
	mustHear(t, tr, advert(t, 1, -61, doorAD), noon)
	mustHear(t, tr, advert(t, 1, -60, batteryAD), noon.Add(time.Second))
	want := []Beacon{
		{ID: doorID, Kind: beacon.EddystoneUID, Place: Place{"door", "LT1"}, HeardAt: noon, RSSI: -61, Readings: 1,
			Telemetry: &Telemetry{HeardAt: noon.Add(time.Second), Volts: 3, Celsius: 21.5, HasCelsius: true, Adverts: 3000, Uptime: 30000 * time.Second}},
		{ID: stageID, Kind: beacon.IBeacon, Place: Place{"stage", "LT2"}},
		{ID: "eid:0000000000000007", Kind: beacon.EddystoneEID, HeardAt: noon, RSSI: -70, Readings: 1},
	}
	if d := cmp.Diff(tr.list(noon.Add(2*time.Second)), want); d != "" {
		t.Errorf("beacons (-got +want):\n%s", d)
	}
}

func TestTelemetryJoin(t *testing.T) {
	type step struct {
		at   time.Duration
		addr byte
		ad   string
	}
	for _, c := range []struct {
		name  string
		steps []step
		sweep time.Duration
		want  string // names of the beacons with telemetry
	}{
		{"same device", []step{{0, 1, doorAD}, {0, 1, batteryAD}}, 0, "door"},
		{"another device", []step{{0, 1, doorAD}, {0, 2, batteryAD}}, 0, ""},
		{"telemetry first: nobody yet", []step{{0, 1, batteryAD}, {0, 1, doorAD}}, 0, ""},
		{"one device, two formats", []step{{0, 1, doorAD}, {0, 1, stageAD}, {0, 1, batteryAD}}, 0, "door stage"},
		{"a beacon with a new address", []step{{0, 1, doorAD}, {0, 2, doorAD}, {0, 1, batteryAD}}, 0, ""},
		{"after ten minutes", []step{{0, 1, doorAD}, {10 * time.Minute, 1, batteryAD}}, 0, "door"},
		{"after more the address is not used", []step{{0, 1, doorAD}, {10*time.Minute + 1, 1, batteryAD}}, 0, ""},
		{"a clock set back forgets nothing", []step{{0, 1, doorAD}, {-time.Hour, 1, batteryAD}}, 0, "door"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := newTestTracker(t)
			for _, s := range c.steps {
				mustHear(t, tr, advert(t, s.addr, -60, s.ad), noon.Add(s.at))
			}
			var with []string
			for _, b := range tr.list(noon) {
				if b.Telemetry != nil {
					with = append(with, b.Place.Name)
				}
			}
			if got := strings.Join(with, " "); got != c.want {
				t.Errorf("telemetry at %q, want %q", got, c.want)
			}
		})
	}
}

// The two kinds of address are different devices even with equal octets.
func TestPublicAndRandomAddressDiffer(t *testing.T) {
	tr := newTestTracker(t)
	mustHear(t, tr, advert(t, 1, -60, doorAD), noon)
	battery := advert(t, 1, -60, batteryAD)
	battery.Random = false
	mustHear(t, tr, battery, noon)
	if b := tr.list(noon)[0]; b.Telemetry != nil {
		t.Errorf("telemetry %+v, want none", b.Telemetry)
	}
}

func TestTrackerIsBounded(t *testing.T) {
	tr := newTestTracker(t)
	for n := range 1000 {
		_, err := tr.hear(anyone(t, n), noon)
		if want := n >= 4; errors.Is(err, errFull) != want {
			t.Fatalf("beacon %d: %v, want full %v", n, err, want)
		}
	}
	mustHear(t, tr, advert(t, 1, -60, doorAD), noon) // configured ones have their place
	mustHear(t, tr, anyone(t, 3), noon)              // and known ones keep it
	if got := len(tr.list(noon)); got != 6 {
		t.Errorf("%d beacons, want 4 and the 2 configured", got)
	}
	tr.sweep(noon.Add(10*time.Minute + 1))
	for n := 2000; n < 2004; n++ {
		mustHear(t, tr, anyone(t, n), noon.Add(11*time.Minute))
	}
}

func TestTrackerForgets(t *testing.T) {
	tr := newTestTracker(t)
	mustHear(t, tr, advert(t, 1, -60, doorAD), noon)
	mustHear(t, tr, anyone(t, 7), noon)
	later := noon.Add(10*time.Minute + 1)
	if got := len(tr.list(later)); got != 2 {
		t.Errorf("%d beacons listed before the sweep, want the 2 configured", got)
	}
	tr.sweep(later)
	if got := len(tr.byID); got != 2 {
		t.Errorf("%d beacons kept, want the 2 configured", got)
	}
	for _, b := range tr.byID {
		if b.addr != (address{}) || !b.addrAt.IsZero() {
			t.Errorf("%s: device address kept", b.place.Name)
		}
	}
	if got := tr.list(later)[0].HeardAt; !got.Equal(noon) {
		t.Errorf("door heard at %v, want %v", got, noon)
	}
}

func TestWhatIsNotTracked(t *testing.T) {
	for _, c := range []struct {
		name, ad string
		kind     beacon.Kind
		err      error
	}{
		{"headphones", "02011a020a0c0aff4c001005031c8a1b2c", beacon.None, nil},
		{"no data", "", beacon.None, nil},
		{"a phone that checks in", phoneAD, beacon.CheckIn, nil},
		{"a URL", "0e16aafe10ee036578616d706c6507", beacon.EddystoneURL, nil},
		{"two octets that hang other parsers", "ff01", beacon.None, beacon.ErrStructure},
		{"service data cut short", "0c16aafe30ee00112233445566", beacon.None, beacon.ErrFrame},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := newTestTracker(t)
			kind, err := tr.hear(advert(t, 1, -60, c.ad), noon)
			if kind != c.kind || !errors.Is(err, c.err) {
				t.Errorf("hear = %v, %v, want %v, %v", kind, err, c.kind, c.err)
			}
			if got := len(tr.byID); got != 2 {
				t.Errorf("%d beacons, want the 2 configured", got)
			}
		})
	}
}

func TestOverdue(t *testing.T) {
	tr := newTestTracker(t)
	const after = time.Minute
	check := func(at time.Duration, since time.Duration, want string) {
		t.Helper()
		if got, is := tr.overdue(noon.Add(since), noon.Add(at), after); got != want || is != (want != "") {
			t.Errorf("after %v: overdue %q, want %q", at, got, want)
		}
	}
	check(time.Hour, 0, "") // never heard: it may not even be hung up
	mustHear(t, tr, advert(t, 1, -60, doorAD), noon)
	check(after, -time.Hour, "")
	check(after+1, -time.Hour, "door")
	check(2*after, -time.Hour, "") // once for each silence
	mustHear(t, tr, advert(t, 1, -60, doorAD), noon.Add(2*after))
	check(3*after+1, 3*after, "") // the silence while nobody scanned does not count
	check(4*after+1, 3*after, "door")
}

func TestBeaconsAreChecked(t *testing.T) {
	for _, c := range []struct {
		name string
		in   map[string]Place
		want []error
	}{
		{"no name", map[string]Place{doorID: {"", "LT1"}}, []error{ErrPlace}},
		{"one name for two", map[string]Place{doorID: {"a", "LT1"}, stageID: {"a", "LT2"}}, []error{ErrPlace}},
		{"one beacon in two spellings", map[string]Place{doorID: {"a", "LT1"}, strings.ToUpper(doorID): {"b", "LT2"}}, []error{ErrPlace}},
		{"every fault at once", map[string]Place{"mac:1": {"a", ""}, doorID: {"", ""}}, []error{beacon.ErrID, ErrPlace}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := newTracker(c.in, 4, time.Minute)
			for _, want := range c.want {
				if !errors.Is(err, want) {
					t.Errorf("newTracker = %v, want %v in it", err, want)
				}
			}
		})
	}
}

func BenchmarkHear(b *testing.B) {
	tr, err := newTracker(places, 512, 10*time.Minute)
	if err != nil {
		b.Fatal(err)
	}
	for n := range 512 {
		mustHear(b, tr, anyone(b, n), noon)
	}
	for _, c := range []struct {
		name string
		a    *wire.Advert
	}{{"known", advert(b, 1, -60, doorAD)}, {"nobody's", advert(b, 1, -60, "020106")}, {"telemetry among 512", advert(b, 1, -60, batteryAD)}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = tr.hear(c.a, noon)
			}
		})
	}
}
