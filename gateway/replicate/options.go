package replicate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/hashicorp/raft"
	"github.com/prometheus/client_golang/prometheus"
)

// Options say who a Node is and where it keeps what. ID, Dir and Members are required; Listen and TLS are for gateways that
// have peers, or may get some.
type Options struct {
	ID      string   // this gateway's name, one of Members
	Dir     string   // holds the Raft log and the replica; made if it is not there
	Listen  string   // host:port of the replication port
	Members []Member // whom it founds a cluster with: on a first start each of them writes this list, which must be the same
	Join    bool     // it founds none: with an empty disk it waits until a cluster of those members takes it in
	Desired Desired  // whom the cluster should consist of, as far as central has said; see Want
	TLS     TLS
	Secret  []byte // 32 bytes that encrypt the Raft log and the replica at rest from now on; nil does not

	Directory Directory // what central said, to be handed to members who are behind; nil means nothing
	Build     string    // release of this program, told to the others

	HeartbeatWithin time.Duration // a follower that hears nothing for so long calls an election; 0 means 2 s
	ElectionWithin  time.Duration // a candidate that does not win in so long tries again; 0 means HeartbeatWithin
	LeaseWithin     time.Duration // a leader that reaches no majority for so long steps down; 0 means half of HeartbeatWithin
	CommitEvery     time.Duration // followers learn what is committed at least so often; 0 means 50 ms
	SnapshotEvery   time.Duration // how often to see whether the Raft log can be shortened; 0 means 2 min
	SnapshotAfter   uint64        // entries since the last time that make it worth while; 0 means 8192
	KeepEntries     uint64        // entries kept for followers that lag; 0 means 10240
	SegmentBytes    int64         // file size of the Raft log; 0 means the journal's default
	LookEvery       time.Duration // how often a leader asks how the others are, and takes a step; 0 means 1 s
	StableFor       time.Duration // how long who is to become a voter must have kept up; 0 means 10 s, as in Consul's autopilot
	KeepRecords     time.Duration // how long records stay here after they were written, however soon central proves them; 0 means 7 days
	PruneEvery      time.Duration // how often a leader looks for older ones; 0 means 1 h
	ReserveBytes    int64         // disk space below which nothing is written, twice that to open; 0 means 64 MiB, below 0 none

	Network    Network               // nil means TCP
	Registerer prometheus.Registerer // nil means no metrics
	Log        *slog.Logger          // nil means none
	Now        func() time.Time      // nil means time.Now

	// Today is the time of day and whether it is known: nothing is pruned by a clock that nobody vouches for. nil means Now,
	// and known.
	Today func() (now time.Time, known bool)

	// For tests that cut lines; nil means the real ones.
	listen func(address string) (net.Listener, error)
	dial   func(ctx context.Context, address string) (net.Conn, error)
	mute   bool // the port knows no talk protocol, as that of a build before it
	speaks byte // newest version of a command that is read, as of a neighbouring build; 0 means newestCommand
}

// Network is what carries the replication port, TLS and all.
type Network interface {
	Listen(address string) (net.Listener, error)
	Dial(ctx context.Context, address string) (net.Conn, error)
}

type tcp struct{}

// Listen implements Network.
func (tcp) Listen(address string) (net.Listener, error) { return net.Listen("tcp", address) }

// Dial implements Network.
func (tcp) Dial(ctx context.Context, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

func (o *Options) setDefaults() {
	setDefault(&o.HeartbeatWithin, 2*time.Second)
	setDefault(&o.ElectionWithin, o.HeartbeatWithin)
	setDefault(&o.LeaseWithin, o.HeartbeatWithin/2)
	setDefault(&o.CommitEvery, 50*time.Millisecond)
	setDefault(&o.SnapshotEvery, 2*time.Minute)
	setDefault(&o.SnapshotAfter, 8192)
	setDefault(&o.KeepEntries, 10240)
	setDefault(&o.LookEvery, time.Second)
	setDefault(&o.StableFor, 10*time.Second)
	setDefault(&o.KeepRecords, 7*24*time.Hour)
	setDefault(&o.PruneEvery, time.Hour)
	setDefault(&o.ReserveBytes, 64<<20)
	setDefault(&o.speaks, newestCommand)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Today == nil {
		o.Today = func() (time.Time, bool) { return o.Now(), true }
	}
	if o.Network == nil {
		o.Network = tcp{}
	}
	if o.listen == nil {
		o.listen = o.Network.Listen
	}
	if o.dial == nil {
		o.dial = o.Network.Dial
	}
}

func setDefault[T comparable](field *T, val T) {
	var zero T
	if *field == zero {
		*field = val
	}
}

// wanted is what is known of the cluster at the start.
func (o *Options) wanted() Desired {
	if o.Desired.Version == 0 {
		return Desired{Voters: o.Members}
	}
	return o.Desired
}

// patience is how long a member may stay silent before it counts as not reached: two looks may fail.
func (o *Options) patience() time.Duration { return 3 * (o.LookEvery + o.HeartbeatWithin) }

// check tells what is missing, and gives the members in order.
func (o *Options) check() (members, error) {
	if o.Dir == "" {
		return nil, errors.New("replication needs a directory")
	}
	ms, err := newMembers(o.Members, o.ID)
	if err != nil {
		return nil, err
	}
	if len(ms) == 1 && o.Listen == "" {
		return ms, nil
	}
	if o.Listen == "" {
		return nil, fmt.Errorf("a cluster of %d gateways needs an address to listen on", len(ms))
	}
	return ms, o.TLS.validate()
}

// raftConfig is Raft's view of the options. BatchApplyCh stays off: it would leave commands unanswered that are queued
// when Raft stops, and commands that come together are bundled before they get there.
func (o *Options) raftConfig() *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(o.ID)
	c.HeartbeatTimeout = o.HeartbeatWithin
	c.ElectionTimeout = o.ElectionWithin
	c.LeaderLeaseTimeout = o.LeaseWithin
	c.CommitTimeout = o.CommitEvery
	c.SnapshotInterval = o.SnapshotEvery
	c.SnapshotThreshold = o.SnapshotAfter
	c.TrailingLogs = o.KeepEntries
	c.NoSnapshotRestoreOnStart = true // the replica is the snapshot
	c.NoLegacyTelemetry = true
	c.ShutdownOnRemove = false
	c.Logger = newRaftLog(o.Log, o.Now)
	return c
}
