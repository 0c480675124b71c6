package proof

import (
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// What can be found wrong with a stream. Each finding wraps one of them.
var (
	ErrMissing    = errors.New("missing: it was numbered and signed, and is not here")
	ErrTail       = errors.New("missing at the end: the gateway signed more than is here")
	ErrAltered    = errors.New("altered: it is not what was signed")
	ErrExchanged  = errors.New("exchanged: another record of the stream stands in its place")
	ErrAdded      = errors.New("added: the gateway never numbered it")
	ErrRewritten  = errors.New("rewritten: signed history says otherwise")
	ErrForeignKey = errors.New("foreign key: not signed by a key that is known of its gateway")
	ErrQuarantine = errors.New("quarantined: central met a second history of the stream")
	ErrErased     = errors.New("erased without being on record: the content of more records is gone than was lawfully erased")
	ErrExport     = errors.New("not an export of Rollcall that this program can read")
)

// Finding is one thing wrong with the records from First to Last of a stream.
type Finding struct {
	Gateway     string
	Stream      contract.Stream
	First, Last uint64
	Err         error
	Detail      string
}

// Error names gateway, stream, numbers and what is wrong.
func (f Finding) Error() string {
	numbers := fmt.Sprintf("record %d", f.First)
	if f.Last > f.First {
		numbers = fmt.Sprintf("records %d to %d", f.First, f.Last)
	}
	text := fmt.Sprintf("gateway %s, stream %s, %s: %v", f.Gateway, f.Stream, numbers, f.Err)
	if f.Detail != "" {
		text += " (" + f.Detail + ")"
	}
	return text
}

// Unwrap makes errors.Is hold for the kind of finding.
func (f Finding) Unwrap() error { return f.Err }

// Account is what was found of one stream.
type Account struct {
	Gateway     string
	Stream      contract.Stream
	First, Last uint64 // numbers in the export; 0 if it has none
	Count       int    // records in the export
	Opened      int    // of which the octets are there
	Erased      int    // of which nothing but the commitment is left at central
	Unsealed    uint64 // records that central holds without a seal: not evidence
	Seals       int    // that verified
	Cosigners   []string
	Signed      uint64 // last record under a seal of its own gateway that verified
	Attested    uint64 // last record that only others vouch for: copies on Witnesses and central give the same root; 0 if there is none
	Witnesses   []string
	Taps        int
	Heartbeats  int
	Beaten      time.Duration // together the heartbeats speak of
	Heard       time.Duration // of that, with every reader working
	From, To    time.Time     // of the opened records
	Steps       int           // times the clock was set by more than two seconds within a boot
	Restarts    int           // times the kernel was started anew
	Findings    []Finding
}

// Verdict is what was found of an export.
type Verdict struct {
	Head     Head
	Streams  []Account
	Days     int
	Erased   int       // records of all streams in the export
	Findings []Finding // of the daily seals and erasures
}

// Findings are all of them.
func (v Verdict) All() []Finding {
	var all []Finding
	for _, a := range v.Streams {
		all = append(all, a.Findings...)
	}
	return append(all, v.Findings...)
}

// Passed reports whether nothing was found.
func (v Verdict) Passed() bool { return len(v.All()) == 0 }
