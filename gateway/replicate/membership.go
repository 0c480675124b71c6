package replicate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// changeWithin is how long one change of Raft's configuration may wait to be taken up.
const changeWithin = 5 * time.Second

// wish is a change of membership by hand. A leader does one step of it at a time, as often as it is asked.
type wish struct {
	Join   *Member `json:"join,omitempty"`
	Silent bool    `json:"silent,omitempty"` // who joins is to have no say
	Remove string  `json:"remove,omitempty"`
	Force  bool    `json:"force,omitempty"` // also when no majority would be left
}

// Want replaces what is wanted of the cluster, and ends the connections of those who may no longer speak.
func (n *Node) Want(d Desired) {
	n.roster.want(d)
	n.Recheck()
}

// Recheck ends the connections of those who would be refused by now: revoked, or no member any more.
func (n *Node) Recheck() { n.port.sweep() }

// tend runs until the node closes: it looks how the others are, ends connections of strangers, and, on the leader, brings
// the configuration one step nearer to what is wanted.
func (n *Node) tend() {
	ticker := time.NewTicker(n.o.LookEvery)
	defer ticker.Stop()
	led := false
	for {
		select {
		case <-n.closing:
			return
		case <-ticker.C:
		}
		n.replica.readPlainly()
		if led = n.IsLeader(); !led {
			n.fellows.doubtAll()
		}
		n.look(led)
		n.settleIn()
		n.remember()
		n.Recheck()
		if led {
			n.step(n.roster.wanted())
		}
	}
}

// look asks how the others are: all of them on the leader, whoever is known where no leader is.
func (n *Node) look(led bool) {
	known := n.roster.all()
	ids := make([]string, 0, len(known))
	for _, m := range known {
		ids = append(ids, m.ID)
	}
	n.fellows.keepOnly(ids)
	_, leader := n.Leader()
	if led || (leader != "" && isServer(n.servers(), leader)) {
		n.roster.hear(nil)
	}
	if !led && leader != "" {
		return
	}
	ctx, cancel := context.WithTimeout(n.port.alive, n.o.HeartbeatWithin)
	defer cancel()
	var asked sync.WaitGroup
	for _, m := range known {
		if m.ID != n.o.ID {
			asked.Go(func() { n.inquire(ctx, m, led) })
		}
	}
	asked.Wait()
	if led {
		n.fellows.judge(n.raft.CurrentTerm(), n.raft.LastIndex(), n.o.patience())
	}
}

func (n *Node) inquire(ctx context.Context, m Member, led bool) {
	r, err := n.fellows.ask(ctx, m, question{})
	if err != nil {
		n.o.Log.Debug("fellow not heard", slog.String("gateway", m.ID), slog.Any("error", err))
		return
	}
	if !led && len(r.Members) > 0 {
		n.roster.hear(r.Members)
	}
}

// settleIn forgets that this gateway is a newcomer once the cluster has taken it in as such: as a non-voter.
func (n *Node) settleIn() {
	if !n.newcomer.Load() {
		return
	}
	for _, s := range n.servers() {
		if string(s.ID) == n.o.ID && s.Suffrage == raft.Nonvoter {
			if err := n.logs.SetUint64(newcomerKey, 0); err != nil {
				return // it is reported, and the process ends
			}
			n.newcomer.Store(false)
			n.o.Log.Info("taken into the cluster")
		}
	}
}

// servers is Raft's latest configuration on this gateway, committed or not.
func (n *Node) servers() []raft.Server { return n.roster.configured() }

// step does what is next for want, if this gateway leads. A list of a configuration file changes nothing.
func (n *Node) step(want Desired) {
	if want.Version == 0 {
		return
	}
	if p, err := n.stepTowards(want, false); err != nil {
		n.o.Log.Warn("membership not changed; trying again", slog.Any("error", err))
	} else {
		n.waits.Store(&p.Waits)
	}
}

// stepTowards does one step and tells how far it has come.
func (n *Node) stepTowards(want Desired, force bool) (progress, error) {
	n.changing.Lock()
	defer n.changing.Unlock()
	next, waits := nextStep(n.servers(), want, n.o.ID, n.vitals, force)
	if next.do == nothing {
		return progress{Done: waits == "", Waits: waits}, nil
	}
	if err := n.take(next); err != nil {
		return progress{}, fmt.Errorf("%s: %w", next, err)
	}
	n.o.Log.Info("membership changed", slog.String("step", next.String()))
	after, waits := nextStep(n.servers(), want, n.o.ID, n.vitals, force)
	return progress{Step: next.String(), Done: after.do == nothing && waits == ""}, nil
}

// take does a step and waits until a majority has it.
func (n *Node) take(s step) error {
	id, address := raft.ServerID(s.member.ID), raft.ServerAddress(s.member.Address)
	switch s.do {
	case takeIn:
		return n.raft.AddNonvoter(id, address, 0, changeWithin).Error()
	case promote:
		return n.raft.AddVoter(id, address, 0, changeWithin).Error()
	case relocate:
		if n.votes(id) {
			return n.raft.AddVoter(id, address, 0, changeWithin).Error()
		}
		return n.raft.AddNonvoter(id, address, 0, changeWithin).Error()
	case demote:
		return n.raft.DemoteVoter(id, 0, changeWithin).Error()
	case takeOut:
		return n.raft.RemoveServer(id, 0, changeWithin).Error()
	default:
		return n.raft.LeadershipTransfer().Error()
	}
}

