// Package site is the machines of the outage laboratory: central and three gateways as processes of their own, each in its own
// network namespace, on its own card and by its own clock, with simulated readers on real ttys. What a machine lacks for
// namespaces, cards or clocks is left out by name, and the rest runs. It starts, mends and asks; what is to break when, and
// what of it is right, is decided elsewhere.
package site

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/card"
	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/outage/proc"
	"github.com/rollcall-edge/rollcall/test/outage/skew"
	"github.com/rollcall-edge/rollcall/test/outage/wire"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// CentralHost is the host that central runs on.
const CentralHost = "center"

// Options of a Site.
type Options struct {
	Dir  string // holds everything; must be empty
	Bin  string // holds the programs
	Seed uint64
	Pace card.Pace // of the gateways' cards

	NoClocks error // why the programs cannot run by clocks of their own; nil when they can
}

// Site is all machines. It is a holder: Close stops gateways first, then central, then takes everything away.
type Site struct {
	Central  *Central
	Gateways []*Gateway
	Net      *wire.Switch // nil without namespaces
	Lacks    map[Layer]error
	o        Options
	network  network
}

// Layer is a part of the laboratory that needs something of the machine.
type Layer string

// The layers.
const (
	Network Layer = "network"
	Cards   Layer = "cards"
	Clocks  Layer = "clocks"
	Groups  Layer = "groups" // control groups
)

// hosts are the names of the machines on the switch.
func hosts() []string {
	var names []string
	for _, b := range campus.Buildings {
		names = append(names, hostOf(b))
	}
	return append(names, CentralHost)
}

func hostOf(b campus.Building) string { return fmt.Sprintf("gw%d", b.Number) }

// Open lays out the machines; no program is started.
func Open(ctx context.Context, o Options) (s *Site, err error) {
	s = &Site{o: o, Lacks: map[Layer]error{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
			s = nil
		}
	}()
	for _, d := range []string{o.Dir, s.logs(), filepath.Join(o.Dir, "clocks")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return s, fmt.Errorf("open site: %w", err)
		}
	}
	if err := s.openNetwork(); err != nil {
		return s, err
	}
	for layer, lacks := range map[Layer]error{Cards: card.Available(card.Ext4), Groups: proc.GroupAvailable(), Clocks: o.NoClocks} {
		if lacks != nil {
			s.Lacks[layer] = lacks
		}
	}
	if s.Central, err = s.newCentral(ctx); err != nil {
		return s, err
	}
	for _, b := range campus.Buildings {
		g, err := s.newGateway(ctx, b)
		if err != nil {
			return s, err
		}
		s.Gateways = append(s.Gateways, g)
	}
	return s, nil
}

func (s *Site) openNetwork() error {
	if lacks := wire.Available(); lacks != nil {
		s.Lacks[Network], s.network = lacks, loopback{}
		return nil
	}
	net, err := wire.Open(wire.Options{Seed: s.o.Seed}, hosts()...)
	if err != nil {
		return fmt.Errorf("lay network: %w", err)
	}
	s.Net, s.network = net, switched{net}
	return nil
}

func (s *Site) logs() string { return filepath.Join(s.o.Dir, "log") }

// machine is what a gateway's computer and central's have in common.
type machine struct {
	Host    string
	Card    *card.Card  // nil without cards
	Clock   *skew.Clock // nil without clocks
	Process *proc.Process
	dir     string // where its data lies
	log     string
}

// newMachine gives a host a disk and a clock.
func (s *Site) newMachine(ctx context.Context, host string, o card.Options) (m machine, err error) {
	m = machine{Host: host, dir: filepath.Join(s.o.Dir, host), log: filepath.Join(s.logs(), host+".log")}
	if s.Lacks[Clocks] == nil {
		if m.Clock, err = skew.New(filepath.Join(s.o.Dir, "clocks"), host); err != nil {
			return m, fmt.Errorf("give %s a clock: %w", host, err)
		}
	}
	if s.Lacks[Cards] != nil {
		return m, os.MkdirAll(m.dir, 0o700)
	}
	o.Name, o.FileSystem = host, card.Ext4
	if m.Card, err = card.Open(ctx, o); err != nil {
		return m, fmt.Errorf("give %s a card: %w", host, err)
	}
	m.dir = m.Card.Dir()
	return m, nil
}

