package replicate

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
	"github.com/prometheus/client_golang/prometheus"
)

// nodeMetrics are a node's figures, read when they are asked for.
type nodeMetrics struct {
	node    *Node
	applied prometheus.Histogram

	state, changes, contact, committed, appliedIndex *prometheus.Desc
	bytes, lowest                                    *prometheus.Desc
}

func newNodeMetrics(n *Node) *nodeMetrics {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("rollcall_gateway_raft_"+name, help, labels, nil)
	}
	return &nodeMetrics{
		node: n,
		applied: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "rollcall_gateway_raft_apply_seconds", Help: "Time to bring one batch of committed entries into the replica.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}),
		state:        desc("state", "1 for the state this gateway is in within its cluster.", "state"),
		changes:      desc("leader_changes_total", "Times this gateway learnt of a leader."),
		contact:      desc("last_contact_seconds", "Time since the leader was last heard; 0 on the leader, -1 if never."),
		committed:    desc("commit_index", "Last entry known to be committed."),
		appliedIndex: desc("applied_index", "Last entry in the replica on this gateway's disk."),
		bytes:        prometheus.NewDesc("rollcall_gateway_replica_bytes", "Disk space that the copies of the cluster's records take here.", nil, nil),
		lowest:       prometheus.NewDesc("rollcall_gateway_replica_lowest_record", "Number of the lowest record of a stream that was not pruned here.", []string{"stream"}, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *nodeMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.state, m.changes, m.contact, m.committed, m.appliedIndex, m.bytes, m.lowest} {
		out <- d
	}
	m.applied.Describe(out)
}

// Collect implements prometheus.Collector.
func (m *nodeMetrics) Collect(out chan<- prometheus.Metric) {
	state := m.node.State()
	for _, s := range []raft.RaftState{raft.Follower, raft.Candidate, raft.Leader, raft.Shutdown} {
		out <- gauge(m.state, truth(stateNames[s] == state), stateNames[s])
	}
	out <- prometheus.MustNewConstMetric(m.changes, prometheus.CounterValue, float64(m.node.leaderChanges.Load()))
	out <- gauge(m.contact, m.node.sinceContact().Seconds())
	out <- gauge(m.committed, float64(m.node.raft.CommitIndex()))
	out <- gauge(m.appliedIndex, float64(m.node.replica.appliedIndex()))
	if size, err := m.node.replica.size(); err == nil {
		out <- gauge(m.bytes, float64(size))
	}
	for _, st := range m.node.replica.all() {
		out <- gauge(m.lowest, float64(st.Pruned+1), st.Stream.String())
	}
	m.applied.Collect(out)
}

func gauge(d *prometheus.Desc, val float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(d, prometheus.GaugeValue, val, labels...)
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func (n *Node) sinceContact() time.Duration {
	if n.IsLeader() {
		return 0
	}
	at := n.raft.LastContact()
	if at.IsZero() {
		return -time.Second
	}
	return n.o.Now().Sub(at)
}

func (m *nodeMetrics) register(r prometheus.Registerer) error { return register(r, m) }

func (m *nodeMetrics) unregister(r prometheus.Registerer) { unregister(r, m) }

func register(r prometheus.Registerer, cs ...prometheus.Collector) error {
	if r == nil {
		return nil
	}
	var errs []error
	for _, c := range cs {
		errs = append(errs, r.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	return nil
}

func unregister(r prometheus.Registerer, cs ...prometheus.Collector) {
	if r == nil {
		return
	}
	for _, c := range cs {
		r.Unregister(c)
	}
}
