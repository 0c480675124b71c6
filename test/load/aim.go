package load

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/test/load/appliance"
	"github.com/rollcall-edge/rollcall/test/load/light"
	"github.com/rollcall-edge/rollcall/test/load/sample"
)

// What Rollcall aims at.
const (
	decideWithin   = time.Microsecond
	overModel      = 0.10 // of the model and one flush
	overFlush      = 1.2  // times a bare flush, for one writer
	groupedAtLeast = 20   // times the rate of bare flushes, for 256 writers
	residentBelow  = 96 << 20
	blueWithin     = time.Second
	isolatedWithin = 1.3 // times the p99 of the whole cluster
	lagWithin      = 250 * time.Millisecond
)

// Aim is one promise in figures and what became of it.
type Aim struct {
	What string
	Got  string
	Met  bool
}

// Aims compares what was measured with what is aimed at. What was not measured is left out.
func (r *Results) Aims() []Aim {
	var aims []Aim
	for _, aim := range []func() (Aim, bool){r.aimDecide, r.aimLight, r.aimLone, r.aimGrouped, r.aimIsolated, r.aimLag, r.aimMemory, r.aimStart, r.aimBacklog, r.aimStudent, r.aimRebuild, r.aimPages} {
		if a, ok := aim(); ok {
			aims = append(aims, a)
		}
	}
	return aims
}

func (r *Results) aimDecide() (Aim, bool) {
	f, ok := r.Decide["BenchmarkDecide"]
	if !ok {
		return Aim{}, false
	}
	return Aim{
		"a tap is judged in less than 1 µs, without allocation",
		fmt.Sprintf("%.0f ns, %.0f allocations", f["ns/op"], f["allocs/op"]),
		f["ns/op"] < float64(decideWithin.Nanoseconds()) && f["allocs/op"] == 0,
	}, true
}

// excess is by how much the median of a cell is over the model and one flush, as a share.
func (r *Results) excess(c light.Cell) float64 {
	budget := light.NewModel(c.Wiring).Mean + r.Storage.Disk.Middle
	return float64(c.Tap.Median())/float64(budget) - 1
}

// wiring is a line in words.
func wiring(w appliance.Wiring) string {
	text := fmt.Sprintf("%d baud, %d readers", w.Baud, w.Readers)
	if w.Readers == 1 {
		text = fmt.Sprintf("%d baud, 1 reader", w.Baud)
	}
	if w.Secure {
		text += ", secure"
	}
	return text
}

func (r *Results) aimLight() (Aim, bool) {
	if len(r.Lights) == 0 || r.Storage.Disk.Middle == 0 {
		return Aim{}, false
	}
	worst := slices.MaxFunc(r.Lights, func(a, b light.Cell) int {
		if r.excess(a) < r.excess(b) {
			return -1
		}
		return 1
	})
	return Aim{
		"from card to light: at most 10 % over the wire's model and one flush",
		fmt.Sprintf("%+.0f %% at worst (%s)", 100*r.excess(worst), wiring(worst.Wiring)),
		r.excess(worst) <= overModel,
	}, true
}

func (r *Results) aimLone() (Aim, bool) {
	if len(r.Storage.Journal) == 0 {
		return Aim{}, false
	}
	got := 1 / r.Storage.Journal[0].Times
	return Aim{"journal, one writer: at most 1.2 × a bare write and flush", fmt.Sprintf("%.2f ×", got), got <= overFlush}, true
}

func (r *Results) aimGrouped() (Aim, bool) {
	if len(r.Storage.Journal) == 0 {
		return Aim{}, false
	}
	got := r.Storage.Journal[len(r.Storage.Journal)-1].Times
	return Aim{"journal, 256 writers: at least 20 × the rate of bare flushes", fmt.Sprintf("%.0f ×", got), got >= groupedAtLeast}, true
}

func (r *Results) aimIsolated() (Aim, bool) {
	f, ok := r.Isolation["BenchmarkIsolation"]
	if !ok {
		return Aim{}, false
	}
	return Aim{
		"green's p99 while its building is isolated: at most 1.3 × that of a whole cluster",
		fmt.Sprintf("%.2f × (%.1f ms, %.1f ms)", f["isolated/whole-p99"], f["isolated-p99-ms"], f["whole-p99-ms"]),
		f["isolated/whole-p99"] <= isolatedWithin,
	}, true
}

func (r *Results) aimLag() (Aim, bool) {
	f, ok := r.Isolation["BenchmarkIsolation"]
	if !ok {
		return Aim{}, false
	}
	return Aim{
		"a tap is on a majority of a whole cluster within 0.25 s of its light at p99",
		fmt.Sprintf("%.0f ms", f["lag-p99-ms"]),
		f["lag-p99-ms"] < float64(lagWithin.Milliseconds()),
	}, true
}

func (r *Results) aimMemory() (Aim, bool) {
	a := r.Appliance
	if a.Fetched.Resident == 0 {
		return Aim{}, false
	}
	return Aim{
		"gateway with a campus of 50,000: less than 96 MiB resident",
		fmt.Sprintf("%s once the timetable has come, %s after a restart", mebibytes(a.Fetched.Resident), mebibytes(a.Restarted.Resident)),
		max(a.Fetched.Resident, a.Restarted.Resident) < residentBelow,
	}, true
}

func (r *Results) aimStart() (Aim, bool) {
	if len(r.Appliance.Starts) == 0 {
		return Aim{}, false
	}
	last := r.Appliance.Starts[len(r.Appliance.Starts)-1]
	return Aim{
		"from the start of the program to blue: less than 1 s",
		fmt.Sprintf("%s with a journal of %s (%s records)", seconds(last.Times.Median()), days(last.Days), sample.Thousands(last.Days*appliance.Daily)),
		last.Times.Median() < blueWithin,
	}, true
}
