package load

import (
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/test/load/appliance"
	"github.com/rollcall-edge/rollcall/test/load/gobench"
	"github.com/rollcall-edge/rollcall/test/load/light"
	"github.com/rollcall-edge/rollcall/test/load/machine"
	"github.com/rollcall-edge/rollcall/test/load/readme"
	"github.com/rollcall-edge/rollcall/test/load/sample"
	"github.com/rollcall-edge/rollcall/test/load/storage"
)

// Markdown is the section of the README: where and when, the aims, and a table for each measurement that was made. Commit is
// what was measured.
func (r *Results) Markdown(commit string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Written by `make bench` on %s, at commit %s, in %s, on: %s; %s.\n",
		r.At.UTC().Format("2006-01-02 15:04 UTC"), commit, r.Took.Round(time.Second), r.Machine, machine.Words(r.Others))
	for _, part := range []string{r.aims(), r.lights(), r.storage(), r.appliance(), r.rates(), r.isolation(), r.backlog(), r.year()} {
		if part != "" {
			b.WriteString("\n" + part)
		}
	}
	return b.String()
}

func (r *Results) aims() string {
	rows := [][]string{{"aim", "measured", ""}}
	for _, a := range r.Aims() {
		verdict := "met"
		if !a.Met {
			verdict = "**missed**"
		}
		rows = append(rows, []string{a.What, a.Got, verdict})
	}
	if len(rows) == 1 {
		return ""
	}
	return readme.Table(rows...)
}

func (r *Results) lights() string {
	if len(r.Lights) == 0 {
		return ""
	}
	flush := r.Storage.Disk.Middle
	rows := [][]string{{"baud", "readers", "channel", "median ms", "p99 ms", "model + flush: mean ms", "worst ms", "median over model", "ideal wire: mean ms", "card sent to light: median ms", "p99 ms"}}
	for _, c := range r.Lights {
		m := light.NewModel(c.Wiring)
		rows = append(rows, []string{
			fmt.Sprint(c.Baud), fmt.Sprint(c.Readers), channel(c.Secure), millis(c.Tap.Median()), millis(c.Tap.Quantile(0.99)),
			millis(m.Mean + flush), millis(m.Worst + flush), fmt.Sprintf("%+.0f %%", 100*r.excess(c)), millis(light.Ideal(c.Wiring)),
			millis(c.Answer.Median()), millis(c.Answer.Quantile(0.99)),
		})
	}
	return fmt.Sprintf("**From card to light.** The gateway's program at one end of a pseudo-terminal, simulated OSDP readers at the other, octets at the "+
		"speed of the wire; %d people per line, one at a time, each with a card of 7 octets, at moments and readers drawn at random; each light "+
		"was green. The model is polling back to back, 3 ms for a reader to answer, 1 ms to judge, the LED as the very next frame and 1 ms for "+
		"the lamp; the flush is the median one below (%s ms). The ideal wire has no gateway at its end that would need any time.\n\n%s",
		r.Lights[0].Taps, millis(flush), readme.Table(rows...))
}

// channel is how a bus is spoken on.
func channel(secure bool) string {
	if secure {
		return "secure"
	}
	return "plain"
}

func (r *Results) storage() string {
	if len(r.Storage.Journal) == 0 {
		return ""
	}
	rows := [][]string{{"one tap durable at a time, for each writer", "writers", "taps/s", "× bare flush", "median ms", "p99 ms"}}
	row := func(name string, writers int, s storage.Speed) {
		rows = append(rows, []string{name, fmt.Sprint(writers), sample.Thousands(int(s.Rate)), fmt.Sprintf("%.2f", s.Times), millis(s.Middle), millis(s.Late)})
	}
	row("bare 4 KiB write and fdatasync", 1, r.Storage.Disk)
	for i, n := range storage.Writers {
		row("journal", n, r.Storage.Journal[i])
	}
	for i, n := range storage.Writers {
		row("Badger, SyncWrites, a transaction per tap", n, r.Storage.Badger[i])
	}
	return "**Keeping a tap**, in turns on the same disk: the gateway's journal, what one would take in its place, and the disk's own limit.\n\n" + readme.Table(rows...)
}

