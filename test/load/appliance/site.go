package appliance

import (
	"context"
	"crypto/aes"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
)

// Site is a building with one gateway, which is started and stopped as often as needed on the same data.
type Site struct {
	dir     string
	program string // the gateway's
	central *central
	status  string                     // address of the gateway's page
	keys    [Doors][aes.BlockSize]byte // of the readers, where they are spoken to under one
}

// Open makes a site in dir, which must be empty, and enrols its gateway. The program is the path of rollcall-gateway.
func Open(ctx context.Context, dir, program string, size Size) (*Site, error) {
	s := &Site{dir: dir, program: program}
	for i := range s.keys {
		rand.Read(s.keys[i][:]) // never fails: crypto/rand ends the process instead
	}
	var err error
	if s.status, err = freeAddress(); err != nil {
		return nil, fmt.Errorf("open site: %w", err)
	}
	if s.central, err = openCentral(size, time.Now()); err != nil {
		return nil, fmt.Errorf("open site: %w", err)
	}
	if err := s.enrol(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open site: %w", err), s.Close())
	}
	return s, nil
}

// installKeys leaves the gateway the keys of a line's readers, or none: a reader that has a key is never spoken to without.
func (s *Site) installKeys(l *Line) error {
	if err := os.RemoveAll(filepath.Join(s.data(), "reader-keys")); err != nil {
		return fmt.Errorf("forget keys: %w", err)
	}
	if !l.wiring.Secure {
		return nil
	}
	keys := map[string][aes.BlockSize]byte{}
	for i := range l.Doors {
		keys[Point(i)] = s.keys[i]
	}
	return site.InstallKeys(s.data(), keys)
}

// Close ends the stand-in for central; no gateway may run any more.
func (s *Site) Close() error { return s.central.close() }

// TimetableBytes is the length of the timetable's document.
func (s *Site) TimetableBytes() int { return len(s.central.timetable.Document) }

// Cards are those of everybody who is expected in a room, from 0 to 7.
func (s *Site) Cards(room int) []card.Card { return cardsAt(s.central.campus, room) }

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (s *Site) enrol(ctx context.Context) error {
	if err := s.configure(nil); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, s.program, "enrol", "--config", s.config(), s.central.invitation().String()).CombinedOutput()
	if err != nil {
		return fmt.Errorf("enrol gateway: %w: %s", err, out)
	}
	return nil
}

func (s *Site) config() string { return filepath.Join(s.dir, "gateway.yaml") }

func (s *Site) data() string { return filepath.Join(s.dir, "gateway") }

func (s *Site) log() string { return filepath.Join(s.dir, "gateway.log") }

// configure writes the gateway's configuration with one line, or none.
func (s *Site) configure(l *Line) error {
	var y strings.Builder
	fmt.Fprintf(&y, "data: %q\ncentral: {url: %q}\nstatus: {listen: %q}\n", s.data(), s.central.url, s.status)
	if l != nil {
		fmt.Fprintf(&y, "buses:\n  - name: doors\n    driver: osdp\n    device: %q\n    baud: %d\n    readers:\n", l.line.Path(), l.wiring.Baud)
		for i := range l.Doors {
			fmt.Fprintf(&y, "      - {point: %s, address: %d, secure: %v}\n", Point(i), i+1, l.wiring.Secure)
		}
		if err := s.installKeys(l); err != nil {
			return err
		}
	}
	if err := os.WriteFile(s.config(), []byte(y.String()), 0o600); err != nil {
		return fmt.Errorf("configure gateway: %w", err)
	}
	return nil
}
