package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/fleet"
	"github.com/rollcall-edge/rollcall/config"
)

// site is a data directory and its configuration.
func site(t *testing.T) (configuration string) {
	t.Helper()
	dir := t.TempDir()
	configuration = filepath.Join(dir, "central.yaml")
	write(t, configuration, fmt.Sprintf("data: %s\nlisten: 127.0.0.1:0\ngateway_listen: 127.0.0.1:0\ngateway_names: [localhost]\n", filepath.Join(dir, "data")))
	return configuration
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run is a command line; it returns what it printed.
func run(t *testing.T, line ...string) (string, error) {
	t.Helper()
	var c commands
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse(line)
	if err != nil {
		return "", err
	}
	parsed.BindTo(t.Context(), (*context.Context)(nil))
	var failed error
	printed := capture(t, func() { failed = parsed.Run(slog.New(slog.DiscardHandler)) })
	return printed, failed
}

func capture(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	printed := make(chan string)
	go func() {
		b, _ := io.ReadAll(r)
		printed <- string(b)
	}()
	stdout := os.Stdout
	os.Stdout = w
	f()
	os.Stdout = stdout
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return <-printed
}

func TestOperatorsDay(t *testing.T) {
	c := site(t)
	rooms := filepath.Join(t.TempDir(), "rooms.csv")
	write(t, rooms, "building_id,building_name,room_id,room_name,point_id\nA,A,A-1,A-1,A-1/door\n")
	for _, step := range []struct {
		line string
		want string // part of what is printed
	}{
		{"import -c " + c + " rooms " + rooms + " --dry-run", "rooms dry run, nothing imported: 3 added"},
		{"import -c " + c + " rooms " + rooms, "rooms imported: 3 added, 0 changed, 0 removed, 0 unchanged"},
		{"import -c " + c + " rooms " + rooms, "rooms imported: 0 added, 0 changed, 0 removed, 3 unchanged"},
		{"gateways -c " + c, "GATEWAY"},
		{"token -c " + c + " demo --role facilities", "_"},
		{"version", "rollcall-central development"},
	} {
		got, err := run(t, strings.Fields(step.line)...)
		if err != nil || !strings.Contains(got, step.want) {
			t.Errorf("%s printed %q, %v; want %q", step.line, got, err, step.want)
		}
	}
	printed, err := run(t, "invite", "-c", c, "gw-a", "--building", "A")
	if err != nil {
		t.Fatal(err)
	}
	if invitation, err := contract.ParseInvitation(printed); err != nil || invitation.Gateway != "gw-a" {
		t.Errorf("invite printed %q, %v; want an invitation of gw-a alone", printed, err)
	}
	if _, err := run(t, "revoke", "-c", c, "gw-a"); !errors.Is(err, fleet.ErrUnknownGateway) {
		t.Errorf("revoke of a gateway that never enrolled = %v, want ErrUnknownGateway", err)
	}
}

func TestExitStatus(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "central.yaml")
	write(t, bad, "data: relative\nlisten: nowhere\nspeed: 9\n")
	faulty := filepath.Join(t.TempDir(), "rooms.csv")
	write(t, faulty, "rooms\n")
	for _, tt := range []struct {
		line string
		want int
	}{
		{"gateways -c " + bad, 2},
		{"serve -c " + bad, 2},
		{"gateways -c /nonexistent/central.yaml", 2},
		{"import -c " + site(t) + " rooms " + faulty, 1},
		{"gateways -c " + site(t), 0},
	} {
		if _, err := run(t, strings.Fields(tt.line)...); statusOf(err) != tt.want {
			t.Errorf("%s: status %d (%v), want %d", tt.line, statusOf(err), err, tt.want)
		}
	}
	if got := statusOf(config.Faults{}); got != 2 {
		t.Errorf("status of configuration faults = %d, want 2", got)
	}
}
