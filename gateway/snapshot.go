package gateway

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/gateway/status"
)

// oldQueue is the age at which records that wait for central become a warning.
const oldQueue = 15 * time.Minute

// snapshot gathers the state of every part for the status page.
func (g *Gateway) snapshot() status.Snapshot {
	now := g.clock.Now()
	s := status.Snapshot{
		At: now, StartedAt: g.startedAt, Gateway: g.identity.Gateway(), Building: g.identity.Building(), Version: g.o.Version,
		Warnings: g.warnings(now),
		Clock:    status.Clock{Quality: g.clock.Quality().String(), Within: g.clock.Stamp(now).Within, Offset: g.reporter.Offset().Round(time.Millisecond)},
		Journal:  status.Journal{Stream: g.journal.Stream().String(), Durable: g.journal.Durable(), Acknowledged: g.journal.Acknowledged()},
		Readers:  g.capture.Status(),
	}
	s.Uplink = status.Uplink{Central: g.config.Central.URL, Queue: g.forwarder.Queue(), OldestAt: g.forwarder.Oldest(), Trouble: g.forwarder.State().Trouble}
	s.Uplink.HeardAt, _ = g.reporter.HeardAt()
	if x := g.timetable.Index(); x != nil {
		s.Timetable = status.Timetable{Version: x.Version(), MadeAt: x.MadeAt(), ValidUntil: x.ValidUntil(), SyncedAt: g.timetable.SyncedAt(), Cards: x.Cards()}
	}
	g.addCluster(&s)
	g.addBeacons(&s)
	return s
}

func (g *Gateway) addCluster(s *status.Snapshot) {
	if g.cluster == nil {
		return
	}
	s.Journal.Replicated = g.shipper.Replicated()
	stats := g.cluster.Stats()
	s.Cluster = status.Cluster{State: stats.State, Leader: stats.Leader, Commit: stats.Committed, Applied: stats.Applied}
	for _, p := range stats.Peers {
		name := p.ID
		if p.Silent {
			name += " (silent)"
		}
		s.Cluster.Peers = append(s.Cluster.Peers, name)
	}
	for _, r := range g.cluster.Streams() {
		s.Cluster.Streams = append(s.Cluster.Streams, status.Stream{Stream: r.Stream.String(), Replicated: r.Replicated, Acknowledged: r.Acknowledged})
	}
}

func (g *Gateway) addBeacons(s *status.Snapshot) {
	if g.radio == nil {
		return
	}
	s.Bluetooth = status.Bluetooth{Enabled: true, Up: g.radio.Adapter().Up}
	for _, b := range g.radio.Beacons() {
		shown := status.Beacon{ID: b.ID, Name: b.Place.Name, Room: b.Place.Room, RSSI: b.RSSI, HeardAt: b.HeardAt}
		if b.Telemetry != nil {
			shown.Volts = b.Telemetry.Volts
		}
		s.Bluetooth.Beacons = append(s.Bluetooth.Beacons, shown)
	}
}

// warnings names everything a person should do something about, the notices of this run first.
func (g *Gateway) warnings(now time.Time) []status.Warning {
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
	add("uplink", g.uplinkWarning(now))
	add("timetable", g.timetable.Warning(now))
	add("clock", g.clock.Warning())
	add("certificate", g.identity.Warning())
	if g.cluster != nil && g.cluster.Stats().Leader == "" {
		add("cluster", "no gateway leads the cluster: taps go on here and are copied once a majority of members can be reached; check the building network")
	}
	for _, r := range g.capture.Status() {
		add("reader "+r.Reader, r.Trouble)
	}
	if g.radio != nil {
		add("bluetooth", g.radio.Adapter().Trouble)
	}
	return all
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
