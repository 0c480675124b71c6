// Package evidence takes in files of facts about students' engagement, such as log-ins, meetings and fees, and withdraws facts
// that were wrong. It says what a file may tell and compares that with what is known; it judges nothing, and what became of
// taps is none of its business.
package evidence

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// What Import and Withdraw refuse; a faulty file is sheet.Faults instead.
var (
	ErrKind    = errors.New("no such kind of file of facts")
	ErrOption  = errors.New("import option is not usable")
	ErrGuard   = errors.New("refused: too much would be concluded from this; look at a dry run, then repeat it with force")
	ErrUnknown = errors.New("no such fact, or it is withdrawn already")
	ErrReason  = errors.New("a fact is withdrawn with a reason")
)

// Kept is a fact as it is kept.
type Kept struct {
	engagement.Noted
	WithdrawnAt time.Time // zero while it holds
	WithdrawnBy string    // who and why
	Replaced    bool      // a later statement of the same thing took its place; nobody said that it was wrong
}

// User is an account of the virtual learning environment.
type User struct {
	ID      string // as the environment's own logs have it
	Student string // "" if the account is nobody's whom attendance concerns, such as a lecturer's
}

// Withdrawal is a fact that no longer holds.
type Withdrawal struct {
	ID       int64
	Student  string // whom it is about; "" for a fact of the university
	By       string // who and why
	Replaced bool   // by a later statement of the same thing
}

// Feed says until when the facts of a kind are complete.
type Feed struct {
	Kind    engagement.Kind
	Through time.Time // the last instant of it
	ByUser  bool      // the source knows accounts: of students without one it says nothing
}

// Scope is which facts a file may meet: all of some kinds and students, over a stretch of time.
type Scope struct {
	Kinds    []engagement.Kind
	Students []string
	From, To time.Time // both included
}

// State is what is known while an import is planned: one consistent view.
type State interface {
	// StudentIDs lists the numbers of all students.
	StudentIDs(ctx context.Context) ([]string, error)
	// Users lists the accounts of the virtual learning environment.
	Users(ctx context.Context) ([]User, error)
	// Facts hands each what a scope covers, withdrawn or not, in the order of recording.
	Facts(ctx context.Context, s Scope, each func(Kept)) error
	// Feeds reads until when facts of each kind are complete.
	Feeds(ctx context.Context) (map[engagement.Kind]time.Time, error)
	// UnknownSessions lists which of these are no sessions.
	UnknownSessions(ctx context.Context, ids []string) ([]string, error)
}

// Change is what an import does.
type Change struct {
	Facts     []engagement.Noted
	Withdrawn []Withdrawal
	Users     []User
	Feeds     []Feed
	Receipt   Receipt
}

// Receipt is what is kept of an import.
type Receipt struct {
	Kind      Kind
	Digest    [32]byte // SHA-256 of the file
	Actor     string
	AppliedAt time.Time
	Diff      sheet.Diff
}

// Store keeps facts.
type Store interface {
	// Plan runs f on a consistent view, holding nobody up.
	Plan(ctx context.Context, f func(State) error) error
	// Import runs f in a write transaction and applies the change it returns in the same transaction, students to be judged
	// again included: all of it or none. A nil change applies nothing. F runs again from the start if another transaction
	// came between.
	Import(ctx context.Context, f func(State) (*Change, error)) error
	// Withdraw withdraws one fact, or says ErrUnknown.
	Withdraw(ctx context.Context, id int64, by string, now time.Time) error
	// FactsOf lists everything ever kept of a student, by the time it is about; of the university for "".
	FactsOf(ctx context.Context, student string) ([]Kept, error)
}
