// Package member is one gateway of a cluster as far as a tap passes it between reader and majority, in a process of its own:
// timetable, decision, journal, shipper, Raft and replica, all of them the product's. It has no readers, no page and no
// central; taps are asked for over its standard input (see Serve).
package member

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/decide"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/gateway/replicate"
	"github.com/rollcall-edge/rollcall/gateway/timetable"
)

// Member is one gateway's parts.
type Member struct {
	config    Config
	timetable *timetable.Cache
	credited  *decide.Credited
	journal   *journal.Journal
	node      *replicate.Node
	waiters   *waiters
	next      atomic.Uint64 // of the taps given
	stop      context.CancelFunc
	shipped   chan error
}

// Open makes the parts and begins to ship.
func Open(c Config) (*Member, error) {
	m := &Member{config: c, credited: decide.NewCredited(), waiters: newWaiters(), shipped: make(chan error, 1)}
	for _, step := range []func() error{m.openTimetable, m.openJournal, m.openNode} {
		if err := step(); err != nil {
			return nil, errors.Join(fmt.Errorf("open member: %w", err), m.Close())
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	m.stop = stop
	source := &watched{Journal: m.journal}
	shipper := replicate.NewShipper(source, m.node, replicate.ShipperOptions{Linger: c.Linger})
	source.looked = func() { m.waiters.reach(shipper.Replicated()) }
	go func() { m.shipped <- shipper.Run(ctx) }()
	return m, nil
}

func (m *Member) openTimetable() error {
	key, err := m.config.Timetable.publicKey()
	if err != nil {
		return err
	}
	authority := func() []*ecdsa.PublicKey { return []*ecdsa.PublicKey{key} }
	m.timetable = timetable.Open(timetable.Options{Path: m.config.Timetable.Path, Authority: authority, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if m.timetable.Index() == nil {
		return errors.New("open timetable: there is none; the log says why")
	}
	return nil
}

func (m *Member) openJournal() (err error) {
	m.journal, err = journal.Open(journal.Options{Dir: filepath.Join(m.config.Dir, "journal")})
	return err
}

func (m *Member) openNode() error {
	identity, err := m.config.Identity.tls()
	if err != nil {
		return err
	}
	o := replicate.Options{ID: m.config.ID, Dir: filepath.Join(m.config.Dir, "cluster"), Members: m.config.Members, TLS: identity}
	for _, member := range m.config.Members {
		if member.ID == m.config.ID {
			o.Listen = member.Address
		}
	}
	m.node, err = replicate.Open(o)
	return err
}

// Close ends what Open began.
func (m *Member) Close() error {
	var errs []error
	if m.stop != nil {
		m.stop()
		errs = append(errs, <-m.shipped)
	}
	if m.node != nil {
		errs = append(errs, m.node.Close())
	}
	if m.journal != nil {
		errs = append(errs, m.journal.Close())
	}
	return errors.Join(errs...)
}

// tap is what gateway.Tap does between hearing a card and its light: decide, and append to the journal.
func (m *Member) tap() (contract.TapID, error) {
	f := m.config.Timetable.Taps[m.next.Add(1)%uint64(len(m.config.Timetable.Taps))]
	stamp := contract.Stamp{At: time.Now().UTC(), Quality: contract.Synchronised, Within: 10 * time.Millisecond}
	d := m.credited.Decide(m.timetable.Index(), f, stamp.At)
	return m.journal.Append(contract.Record{Stamp: stamp, Tap: &contract.Tap{
		Point: f.Point, Digest: f.Digest, Evidence: contract.EvidenceCard,
		Outcome: d.Outcome, Reason: d.Reason, Session: d.Session, Timetable: d.Timetable,
	}})
}

// replicated gives a tap and waits until it is on a majority.
func (m *Member) replicated() error {
	id, err := m.tap()
	if err != nil {
		return err
	}
	m.waiters.await(id.Seq)
	return nil
}
