package fleet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Status is how the clusters stand by what their members last said.
type Status struct {
	Clusters []ClusterStatus // central's own by name, then those that gateways say they are, by their first member
	Alone    []string        // gateways in service that copy to nobody, or do not say
}

// ClusterStatus is one cluster: whom central wants in it beside whom its members say are in it.
type ClusterStatus struct {
	Name     string // empty: central did not make it, so that nothing is wanted of it
	Health   Health
	Leader   string         // empty: nobody heard lately names one
	Term     uint64         // of whoever Said
	Said     string         // the gateway whose word on who is in it counts; empty: none has said
	SaidAt   time.Time      // when it said so; zero if none has
	Waits    string         // the leader's reason why it is not as wanted; empty if it is, or nobody leads
	Members  []MemberStatus // by name
	Voters   int            // with a say in Raft's list, or wanted with one while nobody has said
	Heard    int            // of those, how many reported lately
	Farthest string         // of those heard lately, who has the longest log: the one to recover; empty if none is
}

// Health is whether a cluster can agree.
type Health uint8

// The healths, in the order of how much they worry.
const (
	Whole      Health = iota // it has a leader, and every voter reports
	Unsaid                   // no member heard lately says anything of clusters: their releases are older than that
	Degraded                 // it has a leader, and not every voter reports
	Leaderless               // most voters report, and none knows of a leader: they do not reach one another, or are electing
	Unheard                  // no member reports: nothing is known of it
	Lost                     // most voters do not report, and those who do know of no leader
)

// MemberStatus is one gateway of a cluster.
type MemberStatus struct {
	Gateway string
	Address string // host:port as central wants it, else as it is
	Wanted  Say    // of central's list; Absent also for every member of a cluster that central did not make
	Is      Say    // of Raft's list, by the word of ClusterStatus.Said
	Leads   bool
	Heard   bool      // it reported lately, and is not revoked
	HeardAt time.Time // zero if it never did, or is not on file
	Revoked bool
	Told    bool // it says how its cluster stands; older releases do not
	Blank   bool // its disk is blank and it has no say yet
	Moves   bool // it is in at another address than the wanted one
	Untold  bool // it is wanted and acts on its own configuration: central's word has not reached it

	Entries uint64 // of the leader's log that it had not applied, by their last reports; 0 unless both have Told
	Records uint64 // that other members' reports say exist and that its own does not have
}

// Say is what part a gateway has in a cluster.
type Say uint8

// The parts, from none to all.
const (
	Absent Say = iota
	Holder     // it holds every record and has no say
	Voter
)

func sayOf(voter bool) Say {
	if voter {
		return Voter
	}
	return Holder
}

// Due is what is still to be done about a member.
type Due uint8

// What can be due, in the order in which the gateways do it.
const (
	Nothing Due = iota
	Move        // to be known under another address
	TakeIn
	Promote
	Demote
	TakeOut
)

// Due is the next thing that the cluster is to do about a member, by central's list.
func (c ClusterStatus) Due(m MemberStatus) Due {
	switch {
	case c.Name == "" || c.Said == "":
		return Nothing
	case m.Wanted == Absent:
		return TakeOut
	case m.Is == Absent:
		return TakeIn
	case m.Moves:
		return Move
	case m.Is < m.Wanted:
		return Promote
	case m.Is > m.Wanted:
		return Demote
	}
	return Nothing
}

// Open is how many members are not yet what central wants them to be.
func (c ClusterStatus) Open() (open int) {
	for _, m := range c.Members {
		if c.Due(m) != Nothing || m.Blank {
			open++
		}
	}
	return open
}

// Status lays what the members of each cluster last said beside what central wants.
func (f *Fleet) Status(ctx context.Context) (Status, error) {
	clusters, err := f.Clusters(ctx)
	if err != nil {
		return Status{}, err
	}
	gateways, err := f.store.Gateways(ctx)
	if err != nil {
		return Status{}, fmt.Errorf("read status of clusters: %w", err)
	}
	v := view{now: f.now(), gateways: map[string]Gateway{}}
	revoked := map[string]bool{}
	for _, g := range gateways {
		v.gateways[g.ID], revoked[g.ID] = g, !g.RevokedAt.IsZero()
	}
	for i := range clusters {
		clusters[i].Members = trusted(clusters[i].Members, revoked)
	}
	return v.status(clusters), nil
}

// view is the fleet at one moment.
type view struct {
	now      time.Time
	gateways map[string]Gateway
}

func (v view) status(clusters []Cluster) (s Status) {
	placed := map[string]bool{}
	add := func(c Cluster) {
		status := v.cluster(c)
		for _, m := range status.Members {
			placed[m.Gateway] = true
		}
		s.Clusters = append(s.Clusters, status)
	}
	for _, c := range clusters {
		add(c)
	}
	for _, id := range slices.Sorted(maps.Keys(v.gateways)) {
		state := v.said(id)
		switch {
		case placed[id] || !v.gateways[id].RevokedAt.IsZero():
		case state == nil || len(state.Members) < 2:
			s.Alone = append(s.Alone, id)
		default:
			add(Cluster{Members: inTheirWords(id, state)})
		}
	}
	return s
}

// inTheirWords is a cluster that central did not make. Nothing is wanted of it; view.cluster knows by its missing name.
func inTheirWords(id string, state *contract.ClusterState) []contract.DirectoryMember {
	members := []contract.DirectoryMember{{Gateway: id}}
	for _, m := range state.Members {
		if m.Gateway != id {
			members = append(members, contract.DirectoryMember{Gateway: m.Gateway})
		}
	}
	return members
}

