package replicate

import (
	"errors"
	"time"

	"github.com/hashicorp/raft"
	"github.com/rollcall-edge/rollcall/central/contract"
)

// Stats is the state of the cluster as this gateway sees it, for the status page.
type Stats struct {
	State     string // follower, candidate, leader, shutdown
	Leader    string // name of the gateway that leads, empty if none is known
	Term      uint64
	Committed uint64    // index of the last committed entry known here
	Applied   uint64    // index of the last entry in the replica
	Last      uint64    // index of the last entry in the log
	ContactAt time.Time // when a follower last heard the leader; zero if never, or on the leader
	Peers     []Peer
}

// Peer is another member of the cluster.
type Peer struct {
	Member
	Silent bool // the leader gets no answer from it; false on the others, who do not ask
}

// Stats tells the state of the cluster.
func (n *Node) Stats() Stats {
	_, leader := n.Leader()
	s := Stats{
		State: n.State(), Leader: leader, Term: n.raft.CurrentTerm(), Committed: n.raft.CommitIndex(),
		Applied: n.replica.appliedIndex(), Last: n.raft.LastIndex(),
	}
	if s.State != stateNames[raft.Leader] {
		s.ContactAt = n.raft.LastContact()
	}
	known := n.roster.all()
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, m := range known {
		if m.ID != n.o.ID {
			s.Peers = append(s.Peers, Peer{Member: m, Silent: n.silent[raft.ServerID(m.ID)]})
		}
	}
	return s
}

// ID is this gateway's name.
func (n *Node) ID() string { return n.o.ID }

var stateNames = map[raft.RaftState]string{
	raft.Follower: "follower", raft.Candidate: "candidate", raft.Leader: "leader", raft.Shutdown: "shutdown",
}

// State is follower, candidate, leader or shutdown.
func (n *Node) State() string {
	if n.fault.latched() != nil {
		return stateNames[raft.Shutdown]
	}
	return stateNames[n.raft.State()]
}

// IsLeader reports whether this gateway leads the cluster, as far as it knows.
func (n *Node) IsLeader() bool { return n.State() == stateNames[raft.Leader] }

// Leader is the address and the name of the gateway that leads, both empty if none is known.
func (n *Node) Leader() (address, id string) {
	_, leader := n.raft.LeaderWithID()
	m, ok := n.roster.byID(string(leader))
	if !ok {
		return "", ""
	}
	return m.Address, m.ID
}

// Streams is the state of every stream known here, ordered by name.
func (n *Node) Streams() []StreamState { return n.replica.all() }

// Watermark is the number up to which the stream is on this gateway; a follower may be a moment behind the cluster.
func (n *Node) Watermark(stream contract.Stream) uint64 { return n.replica.stream(stream).Replicated }

// Acknowledged is the number up to which central is known to hold the stream.
func (n *Node) Acknowledged(stream contract.Stream) uint64 {
	return n.replica.stream(stream).Acknowledged
}

// Changed is closed when a watermark moves or the leader changes. Take it before looking, wait after.
func (n *Node) Changed() <-chan struct{} { return n.replica.changed() }

// Read gives encoded records of a stream from number first on: at least one, at most maxRecords, no more than maxBytes of
// them together unless the first alone is larger, none above Watermark. ErrNotFound says that there is none. Damage ends
// this node as a storage error does: the next start sets the replica aside and has it filled again.
func (n *Node) Read(stream contract.Stream, first uint64, maxRecords, maxBytes int) ([][]byte, error) {
	records, err := n.replica.read(stream, first, maxRecords, maxBytes)
	if errors.Is(err, ErrDamaged) {
		err = n.fault.report(err)
	}
	return records, err
}
