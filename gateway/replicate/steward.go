package replicate

import (
	"fmt"
	"slices"

	"github.com/hashicorp/raft"
)

// action is one change of Raft's configuration, or what must come before one.
type action int

const (
	nothing action = iota
	takeIn         // it gets every record and has no say yet
	promote        // it has caught up and gets its say
	demote
	takeOut
	relocate // its address changes and nothing else
	handOver // the leader itself is to lose its say: another one must lead first
)

var actionNames = map[action]string{
	nothing: "nothing", takeIn: "taken in", promote: "made a voter", demote: "made a non-voter", takeOut: "removed",
	relocate: "found elsewhere now", handOver: "leadership handed over",
}

// step is the next thing to do for a configuration that is not as wanted.
type step struct {
	do     action
	member Member
}

func (s step) String() string { return s.member.ID + ": " + actionNames[s.do] }

// vitals is what a step depends on besides the configuration.
type vitals struct {
	alive    bool // it can be reached
	sound    bool // it has been caught up for as long as is asked of a voter
	newcomer bool // it has lost its disk since it was taken in
}

// nextStep is what leads from Raft's configuration towards the wanted one, one server at a time: first what changes no
// majority, then those who get a say, last those who lose theirs. A voter that is reached goes only when everybody who
// is to come has come, and none goes when those who would be left do not reach a majority, unless forced. Waits says why
// nothing is done although the two differ.
func nextStep(servers []raft.Server, want Desired, self string, of func(id string) vitals, force bool) (s step, waits string) {
	p := plan{servers: servers, want: want, self: self, of: of, force: force}
	for _, look := range []func() step{p.relocated, p.blank, p.missing, p.ready, p.surplus} {
		if s := look(); s.do != nothing {
			return s, ""
		}
	}
	return step{}, p.waits
}

type plan struct {
	servers []raft.Server
	want    Desired
	self    string
	of      func(id string) vitals
	force   bool
	waits   string
}

func (p *plan) wait(format string, args ...any) step {
	if p.waits == "" {
		p.waits = fmt.Sprintf(format, args...)
	}
	return step{}
}

// wanted is where a server is wanted, and with which say; ok is false when it is not wanted.
func (p *plan) wanted(id raft.ServerID) (m Member, voter, ok bool) {
	if m, ok := members(p.want.Voters).byID(string(id)); ok {
		return m, true, true
	}
	m, ok = members(p.want.NonVoters).byID(string(id))
	return m, false, ok
}

func (p *plan) relocated() step {
	for _, s := range p.servers {
		if m, _, ok := p.wanted(s.ID); ok && m.Address != string(s.Address) {
			return step{relocate, m}
		}
	}
	return step{}
}

// blank is a voter whose disk was replaced: its vote and what it had promised to keep are lost, so it comes in anew.
func (p *plan) blank() step {
	for _, s := range p.servers {
		if s.Suffrage == raft.Voter && p.of(string(s.ID)).newcomer {
			return p.lose(takeOut, s)
		}
	}
	return step{}
}

func (p *plan) missing() step {
	for _, m := range slices.Concat(p.want.Voters, p.want.NonVoters) {
		if !isServer(p.servers, m.ID) {
			return step{takeIn, m}
		}
	}
	return step{}
}

func (p *plan) ready() step {
	for _, s := range p.servers {
		m, voter, _ := p.wanted(s.ID)
		if !voter || s.Suffrage == raft.Voter {
			continue
		}
		if p.of(m.ID).sound {
			return step{promote, m}
		}
		p.wait("%s becomes a voter once it has kept up for a while", m.ID)
	}
	return step{}
}

// surplus are those who are not wanted, or without a say: the ones that are not reached first, the leader last.
func (p *plan) surplus() step {
	var going []raft.Server
	for _, s := range p.servers {
		if _, voter, ok := p.wanted(s.ID); !ok || (!voter && s.Suffrage == raft.Voter) {
			going = append(going, s)
		}
	}
	slices.SortStableFunc(going, func(a, b raft.Server) int { return p.rank(a) - p.rank(b) })
	for _, s := range going {
		do := takeOut
		if _, _, ok := p.wanted(s.ID); ok {
			do = demote
		}
		if next := p.lose(do, s); next.do != nothing {
			return next
		}
	}
	return step{}
}

func (p *plan) rank(s raft.Server) int {
	switch {
	case string(s.ID) == p.self:
		return 2
	case p.of(string(s.ID)).alive:
		return 1
	}
	return 0
}

// lose takes a server's say away, if the rest can do without.
func (p *plan) lose(do action, s raft.Server) step {
	m := Member{ID: string(s.ID), Address: string(s.Address)}
	if s.Suffrage != raft.Voter {
		return step{do, m}
	}
	alive := m.ID == p.self || p.of(m.ID).alive
	if p.waits != "" && alive && !p.of(m.ID).newcomer && !p.force {
		return step{} // somebody is still to come
	}
	voters, reached := p.without(s.ID)
	if reached < voters/2+1 && !p.force {
		return p.wait("%s stays: without it %d of %d voters would be reached, which is no majority", m.ID, reached, voters)
	}
	if m.ID == p.self {
		return step{handOver, m}
	}
	return step{do, m}
}

// without counts the voters there would be without one, and how many of them are reached.
func (p *plan) without(id raft.ServerID) (voters, reached int) {
	for _, s := range p.servers {
		if s.Suffrage != raft.Voter || s.ID == id {
			continue
		}
		voters++
		if string(s.ID) == p.self || p.of(string(s.ID)).alive {
			reached++
		}
	}
	return voters, reached
}
