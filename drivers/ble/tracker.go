package ble

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/ble/beacon"
	"github.com/rollcall-edge/rollcall/drivers/ble/wire"
)

// errFull says that a beacon nobody has configured was not remembered: there are too many of them. Who floods the air
// with made-up identifiers gains no memory and pushes no configured beacon out.
var errFull = errors.New("too many beacons")

// Beacon is what is known of one beacon.
type Beacon struct {
	ID        string // canonical, see beacon.ID
	Kind      beacon.Kind
	Place     Place     // zero unless configured
	HeardAt   time.Time // zero when never
	RSSI      int       // dBm, upper quartile of Readings; meaningless when Readings is 0
	Readings  int       // at most 15, of the last 5 s
	Telemetry *Telemetry
}

// Telemetry is what a beacon last said of itself.
type Telemetry struct {
	HeardAt    time.Time
	Volts      float64 // of the battery; 0 when the beacon does not measure it
	Celsius    float64 // valid when HasCelsius
	HasCelsius bool
	Adverts    uint32 // sent since power-up
	Uptime     time.Duration
}

// address joins telemetry, which carries no identifier, to its sender. It stays in this file.
type address struct {
	random bool
	octets [6]byte
}

// tracked is one beacon's record.
type tracked struct {
	id         beacon.ID
	place      Place
	configured bool
	heardAt    time.Time
	strength   strength
	addr       address
	addrAt     time.Time // zero when addr is forgotten
	telemetry  Telemetry // zero HeardAt when none
	missed     bool      // found overdue and not heard since
}

// tracker remembers beacons. Configured ones have a place from the start and never lose it.
type tracker struct {
	mostLoose int
	keep      time.Duration

	mu    sync.Mutex // guards everything that follows
	byID  map[beacon.ID]*tracked
	loose int // how many are not configured
}

func newTracker(places map[string]Place, mostLoose int, keep time.Duration) (*tracker, error) {
	t := &tracker{mostLoose: mostLoose, keep: keep, byID: map[beacon.ID]*tracked{}}
	names := map[string]bool{}
	var faults []error
	for _, text := range slices.Sorted(maps.Keys(places)) {
		p := places[text]
		id, err := beacon.ParseID(text)
		switch {
		case err != nil:
			faults = append(faults, err)
		case p.Name == "" || names[p.Name] || t.byID[id] != nil:
			faults = append(faults, fmt.Errorf("beacon %q named %q: %w", text, p.Name, ErrPlace))
		default:
			names[p.Name] = true
			t.byID[id] = &tracked{id: id, place: p, configured: true}
		}
	}
	return t, errors.Join(faults...)
}

// hear takes one advert and tells its kind, or why nothing was learnt from it.
func (t *tracker) hear(a *wire.Advert, now time.Time) (beacon.Kind, error) {
	var f beacon.Frame
	if err := beacon.Parse(a.Bytes(), &f); err != nil {
		return beacon.None, err
	}
	from := address{a.Random, a.Addr}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case f.Kind.Tells():
		t.tellLocked(from, &f.Telemetry, now)
	case f.Kind.Identifies():
		return f.Kind, t.sightLocked(f.ID(), from, a.RSSI, now)
	}
	return f.Kind, nil
}

func (t *tracker) sightLocked(id beacon.ID, from address, rssi int8, now time.Time) error {
	b := t.byID[id]
	if b == nil {
		if t.loose >= t.mostLoose {
			return errFull
		}
		b = &tracked{id: id}
		t.byID[id] = b
		t.loose++
	}
	b.heardAt, b.missed = now, false
	b.addr, b.addrAt = from, now
	b.strength.add(rssi, now)
	return nil
}

// tellLocked gives telemetry to every beacon of its sender, as one device may speak several formats. A walk over the
// table is cheaper than an index, which would have to be bounded and kept from being poisoned.
func (t *tracker) tellLocked(from address, said *beacon.Telemetry, now time.Time) {
	for _, b := range t.byID {
		if b.addr != from || b.addrAt.IsZero() || now.Sub(b.addrAt) > t.keep {
			continue
		}
		b.telemetry = Telemetry{
			HeardAt: now, Volts: float64(said.MilliVolts) / 1000, Celsius: float64(said.Celsius), HasCelsius: said.HasCelsius,
			Adverts: said.Adverts, Uptime: time.Duration(said.Uptime) * 100 * time.Millisecond,
		}
	}
}

// sweep forgets what is too old: device addresses of all, and beacons nobody has configured.
func (t *tracker) sweep(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, b := range t.byID {
		if now.Sub(b.addrAt) > t.keep {
			b.addr, b.addrAt = address{}, time.Time{}
		}
		if !b.configured && now.Sub(b.heardAt) > t.keep {
			delete(t.byID, id)
			t.loose--
		}
	}
}

// overdue names a configured beacon that was heard once and has been silent for after, not counting the time before since,
// when scanning began. Each silence is reported once, so that an empty battery costs one restart and not one a minute.
func (t *tracker) overdue(since, now time.Time, after time.Duration) (name string, is bool) {
	if now.Sub(since) <= after {
		return "", false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range t.byID {
		if b.configured && !b.missed && !b.heardAt.IsZero() && now.Sub(b.heardAt) > after {
			b.missed = true
			name, is = b.place.Name, true
		}
	}
	return name, is
}

func (t *tracker) list(now time.Time) []Beacon {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]Beacon, 0, len(t.byID))
	for _, b := range t.byID {
		if b.configured || now.Sub(b.heardAt) <= t.keep {
			all = append(all, b.show(now))
		}
	}
	slices.SortFunc(all, func(a, b Beacon) int {
		if (a.Place.Name == "") != (b.Place.Name == "") {
			return cmp.Compare(b.Place.Name, a.Place.Name)
		}
		return cmp.Or(cmp.Compare(a.Place.Name, b.Place.Name), cmp.Compare(a.ID, b.ID))
	})
	return all
}

func (b *tracked) show(now time.Time) Beacon {
	rssi, readings := b.strength.upperQuartile(now)
	shown := Beacon{ID: b.id.String(), Kind: b.id.Kind(), Place: b.place, HeardAt: b.heardAt, RSSI: int(rssi), Readings: readings}
	if !b.telemetry.HeardAt.IsZero() {
		said := b.telemetry
		shown.Telemetry = &said
	}
	return shown
}
