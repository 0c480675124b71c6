package contract

import (
	"errors"
	"fmt"
)

// ClusterState is a cluster of gateways as one of its members sees it.
type ClusterState struct {
	Leader   string          `json:"leader,omitempty"`   // empty if it knows of none
	Term     uint64          `json:"term"`               // Raft's, of the last election it heard of
	Last     uint64          `json:"last"`               // index of the last entry of its Raft log
	Applied  uint64          `json:"applied"`            // index of the last entry in its replica
	Follows  uint64          `json:"follows,omitempty"`  // revision of the Directory it acts on; 0: its own configuration, or its operators
	Newcomer bool            `json:"newcomer,omitempty"` // it has a blank disk and no say yet
	Waits    string          `json:"waits,omitempty"`    // the leader's reason why the members are not as the Directory wants them; empty if they are
	Members  []ClusterMember `json:"members"`            // Raft's own list as far as it is known here, by name
}

// ClusterMember is one gateway of Raft's list.
type ClusterMember struct {
	Gateway string `json:"gateway"`
	Address string `json:"address"` // host:port of its cluster port
	Voter   bool   `json:"voter"`
}

const maxClusterText = 512 // octets of ClusterState.Waits

// Validate bounds what a gateway may say of its cluster.
func (c *ClusterState) Validate() error {
	switch {
	case len(c.Waits) > maxClusterText:
		return fmt.Errorf("waits has %d octets, at most %d", len(c.Waits), maxClusterText)
	case len(c.Members) > 2*MaxClusterMembers: // those who come are taken in before those who leave go
		return fmt.Errorf("%d members, at most %d", len(c.Members), 2*MaxClusterMembers)
	case c.Leader != "" && CheckGateway(c.Leader) != nil:
		return fmt.Errorf("leader: %w", CheckGateway(c.Leader))
	}
	for i, m := range c.Members {
		if err := CheckGateway(m.Gateway); err != nil {
			return fmt.Errorf("members[%d]: %w", i, err)
		}
		if len(m.Address) > maxClusterText {
			return errors.New("a member's address is too long")
		}
	}
	return nil
}
