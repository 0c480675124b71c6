package site

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/card"
	"github.com/rollcall-edge/rollcall/test/outage/proc"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
)

// The ports of central.
const (
	pagesPort   = 18080
	gatewayPort = 18443
)

// centralCard is large enough for the database of an hour.
const centralCard = 768 << 20

// Central is the university's service as a process, with its operator's commands and its API.
type Central struct {
	machine
	API    *site.API
	site   *Site
	path   string
	config string
}

func (s *Site) newCentral(ctx context.Context) (*Central, error) {
	m, err := s.newMachine(ctx, CentralHost, card.Options{Size: centralCard, Seed: s.o.Seed})
	if err != nil {
		return nil, err
	}
	c := &Central{machine: m, site: s, path: filepath.Join(s.o.Bin, "rollcall-central"), config: filepath.Join(s.o.Dir, "central.yaml")}
	address := s.network.address(CentralHost)
	text := fmt.Sprintf("data: %q\nlisten: 127.0.0.1:%d\ngateway_listen: %s:%d\ngateway_names: [%s]\n", c.Data(), pagesPort, address, gatewayPort, address)
	if err := os.WriteFile(c.config, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("configure central: %w", err)
	}
	c.API = &site.API{Base: fmt.Sprintf("http://127.0.0.1:%d", pagesPort), HTTP: s.client(CentralHost, time.Minute)}
	return c, nil
}

// Data is central's data directory.
func (c *Central) Data() string { return filepath.Join(c.dir, "data") }

// Address is where gateways reach central.
func (c *Central) Address() string {
	return fmt.Sprintf("https://%s:%d", c.site.network.address(CentralHost), gatewayPort)
}

// Impostor listens where gateways reach central, which must be down.
func (c *Central) Impostor(ctx context.Context) (net.Listener, error) {
	return c.site.Net.Listen(ctx, CentralHost, "tcp", strings.TrimPrefix(c.Address(), "https://"))
}

// Start lets central run from now on: when it ends by itself it is started again.
func (c *Central) Start(ctx context.Context) (err error) {
	c.Process, err = proc.Start(ctx, proc.Options{
		Name: "central", Log: c.log, Restart: restartWithin,
		Command: func(ctx context.Context) *exec.Cmd {
			return c.with(c.site.network.command(ctx, CentralHost, c.path, "serve", "--config", c.config))
		},
	})
	if err != nil {
		return fmt.Errorf("start central: %w", err)
	}
	return c.Await(ctx)
}

// Await waits until central answers.
func (c *Central) Await(ctx context.Context) error {
	return await(ctx, upWithin, "central answers", func(ctx context.Context) (bool, error) {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		return c.API.Healthy(ctx), nil
	})
}

// Import takes a CSV file in.
func (c *Central) Import(ctx context.Context, f campus.File) error {
	var text bytes.Buffer
	if err := f.Write(&text); err != nil {
		return fmt.Errorf("import %s: %w", f.Name, err)
	}
	path := filepath.Join(c.site.o.Dir, f.Name)
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("import %s: %w", f.Name, err)
	}
	_, err := c.Command(ctx, "import", "--config", c.config, f.Kind, path)
	return errors.Join(err, os.Remove(path)) // card numbers do not lie about
}

// Command runs an operator's command to its end and gives its output.
func (c *Central) Command(ctx context.Context, args ...string) (string, error) {
	return run(c.with(exec.CommandContext(ctx, c.path, args...))) //nolint:gosec // the programs of this repository
}

// Config is central's configuration file, for commands.
func (c *Central) Config() string { return c.config }

// Invite prints an invitation for a gateway.
func (c *Central) Invite(ctx context.Context, gateway, building string) (string, error) {
	out, err := c.Command(ctx, "invite", "--config", c.config, "--building", building, gateway)
	return strings.TrimSpace(out), err
}

// Token lets the API in.
func (c *Central) Token(ctx context.Context) error {
	out, err := c.Command(ctx, "token", "--config", c.config, "--role", "admin", "outage laboratory")
	c.API.Token = strings.TrimSpace(out)
	return err
}

// run gives the standard output of a command; what it complains of is in the error.
func run(cmd *exec.Cmd) (string, error) {
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		err = fmt.Errorf("%s %s: %w", filepath.Base(cmd.Path), cmd.Args[1], err)
	}
	return string(out), err
}
