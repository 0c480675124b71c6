package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/account"
	"github.com/rollcall-edge/rollcall/config"
)

type commands struct {
	Verbosity slog.Level `default:"INFO" help:"DEBUG, INFO, WARN or ERROR."`

	Serve     serve        `cmd:"" help:"Serve pages, API and gateways."`
	Import    importFile   `cmd:"" help:"Import a file."`
	Fact      fact         `cmd:"" help:"What is known of students besides taps."`
	Policy    policies     `cmd:"" help:"The rules of the university, as files."`
	Rebuild   rebuild      `cmd:"" help:"Derive every mark, figure and finding from the facts again."`
	Scenario  playScenario `cmd:"" help:"Play scenario files and say what came out differently."`
	Invite    invite       `cmd:"" help:"Print a one-time invitation for a gateway."`
	Gateways  gateways     `cmd:"" help:"List the gateways."`
	Revoke    revoke       `cmd:"" help:"End a gateway's certificates."`
	Cluster   clusters     `cmd:"" help:"Which gateways keep one another's taps."`
	Authority authority    `cmd:"" help:"The certificate authority of the campus, and the exchange of one for another."`
	Token     token        `cmd:"" help:"Print a token for the API."`
	Password  password     `cmd:"" help:"Print a one-time password for an account."`
	Audit     audit        `cmd:"" help:"Proofs for those who doubt."`
	Verify    verify       `cmd:"" help:"Check an export or the proof of one tap, without a database."`
	Migrate   migrate      `cmd:"" help:"Move the database to PostgreSQL."`
	Version   printed      `cmd:"" help:"Print the version."`
}

// from is where the configuration is.
type from struct {
	Config string `short:"c" default:"/etc/rollcall/central.yaml" help:"Configuration file."`
}

// office opens the database for one command; a serving central may run beside it. It warns only: what a command did, it
// prints.
func (f from) office(ctx context.Context, log *slog.Logger, do func(*central.Office) error) error {
	cfg, err := config.LoadCentral(f.Config)
	if err != nil {
		return err
	}
	o, err := central.OpenOffice(ctx, cfg, central.Options{Log: log, Build: version})
	if err != nil {
		return err
	}
	return errors.Join(do(o), o.Close())
}

type serve struct{ from }

// Run serves until a signal comes.
func (s *serve) Run(ctx context.Context, log *slog.Logger) error {
	cfg, err := config.LoadCentral(s.Config)
	if err != nil {
		return err
	}
	c, err := central.New(ctx, cfg, central.Options{Log: log, Build: version, Announce: os.Stdout})
	if err != nil {
		return err
	}
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		log.Warn("systemd was not told of the start", "error", err)
	}
	return errors.Join(c.Run(ctx), c.Close())
}

// actor is the person at the keyboard, as far as the machine knows.
func actor() string {
	u, err := user.Current()
	if err != nil {
		return "command line"
	}
	return "command line: " + u.Username
}

type invite struct {
	from
	Gateway  string `arg:"" help:"Name of the gateway: a-z, 0-9 and hyphens."`
	Building string `required:"" help:"Building it will serve."`
}

// Run prints the invitation alone, so that a script can take it.
func (i *invite) Run(ctx context.Context, log *slog.Logger) error {
	return i.office(ctx, log, func(o *central.Office) error {
		invitation, err := o.Fleet.Invite(ctx, i.Gateway, i.Building)
		if err != nil {
			return err
		}
		fmt.Println(invitation)
		return nil
	})
}

type gateways struct{ from }

// Run prints the fleet as a table.
func (g *gateways) Run(ctx context.Context, log *slog.Logger) error {
	return g.office(ctx, log, func(o *central.Office) error {
		members, err := o.Fleet.Gateways(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "GATEWAY\tBUILDING\tHEARD\tCERTIFICATE UNTIL\tSTATE\tRECORDS HERE\tSTILL OUT")
		for _, m := range members {
			var here, out uint64
			for _, s := range m.Streams {
				here, out = here+s.Through, out+s.Durable-s.Through
			}
			state := "enrolled"
			if !m.RevokedAt.IsZero() {
				state = "revoked"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\n", m.ID, m.Building, date(m.HeardAt), date(m.NotAfter), state, here, out)
		}
		return w.Flush()
	})
}

func date(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

type revoke struct {
	from
	Gateway string `arg:"" help:"Name of the gateway."`
}

// Run revokes; a serving central refuses the gateway from its next request on.
func (r *revoke) Run(ctx context.Context, log *slog.Logger) error {
	return r.office(ctx, log, func(o *central.Office) error {
		if err := o.Fleet.Revoke(ctx, r.Gateway); err != nil {
			return err
		}
		fmt.Println(r.Gateway, "is revoked")
		return nil
	})
}

type token struct {
	from
	Name  string        `arg:"" help:"What the token is for."`
	Role  account.Role  `default:"compliance" help:"admin, compliance, lecturer or facilities."`
	Valid time.Duration `default:"2160h" help:"How long it may be used."`
}

// Run prints the token alone; it cannot be shown again.
func (t *token) Run(ctx context.Context, log *slog.Logger) error {
	return t.office(ctx, log, func(o *central.Office) error {
		text, err := o.Accounts.IssueToken(ctx, actor(), t.Name, t.Role, t.Valid)
		if err != nil {
			return err
		}
		fmt.Println(text)
		return nil
	})
}

type password struct {
	from
	Login string `arg:"" help:"Login of the account."`
}

// Run prints the password alone; it must be changed at the next login.
func (p *password) Run(ctx context.Context, log *slog.Logger) error {
	return p.office(ctx, log, func(o *central.Office) error {
		text, err := o.SetPassword(ctx, p.Login)
		if err != nil {
			return err
		}
		fmt.Println(text)
		return nil
	})
}

type printed struct{}

// Run prints the version.
func (printed) Run() error {
	fmt.Println("rollcall-central", version, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	return nil
}
