package site

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/card"
	"github.com/rollcall-edge/rollcall/test/outage/proc"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
)

// Gateway is one building's gateway as a machine, with its readers.
type Gateway struct {
	machine
	Building campus.Building
	Lines    *Lines
	site     *Site
	config   string
	points   string // the folder of its armed failpoints
	http     *http.Client

	mu      sync.Mutex          // guards everything that follows
	started func(pid int) error // see OnStart
	program string              // what is started next, see Install
}

// Build is one of the programs that a gateway can run.
type Build string

// The builds: the one that is shipped, and the one that will be next, which knows a newer version of what gateways say to
// each other.
const (
	Present Build = "rollcall-gateway"
	Next    Build = "rollcall-gateway-next"
)

// Install puts a build in the place of the program, which runs from its next start on.
func (g *Gateway) Install(b Build) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.program = filepath.Join(g.site.o.Bin, string(b))
}

func (g *Gateway) path() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.program
}

// Command runs a technician's command on the gateway's machine to its end and gives its output.
func (g *Gateway) Command(ctx context.Context, args ...string) (string, error) {
	return run(g.with(g.site.network.command(ctx, g.Host, g.path(), args...)))
}

// Config is the gateway's configuration file, for commands.
func (g *Gateway) Config() string { return g.config }

// Peers is where the others reach the gateway.
func (g *Gateway) Peers() string {
	return fmt.Sprintf("%s:%d", g.site.network.address(g.Host), clusterPort(g.Building.Number))
}

// OnStart has f called with the number of each process that is started from now on; nil for none.
func (g *Gateway) OnStart(f func(pid int) error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.started = f
}

func (g *Gateway) hasStarted(pid int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.started == nil {
		return nil
	}
	return g.started(pid)
}

func (s *Site) newGateway(ctx context.Context, b campus.Building) (g *Gateway, err error) {
	m, err := s.newMachine(ctx, hostOf(b), card.Options{Seed: s.o.Seed + uint64(b.Number), Pace: s.o.Pace})
	if err != nil {
		return nil, err
	}
	g = &Gateway{
		machine: m, Building: b, site: s,
		config: filepath.Join(s.o.Dir, b.ID+".yaml"), points: filepath.Join(s.o.Dir, "failpoints", m.Host), http: s.client(m.Host, 2*time.Second),
	}
	g.Install(Present)
	if err := os.MkdirAll(g.points, 0o700); err != nil {
		return nil, errors.Join(fmt.Errorf("make room for failpoints: %w", err), m.close())
	}
	if g.Lines, err = openLines(filepath.Join(s.o.Dir, "dev"), b, s.o.Seed+uint64(b.Number)); err != nil {
		return nil, errors.Join(err, m.close())
	}
	if err := g.Configure(); err != nil {
		return nil, errors.Join(err, g.Lines.Close(), m.close())
	}
	return g, nil
}

// Data is the gateway's data directory.
func (g *Gateway) Data() string { return filepath.Join(g.dir, "data") }

// Configure writes the configuration and leaves the gateway the keys of its readers.
func (g *Gateway) Configure() error {
	if err := os.WriteFile(g.config, []byte(g.yaml()), 0o600); err != nil {
		return fmt.Errorf("configure gateway %s: %w", g.Building.ID, err)
	}
	return g.Lines.install(g.Data())
}

func statusPort(n int) int  { return 19100 + n }
func clusterPort(n int) int { return 17100 + n }

func (g *Gateway) yaml() string {
	var y strings.Builder
	net, n := g.site.network, g.Building.Number
	fmt.Fprintf(&y, "data: %q\ncentral: {url: %q}\nstatus: {listen: \"127.0.0.1:%d\"}\n", g.Data(), g.site.Central.Address(), statusPort(n))
	fmt.Fprintf(&y, "cluster:\n  listen: \"%s:%d\"\n  members:\n", net.address(g.Host), clusterPort(n))
	for _, b := range campus.Buildings {
		fmt.Fprintf(&y, "    - {gateway: %s, address: \"%s:%d\"}\n", b.ID, net.address(hostOf(b)), clusterPort(b.Number))
	}
	y.WriteString("buses:\n")
	for _, l := range g.Lines.All {
		y.WriteString(l.yaml())
	}
	return y.String()
}

// enrol trades an invitation for an identity, as a technician does.
func (g *Gateway) enrol(ctx context.Context, c *Central) error {
	if entries, err := os.ReadDir(filepath.Join(g.Data(), "identity")); err == nil && len(entries) > 0 {
		return nil
	}
	return g.EnrolAs(ctx, c, g.Building.ID)
}

// EnrolAs gives the gateway a new identity.
func (g *Gateway) EnrolAs(ctx context.Context, c *Central, name string) error {
	invitation, err := c.Invite(ctx, name, g.Building.ID)
	if err != nil {
		return err
	}
	_, err = g.Command(ctx, "enrol", "--config", g.config, invitation)
	return err
}

// Start lets the gateway run from now on: when it ends by itself it is started again, as the unit has it.
func (g *Gateway) Start(ctx context.Context) (err error) {
	g.Process, err = proc.Start(ctx, proc.Options{
		Name: g.Building.ID, Log: g.log, Restart: restartWithin, Started: g.hasStarted,
		Command: func(ctx context.Context) *exec.Cmd {
			cmd := g.with(g.site.network.command(ctx, g.Host, g.path(), "run", "--config", g.config))
			cmd.Env = append(cmd.Environ(), failpoints+"="+g.points)
			return cmd
		},
	})
	if err != nil {
		return fmt.Errorf("start gateway %s: %w", g.Building.ID, err)
	}
	return nil
}

// Await waits until the gateway can keep taps.
func (g *Gateway) Await(ctx context.Context) error {
	return await(ctx, upWithin, "gateway "+g.Building.ID+" can keep taps", func(ctx context.Context) (bool, error) {
		_, err := g.page(ctx, "/healthz")
		return err == nil, nil
	})
}

// Healthy reports whether the gateway says now that it can keep taps.
func (g *Gateway) Healthy(ctx context.Context) bool {
	_, err := g.page(ctx, "/healthz")
	return err == nil
}

// Connects reports whether somebody who has no connection to the gateway gets an answer.
func (g *Gateway) Connects(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := g.site.network.dial(ctx, g.Host, "tcp", fmt.Sprintf("127.0.0.1:%d", statusPort(g.Building.Number)))
	if err != nil {
		return false
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline) // a connection without one would wait longer, which is no lie
	if _, err := fmt.Fprint(conn, "GET /healthz HTTP/1.0\r\n\r\n"); err != nil {
		return false
	}
	n, _ := conn.Read(make([]byte, 16))
	return n > 0
}