// said is what a gateway last said of its cluster; nil if it says nothing.
func (v view) said(gateway string) *contract.ClusterState {
	if r := v.gateways[gateway].Report; r != nil {
		return r.Cluster
	}
	return nil
}

func (v view) heard(gateway string) bool {
	g, known := v.gateways[gateway]
	return known && g.RevokedAt.IsZero() && !g.HeardAt.IsZero() && v.now.Sub(g.HeardAt) <= silentAfter
}

func (v view) cluster(c Cluster) ClusterStatus {
	s := ClusterStatus{Name: c.Name, Said: v.spokesman(c.Members)}
	var state contract.ClusterState
	if s.Said != "" {
		state, s.SaidAt = *v.said(s.Said), v.gateways[s.Said].HeardAt
		s.Term, s.Waits = state.Term, state.Waits
		if v.heard(s.Said) {
			s.Leader = state.Leader
		}
	}
	s.Members = v.members(c, state.Members)
	v.measure(&s)
	s.count()
	s.Farthest = v.farthest(s.Members)
	s.Health = v.health(s)
	return s
}

// spokesman is the member whose word on the cluster counts: one heard lately before any other, the leader of the newest term before
// its followers, then who has the longest log.
func (v view) spokesman(members []contract.DirectoryMember) string {
	type claim struct {
		gateway string
		heard   bool
		term    uint64
		leads   bool
		last    uint64
	}
	var best claim
	for _, m := range members {
		state := v.said(m.Gateway)
		if state == nil || !v.gateways[m.Gateway].RevokedAt.IsZero() {
			continue
		}
		it := claim{m.Gateway, v.heard(m.Gateway), state.Term, state.Leader == m.Gateway, state.Last}
		if best.gateway == "" || cmp.Or(less(best.heard, it.heard), cmp.Compare(best.term, it.term), less(best.leads, it.leads), cmp.Compare(best.last, it.last)) < 0 {
			best = it
		}
	}
	return best.gateway
}

// less orders false before true.
func less(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// members joins central's list with Raft's, by name.
func (v view) members(c Cluster, raft []contract.ClusterMember) []MemberStatus {
	all := map[string]MemberStatus{}
	for _, m := range c.Members {
		status := v.member(m.Gateway)
		if c.Name != "" {
			status.Address, status.Wanted = m.Address, sayOf(m.Voter)
			status.Untold = status.Told && v.said(m.Gateway).Follows == 0
		}
		all[m.Gateway] = status
	}
	for _, m := range raft {
		status, known := all[m.Gateway]
		if !known {
			status = v.member(m.Gateway)
		}
		status.Is = sayOf(m.Voter)
		status.Moves = status.Address != "" && status.Address != m.Address
		status.Address = cmp.Or(status.Address, m.Address)
		all[m.Gateway] = status
	}
	return slices.SortedFunc(maps.Values(all), func(a, b MemberStatus) int { return cmp.Compare(a.Gateway, b.Gateway) })
}

func (v view) member(id string) MemberStatus {
	g, state := v.gateways[id], v.said(id)
	m := MemberStatus{Gateway: id, Heard: v.heard(id), HeardAt: g.HeardAt, Revoked: !g.RevokedAt.IsZero()}
	if state != nil {
		m.Told, m.Blank = true, state.Newcomer
	}
	return m
}

// measure tells of each member how far its copies are behind, and who leads.
func (v view) measure(s *ClusterStatus) {
	level := map[contract.Stream]uint64{}
	for _, m := range s.Members {
		for stream, durable := range v.holds(m.Gateway) {
			level[stream] = max(level[stream], durable)
		}
	}
	leader := v.said(s.Leader)
	for i := range s.Members {
		m := &s.Members[i]
		m.Leads = s.Leader != "" && m.Gateway == s.Leader
		if state := v.said(m.Gateway); leader != nil && state != nil {
			m.Entries = leader.Last - min(leader.Last, state.Applied)
		}
		held := v.holds(m.Gateway)
		for stream, durable := range level {
			m.Records += durable - held[stream]
		}
	}
}

// holds is how far each stream is on a gateway, by its last report.
func (v view) holds(gateway string) map[contract.Stream]uint64 {
	held := map[contract.Stream]uint64{}
	if r := v.gateways[gateway].Report; r != nil {
		for _, s := range r.Streams {
			held[s.Stream] = s.Durable
		}
	}
	return held
}

// count counts who has a say and is heard.
func (s *ClusterStatus) count() {
	for _, m := range s.Members {
		if m.hasSay(s.Said != "") {
			s.Voters++
			if m.Heard {
				s.Heard++
			}
		}
	}
}

// hasSay goes by Raft's list, or by central's while nobody has said what Raft's is.
func (m MemberStatus) hasSay(said bool) bool {
	if said {
		return m.Is == Voter
	}
	return m.Wanted == Voter
}

// farthest is the member heard lately whose log is longest, who should be recovered if it comes to that.
func (v view) farthest(members []MemberStatus) (gateway string) {
	var last uint64
	for _, m := range members {
		state := v.said(m.Gateway)
		if m.Is == Absent || !m.Heard || state == nil {
			continue
		}
		if gateway == "" || state.Last > last {
			gateway, last = m.Gateway, state.Last
		}
	}
	return gateway
}

func (v view) health(s ClusterStatus) Health {
	anybody := slices.ContainsFunc(s.Members, func(m MemberStatus) bool { return m.Heard })
	switch {
	case !anybody:
		return Unheard
	case s.Said == "" || !v.heard(s.Said):
		return Unsaid
	case s.Leader != "" && s.Heard == s.Voters:
		return Whole
	case s.Leader != "":
		return Degraded
	case 2*s.Heard > s.Voters:
		return Leaderless
	}
	return Lost
}