// with gives a command the machine's clock.
func (m *machine) with(cmd *exec.Cmd) *exec.Cmd {
	if m.Clock == nil {
		return cmd
	}
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, m.Clock.Env()...)
	return cmd
}

// Log is the file that its program writes.
func (m *machine) Log() string { return m.log }

// close stops the program and takes the machine away.
func (m *machine) close() error {
	var errs []error
	if m.Process != nil {
		errs = append(errs, m.Process.Stop(stopWithin), m.Process.Close())
	}
	if m.Card != nil {
		errs = append(errs, m.Card.Close())
	}
	if m.Clock != nil {
		errs = append(errs, m.Clock.Close())
	}
	return errors.Join(errs...)
}

// Lives are those of the machine's program.
func (m *machine) Lives() []history.Life {
	if m.Process == nil {
		return nil
	}
	var lives []history.Life
	for _, l := range m.Process.Lives() {
		lives = append(lives, history.Life{Span: history.Span{From: l.StartedAt, To: l.EndedAt}, Asked: l.Asked})
	}
	return lives
}

const (
	stopWithin    = 30 * time.Second
	restartWithin = time.Second // as the units have it
	upWithin      = 90 * time.Second
)

// Doors are the readers of all rooms.
func (s *Site) Doors() map[string]*reader.Reader {
	doors := map[string]*reader.Reader{}
	for _, g := range s.Gateways {
		for room, r := range g.Lines.Doors {
			doors[room] = r
		}
	}
	return doors
}

// Gateway is the one with a name.
func (s *Site) Gateway(name string) *Gateway {
	for _, g := range s.Gateways {
		if g.Building.ID == name {
			return g
		}
	}
	return nil
}

// StartGateways enrols those that are new, and starts all.
func (s *Site) StartGateways(ctx context.Context) error {
	for _, g := range s.Gateways {
		if err := g.enrol(ctx, s.Central); err != nil {
			return err
		}
	}
	for _, g := range s.Gateways {
		if err := g.Start(ctx); err != nil {
			return err
		}
	}
	for _, g := range s.Gateways {
		if err := g.Await(ctx); err != nil {
			return err
		}
	}
	return nil
}

// StopGateways stops them together, because each has something to hand over to its peers.
func (s *Site) StopGateways() error {
	errs := make([]error, len(s.Gateways))
	var all sync.WaitGroup
	for i, g := range s.Gateways {
		if g.Process != nil {
			all.Go(func() { errs[i] = g.Process.Stop(stopWithin) })
		}
	}
	all.Wait()
	return errors.Join(errs...)
}

// AwaitDoors waits until every reader with a light shows the steady light.
func (s *Site) AwaitDoors(ctx context.Context, light lamp.Light, within time.Duration) error {
	return await(ctx, within, "all readers are "+light.String(), func(context.Context) (bool, error) {
		for _, r := range s.Doors() {
			if r.HasLight() && r.Steady() != light {
				return false, nil
			}
		}
		return true, nil
	})
}

// Programs are the lives of everything.
func (s *Site) Programs() map[string][]history.Life {
	programs := map[string][]history.Life{"central": s.Central.Lives()}
	for _, g := range s.Gateways {
		programs[g.Building.ID] = g.Lives()
	}
	return programs
}

// Logs are the files that programs write, by name.
func (s *Site) Logs() map[string]string {
	logs := map[string]string{"central": s.Central.Log()}
	for _, g := range s.Gateways {
		logs[g.Building.ID] = g.Log()
	}
	return logs
}

// Close stops what runs and takes everything away.
func (s *Site) Close() error {
	errs := []error{s.StopGateways()}
	for _, g := range s.Gateways {
		errs = append(errs, g.Lines.Close(), g.close())
	}
	if s.Central != nil {
		errs = append(errs, s.Central.close())
	}
	if s.Net != nil {
		errs = append(errs, s.Net.Close())
	}
	return errors.Join(errs...)
}

// ErrTooLong means that something did not happen in time.
var ErrTooLong = errors.New("it took too long")

// await asks every 50 ms until done, an error, or the time is up.
func await(ctx context.Context, within time.Duration, what string, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, ErrTooLong)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := done(ctx)
		if ok {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("wait until %s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until %s: %w", what, context.Cause(ctx))
		case <-tick.C:
		}
	}
}
