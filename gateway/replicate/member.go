package replicate

import (
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/hashicorp/raft"
	"github.com/rollcall-edge/rollcall/central/contract"
)

// Member is one gateway of the cluster: its name and the host:port of its replication port.
type Member struct {
	ID      string
	Address string
}

// Desired is who a cluster should be made of, as central or a person wants it. The leader brings Raft's configuration
// there one step at a time.
type Desired struct {
	Version   uint64   // of central's word; 0 is the list of a configuration file, which only begins a cluster and changes none
	Voters    []Member // three or five, so that a majority is clear
	NonVoters []Member // they hold every record and have no say
}

// members are gateways of a cluster.
type members []Member

// newMembers checks a list of members, in which self must be, and orders it by name.
func newMembers(list []Member, self string) (members, error) {
	ms := members(slices.Clone(list))
	slices.SortFunc(ms, func(a, b Member) int { return strings.Compare(a.ID, b.ID) })
	for i, m := range ms {
		if err := contract.CheckGateway(m.ID); err != nil {
			return nil, fmt.Errorf("cluster member: %w", err)
		}
		if _, _, err := net.SplitHostPort(m.Address); err != nil {
			return nil, fmt.Errorf("cluster member %s: want an address host:port: %w", m.ID, err)
		}
		if i > 0 && ms[i-1].ID == m.ID {
			return nil, fmt.Errorf("cluster member %s is listed twice", m.ID)
		}
		if j := slices.IndexFunc(ms[:i], func(o Member) bool { return o.Address == m.Address }); j >= 0 {
			return nil, fmt.Errorf("cluster members %s and %s have the same address %s", ms[j].ID, m.ID, m.Address)
		}
	}
	if _, ok := ms.byID(self); !ok {
		return nil, fmt.Errorf("this gateway, %q, is not among the members of its cluster", self)
	}
	return ms, nil
}

func (ms members) byID(id string) (Member, bool) {
	i := slices.IndexFunc(ms, func(m Member) bool { return m.ID == id })
	if i < 0 {
		return Member{}, false
	}
	return ms[i], true
}

func (ms members) byAddress(address string) (Member, bool) {
	i := slices.IndexFunc(ms, func(m Member) bool { return m.Address == address })
	if i < 0 {
		return Member{}, false
	}
	return ms[i], true
}

// configuration is the cluster's first Raft entry, the same octets on every member.
func (ms members) configuration() raft.Configuration {
	var c raft.Configuration
	for _, m := range ms {
		c.Servers = append(c.Servers, raft.Server{Suffrage: raft.Voter, ID: raft.ServerID(m.ID), Address: raft.ServerAddress(m.Address)})
	}
	return c
}
