package main

import (
	"context"
	"crypto/x509"
	"fmt"
	"log/slog"
	"os"
	"text/tabwriter"
	"time"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/fleet"
)

// authority is the certificate authority of the campus and its exchange. A serving central notices each step by itself.
type authority struct {
	Status authorityStatus `cmd:"" help:"Say which authorities count and which gateways depend on each."`
	Rotate rotateAuthority `cmd:"" help:"Make another authority, which gateways believe beside the present one and renew under."`
	Retire retireAuthority `cmd:"" help:"Let the former authority count no more."`
}

type authorityStatus struct{ from }

// Run prints the authorities, then the gateways.
func (a *authorityStatus) Run(ctx context.Context, log *slog.Logger) error {
	return a.office(ctx, log, func(o *central.Office) error {
		s, err := o.Fleet.AuthorityStatus(ctx)
		if err != nil {
			return err
		}
		return printAuthorities(s)
	})
}

func printAuthorities(s fleet.AuthorityStatus) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "AUTHORITY\tUNTIL\tSTATE")
	for _, c := range s.Past {
		printAuthority(w, c, "retired")
	}
	printAuthority(w, s.Present, "in force")
	if s.Next != nil {
		printAuthority(w, s.Next, "next")
	}
	fmt.Fprintln(w, "\nGATEWAY\tAUTHORITY\tSTATE")
	for _, d := range s.Gateways {
		of := "?"
		if d.State != nil {
			of = short(d.State.Authority)
		}
		state := d.Obstacle()
		if state == "" {
			state = "ready"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", d.Gateway, of, state)
	}
	return w.Flush()
}

func printAuthority(w *tabwriter.Writer, c *x509.Certificate, state string) {
	print := contract.Fingerprint(c)
	fmt.Fprintf(w, "%s\t%s\t%s\n", short(print[:]), c.NotAfter.UTC().Format(time.DateOnly), state)
}

// short is the beginning of a fingerprint, enough to tell the authorities of one campus apart.
func short(fingerprint []byte) string { return fmt.Sprintf("%.8x", fingerprint) }

type rotateAuthority struct {
	from
	Force bool `help:"Begin although a gateway is of a release that cannot follow."`
}

// Run begins an exchange.
func (r *rotateAuthority) Run(ctx context.Context, log *slog.Logger) error {
	return r.office(ctx, log, func(o *central.Office) error {
		if err := o.Fleet.RotateAuthority(ctx, r.Force); err != nil {
			return err
		}
		fmt.Println("another authority follows; rollcall-central authority status shows when every gateway is ready, then retire the former")
		fmt.Println("back up authority.pem now")
		return nil
	})
}

type retireAuthority struct {
	from
	Force       bool `help:"Do it although gateways depend on it; they may ask for a new certificate when they are back."`
	Compromised bool `help:"Its key is in the wrong hands: refuse even that, so that gateways left behind must be enrolled again."`
}

// Run ends an exchange.
func (r *retireAuthority) Run(ctx context.Context, log *slog.Logger) error {
	return r.office(ctx, log, func(o *central.Office) error {
		if err := o.Fleet.RetireAuthority(ctx, fleet.Retirement{Force: r.Force, Compromised: r.Compromised}); err != nil {
			return err
		}
		fmt.Println("the former authority is retired; back up authority.pem now")
		return nil
	})
}
