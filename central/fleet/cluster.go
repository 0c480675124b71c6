package fleet

import (
	"context"
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Cluster is a group of gateways that keep one another's taps.
type Cluster struct {
	Name     string
	Founders []contract.DirectoryMember // whom it began with; the list never changes
	Members  []contract.DirectoryMember
}

// Clusters lists all, by name.
func (f *Fleet) Clusters(ctx context.Context) ([]Cluster, error) {
	clusters, err := f.store.Clusters(ctx)
	if err != nil {
		return nil, fmt.Errorf("list clusters: %w", err)
	}
	return clusters, nil
}

// CreateCluster makes a cluster of founders, all of them with a say: gateways that are to begin one, or are one already by
// their configuration files.
func (f *Fleet) CreateCluster(ctx context.Context, name string, founders []contract.DirectoryMember) error {
	if err := contract.CheckID("cluster", name); err != nil {
		return err
	}
	if n := len(founders); n != 1 && n != 3 && n != contract.MaxClusterVoters {
		return fmt.Errorf("create cluster %s: %d gateways; a cluster begins with 1, 3 or 5, so that a majority is clear", name, n)
	}
	for i := range founders {
		founders[i].Voter, founders[i].Founder = true, true
	}
	return f.change(ctx, "create", name, func(c *Cluster, exists bool) error {
		if exists {
			return fmt.Errorf("%s exists already; add gateways to it", name)
		}
		c.Founders, c.Members = founders, founders
		return nil
	})
}

// AddMember puts a gateway into a cluster, or changes its address or whether it has a say.
func (f *Fleet) AddMember(ctx context.Context, name string, m contract.DirectoryMember) error {
	return f.change(ctx, "add to", name, func(c *Cluster, exists bool) error {
		if !exists {
			return ErrCluster
		}
		if i := c.place(m.Gateway); i >= 0 {
			m.Founder = c.Members[i].Founder
			c.Members[i] = m
			return nil
		}
		c.Members = append(c.Members, m)
		return nil
	})
}

// RemoveMember takes a gateway out of a cluster. Unless forced it refuses when fewer than a majority of the voters left have
// reported lately; the gateways themselves look once more before they do it.
func (f *Fleet) RemoveMember(ctx context.Context, name, gateway string, force bool) error {
	heard, err := f.heardLately(ctx)
	if err != nil {
		return fmt.Errorf("remove from cluster %s: %w", name, err)
	}
	return f.change(ctx, "remove from", name, func(c *Cluster, exists bool) error {
		if !exists {
			return ErrCluster
		}
		i := c.place(gateway)
		if i < 0 {
			return fmt.Errorf("%w in it: %s", ErrUnknownGateway, gateway)
		}
		c.Members = slices.Delete(c.Members, i, i+1)
		if force || len(c.Members) == 0 {
			return nil
		}
		return c.checkMajority(heard)
	})
}

func (c *Cluster) place(gateway string) int {
	return slices.IndexFunc(c.Members, func(m contract.DirectoryMember) bool { return m.Gateway == gateway })
}

func (c *Cluster) checkMajority(heard map[string]bool) error {
	voters, alive := 0, 0
	for _, m := range c.Members {
		if !m.Voter {
			continue
		}
		voters++
		if heard[m.Gateway] {
			alive++
		}
	}
	if 2*alive <= voters {
		return fmt.Errorf("%w: %d of the %d voters left have reported lately; add others first, or use --force", ErrMajority, alive, voters)
	}
	return nil
}

// heardLately names the gateways that reported within the time of six reports.
func (f *Fleet) heardLately(ctx context.Context) (map[string]bool, error) {
	gateways, err := f.store.Gateways(ctx)
	if err != nil {
		return nil, err
	}
	heard := map[string]bool{}
	for _, g := range gateways {
		heard[g.ID] = g.RevokedAt.IsZero() && f.now().Sub(g.HeardAt) <= silentAfter
	}
	return heard, nil
}

// change stores what do makes of a cluster if that is one that gateways would accept.
func (f *Fleet) change(ctx context.Context, doing, name string, do func(c *Cluster, exists bool) error) error {
	err := f.store.ChangeCluster(ctx, name, func(c *Cluster, exists bool) error {
		if err := do(c, exists); err != nil {
			return err
		}
		d := contract.Directory{Revision: 1, Cluster: c.Name, Founders: c.Founders, Members: c.Members}
		return d.Validate()
	})
	if err != nil {
		return fmt.Errorf("%s cluster %s: %w", doing, name, err)
	}
	f.log.Info("cluster changed", "cluster", name, "change", doing)
	return nil
}
