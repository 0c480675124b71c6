package tree

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// What can be wrong with a checkpoint.
var (
	ErrCheckpoint = errors.New("not a checkpoint of a stream")
	ErrForeignKey = errors.New("not signed by the key that is registered for its gateway")
)

// maxNote bounds what is parsed, in octets: a checkpoint with the cosignatures of a cluster.
const maxNote = 4 << 10

// Checkpoint states that record number Size is the last of a stream so far and that all records up to it have this Root.
// Signed, it is a C2SP tlog-checkpoint with the origin "rollcall/<gateway>/<stream>".
type Checkpoint struct {
	Gateway string
	Stream  contract.Stream
	Size    uint64
	Root    Hash
}

// At is the checkpoint of a stream's tree as it is now.
func (f *Frontier) At(gateway string, stream contract.Stream) Checkpoint {
	return Checkpoint{Gateway: gateway, Stream: stream, Size: f.size, Root: f.Root()}
}

func (c Checkpoint) text() string {
	return fmt.Sprintf("rollcall/%s/%s\n%d\n%s\n", c.Gateway, c.Stream, c.Size, c.Root)
}

// Sign writes the checkpoint as a signed note in its gateway's name.
func (c Checkpoint) Sign(key ed25519.PrivateKey) ([]byte, error) {
	return sign(&note.Note{Text: c.text()}, c.Gateway, key)
}

// Attest writes the checkpoint as a note in central's name: what central holds of a stream that its gateway has not signed. It is
// worth something when others cosign it.
func (c Checkpoint) Attest(key ed25519.PrivateKey) ([]byte, error) {
	return sign(&note.Note{Text: c.text()}, Central, key)
}

// Cosign adds a signature in another gateway's name to a signed checkpoint, whose signatures so far it keeps unexamined.
// Whoever cosigns has computed the same root from a copy of the records.
func Cosign(signed []byte, by string, key ed25519.PrivateKey) ([]byte, error) {
	n, err := unverified(signed)
	if err != nil {
		return nil, err
	}
	return sign(n, by, key)
}

func sign(n *note.Note, name string, key ed25519.PrivateKey) ([]byte, error) {
	s, err := newSigner(name, key)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	signed, err := note.Sign(n, s)
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return signed, nil
}

// Read parses a signed checkpoint and believes nothing of it: it tells whose key to look for.
func Read(signed []byte) (Checkpoint, error) {
	n, err := unverified(signed)
	if err != nil {
		return Checkpoint{}, err
	}
	return parse(n.Text)
}

// unverified reads a note without a key: the signatures come back as unverified ones.
func unverified(signed []byte) (*note.Note, error) {
	if len(signed) > maxNote {
		return nil, fmt.Errorf("%w: %d octets", ErrCheckpoint, len(signed))
	}
	_, err := note.Open(signed, note.VerifierList())
	if u, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		return u.Note, nil
	}
	return nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
}

// Open parses a signed checkpoint and checks that its own gateway signed it with this key.
func Open(signed []byte, key ed25519.PublicKey) (Checkpoint, error) {
	c, err := Read(signed)
	if err != nil {
		return Checkpoint{}, err
	}
	return c, CheckSignature(signed, c.Gateway, key)
}

// CheckSignature is nil if a signed note bears the signature of the named gateway with this key.
func CheckSignature(signed []byte, by string, key ed25519.PublicKey) error {
	v, err := verifier(by, key)
	if err != nil {
		return err
	}
	if _, err := note.Open(signed, note.VerifierList(v)); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrForeignKey, by, err)
	}
	return nil
}

// Signers names who is said to have signed a note, unverified, in order.
func Signers(signed []byte) ([]string, error) {
	n, err := unverified(signed)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, s := range n.UnverifiedSigs {
		names = append(names, s.Name)
	}
	return names, nil
}

func parse(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, fmt.Errorf("%w: %d lines, want origin, size and root", ErrCheckpoint, len(lines)-1)
	}
	var c Checkpoint
	origin := strings.Split(lines[0], "/")
	if len(origin) != 3 || origin[0] != "rollcall" || contract.CheckGateway(origin[1]) != nil {
		return Checkpoint{}, fmt.Errorf("%w: its origin is %q", ErrCheckpoint, lines[0])
	}
	c.Gateway = origin[1]
	if err := c.Stream.UnmarshalText([]byte(origin[2])); err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	var err error
	if c.Size, err = strconv.ParseUint(lines[1], 10, 62); err != nil || strconv.FormatUint(c.Size, 10) != lines[1] {
		return Checkpoint{}, fmt.Errorf("%w: its size is %q", ErrCheckpoint, lines[1])
	}
	if c.Root, err = tlog.ParseHash(lines[2]); err != nil || c.Root.String() != lines[2] {
		return Checkpoint{}, fmt.Errorf("%w: its root is %q", ErrCheckpoint, lines[2])
	}
	return c, nil
}

// SaysSigned reports whether a note has a signature in somebody's name; it is not looked at.
func SaysSigned(signed []byte, by string) bool {
	names, err := Signers(signed)
	return err == nil && slices.Contains(names, by)
}

// Witnesses names those of the signers of a note who are neither the gateway of the stream nor central, unverified.
func Witnesses(signed []byte, owner string) []string {
	names, _ := Signers(signed) // of what is no note there are none
	return slices.DeleteFunc(names, func(name string) bool { return name == owner || name == Central })
}

// Adopt adds the signature that another copy of the same note has of somebody, who must have made it with this key.
func Adopt(signed, cosigned []byte, by string, key ed25519.PublicKey) ([]byte, error) {
	own, err := unverified(signed)
	if err != nil {
		return nil, err
	}
	theirs, err := unverified(cosigned)
	if err != nil {
		return nil, err
	}
	if own.Text != theirs.Text {
		return nil, fmt.Errorf("%w: %s cosigned another", ErrCheckpoint, by)
	}
	if err := CheckSignature(cosigned, by, key); err != nil {
		return nil, err
	}
	own.UnverifiedSigs = slices.DeleteFunc(own.UnverifiedSigs, func(s note.Signature) bool { return s.Name == by })
	for _, s := range theirs.UnverifiedSigs {
		if s.Name == by {
			own.UnverifiedSigs = append(own.UnverifiedSigs, s)
		}
	}
	adopted, err := note.Sign(own)
	if err != nil {
		return nil, fmt.Errorf("adopt signature: %w", err)
	}
	return adopted, nil
}
