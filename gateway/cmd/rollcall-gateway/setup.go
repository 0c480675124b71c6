package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/gateway/console"
)

// change is what both commands that change a reader ask for.
type change struct {
	from
	Reader string        `arg:"" help:"Point of the reader."`
	Within time.Duration `default:"2m" help:"Wait for the reader so long, at most 5m."`
	Yes    bool          `help:"Do not ask for confirmation."`
}

// Validate is asked before anything is done.
func (c *change) Validate() error {
	if c.Within <= 0 || c.Within > console.Longest {
		return fmt.Errorf("--within=%v: a reader is waited for at most %v", c.Within, console.Longest)
	}
	return nil
}

// patience is how much longer than its reader a gateway is waited for.
const patience = 10 * time.Second

// bounded ends a wait for a gateway that hangs.
func (c *change) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, c.Within+patience)
}

// find looks the reader up in the configuration.
func (c *change) find(g *config.Gateway) (config.Bus, config.Reader, error) {
	var known []string
	for _, b := range g.Buses {
		for _, r := range b.Readers {
			if r.Point == c.Reader {
				return b, r, nil
			}
			known = append(known, r.Point)
		}
	}
	return config.Bus{}, config.Reader{}, fmt.Errorf("%s names no reader %q; it has %s", c.Config, c.Reader, strings.Join(known, ", "))
}

type installKey struct {
	change
	SharedLine bool `help:"Go on although other readers of the line answer, which could learn the key."`
}

const installSteps = `%[1]s is to get a key of its own.
  1. Put the reader into installation mode, as its manual says: a switch, a card of the maker's, or a few minutes after power on.
  2. The key crosses the wires once, under a key that everybody knows. Nobody but you should be at them now.
  3. From then on nothing is believed that %[1]s says without its key. A gateway that loses the key needs the reader reset.
`

// Run gives a reader a key of its own.
func (i *installKey) Run(ctx context.Context, t terminal) error {
	c, gateway, err := i.console()
	if err != nil {
		return err
	}
	if _, _, err := i.find(c); err != nil {
		return err
	}
	wish := console.Install{Reader: i.Reader, Within: i.Within, Shared: i.SharedLine}
	may := wish
	may.Only = true
	if err := gateway.Install(ctx, may); err != nil {
		return err
	}
	fmt.Fprintf(t.out, installSteps, i.Reader)
	if err := t.confirm(ctx, i.Yes, "Is the reader in installation mode?"); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "Waiting for %s, at most %v. Ctrl-C gives up.\n", i.Reader, i.Within)
	ctx, cancel := i.bounded(ctx)
	defer cancel()
	if err := gateway.Install(ctx, wish); err != nil {
		return fmt.Errorf("no key was installed: %w", err)
	}
	fmt.Fprintf(t.out, "Done: %s has a key of its own and speaks under it. End its installation mode now.\n", i.Reader)
	return nil
}

type moveReader struct {
	change
	Address int `default:"-1" help:"New address, 0 to 126; without it the present one stays."`
	Baud    int `help:"New speed; without it the present one stays."`
}

const moveSteps = `%s is to listen at address %d and %d baud, from now on and after every power cut.
  After that this gateway looks for it in the wrong place, until the configuration says the same: change the file and
  restart the gateway. A bus has one speed: all its readers must be moved, and the slowest decides.
`

// Run moves a reader to another address or speed.
func (m *moveReader) Run(ctx context.Context, t terminal) error {
	c, gateway, err := m.console()
	if err != nil {
		return err
	}
	bus, reader, err := m.find(c)
	if err != nil {
		return err
	}
	wish, err := m.wish(bus, reader)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.out, moveSteps, m.Reader, wish.Address, wish.Baud)
	if err := t.confirm(ctx, m.Yes, "Move it?"); err != nil {
		return err
	}
	ctx, cancel := m.bounded(ctx)
	defer cancel()
	got, err := gateway.Move(ctx, wish)
	if err != nil {
		return fmt.Errorf("%s was not moved: %w", m.Reader, err)
	}
	fmt.Fprintf(t.out, "Done: %s accepted address %d and %d baud. Write them into %s for bus %s, then: systemctl restart rollcall-gateway\n",
		m.Reader, got.Address, got.Baud, m.Config, bus.Name)
	if got.Address != wish.Address || got.Baud != wish.Baud {
		return fmt.Errorf("the reader chose otherwise than asked: address %d and %d baud, not %d and %d; believe the reader", got.Address, got.Baud, wish.Address, wish.Baud)
	}
	return nil
}

// wish fills in what stays.
func (m *moveReader) wish(bus config.Bus, reader config.Reader) (console.Move, error) {
	w := console.Move{Reader: m.Reader, Within: m.Within, Address: byte(reader.Address), Baud: bus.Baud}
	if m.Address > 126 || m.Address < -1 {
		return w, fmt.Errorf("%d is not an address: use 0 to 126", m.Address)
	}
	if m.Address >= 0 {
		w.Address = byte(m.Address)
	}
	if m.Baud != 0 {
		w.Baud = m.Baud
	}
	if int(w.Address) == reader.Address && w.Baud == bus.Baud {
		return w, fmt.Errorf("%s has address %d and %d baud in %s already: name another with --address or --baud", m.Reader, w.Address, w.Baud, m.Config)
	}
	return w, nil
}
