package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/contract"
)

// clusters is which gateways keep one another's taps. A serving central tells the gateways within seconds; they change one
// member at a time.
type clusters struct {
	List   listClusters  `cmd:"" help:"List the clusters and their members."`
	Create createCluster `cmd:"" help:"Make a cluster of gateways that begin one, or are one by their configuration files."`
	Add    addMember     `cmd:"" help:"Put a gateway into a cluster, or change its address or its say there."`
	Remove removeMember  `cmd:"" help:"Take a gateway out of a cluster."`
}

// place is a gateway and where the others reach it: gateway=host:port.
type place struct{ contract.DirectoryMember }

// UnmarshalText reads gateway=host:port.
func (p *place) UnmarshalText(text []byte) error {
	gateway, address, ok := strings.Cut(string(text), "=")
	if !ok {
		return fmt.Errorf("%q: want gateway=host:port", text)
	}
	p.Gateway, p.Address = gateway, address
	return nil
}

type listClusters struct{ from }

// Run prints every cluster as a table.
func (l *listClusters) Run(ctx context.Context, log *slog.Logger) error {
	return l.office(ctx, log, func(o *central.Office) error {
		all, err := o.Fleet.Clusters(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "CLUSTER\tGATEWAY\tADDRESS\tSAY")
		for _, c := range all {
			for _, m := range c.Members {
				say := "none"
				if m.Voter {
					say = "voter"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.Name, m.Gateway, m.Address, say)
			}
		}
		return w.Flush()
	})
}

type createCluster struct {
	from
	Cluster  string  `arg:"" help:"Name of the cluster."`
	Founders []place `arg:"" help:"1, 3 or 5 gateways, each as gateway=host:port."`
}

// Run makes a cluster.
func (c *createCluster) Run(ctx context.Context, log *slog.Logger) error {
	var founders []contract.DirectoryMember
	for _, f := range c.Founders {
		founders = append(founders, f.DirectoryMember)
	}
	return c.office(ctx, log, func(o *central.Office) error {
		if err := o.Fleet.CreateCluster(ctx, c.Cluster, founders); err != nil {
			return err
		}
		fmt.Printf("cluster %s: gateways %d\n", c.Cluster, len(founders))
		return nil
	})
}

type addMember struct {
	from
	Cluster  string `arg:"" help:"Name of the cluster."`
	Gateway  place  `arg:"" help:"The gateway, as gateway=host:port."`
	NonVoter bool   `help:"It holds every tap and has no say: for the rest of a campus, beside three or five voters."`
}

// Run puts a gateway into a cluster.
func (a *addMember) Run(ctx context.Context, log *slog.Logger) error {
	m := a.Gateway.DirectoryMember
	m.Voter = !a.NonVoter
	return a.office(ctx, log, func(o *central.Office) error {
		if err := o.Fleet.AddMember(ctx, a.Cluster, m); err != nil {
			return err
		}
		fmt.Printf("%s is to be in cluster %s; rollcall-gateway cluster status on a member shows how far that is\n", m.Gateway, a.Cluster)
		return nil
	})
}

type removeMember struct {
	from
	Cluster string `arg:"" help:"Name of the cluster."`
	Gateway string `arg:"" help:"Name of the gateway."`
	Force   bool   `help:"Do it although too few of the others have reported lately."`
}

// Run takes a gateway out of a cluster.
func (r *removeMember) Run(ctx context.Context, log *slog.Logger) error {
	return r.office(ctx, log, func(o *central.Office) error {
		if err := o.Fleet.RemoveMember(ctx, r.Cluster, r.Gateway, r.Force); err != nil {
			return err
		}
		fmt.Printf("%s is to leave cluster %s\n", r.Gateway, r.Cluster)
		return nil
	})
}
