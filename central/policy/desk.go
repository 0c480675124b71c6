package policy

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/central/calendar"
)

// Document is a version as it was imported.
type Document struct {
	Name       string
	Version    int
	From       calendar.Day
	Text       []byte // the file
	Actor      string
	ImportedAt time.Time
}

// Store keeps what was imported.
type Store interface {
	// Policies reads every document, in the order of import.
	Policies(ctx context.Context) ([]Document, error)
	// AddPolicy keeps a document. In the same transaction the windows of the sessions from its day on become those of
	// window, and everybody expected at one of them is to be judged again. ErrTwice means the version is there already.
	AddPolicy(ctx context.Context, d Document, window func(start, end time.Time) (opens, closes time.Time)) error
}

// Desk takes policies in and hands out the book of all versions. It is safe for concurrent use.
type Desk struct {
	store Store
	now   func() time.Time

	mu   sync.Mutex // guards everything that follows
	read int        // documents that book is made of
	book *Book
}

// NewDesk makes a desk.
func NewDesk(store Store, now func() time.Time) *Desk { return &Desk{store: store, now: now} }

// Start keeps a policy to begin with where there is none yet. It stays on record: what it judged is its own also after the
// university has imported another.
func (d *Desk) Start(ctx context.Context, file string, text []byte) error {
	documents, err := d.store.Policies(ctx)
	if err != nil {
		return fmt.Errorf("read policies: %w", err)
	}
	if len(documents) > 0 {
		return nil
	}
	_, err = d.Import(ctx, file, text, shipped)
	if errors.Is(err, ErrTwice) {
		return nil // another process has started too
	}
	return err
}

// shipped is who answers for a policy that nobody has imported.
const shipped = "Rollcall, as shipped"

// Book is every version imported so far. Another process may import one: what it stored is in the next Book.
func (d *Desk) Book(ctx context.Context) (*Book, error) {
	documents, err := d.store.Policies(ctx)
	if err != nil {
		return nil, fmt.Errorf("read policies: %w", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.book != nil && d.read == len(documents) { // documents are only ever added
		return d.book, nil
	}
	versions, err := parse(documents)
	if err != nil {
		return nil, err
	}
	book, err := NewBook(versions...)
	if err != nil {
		return nil, err
	}
	d.book, d.read = book, len(documents)
	return book, nil
}

func parse(documents []Document) ([]*Policy, error) {
	versions := make([]*Policy, len(documents))
	for i, doc := range documents {
		p, err := Parse(fmt.Sprintf("%s v%d", doc.Name, doc.Version), doc.Text)
		if err != nil {
			return nil, err
		}
		versions[i] = p
	}
	return versions, nil
}

// With is the book as it would be with one more document; nothing is kept. The document's own day may be replaced by since,
// to see what it would have done. Errors: document.Faults, ErrTwice.
func (d *Desk) With(ctx context.Context, file string, text []byte, since calendar.Day) (*Book, *Policy, error) {
	documents, err := d.store.Policies(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read policies: %w", err)
	}
	p, err := Parse(file, text)
	if err != nil {
		return nil, nil, err
	}
	if since != (calendar.Day{}) {
		p.From = since
	}
	versions, err := parse(documents)
	if err != nil {
		return nil, nil, err
	}
	book, err := NewBook(append(versions, p)...)
	return book, p, err
}

// Import keeps a document: from its day on it is in force. What was judged by other versions before stays on record.
// Errors: document.Faults, ErrTwice.
func (d *Desk) Import(ctx context.Context, file string, text []byte, actor string) (*Policy, error) {
	book, p, err := d.With(ctx, file, text, calendar.Day{})
	if err != nil {
		return nil, err
	}
	doc := Document{Name: p.Name, Version: p.Version, From: p.From, Text: text, Actor: actor, ImportedAt: d.now()}
	if err := d.store.AddPolicy(ctx, doc, book.Window); err != nil {
		return nil, fmt.Errorf("import %s: %w", p.ID(), err)
	}
	return p, nil
}
