package gateway

import (
	"crypto/ed25519"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract/tree"
	"github.com/rollcall-edge/rollcall/gateway/status"
)

// snapshot gathers the state of every part for the status page.
func (g *Gateway) snapshot() status.Snapshot {
	stamp, lines := g.clock.Stamp(g.clock.Now()), linesOf(g.capture)
	now := stamp.At
	s := status.Snapshot{
		At: now, StartedAt: g.startedAt, Gateway: g.identity.Gateway(), Building: g.identity.Building(), Version: g.o.Version,
		Warnings: g.warnings(now, lines), Notes: notes(lines),
		Clock:   status.Clock{Quality: stamp.Quality.String(), Within: stamp.Within, Offset: g.reporter.Offset().Round(time.Millisecond)},
		Journal: status.Journal{Stream: g.journal.Stream().String(), Durable: g.journal.Durable(), Acknowledged: g.journal.Acknowledged(), Sealed: g.journal.Sealed()},
		Lines:   lines,
	}
	s.Uplink = status.Uplink{Central: g.config.Central.URL, Queue: g.forwarder.Queue(), OldestAt: g.forwarder.Oldest(), Trouble: g.forwarder.State().Trouble}
	s.Seal.Day, s.Seal.Digest = g.shelf.Last()
	s.Seal.Key = g.checkpointKey()
	s.Uplink.HeardAt, _ = g.reporter.HeardAt()
	if x := g.timetable.Index(); x != nil {
		s.Timetable = status.Timetable{Version: x.Version(), MadeAt: x.MadeAt(), ValidUntil: x.ValidUntil(), SyncedAt: g.timetable.SyncedAt(), Cards: x.Cards()}
	}
	if g.mirror != nil {
		m := g.mirror.State()
		s.Journal.Mirror, s.Journal.Mirrored = m.Dir, m.Copied
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

// checkpointKey is the key that checkpoints of this gateway are signed with, for an auditor to copy; empty if there is none yet.
func (g *Gateway) checkpointKey() string {
	key := g.identity.CheckpointKey()
	if key == nil {
		return ""
	}
	text, err := tree.VerifierKey(g.identity.Gateway(), key.Public().(ed25519.PublicKey))
	if err != nil {
		return ""
	}
	return text
}
