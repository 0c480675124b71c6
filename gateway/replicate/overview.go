package replicate

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/hashicorp/raft"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Overview is the whole cluster as its leader sees it, or as one sees it who has no leader.
type Overview struct {
	Seen    string        `json:"seen"`   // by whom
	Leader  string        `json:"leader"` // empty if none is known
	Term    uint64        `json:"term"`
	Central uint64        `json:"central"`         // revision of central's word that is followed; 0: by hand
	Waits   string        `json:"waits,omitempty"` // why the cluster is not as central wants it
	Members []MemberState `json:"members"`
}

// MemberState is one member of the cluster.
type MemberState struct {
	Member
	Voter    bool          `json:"voter"`
	Self     bool          `json:"self"`     // the one who looks
	Heard    bool          `json:"heard"`    // it answered lately
	Behind   uint64        `json:"behind"`   // entries it lacks, as far as is known
	Speaks   byte          `json:"speaks"`   // newest version of a command that it reads; 0: unknown
	Build    string        `json:"build"`    // release of its program
	Newcomer bool          `json:"newcomer"` // it has lost its disk, or has none yet
	Sound    time.Duration `json:"sound"`    // for so long it has kept up
}

// Overview asks the leader for it; without one it is this gateway's own.
func (n *Node) Overview(ctx context.Context) Overview {
	_, leader := n.Leader()
	if m, ok := n.roster.byID(leader); ok && leader != n.o.ID {
		r, err := n.fellows.ask(ctx, m, question{Overview: true})
		if err == nil && r.Overview != nil {
			return *r.Overview
		}
		n.o.Log.Info("leader gave no overview", slog.String("leader", leader), slog.Any("error", err))
	}
	return n.overview()
}

func (n *Node) overview() Overview {
	_, leader := n.Leader()
	o := Overview{Seen: n.o.ID, Leader: leader, Term: n.raft.CurrentTerm(), Central: n.roster.wanted().Version}
	if waits := n.waits.Load(); waits != nil && n.IsLeader() {
		o.Waits = *waits
	}
	for _, s := range n.servers() {
		o.Members = append(o.Members, n.memberState(s))
	}
	slices.SortFunc(o.Members, func(a, b MemberState) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return o
}

// Report is what central is told of the cluster: what this gateway itself sees, so that central can lay the members' words side by
// side.
func (n *Node) Report() contract.ClusterState {
	o := n.overview()
	s := contract.ClusterState{
		Leader: o.Leader, Term: o.Term, Last: n.raft.LastIndex(), Applied: n.replica.appliedIndex(),
		Follows: o.Central, Newcomer: n.newcomer.Load(), Waits: o.Waits,
	}
	for _, m := range o.Members {
		s.Members = append(s.Members, contract.ClusterMember{Gateway: m.ID, Address: m.Address, Voter: m.Voter})
	}
	return s
}

func (n *Node) memberState(s raft.Server) MemberState {
	m := MemberState{Member: Member{ID: string(s.ID), Address: string(s.Address)}, Voter: s.Suffrage == raft.Voter}
	if m.ID == n.o.ID {
		m.Self, m.Heard, m.Speaks, m.Build, m.Newcomer = true, true, n.o.speaks, n.o.Build, n.newcomer.Load()
		return m
	}
	f, ok := n.fellows.of(m.ID)
	if !ok {
		return m
	}
	now := n.o.Now()
	m.Heard = now.Sub(f.heardAt) <= n.o.patience()
	m.Speaks, m.Build, m.Newcomer = f.standing.Speaks, f.standing.Build, f.standing.Newcomer
	if last := n.raft.LastIndex(); !f.mute && last > f.standing.Last {
		m.Behind = last - f.standing.Last
	}
	if !f.soundSince.IsZero() {
		m.Sound = now.Sub(f.soundSince)
	}
	return m
}

// standing is how this gateway is.
func (n *Node) standing() standing {
	s := standing{
		Speaks: n.o.speaks, Build: n.o.Build, Term: n.raft.CurrentTerm(), Last: n.raft.LastIndex(),
		Applied: n.replica.appliedIndex(), Newcomer: n.newcomer.Load(),
	}
	if n.o.Directory != nil {
		_, s.Holds = n.o.Directory.Held()
	}
	return s
}

// talk serves one peer's connection of the talk protocol.
func (n *Node) talk(conn net.Conn) {
	if err := answerTalk(conn, n.reply); err != nil && !errors.Is(err, net.ErrClosed) {
		n.o.Log.Debug("talk connection ended", slog.Any("error", err))
	}
}

// reply answers a fellow's question. It may come before Raft runs.
func (n *Node) reply(q question) reply {
	select {
	case <-n.running:
	case <-n.closing:
		return reply{Error: ErrClosed.Error()}
	}
	r := n.exchangeDirectory(q)
	r.Standing = n.standing()
	for _, s := range n.servers() {
		r.Members = append(r.Members, Member{ID: string(s.ID), Address: string(s.Address)})
	}
	if q.Overview {
		o := n.overview()
		r.Overview = &o
	}
	if q.Wish != nil {
		p, err := n.fulfil(*q.Wish)
		if r.Central = errors.Is(err, ErrCentral); err != nil && !r.Central {
			r.Error = err.Error()
		}
		r.Progress = &p
	}
	return r
}

// exchangeDirectory takes central's newer word, or gives it.
func (n *Node) exchangeDirectory(q question) (r reply) {
	if n.o.Directory == nil {
		return r
	}
	if q.Directory != nil {
		if err := n.o.Directory.Offer(*q.Directory); err != nil {
			n.o.Log.Warn("directory of a fellow refused", slog.Any("error", err))
		}
	}
	if document, revision := n.o.Directory.Held(); revision > q.Holds {
		r.Directory = &document
	}
	return r
}
