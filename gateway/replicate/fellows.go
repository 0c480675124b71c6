package replicate

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// maxBehind is how many entries a member may lack and still count as caught up, as in Consul's autopilot.
const maxBehind = 250

// Directory is what central said of the cluster, kept on this gateway. Members hand it to those who are behind, so that one
// who reaches central is enough.
type Directory interface {
	// Held is the document in force and its revision; 0 if there is none.
	Held() (contract.SignedDirectory, uint64)
	// Offer brings a document of a fellow into force if it is sound, newer, and counts this gateway among its members.
	Offer(contract.SignedDirectory) error
}

// fellows are the other members as far as this gateway knows how they are. Whoever leads asks all of them; whoever has lost
// its leader asks whom it knows.
type fellows struct {
	port      *port
	directory Directory // nil: none
	now       func() time.Time
	log       *slog.Logger

	mu      sync.Mutex // guards everything that follows
	known   map[string]*fellow
	talkers map[string]*talker
}

// fellow is one of them.
type fellow struct {
	standing   standing
	heardAt    time.Time // of its last answer, of whatever build
	mute       bool      // its build does not know the talk protocol
	soundSince time.Time // it has been caught up since then; zero when it is not
}

func newFellows(p *port, d Directory, now func() time.Time, log *slog.Logger) *fellows {
	return &fellows{port: p, directory: d, now: now, log: log, known: map[string]*fellow{}, talkers: map[string]*talker{}}
}

// of is a copy of what is known of a member.
func (f *fellows) of(id string) (fellow, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known, ok := f.known[id]
	if !ok {
		return fellow{}, false
	}
	return *known, true
}

// keepOnly forgets all others.
func (f *fellows) keepOnly(ids []string) {
	f.mu.Lock()
	var left []*talker
	for id, t := range f.talkers {
		if !slices.Contains(ids, id) {
			left = append(left, t)
			delete(f.talkers, id)
			delete(f.known, id)
		}
	}
	f.mu.Unlock()
	for _, t := range left {
		t.close()
	}
}

func (f *fellows) talker(id string) *talker {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.talkers[id]
	if !ok {
		t = &talker{port: f.port}
		f.talkers[id] = t
	}
	return t
}

// ask puts a question to a member and notes how it is.
func (f *fellows) ask(ctx context.Context, m Member, q question) (reply, error) {
	f.prepare(m.ID, &q)
	r, err := f.talker(m.ID).ask(ctx, m, q)
	if err == nil {
		f.heard(m.ID, r.Standing, false)
		f.take(m.ID, r)
		return r, nil
	}
	if errors.Is(err, ErrMute) {
		f.heard(m.ID, standing{Speaks: oldestCommand}, true)
	}
	return r, err
}

// prepare tells which directory is held here, and adds it for one who was behind.
func (f *fellows) prepare(id string, q *question) {
	if f.directory == nil {
		return
	}
	document, revision := f.directory.Held()
	q.Holds = revision
	if known, ok := f.of(id); ok && !known.mute && known.standing.Holds < revision {
		q.Directory = &document
	}
}

// take brings a fellow's newer directory into force.
func (f *fellows) take(from string, r reply) {
	if f.directory == nil || r.Directory == nil {
		return
	}
	if err := f.directory.Offer(*r.Directory); err != nil {
		f.log.Warn("directory of a fellow refused", slog.String("from", from), slog.Any("error", err))
	}
}

func (f *fellows) heard(id string, s standing, mute bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	known, ok := f.known[id]
	if !ok {
		known = &fellow{}
		f.known[id] = known
	}
	known.standing, known.mute, known.heardAt = s, mute, f.now()
}

// judge notes who is caught up with a leader whose log ends at last in this term. Silent ones are not.
func (f *fellows) judge(term, last uint64, patience time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	for _, k := range f.known {
		sound := !k.mute && !k.standing.Newcomer && now.Sub(k.heardAt) <= patience &&
			k.standing.Term == term && k.standing.Last+maxBehind >= last
		switch {
		case !sound:
			k.soundSince = time.Time{}
		case k.soundSince.IsZero():
			k.soundSince = now
		}
	}
}

// doubtAll makes everybody prove anew that they are caught up: a new leader has watched nobody.
func (f *fellows) doubtAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range f.known {
		k.soundSince = time.Time{}
	}
}

// close hangs up on everybody.
func (f *fellows) close() { f.keepOnly(nil) }
