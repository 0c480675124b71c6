package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central"
	"github.com/rollcall-edge/rollcall/central/store"
	"github.com/rollcall-edge/rollcall/central/store/storetest"
	"github.com/rollcall-edge/rollcall/config"
)

var postgres = storetest.Template{Prepare: func(context.Context, string) error { return nil }} // as its administrator leaves it

// An operator moves a university that is being served, and follows what the command prints.
func TestMigrate(t *testing.T) {
	c := site(t)
	rooms := filepath.Join(t.TempDir(), "rooms.csv")
	write(t, rooms, "building_id,building_name,room_id,room_name,point_id\nA,A,A-1,A-1,A-1/door\n")
	importRooms := []string{"import", "-c", c, "rooms", rooms}
	if _, err := run(t, importRooms...); err != nil {
		t.Fatal(err)
	}
	serving := serveBeside(t, c)

	printed, err := run(t, "migrate", "-c", c, "--to", postgres.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"point                       1 of 1 rows copied", "point                       1 rows are the same on both sides"} {
		if !strings.Contains(printed, want) {
			t.Errorf("printed %q, want %q in it", printed, want)
		}
	}
	if _, err := serving.Accounts.IssueToken(t.Context(), "test", "late", "facilities", 1<<40); !errors.Is(err, store.ErrMoved) {
		t.Errorf("a write by the central that still serves = %v, want ErrMoved", err)
	}
	if _, err := run(t, importRooms...); !errors.Is(err, store.ErrMoved) || statusOf(err) != 1 {
		t.Errorf("a command on the old database = %v, want ErrMoved", err)
	}

	_, advice, found := strings.Cut(printed, "In "+c+" write\n\n")
	advice, _, _ = strings.Cut(advice, "\n\n")
	if !found {
		t.Fatalf("printed %q, want what to write into %s", printed, c)
	}
	text, err := os.ReadFile(c)
	if err != nil {
		t.Fatal(err)
	}
	write(t, c, string(text)+strings.ReplaceAll(advice, "  ", "")+"\n")
	if got, err := run(t, importRooms...); err != nil || !strings.Contains(got, "0 added, 0 changed, 0 removed, 3 unchanged") {
		t.Errorf("the same file again on the new database printed %q, %v; want all unchanged", got, err)
	}
	if _, err := run(t, "migrate", "-c", c, "--to", postgres.Postgres(t)); err == nil || !strings.Contains(err.Error(), "want from sqlite to postgres") {
		t.Errorf("a move from PostgreSQL = %v, want it refused", err)
	}
}

// serveBeside is a central that serves the same database.
func serveBeside(t *testing.T, configuration string) *central.Central {
	t.Helper()
	cfg, err := config.LoadCentral(configuration)
	if err != nil {
		t.Fatal(err)
	}
	c, err := central.New(t.Context(), cfg, central.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- c.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, c.Close()); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestMigrateRefusesPlaces(t *testing.T) {
	c := site(t)
	for place, want := range map[string]string{
		"postgres://rollcall:hunter2@localhost/rollcall": "the password stands in the URL",
		"postgres://db.example.ac.uk/rollcall":           "add sslmode=verify-full",
		filepath.Join(t.TempDir(), "new.db"):             "this is a file",
		"nonsense":                                       "want the absolute path",
	} {
		_, err := run(t, "migrate", "-c", c, "--to", place)
		if statusOf(err) != 2 || !strings.HasPrefix(fmt.Sprint(err), "command line: --to: ") || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("migrate --to %s = %v, want status 2 and %q", place, err, want)
		}
	}
}
