package site

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// Site is all machines of the demo campus. It is a holder: Close stops the gateways first, then central, then takes the cables
// and lines away.
type Site struct {
	Dir      string
	Central  *Central
	Gateways []*Gateway // by number from 1
	Links    *Links
	Retired  []*Retired // after Recall
	lock     *os.File
}

// Open lays cables and lines and writes the configurations; no program is started. One site runs in a directory at a time.
func Open(dir, bin string, seed uint64) (s *Site, err error) {
	s = &Site{Dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	for _, d := range []string{dir, filepath.Join(dir, "log")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return s, fmt.Errorf("open campus: %w", err)
		}
	}
	if err := s.takeLock(); err != nil {
		return s, err
	}
	if s.Central, err = newCentral(dir, bin); err != nil {
		return s, err
	}
	if s.Links, err = openLinks(); err != nil {
		return s, err
	}
	keys, err := openKeys(dir)
	if err != nil {
		return s, err
	}
	for _, b := range campus.Buildings {
		lines, err := openLines(dir, b, seed+uint64(b.Number), keys)
		if err != nil {
			return s, err
		}
		g, err := newGateway(dir, bin, b, lines, s.Links)
		if err == nil {
			err = g.install(keys)
		}
		if err != nil {
			return s, errors.Join(err, lines.Close())
		}
		s.Gateways = append(s.Gateways, g)
	}
	return s, nil
}

// ErrBusy means that another campus runs in the same directory.
var ErrBusy = errors.New("a campus runs in this directory already; stop it first")

func (s *Site) takeLock() (err error) {
	if s.lock, err = os.OpenFile(filepath.Join(s.Dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return fmt.Errorf("open campus: %w", err)
	}
	if err := syscall.Flock(int(s.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("open campus in %s: %w", s.Dir, ErrBusy)
	}
	return nil
}

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

// Recall gives the retired gateways of all buildings an identity again.
func (s *Site) Recall(ctx context.Context, c *campus.Campus) error {
	for _, b := range campus.Buildings {
		r, err := openRetired(ctx, s.Dir, s.Central, c, b.ID)
		if err != nil {
			return err
		}
		s.Retired = append(s.Retired, r)
	}
	return nil
}

// Dismiss revokes the retired gateways.
func (s *Site) Dismiss(ctx context.Context) error {
	for _, r := range s.Retired {
		if err := s.Central.Revoke(ctx, r.Name()); err != nil {
			return err
		}
		r.Close()
	}
	s.Retired = nil
	return nil
}

// Enrol gives an identity to every gateway that has none.
func (s *Site) Enrol(ctx context.Context) error {
	for _, g := range s.Gateways {
		if g.Enrolled() {
			continue
		}
		invitation, err := s.Central.Invite(ctx, g.Building.ID, g.Building.ID)
		if err != nil {
			return err
		}
		if err := g.Enrol(ctx, invitation); err != nil {
			return err
		}
	}
	return nil
}

// StartGateways starts all gateways and waits until each can keep taps.
func (s *Site) StartGateways(ctx context.Context) error {
	failed := make([]error, len(s.Gateways))
	var all sync.WaitGroup
	for i, g := range s.Gateways {
		all.Go(func() { failed[i] = g.Up(ctx) })
	}
	all.Wait()
	return errors.Join(failed...)
}

// StopGateways stops them all together, because each has something to hand over to its peers.
func (s *Site) StopGateways() error {
	errs := make([]error, len(s.Gateways))
	var all sync.WaitGroup
	for i, g := range s.Gateways {
		all.Go(func() { errs[i] = g.Stop() })
	}
	all.Wait()
	return errors.Join(errs...)
}

// Ended is the first program that ended by itself, or nil.
func (s *Site) Ended() error {
	for _, g := range s.Gateways {
		if err := g.Ended(); err != nil {
			return err
		}
	}
	return s.Central.Ended()
}

// Restart starts again what ended by itself.
func (s *Site) Restart(ctx context.Context) error {
	if s.Central.Ended() != nil {
		if err := s.Central.Up(ctx); err != nil {
			return err
		}
	}
	for _, g := range s.Gateways {
		if g.Ended() != nil {
			if err := g.Up(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// AwaitDoors waits until every reader with a light shows the steady light.
func (s *Site) AwaitDoors(ctx context.Context, light lamp.Light, within time.Duration) error {
	return await(ctx, within, "all readers are "+light.String(), func(context.Context) (bool, error) {
		for _, r := range s.Doors() {
			if r.HasLight() && r.Steady() != light {
				return false, s.Ended()
			}
		}
		return true, nil
	})
}

// AwaitJudged waits until central has judged everybody whose facts changed up to a moment.
func (s *Site) AwaitJudged(ctx context.Context, since time.Time, within time.Duration) error {
	return await(ctx, within, "every mark has followed", func(ctx context.Context) (bool, error) {
		m, err := s.Central.API.Metrics(ctx)
		if err != nil {
			return false, err
		}
		nobody := m["rollcall_central_judge_dirty_students"] == 0
		return nobody && m["rollcall_central_rules_last_success_timestamp_seconds"] > float64(since.Unix()+1), nil
	})
}

// Close stops what runs: gateways first, because they have something to send, then central.
func (s *Site) Close() error {
	errs := []error{s.StopGateways()}
	if s.Central != nil {
		errs = append(errs, s.Central.Stop())
	}
	for _, g := range s.Gateways {
		errs = append(errs, g.Lines.Close())
	}
	if s.Links != nil {
		errs = append(errs, s.Links.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