func (r *Results) appliance() string {
	a := r.Appliance
	if len(a.Starts) == 0 {
		return ""
	}
	memory := [][]string{{"memory of the gateway, MiB", "resident", "of it anonymous", "peak"}}
	for _, m := range []struct {
		when string
		what appliance.Memory
	}{{"after the timetable has come from central", a.Fetched}, {"after a restart", a.Restarted}} {
		memory = append(memory, []string{m.when, mebibytes(m.what.Resident), mebibytes(m.what.Anonymous), mebibytes(m.what.Peak)})
	}
	starts := [][]string{{"program started until a reader shows blue, page cache dropped", "runs", "median", "slowest"}}
	for _, s := range a.Starts {
		starts = append(starts, []string{
			fmt.Sprintf("journal of %s, %s records", days(s.Days), sample.Thousands(s.Days*appliance.Daily)), fmt.Sprint(len(s.Times)),
			seconds(s.Times.Median()), seconds(s.Times.Quantile(1)),
		})
	}
	return fmt.Sprintf("**The appliance.** The gateway's program, enrolled, with eight readers, a cluster of one and a timetable of %s (%s of JSON).\n\n%s\n%s",
		a.Size, mebibytes(int64(a.Timetable)), readme.Table(memory...), readme.Table(starts...))
}

func (r *Results) rates() string {
	rows := [][]string{{"rates", ""}}
	if f, ok := r.Decide["BenchmarkDecide"]; ok {
		rows = append(rows, []string{"judging a tap, 50,000 people and two weeks of 400 rooms", fmt.Sprintf("%.0f ns, %.0f B, %.0f allocations", f["ns/op"], f["B/op"], f["allocs/op"])})
	}
	for _, n := range []string{"1", "16", "256"} {
		rows = append(rows, rate("three gateways in one process over mutual TLS, "+n+" taps at a time, each journalled and on a majority", r.Replicate, "BenchmarkReplicate/readers="+n, "taps/s")...)
	}
	for _, engine := range []struct{ name, label string }{{"SQLite", "sqlite"}, {"PostgreSQL on the same machine", "postgres"}} {
		rows = append(rows, rate("central's ingest into "+engine.name+", batches of 500, each durable before its receipt",
			r.Ingest, "BenchmarkIngest/engine="+engine.label, "rows/s")...)
		rows = append(rows, rate("the same, each batch with a checkpoint: the tree is grown from the rows, and sealed",
			r.Ingest, "BenchmarkIngestSealed/engine="+engine.label, "rows/s")...)
	}
	if len(rows) == 1 {
		return ""
	}
	return readme.Table(rows...)
}

func (r *Results) isolation() string {
	f, ok := r.Isolation["BenchmarkIsolation"]
	if !ok {
		return ""
	}
	row := func(what, name string) []string {
		return []string{what, fmt.Sprintf("%.2f", f[name+"-median-ms"]), fmt.Sprintf("%.2f", f[name+"-p99-ms"])}
	}
	return "**Isolation.** Three gateways' parts in one process over mutual TLS, each recording 200 taps/s; one of them in turns whole and cut off from the others.\n\n" +
		readme.Table([]string{"one tap", "median ms", "p99 ms"}, row("kept, the cluster whole: what green waits for", "whole"),
			row("kept, the building isolated", "isolated"), row("from kept to held by a majority, the cluster whole", "lag"))
}

func rate(what string, f gobench.Figures, name, unit string) [][]string {
	v, ok := f[name][unit]
	if !ok {
		return nil
	}
	return [][]string{{what, sample.Thousands(int(v)) + " " + unit}}
}

func millis(d time.Duration) string {
	if d < time.Millisecond {
		return fmt.Sprintf("%.2f", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.1f", d.Seconds()*1e3)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func mebibytes(n int64) string { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }

func days(n int) string {
	if n == 1 {
		return "a day"
	}
	return fmt.Sprintf("%d days", n)
}
