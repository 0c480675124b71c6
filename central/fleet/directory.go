package fleet

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// ErrUnchanged means there is no directory of another revision than the one named.
var ErrUnchanged = errors.New("the directory is unchanged")

const (
	silentAfter   = time.Minute // six reports in a row
	directoryPoll = time.Second // how soon a change by another process is noticed
)

// changes wakes those who wait for a directory.
type changes struct {
	mu      sync.Mutex // guards everything that follows
	next    chan struct{}
	stopped bool
}

func newChanges() changes { return changes{next: make(chan struct{})} }

func (c *changes) watch() (changed <-chan struct{}, stopped bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.next, c.stopped
}

func (c *changes) broadcast(stop bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = c.stopped || stop
	close(c.next)
	c.next = make(chan struct{})
}

// Run watches for changes of clusters, enrolments and revocations, and releases everybody who waits when ctx ends.
func (f *Fleet) Run(ctx context.Context) error {
	defer f.changes.broadcast(true)
	ticker := time.NewTicker(directoryPoll)
	defer ticker.Stop()
	var seen uint64
	for {
		revision, err := f.store.DirectoryRevision(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			f.log.Error("changes of the fleet are not noticed; trying again", "error", err)
		case revision != seen:
			seen = revision
			f.changes.broadcast(false)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// WaitDirectory returns what a gateway is told as soon as that has another revision than have. It looks at once, and answers
// ErrUnchanged when there was none within the time given, or Run or ctx ended.
func (f *Fleet) WaitDirectory(ctx context.Context, gateway string, have uint64, within time.Duration) (contract.SignedDirectory, error) {
	timeout := time.NewTimer(within)
	defer timeout.Stop()
	for {
		changed, stopped := f.changes.watch() // before looking, so that no change falls in between
		signed, err := f.directory(ctx, gateway, have)
		switch {
		case err == nil:
			return signed, nil
		case stopped || ctx.Err() != nil:
			return contract.SignedDirectory{}, ErrUnchanged
		case !errors.Is(err, ErrUnchanged):
			return contract.SignedDirectory{}, fmt.Errorf("directory of gateway %s: %w", gateway, err)
		}
		select {
		case <-ctx.Done():
		case <-timeout.C:
			return contract.SignedDirectory{}, ErrUnchanged
		case <-changed:
		}
	}
}

// directory makes and signs what a gateway is told. The revision is read first: what changes in between is told again.
func (f *Fleet) directory(ctx context.Context, gateway string, have uint64) (contract.SignedDirectory, error) {
	revision, err := f.store.DirectoryRevision(ctx)
	if err != nil {
		return contract.SignedDirectory{}, err
	}
	d := contract.Directory{Revision: revision + 1, MadeAt: f.now().UTC(), Trust: f.authority.lineage().trust()} // a database without a change is revision 1
	if d.Revision == have {
		return contract.SignedDirectory{}, ErrUnchanged
	}
	gateways, err := f.store.Gateways(ctx)
	if err != nil {
		return contract.SignedDirectory{}, err
	}
	clusters, err := f.store.Clusters(ctx)
	if err != nil {
		return contract.SignedDirectory{}, err
	}
	revoked := map[string]bool{}
	for _, g := range gateways {
		revoked[g.ID] = !g.RevokedAt.IsZero()
		// Certificates begin backdate before they are issued.
		d.Cutoffs = append(d.Cutoffs, contract.Cutoff{Gateway: g.ID, From: g.EnrolledAt.Add(-backdate), Revoked: revoked[g.ID]})
	}
	slices.SortFunc(d.Cutoffs, func(a, b contract.Cutoff) int { return cmp.Compare(a.Gateway, b.Gateway) })
	if i := slices.IndexFunc(clusters, func(c Cluster) bool { return c.place(gateway) >= 0 }); i >= 0 {
		d.Cluster, d.Founders, d.Members = clusters[i].Name, clusters[i].Founders, trusted(clusters[i].Members, revoked)
	}
	return f.signed(d)
}

// trusted are the members that are not revoked: the others are to be taken out of the cluster. When nobody with a say is
// left nothing can be agreed any more, and the list stays as it was.
func trusted(members []contract.DirectoryMember, revoked map[string]bool) []contract.DirectoryMember {
	left := slices.DeleteFunc(slices.Clone(members), func(m contract.DirectoryMember) bool { return revoked[m.Gateway] })
	if !slices.ContainsFunc(left, func(m contract.DirectoryMember) bool { return m.Voter }) {
		return members
	}
	return left
}

func (f *Fleet) signed(d contract.Directory) (s contract.SignedDirectory, err error) {
	if err := d.Validate(); err != nil {
		return s, err
	}
	if s.Document, err = json.Marshal(d); err != nil {
		return s, fmt.Errorf("encode directory: %w", err)
	}
	if s.Signature, err = f.authority.Sign(s.Document); err != nil {
		return s, err
	}
	return s, nil
}
