package versus

import (
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/test/load/machine"
	"github.com/rollcall-edge/rollcall/test/load/readme"
	"github.com/rollcall-edge/rollcall/test/load/sample"
	"github.com/rollcall-edge/rollcall/test/versus/cluster"
)

// What Rollcall aims at.
const (
	timesEtcd    = 4.0 // with the most clients
	flushesLone  = 1.2
	octetsPerTap = 16 << 10
)

// Markdown is the section of the README: where and when, the aims, and a table for each measurement. Commit is what was
// measured.
func (r *Results) Markdown(commit string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Written by `make bench` on %s, at commit %s, in %s, on: %s; %s.\n\n",
		r.At.UTC().Format("2006-01-02 15:04 UTC"), commit, r.Took.Round(time.Second), r.Machine, machine.Words(r.Others))
	for _, part := range []string{r.aims(), r.replication(), r.onCards(), r.memory()} {
		b.WriteString(part)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// aims compares what was measured with what is aimed at. What was not measured is left out.
func (r *Results) aims() string {
	rows := [][]string{{"aim", "measured", ""}}
	add := func(what, got string, met bool) {
		verdict := "met"
		if !met {
			verdict = "**missed**"
		}
		rows = append(rows, []string{what, got, verdict})
	}
	if r.Etcd != "" {
		most := r.Speeds[len(r.Speeds)-1]
		add(fmt.Sprintf("three gateways, %d taps at a time: at least 4 × etcd", most.Clients), fmt.Sprintf("%.1f ×", most.Ratio), most.Ratio >= timesEtcd)
	}
	if c := r.Cards; c != nil {
		add("a lone tap on a card of 8 ms a flush is kept, and its light may show, within 1.2 flushes", fmt.Sprintf("%.2f", c.flushes()), c.flushes() <= flushesLone)
		tap := c.Paced[0].Gateways
		add("20 taps/s at each gateway: at most 16 KiB written for a tap, over all three cards, besides what fills new files once",
			fmt.Sprintf("%s, and %s once", kibibytes(tap.Octets-tap.Ahead), kibibytes(tap.Ahead)), tap.Octets-tap.Ahead <= octetsPerTap)
	}
	if len(rows) == 1 {
		return ""
	}
	return readme.Table(rows...) + "\n"
}

func (r *Results) replication() string {
	rows := [][]string{{"values kept on a majority of three, on one disk", "at a time", "values/s", "median ms", "p99 ms", "gateways ÷ it"}}
	row := func(who string, clients int, rate Rate, ratio string) {
		rows = append(rows, []string{who, fmt.Sprint(clients), sample.Thousands(int(rate.PerSecond)), millis(rate.Middle), millis(rate.Late), ratio})
	}
	for _, s := range r.Speeds {
		row("gateways: journal, Raft, replica", s.Clients, s.Gateways, "")
		if r.Etcd != "" {
			row("etcd "+r.Etcd, s.Clients, s.Etcd, fmt.Sprintf("%.1f", s.Ratio))
		}
	}
	for _, missing := range r.missing() {
		rows = append(rows, []string{missing, "", "", "", "", ""})
	}
	return fmt.Sprintf("**Kept on a majority**, in turns on the same disk: three processes each, certificates between them, values of %d octets (the record of a "+
		"tap), clients spread evenly over the members, each waiting for its value before it brings the next. A value at a gateway begins as a tap that is "+
		"decided; it is kept in its journal, then by Raft on a majority, then applied by the leader, each with a flush. The shippers wait %v for company; in the "+
		"field, where no light waits for it, up to 100 ms. **Not like for like:** etcd keeps a map that any client may change and answers in one order for all; the gateways "+
		"keep streams that only their owners append to. Taps begin inside the gateway, as they do from a reader; etcd's clients come over gRPC, in the clear, and took "+
		"%.0f %% of the processors with %d at a time.\n\n%s\n", r.Value, linger, 100*r.Driving, Clients[len(Clients)-1], readme.Table(rows...))
}

// missing are the contenders that were not there.
func (r *Results) missing() []string {
	missing := []string{"rqlite: not measured, this program has no client for it"}
	if r.Etcd == "" {
		missing = append(missing, "etcd: not installed")
	}
	return missing
}

func (r *Results) onCards() string {
	c := r.Cards
	if c == nil {
		return fmt.Sprintf("**On memory cards:** not measured here: %v.\n\n", r.NoCards)
	}
	light := readme.Table([]string{"a lone tap on a slow card", "taps", "median ms", "p99 ms"},
		[]string{"decided and kept: the light may show", fmt.Sprint(len(c.Kept)), millis(c.Kept.Median()), millis(c.Kept.Quantile(0.99))},
		[]string{"bare 4 KiB write and fdatasync", fmt.Sprint(len(c.Bare)), millis(c.Bare.Median()), millis(c.Bare.Quantile(0.99))})
	rows := [][]string{{"written for one value, over all three cards", "KiB", "of it once in the life of a file", "flushes"}}
	row := func(who string, w Written) {
		rows = append(rows, []string{who, kibibytes(w.Octets), kibibytes(w.Ahead), fmt.Sprintf("%.1f", w.Flushes)})
	}
	for _, p := range c.Paced {
		row("gateways, "+p.words(), p.Gateways)
		if r.Etcd != "" {
			row("etcd, "+p.words(), p.Etcd)
		}
	}
	return fmt.Sprintf("**On memory cards**, simulated: ext4 on a disk that takes %v for a flush and writes %d MB/s, one for each member, with every octet and flush "+
		"counted that comes to it, those of the file system too. A tap at a gateway is written to its own journal, to three Raft logs and into three replicas; here the "+
		"shippers wait as in the field. Once in the life of a file are the zeroes with which journal and Raft log fill a segment of 4 MiB ahead, until old ones can be used "+
		"again: Raft's after ten, the journal's after 30 days.\n\n%s\n%s\n", c.Pace.Flush, c.Pace.Rate/1e6, light, readme.Table(rows...))
}

func (p Paced) words() string {
	perSecond := fmt.Sprintf("%.0f/s", time.Second.Seconds()/p.Every.Seconds())
	if p.Members == 1 {
		return perSecond + " at one member"
	}
	if p.Members == cluster.Size {
		return perSecond + " at each member"
	}
	return fmt.Sprintf("%s at each of %d members", perSecond, p.Members)
}

// flushes is the median of lone taps in bare flushes.
func (c *CardsRun) flushes() float64 { return c.Kept.Median().Seconds() / c.Bare.Median().Seconds() }

func (r *Results) memory() string {
	rows := [][]string{{"most memory of any member, MiB resident", "gateway, with the timetable of 50,000 people", "etcd"}}
	row := func(when string, m MemoryPeak) {
		etcd := "not installed"
		if r.Etcd != "" {
			etcd = mebibytes(m.Etcd)
		}
		rows = append(rows, []string{when, mebibytes(m.Gateway), etcd})
	}
	if c := r.Cards; c != nil {
		row("after lone values and 20/s, on the cards", c.Memory)
	}
	row(fmt.Sprintf("after %d at a time, on the disk", Clients[len(Clients)-1]), r.Memory)
	return "**Memory.** A gateway's parts between reader and majority; the whole program is among the figures above. Each was given the same time, not the same number of values.\n\n" + readme.Table(rows...)
}

func millis(d time.Duration) string {
	if d < time.Millisecond {
		return fmt.Sprintf("%.2f", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.1f", d.Seconds()*1e3)
}

func kibibytes(octets float64) string { return fmt.Sprintf("%.1f", octets/(1<<10)) }

func mebibytes(octets int64) string { return fmt.Sprintf("%.0f", float64(octets)/(1<<20)) }