func (n *Node) votes(id raft.ServerID) bool {
	return slices.ContainsFunc(n.servers(), func(s raft.Server) bool { return s.ID == id && s.Suffrage == raft.Voter })
}

// vitals is how a member is, as this leader knows. One whose build is older than the talk protocol is alive while Raft
// reaches it.
func (n *Node) vitals(id string) vitals {
	f, ok := n.fellows.of(id)
	if !ok {
		return vitals{}
	}
	now := n.o.Now()
	v := vitals{alive: now.Sub(f.heardAt) <= n.o.patience(), newcomer: f.standing.Newcomer}
	v.sound = v.alive && !f.soundSince.IsZero() && now.Sub(f.soundSince) >= n.o.StableFor
	return v
}

// spoken is the newest version of commands that every member has said it reads. Who has not said so yet reads the oldest.
func (n *Node) spoken() byte {
	lowest := n.o.speaks
	for _, s := range n.servers() {
		if string(s.ID) == n.o.ID {
			continue
		}
		f, ok := n.fellows.of(string(s.ID))
		if !ok {
			return oldestCommand
		}
		lowest = min(lowest, max(f.standing.Speaks, oldestCommand))
	}
	return lowest
}

// Join asks the cluster to take a gateway in, with or without a say, and returns when it has: a voter has caught up by then.
// Each calls for every step that is done or waited for. ErrCentral says that central decides.
func (n *Node) Join(ctx context.Context, m Member, voter bool, each func(string)) error {
	if _, err := newMembers([]Member{m}, m.ID); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	return n.pursue(ctx, wish{Join: &m, Silent: !voter}, each)
}

// Remove asks the cluster to do without a gateway. Unless forced it waits while that would leave no majority.
func (n *Node) Remove(ctx context.Context, id string, force bool, each func(string)) error {
	return n.pursue(ctx, wish{Remove: id, Force: force}, each)
}

// Leave asks the cluster to do without this gateway. What it holds of it is set aside at the next Open.
func (n *Node) Leave(ctx context.Context, force bool, each func(string)) error {
	if err := n.Remove(ctx, n.o.ID, force, each); err != nil {
		return err
	}
	return n.Depart()
}

// pursue repeats a wish until it has come true: each time whoever leads does one step. Who is taken out may lose its
// connection before it is answered.
func (n *Node) pursue(ctx context.Context, w wish, each func(string)) error {
	said := ""
	for {
		p, err := n.grant(ctx, w)
		switch {
		case err == nil && p.Done, w.Remove == n.o.ID && !isServer(n.servers(), n.o.ID):
			return nil
		case errors.Is(err, ErrCentral):
			return err
		case err != nil:
			p.Waits = err.Error()
		}
		if now := p.Step + p.Waits; now != said && now != "" {
			said = now
			each(now)
		}
		pause(ctx, n.o.LookEvery)
		if ctx.Err() != nil {
			return fmt.Errorf("not done yet; ask again: %w", ctx.Err())
		}
	}
}

// grant has the leader do one step of a wish. While there is none, that is what it waits for.
func (n *Node) grant(ctx context.Context, w wish) (progress, error) {
	_, leader := n.Leader()
	if leader == "" {
		return progress{Waits: ErrNoLeader.Error()}, nil
	}
	if leader == n.o.ID {
		return n.fulfil(w)
	}
	m, ok := n.roster.byID(leader)
	if !ok {
		return progress{}, fmt.Errorf("leader %s: %w", leader, ErrStranger)
	}
	r, err := n.fellows.ask(ctx, m, question{Wish: &w})
	if err != nil {
		return progress{}, err
	}
	if r.Central {
		return progress{}, ErrCentral
	}
	if r.Progress == nil {
		return progress{}, fmt.Errorf("%s: %w", leader, ErrTalk)
	}
	return *r.Progress, nil
}

// fulfil does one step of a wish on the leader.
func (n *Node) fulfil(w wish) (progress, error) {
	if n.roster.wanted().Version > 0 {
		return progress{}, ErrCentral
	}
	if !n.IsLeader() {
		return progress{Waits: ErrNoLeader.Error()}, nil
	}
	want, err := w.from(n.servers())
	if err != nil {
		return progress{}, err
	}
	return n.stepTowards(want, w.Force)
}

// from is the configuration with the wish come true.
func (w wish) from(servers []raft.Server) (Desired, error) {
	var d Desired
	for _, s := range servers {
		m := Member{ID: string(s.ID), Address: string(s.Address)}
		switch {
		case m.ID == w.Remove || (w.Join != nil && m.ID == w.Join.ID):
		case s.Suffrage == raft.Voter:
			d.Voters = append(d.Voters, m)
		default:
			d.NonVoters = append(d.NonVoters, m)
		}
	}
	if w.Join == nil {
		return d, nil
	}
	if w.Silent {
		d.NonVoters = append(d.NonVoters, *w.Join)
	} else {
		d.Voters = append(d.Voters, *w.Join)
	}
	_, err := newMembers(slices.Concat(d.Voters, d.NonVoters), w.Join.ID)
	return d, err
}
