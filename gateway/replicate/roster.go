package replicate

import (
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/raft"
)

// roster is where this gateway's fellows are found, and so who may speak to it at all: those who are wanted, those of Raft's
// configuration, and, while that does not even name its leader, those whom a fellow named.
//
// Wanted addresses come before Raft's, so that a gateway that moved is found before the cluster has agreed that it did.
type roster struct {
	mu      sync.Mutex // guards everything that follows
	desired Desired
	servers func() []raft.Server // Raft's latest configuration; nil until Raft runs
	heard   []Member
}

func newRoster(d Desired) *roster { return &roster{desired: d} }

// attach lets the roster see Raft's configuration.
func (b *roster) attach(servers func() []raft.Server) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.servers = servers
}

// want replaces what is wanted.
func (b *roster) want(d Desired) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.desired = d
}

func (b *roster) wanted() Desired {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.desired
}

// hear remembers whom a fellow named; nil forgets them.
func (b *roster) hear(ms []Member) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard = ms
}

// configured are the servers of Raft's latest configuration on this gateway.
func (b *roster) configured() []raft.Server {
	b.mu.Lock()
	servers := b.servers
	b.mu.Unlock()
	if servers == nil {
		return nil
	}
	return servers()
}

// all is everybody known, in order of trust in their address, each once.
func (b *roster) all() members {
	servers := b.configured()
	b.mu.Lock()
	defer b.mu.Unlock()
	listed := slices.Concat(b.desired.Voters, b.desired.NonVoters)
	// A list in a file is only how a cluster begins: who was taken out of it since is a stranger although a file names them.
	begun := b.desired.Version == 0 && len(servers) > 0
	var known members
	add := func(m Member) {
		if _, ok := known.byID(m.ID); !ok {
			known = append(known, m)
		}
	}
	for _, m := range listed {
		if !begun || isServer(servers, m.ID) || slices.ContainsFunc(b.heard, func(h Member) bool { return h.ID == m.ID }) {
			add(m)
		}
	}
	for _, s := range servers {
		add(Member{ID: string(s.ID), Address: string(s.Address)})
	}
	for _, m := range b.heard {
		add(m)
	}
	return known
}

func isServer(servers []raft.Server, id string) bool {
	return slices.ContainsFunc(servers, func(s raft.Server) bool { return string(s.ID) == id })
}

func (b *roster) byID(id string) (Member, bool) { return b.all().byID(id) }

func (b *roster) byAddress(address string) (Member, bool) { return b.all().byAddress(address) }

// ServerAddr implements raft.ServerAddressProvider.
func (b *roster) ServerAddr(id raft.ServerID) (raft.ServerAddress, error) {
	m, ok := b.byID(string(id))
	if !ok {
		return "", fmt.Errorf("%s: %w", id, ErrStranger)
	}
	return raft.ServerAddress(m.Address), nil
}
