package main

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/store"
	"github.com/rollcall-edge/rollcall/config"
)

type migrate struct {
	from
	To             string `required:"" placeholder:"URL" help:"An empty PostgreSQL database: postgres://user@host/name, without password."`
	ToPasswordFile string `placeholder:"FILE" help:"File of mode 0600 with the password for it."`
}

// Help is shown by migrate --help.
func (migrate) Help() string {
	return `Copies everything from the SQLite database of the configuration, in one transaction, and compares count and digest of
every table before it commits. If it fails or is interrupted, nothing has changed and it may be run again.

A serving central may go on running. It shows its pages, but takes no writes from the beginning of the move until it is started
with the new database: gateways keep their taps and deliver them then, and nobody can sign in. The directory with the authority
and the keys is not moved; it stays where the configuration says.`
}

// Run moves the database and says what to change in the configuration.
func (m *migrate) Run(ctx context.Context) error {
	cfg, err := config.LoadCentral(m.Config)
	if err != nil {
		return err
	}
	moved, err := central.Migrate(ctx, cfg, store.Place{Database: m.To, PasswordFile: m.ToPasswordFile}, printProgress)
	if err != nil {
		return err
	}
	fmt.Printf("\nmoved %d rows of %d tables in %v; every table is the same on both sides\n\nIn %s write\n\n  database: %s\n",
		moved.Rows, moved.Tables, moved.Took.Round(100*time.Millisecond), m.Config, m.To)
	if m.ToPasswordFile != "" {
		fmt.Printf("  database_password_file: %s\n", m.ToPasswordFile)
	}
	fmt.Print("\nand start central again; until then it takes no writes. The SQLite file is as it was, and takes none any more.\n")
	return nil
}

func printProgress(p store.Progress) {
	if p.Checked {
		fmt.Printf("%-18s %10d rows are the same on both sides\n", p.Table, p.Rows)
		return
	}
	fmt.Printf("%-18s %10d of %d rows copied\n", p.Table, p.Rows, p.Of)
}
