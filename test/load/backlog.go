package load

import (
	"fmt"

	"github.com/rollcall-edge/rollcall/test/load/readme"
	"github.com/rollcall-edge/rollcall/test/load/sample"
)

// week is the backlog of which the aim speaks, and passedWithin how soon a tap of now is at central meanwhile.
const (
	week         = 400_000 // records
	passedWithin = 5_000.0 // ms
)

func (r *Results) backlogOf(engine string) map[string]float64 {
	return r.Backlog["BenchmarkBacklog/engine="+engine]
}

// backlog is the table of a building that comes back after a week.
func (r *Results) backlog() string {
	if len(r.Backlog) == 0 {
		return ""
	}
	rows := [][]string{{"a building comes back", "records drained/s", "taps meanwhile", "tap to central: median s", "p99 s", "longest s"}}
	for _, e := range engines {
		f := r.backlogOf(e.label)
		cells := []string{"central on " + e.name, sample.Thousands(int(f["records/s"])), sample.Thousands(int(f["taps"]))}
		for _, unit := range []string{"median", "p99", "max"} {
			cells = append(cells, fmt.Sprintf("%.2f", f["tap-"+unit+"-ms"]/1e3))
		}
		rows = append(rows, cells)
	}
	return fmt.Sprintf("**A week's backlog**: %s records in a gateway's own journal, sealed and sent oldest first by its own forwarder over mutual TLS to the whole of central, "+
		"which stores and judges them, while somebody taps 20 times a second: the first minute of it, or until it is drained; a tap's time is from its place on disk to central's receipt. All on this machine.\n\n%s",
		sample.Thousands(int(r.backlogOf(engines[0].label)["records"])), readme.Table(rows...))
}

func (r *Results) aimBacklog() (Aim, bool) {
	worst, least := 0.0, 0.0
	for _, e := range engines {
		f := r.backlogOf(e.label)
		worst = max(worst, f["tap-max-ms"])
		if least == 0 || f["records"] < least {
			least = f["records"]
		}
	}
	return Aim{
		"taps of now are at central within 5 s while a week's backlog is drained",
		fmt.Sprintf("%.2f s at worst, before %s records", worst/1e3, sample.Thousands(int(least))),
		worst < passedWithin && least >= week,
	}, len(r.Backlog) > 0
}
