package osdp

import (
	"errors"
	"log/slog"
)

// keyOctets is the length of an AES-128 key.
const keyOctets = 16

// Key is the secret of one reader (SCBK). The zero Key is none. It does not show itself in text or logs.
type Key [keyOctets]byte

// installKey is SCBK-D of the standard. Everybody knows it: it is good for nothing but handing over another key.
var installKey = Key{0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F}

// Known reports whether k is no secret: the key of zeros, or the one that the standard prints for installation.
func (k Key) Known() bool { return k == Key{} || k == installKey }

// String hides the key.
func (k Key) String() string { return "[key]" }

// GoString hides the key from %#v.
func (k Key) GoString() string { return k.String() }

// LogValue hides the key.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// Secret is what is kept of one reader. Before a key is sent it is Proposed; once a session has shown that the reader
// has it, it is Adopted.
type Secret struct{ Adopted, Proposed Key }

// key is the one to talk with; zero when there is none.
func (s Secret) key() Key {
	if s.Adopted != (Key{}) {
		return s.Adopted
	}
	return s.Proposed
}

// Keys keeps the secrets of readers where a power cut does not reach them. Errors name the fault and what to do.
type Keys interface {
	// Load returns what is kept of reader; the zero Secret when that is nothing.
	Load(reader string) (Secret, error)
	// Propose keeps k beside what the reader has now. It is on disk for good when Propose returns.
	Propose(reader string, k Key) error
	// Adopt makes the proposed key the key of reader.
	Adopt(reader string) error
	// Withdraw forgets the proposed key, which the reader has refused.
	Withdraw(reader string) error
}

// noKeys is where no reader has a key.
type noKeys struct{}

func (noKeys) Load(string) (Secret, error) { return Secret{}, nil }
func (noKeys) Propose(string, Key) error   { return errNoKeys }
func (noKeys) Adopt(string) error          { return errNoKeys }
func (noKeys) Withdraw(string) error       { return errNoKeys }

var errNoKeys = errors.New("there is no place for keys: name a key directory in the configuration")
