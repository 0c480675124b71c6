package gateway

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/gateway/capture"
	"github.com/rollcall-edge/rollcall/gateway/status"
	"github.com/rollcall-edge/rollcall/gateway/survey"
)

// oldQueue is the age at which records that wait for central become a warning.
const oldQueue = 15 * time.Minute

// warnings names everything a person should do something about, the notices of this run first.
func (g *Gateway) warnings(now time.Time, lines []status.Line) []status.Warning {
	g.mu.Lock()
	all := slices.Clone(g.notices)
	g.mu.Unlock()
	add := func(name, text string) {
		if text != "" {
			all = append(all, status.Warning{Name: name, Text: text})
		}
	}
	if err := g.journal.Usable(); err != nil {
		add("storage", fmt.Sprintf("no tap can be kept and all readers are amber: %v", err))
	}
	add("disk", diskWarning(g.journal.DiskUsed()))
	add("mirror", g.mirrorWarning())
	add("uplink", g.uplinkWarning(now))
	if err := g.notary.Trouble(); err != nil {
		add("proof", fmt.Sprintf("taps are kept and sent as ever, but their completeness can no longer be proven: %v; nothing of this stream is pruned, ask for help", err))
	}
	add("daily seal", g.shelf.Warning())
	if g.witness != nil {
		add("neighbour", g.witness.Warning())
	}
	add("timetable", g.timetable.Warning(now))
	add("clock", g.clock.Warning())
	add("certificate", g.identity.Warning())
	add("directory", g.directory.Warning())
	if g.cluster != nil && g.cluster.Stats().Leader == "" {
		add("cluster", "no gateway leads the cluster: taps go on here and are copied once a majority of members can be reached; check the building network")
	}
	for _, l := range lines {
		lineWarnings(l, add)
	}
	if g.radio != nil {
		add("bluetooth", g.radio.Adapter().Trouble)
	}
	return all
}

// diskAlarm is the share of the disk in use from which somebody should look. At 90 % the journal drops what central has sealed.
const diskAlarm = 0.80

func diskWarning(used float64, err error) string {
	switch {
	case err != nil:
		return fmt.Sprintf("it is not known how full the disk is: %v", err)
	case used >= diskAlarm:
		return fmt.Sprintf("the disk is %.0f %% full; taps are kept until it is nearly full, and then all readers turn amber: remove what does not belong there, and see that central can be reached", 100*used)
	}
	return ""
}

// lineWarnings speaks of a closed line once, not once for each of its readers.
func lineWarnings(l status.Line, add func(name, text string)) {
	bus := "bus " + l.Line.Bus
	if !l.Line.Up {
		add(bus, l.Line.Trouble)
		return
	}
	add(bus+adviceOn(l.Line.Advice), l.Line.Advice)
	if round := l.Line.Cycle.Median; round > survey.Slow {
		add(bus+" slow", fmt.Sprintf("a round over its readers takes %d ms, and a card waits for its light as long: rollcall-gateway check tells the speed that would do", round.Milliseconds()))
	}
	for _, r := range l.Readers {
		add(readerWarning(r))
	}
}

// adviceOn is what an advice is called: the latency timer, which is met most, has a name of its own.
func adviceOn(advice string) string {
	if strings.Contains(advice, "latency timer") {
		return " latency timer"
	}
	return " advice"
}

// readerWarning names what a reader reports apart from what is wrong with it.
func readerWarning(r drivers.Status) (name, text string) {
	name = "reader " + r.Reader
	switch {
	case r.Up && r.Tamper:
		return name + " tamper", cmp.Or(r.Trouble, "it reports that it was opened or moved: go and look")
	case r.Up && r.PowerLost:
		return name + " power", cmp.Or(r.Trouble, "it reports a power failure: check its supply")
	}
	return name, r.Trouble
}

// notes names what is no fault and yet to be known: readers that anybody at their wires can hear and imitate.
func notes(lines []status.Line) []status.Warning {
	var all []status.Warning
	for _, l := range lines {
		var plain []string
		for _, r := range l.Readers {
			if l.Line.Driver == "osdp" && !r.Keyed {
				plain = append(plain, r.Reader)
			}
		}
		if len(plain) > 0 {
			all = append(all, status.Warning{Name: "bus " + l.Line.Bus + " unsecured", Text: fmt.Sprintf(
				"%s: whoever reaches the wires can read cards there, and play a reader; rollcall-gateway readers install gives each a key of its own", strings.Join(plain, ", "))})
		}
	}
	return all
}

// linesOf hands the state of lines to the status page.
func linesOf(c *capture.Capture) []status.Line {
	var lines []status.Line
	for _, l := range c.Lines() {
		lines = append(lines, status.Line(l))
	}
	return lines
}

func (g *Gateway) uplinkWarning(now time.Time) string {
	if s := g.forwarder.State(); s.Stopped() {
		return s.Trouble
	}
	heardAt, trouble := g.reporter.HeardAt()
	oldest := g.forwarder.Oldest()
	switch {
	case trouble != "" && heardAt.IsZero():
		return fmt.Sprintf("central has not answered since this gateway started: %s; %d records wait here and are safe", trouble, g.forwarder.Queue())
	case trouble != "":
		return fmt.Sprintf("central does not answer since %s: %s; %d records wait here and are safe", heardAt.UTC().Format("15:04:05Z"), trouble, g.forwarder.Queue())
	case !oldest.IsZero() && now.Sub(oldest) > oldQueue:
		return fmt.Sprintf("records wait for central since %s: %s", oldest.UTC().Format("2006-01-02 15:04Z"), g.forwarder.State().Trouble)
	}
	return ""
}
