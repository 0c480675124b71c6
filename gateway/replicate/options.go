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

// Options say who a Node is and where it keeps what. ID, Dir and Members are required; Listen and TLS are for clusters of
// more than one gateway.
type Options struct {
	ID      string   // this gateway's name, one of Members
	Dir     string   // holds the Raft log and the replica; made if it is not there
	Listen  string   // host:port of the replication port
	Members []Member // the whole cluster, the same list on every member
	TLS     TLS
	Secret  []byte // 32 bytes that encrypt the Raft log and the replica at rest from now on; nil does not

	HeartbeatWithin time.Duration // a follower that hears nothing for so long calls an election; 0 means 2 s
	ElectionWithin  time.Duration // a candidate that does not win in so long tries again; 0 means HeartbeatWithin
	LeaseWithin     time.Duration // a leader that reaches no majority for so long steps down; 0 means half of HeartbeatWithin
	CommitEvery     time.Duration // followers learn what is committed at least so often; 0 means 50 ms
	SnapshotEvery   time.Duration // how often to see whether the Raft log can be shortened; 0 means 2 min
	SnapshotAfter   uint64        // entries since the last time that make it worth while; 0 means 8192
	KeepEntries     uint64        // entries kept for followers that lag; 0 means 10240
	SegmentBytes    int64         // file size of the Raft log; 0 means the journal's default
	ReserveBytes    int64         // disk space below which nothing is written, twice that to open; 0 means 64 MiB, below 0 none

	Registerer prometheus.Registerer // nil means no metrics
	Log        *slog.Logger          // nil means none
	Now        func() time.Time      // nil means time.Now

	// For tests that cut lines; nil means the real ones.
	listen func(address string) (net.Listener, error)
	dial   func(ctx context.Context, address string) (net.Conn, error)
}

func (o *Options) setDefaults() {
	setDefault(&o.HeartbeatWithin, 2*time.Second)
	setDefault(&o.ElectionWithin, o.HeartbeatWithin)
	setDefault(&o.LeaseWithin, o.HeartbeatWithin/2)
	setDefault(&o.CommitEvery, 50*time.Millisecond)
	setDefault(&o.SnapshotEvery, 2*time.Minute)
	setDefault(&o.SnapshotAfter, 8192)
	setDefault(&o.KeepEntries, 10240)
	setDefault(&o.ReserveBytes, 64<<20)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.listen == nil {
		o.listen = func(address string) (net.Listener, error) { return net.Listen("tcp", address) }
	}
	if o.dial == nil {
		o.dial = func(ctx context.Context, address string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
	}
}

func setDefault[T comparable](field *T, val T) {
	var zero T
	if *field == zero {
		*field = val
	}
}

// check tells what is missing, and gives the members in order.
func (o *Options) check() (members, error) {
	if o.Dir == "" {
		return nil, errors.New("replication needs a directory")
	}
	ms, err := newMembers(o.Members, o.ID)
	if err != nil {
		return nil, err
	}
	if len(ms) == 1 {
		return ms, nil
	}
	if o.Listen == "" {
		return nil, fmt.Errorf("a cluster of %d gateways needs an address to listen on", len(ms))
	}
	return ms, o.TLS.validate()
}

// raftConfig is Raft's view of the options. BatchApplyCh stays off: it would leave commands unanswered that are queued
// when Raft stops, and with one Ship in flight per gateway there is nothing to batch.
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
