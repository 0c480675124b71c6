package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/gateway"
	"github.com/rollcall-edge/rollcall/gateway/console"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
)

// cluster is what a technician asks the running gateway about those that keep its taps too.
type cluster struct {
	Status  clusterStatus  `cmd:"" help:"Show the members, who leads, and what is waited for."`
	Join    clusterJoin    `cmd:"" help:"Take another gateway into this one's cluster."`
	Leave   clusterLeave   `cmd:"" help:"Take this gateway out of its cluster."`
	Remove  clusterRemove  `cmd:"" help:"Take another gateway out of this one's cluster."`
	Recover clusterRecover `cmd:"" help:"Make this gateway a cluster of its own when a majority is lost for good. It must not run. Dangerous."`
}

type clusterStatus struct{ from }

// Run prints the cluster as a table.
func (s *clusterStatus) Run(ctx context.Context, t terminal) error {
	_, gateway, err := s.console()
	if err != nil {
		return err
	}
	o, err := gateway.Cluster(ctx)
	if err != nil {
		return err
	}
	decides := "by hand"
	if o.Central > 0 {
		decides = fmt.Sprintf("as central wants it, revision %d", o.Central)
	}
	fmt.Fprintf(t.out, "Leader %s, term %d, members %s. Seen by %s.\n", cmp.Or(o.Leader, "none"), o.Term, decides, o.Seen)
	table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "GATEWAY\tADDRESS\tSAY\tSTATE\tBEHIND\tBUILD\tREADS")
	for _, m := range o.Members {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\t%s\n", m.ID, m.Address, sayOf(m), memberState(m, o.Leader), m.Behind, cmp.Or(m.Build, "-"), readsOf(m))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if o.Waits != "" {
		fmt.Fprintln(t.out, "Not as wanted yet: "+o.Waits)
	}
	return nil
}

func sayOf(m replicate.MemberState) string {
	if m.Voter {
		return "voter"
	}
	return "none"
}

// memberState is how a member is. Only the leader asks the others.
func memberState(m replicate.MemberState, leader string) string {
	switch {
	case m.ID == leader:
		return "leads"
	case m.Newcomer:
		return "new, being filled"
	case m.Heard, m.Self:
		return "answers"
	}
	return "silent"
}

func readsOf(m replicate.MemberState) string {
	if m.Speaks == 0 {
		return "-"
	}
	return fmt.Sprint("version ", m.Speaks)
}

type clusterJoin struct {
	from
	Gateway  string        `arg:"" help:"Name of the gateway, as it was enrolled."`
	Address  string        `arg:"" help:"host:port of its cluster port."`
	NonVoter bool          `help:"It holds every tap and has no say."`
	Within   time.Duration `default:"10m" help:"Wait so long; the command can be given again."`
}

// Run takes a gateway in and says each step.
func (j *clusterJoin) Run(ctx context.Context, t terminal) error {
	_, gateway, err := j.console()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, j.Within)
	defer cancel()
	wish := console.Join{Gateway: j.Gateway, Address: j.Address, Voter: !j.NonVoter}
	if err := gateway.Join(ctx, wish, func(step string) { fmt.Fprintln(t.out, step) }); err != nil {
		return fmt.Errorf("%s has not joined: %w", j.Gateway, err)
	}
	fmt.Fprintf(t.out, "Done: %s is in the cluster.\n", j.Gateway)
	return nil
}

type clusterLeave struct {
	from
	Force bool `help:"Also when those left would not reach a majority."`
	Yes   bool `help:"Do not ask for confirmation."`
}

// Run takes this gateway out.
func (l *clusterLeave) Run(ctx context.Context, t terminal) error {
	_, gateway, err := l.console()
	if err != nil {
		return err
	}
	fmt.Fprintln(t.out, "Taps of this gateway will be on its own disk alone, until central has them.")
	if err := t.confirm(ctx, l.Yes, "Leave the cluster?"); err != nil {
		return err
	}
	if err := gateway.Remove(ctx, console.Remove{Force: l.Force}, func(step string) { fmt.Fprintln(t.out, step) }); err != nil {
		return fmt.Errorf("not left: %w", err)
	}
	fmt.Fprintf(t.out, "Done. Take the block cluster out of %s, then: systemctl restart rollcall-gateway\n", l.Config)
	return nil
}

type clusterRemove struct {
	from
	Gateway string `arg:"" help:"Name of the gateway."`
	Force   bool   `help:"Also when those left would not reach a majority."`
}

// Run takes a gateway out.
func (r *clusterRemove) Run(ctx context.Context, t terminal) error {
	_, gateway, err := r.console()
	if err != nil {
		return err
	}
	wish := console.Remove{Gateway: r.Gateway, Force: r.Force}
	if err := gateway.Remove(ctx, wish, func(step string) { fmt.Fprintln(t.out, step) }); err != nil {
		return fmt.Errorf("%s was not removed: %w", r.Gateway, err)
	}
	fmt.Fprintf(t.out, "Done: %s is no member any more.\n", r.Gateway)
	return nil
}

type clusterRecover struct {
	from
	Yes bool `help:"Do not ask for confirmation."`
}

const recoverWords = `This is for a cluster whose majority is lost for good: boards burnt, cards gone. It may lose what only they held.
  1. The lost gateways must never come back with their disks: there would be two clusters under one name, and their taps would differ.
     Wipe every card you can find, and revoke the others at central.
  2. Do it on one gateway alone, the one that lost touch last. Its service must be stopped.
  3. From then on it leads alone. The others join it with empty disks.
`

// Run makes this gateway a cluster of its own.
func (r *clusterRecover) Run(ctx context.Context, t terminal, log *slog.Logger) error {
	c, err := config.LoadGateway(r.Config)
	if err != nil {
		return err
	}
	fmt.Fprint(t.out, recoverWords)
	if err := t.confirm(ctx, r.Yes, "Is the majority lost for good?"); err != nil {
		return err
	}
	done, err := gateway.RecoverCluster(c, log)
	if err != nil {
		if errors.Is(err, journal.ErrLocked) {
			return fmt.Errorf("%w; stop the gateway first: systemctl stop rollcall-gateway", err)
		}
		return err
	}
	fmt.Fprintf(t.out, "Done: history ends at entry %d of term %d. Start the gateway, and let the others join.\n", done.Index, done.Term)
	return nil
}
