package osdp

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// installWithin bounds how long the key that everybody knows is used, however patient the technician is.
const installWithin = 5 * time.Minute

// Bauds of the standard, lowest and highest.
const (
	slowestBaud = 9600
	fastestBaud = 230400
)

// InstallKey implements drivers.Commissioner. The reader must be in its installation mode, where it takes the key that
// everybody knows; that key is used here and nowhere else, and for one thing only: to hand over a random one.
//
// The new key is on disk before it goes out, and counts once a session under it stands. Whatever breaks in between, the
// next call goes on with the same key.
func (b *Bus) InstallKey(ctx context.Context, reader string) error {
	ctx, cancel := context.WithTimeout(ctx, installWithin)
	defer cancel()
	place, ok := b.board.index[reader]
	if !ok {
		return drivers.ErrNoReader
	}
	if err := b.install(ctx, place, reader); err != nil {
		return fmt.Errorf("install key of reader %s: %w", reader, err)
	}
	return nil
}

// reasonWithin is how long the bus loop has to say why it did not carry out an order. It is longer than an exchange.
const reasonWithin = time.Second

var errStopping = errors.New("the gateway is stopping")

var errHasKey = errors.New("it has one: to give it another, put it into its installation mode, remove its key file, and try again")

// install goes the way of a key: a session under the installation key, the new key on disk, then in the reader, then
// in use.
func (b *Bus) install(ctx context.Context, place int, reader string) error {
	secret, err := b.options.Keys.Load(reader)
	if err != nil {
		return err
	}
	if secret.Adopted != (Key{}) {
		return errHasKey
	}
	if _, isNone := b.options.Keys.(noKeys); isNone {
		return errNoKeys
	}
	came, err := b.obey(ctx, order{reader: place, wish: wishOpen, key: secret.Proposed})
	if err != nil {
		return err
	}
	if !came.had {
		if err := b.handOver(ctx, place, reader, secret.Proposed); err != nil {
			return err
		}
	}
	_, err = b.obey(ctx, order{reader: place, wish: wishProof})
	return err
}

// handOver sends the key, a new one if none was proposed before. Without a confirmation the reader may have it all the
// same, and the proof that follows tells; a new one that it certainly does not have is forgotten.
func (b *Bus) handOver(ctx context.Context, place int, reader string, key Key) error {
	before := key != (Key{})
	if !before {
		rand.Read(key[:]) // it never fails
		if err := b.options.Keys.Propose(reader, key); err != nil {
			return err
		}
	}
	_, err := b.obey(ctx, order{reader: place, wish: wishKey, key: key})
	var refused refusedError
	switch {
	case errors.Is(err, errUnanswered):
		return nil
	case !before && (errors.Is(err, errParted) || errors.As(err, &refused)):
		return errors.Join(err, b.options.Keys.Withdraw(reader))
	}
	return err
}

// Move implements drivers.Commissioner: COMSET, under the secure channel where the reader has a key. Afterwards the
// reader is found by the configuration, which has to follow.
func (b *Bus) Move(ctx context.Context, reader string, address byte, baud int) (gotAddress byte, gotBaud int, err error) {
	place, ok := b.board.index[reader]
	if !ok {
		return 0, 0, drivers.ErrNoReader
	}
	if err := b.movable(place, address, baud); err != nil {
		return 0, 0, fmt.Errorf("move reader %s: %w", reader, err)
	}
	from := moved{b.options.Readers[place].Address, b.line.Baud()}
	came, err := b.obey(ctx, order{reader: place, wish: wishMove, from: from, to: moved{address, baud}})
	if err != nil {
		return 0, 0, fmt.Errorf("move reader %s: %w", reader, err)
	}
	return came.moved.address, came.moved.baud, nil
}

// movable looks for what would take a reader out of reach.
func (b *Bus) movable(place int, address byte, baud int) error {
	if address > highestAddr {
		return fmt.Errorf("address %d is not possible: use 0 to %d", address, highestAddr)
	}
	if baud < slowestBaud || baud > fastestBaud || !slices.Contains(serialport.Bauds, baud) {
		return fmt.Errorf("speed %d is not possible: use one of 9600, 19200, 38400, 57600, 115200, 230400", baud)
	}
	for i, r := range b.options.Readers {
		if i != place && r.Address == address {
			return fmt.Errorf("address %d belongs to reader %s: use another", address, r.Name)
		}
	}
	return nil
}

// obey gives an order to the bus loop and waits for what it came to.
func (b *Bus) obey(ctx context.Context, o order) (outcome, error) {
	o.left, o.done = ctx.Done(), make(chan outcome, 1)
	b.board.order(&o)
	select {
	case came := <-o.done:
		return came, came.err
	case <-b.board.over:
		return outcome{}, errStopping
	case <-ctx.Done():
		b.board.ring() // so that the loop looks who has left
	}
	select {
	case came := <-o.done:
		return came, came.err
	case <-b.board.over:
		return outcome{}, errStopping
	case <-time.After(reasonWithin):
		return outcome{}, lateError{b.Status()[o.reader].Trouble}
	}
}

// lateError is why nothing came of an order in its time.
type lateError struct{ trouble string }

func (e lateError) Error() string {
	if e.trouble == "" {
		return "the reader did not get to it in time: try again"
	}
	return "waited in vain, because the reader " + e.trouble
}

func (e lateError) Unwrap() error { return context.DeadlineExceeded }
