// Package directory keeps what central says of this gateway's cluster and of everybody's certificates, signed, on disk and in
// force while central is away. It changes no cluster and opens no connection to a peer.
package directory

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/kept"
)

// Why a directory was not taken.
var (
	ErrOlder   = errors.New("directory is older than the one held")
	ErrNotOurs = errors.New("directory of a cluster that this gateway is not in")
	ErrDamaged = errors.New("kept directory is damaged")
)

// maxFile bounds what is read back, in octets: the document in base64, and its signature.
const maxFile = 2 * contract.MaxDirectoryBytes

// Options of a Cache.
type Options struct {
	Path      string                    // file in which the signed directory is kept
	Gateway   string                    // whose it is
	Authority func() []*ecdsa.PublicKey // the campus authorities, one of whose signatures every directory must carry
	Former    func() []*ecdsa.PublicKey // whose counts besides on the one kept; nil if nobody's does
	Passed    func(time.Time)           // told of moments that have passed for certain; may be nil
	Log       *slog.Logger
}

// Cache holds the directory in force and keeps it on disk. Safe from any goroutine.
type Cache struct {
	o Options

	mu      sync.Mutex // guards everything that follows
	signed  contract.SignedDirectory
	current *contract.Directory // nil: central has not said anything yet
	changed chan struct{}
	trouble error // why the kept one was refused, or the last one could not be kept
}

// Open recalls the kept directory. A damaged one is put aside under "<path>.damaged": revocations are unknown then until
// central or a fellow sends one, which Warning says.
func Open(o Options) *Cache {
	c := &Cache{o: o, changed: make(chan struct{})}
	if c.o.Passed == nil {
		c.o.Passed = func(time.Time) {}
	}
	if c.o.Former == nil {
		c.o.Former = func() []*ecdsa.PublicKey { return nil }
	}
	err := c.recall()
	if err == nil || errors.Is(err, os.ErrNotExist) {
		return c
	}
	o.Log.Warn("kept directory refused", slog.String("file", o.Path), slog.Any("error", err))
	c.trouble = errors.Join(err, os.Rename(o.Path, o.Path+".damaged"))
	return c
}

func (c *Cache) recall() error {
	info, err := os.Stat(c.o.Path)
	if err != nil {
		return err
	}
	if info.Size() > maxFile {
		return fmt.Errorf("%w: %d octets", ErrDamaged, info.Size())
	}
	text, err := os.ReadFile(c.o.Path)
	if err != nil {
		return fmt.Errorf("recall directory: %w", err)
	}
	var s contract.SignedDirectory
	if err := contract.DecodeJSON(bytes.NewReader(text), maxFile, &s); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	d, err := open(s, append(c.o.Authority(), c.o.Former()...))
	if err != nil {
		return err
	}
	c.signed, c.current = s, d
	c.o.Passed(d.MadeAt)
	return nil
}

// open checks a signed directory.
func open(s contract.SignedDirectory, authorities []*ecdsa.PublicKey) (*contract.Directory, error) {
	if err := contract.VerifyAny(authorities, s.Document, s.Signature); err != nil {
		return nil, fmt.Errorf("open directory: %w", err)
	}
	d, err := s.Decode()
	if err != nil {
		return nil, fmt.Errorf("open directory: %w", err)
	}
	return d, nil
}

// Current is the directory in force, not to be changed; nil when central has not said anything yet.
func (c *Cache) Current() *contract.Directory {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

// Held is the document in force and its revision; 0 if there is none.
func (c *Cache) Held() (contract.SignedDirectory, uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil {
		return contract.SignedDirectory{}, 0
	}
	return c.signed, c.current.Revision
}

// Changed is closed when the next directory comes into force. Take it before looking, wait after.
func (c *Cache) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// Refuse says why a certificate no longer counts; nil when it does, or nothing is known.
func (c *Cache) Refuse(gateway string, leaf *x509.Certificate) error {
	if d := c.Current(); d != nil {
		return d.Refuse(gateway, leaf)
	}
	return nil
}

// Offer brings a directory that a fellow handed on into force. It must be newer, and count this gateway among its members:
// that it is in a cluster no more it believes central alone.
func (c *Cache) Offer(s contract.SignedDirectory) error {
	d, err := open(s, c.o.Authority())
	if err != nil {
		return err
	}
	if _, ok := d.Member(c.o.Gateway); !ok {
		return fmt.Errorf("%w: %s", ErrNotOurs, d.Cluster)
	}
	return c.install(s, d)
}

// Install brings a directory from central into force and keeps it. One that cannot be kept is in force all the same.
func (c *Cache) Install(s contract.SignedDirectory) error {
	d, err := open(s, c.o.Authority())
	if err != nil {
		return err
	}
	return c.install(s, d)
}

func (c *Cache) install(s contract.SignedDirectory, d *contract.Directory) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	// A central restored from a backup counts from a lower revision again, but it made that directory later.
	if held := c.current; held != nil && d.Revision <= held.Revision && !(d.Revision < held.Revision && d.MadeAt.After(held.MadeAt)) {
		return fmt.Errorf("install directory: %w: revision %d, held is %d", ErrOlder, d.Revision, held.Revision)
	}
	c.signed, c.current = s, d
	c.o.Passed(d.MadeAt)
	c.trouble = c.keep(s)
	close(c.changed)
	c.changed = make(chan struct{})
	return c.trouble
}

func (c *Cache) keep(s contract.SignedDirectory) error {
	text, err := json.Marshal(s)
	if err == nil {
		err = kept.Write(c.o.Path, text)
	}
	if err != nil {
		return fmt.Errorf("keep directory: %w", err)
	}
	return nil
}

// Warning is one sentence for a technician when what central said is not known or not kept.
func (c *Cache) Warning() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.trouble != nil && c.current == nil:
		return fmt.Sprintf("which gateways are revoked is not known until central sends it again: %v", c.trouble)
	case c.trouble != nil:
		return fmt.Sprintf("what central says of the cluster is not on disk and will be missing after a restart: %v", c.trouble)
	}
	return ""
}
