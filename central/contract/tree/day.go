package tree

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// Central is the name central signs daily seals by. No gateway can have it.
const Central = "central.rollcall"

// ErrDay means that a daily seal does not hold together, or that central did not sign it.
var ErrDay = errors.New("not a daily seal of central")

// SealedDay is central's word on how far every stream was sealed when a day ended. Every gateway keeps the last one and each
// names the one before, so that central cannot say otherwise later.
type SealedDay struct {
	Day     string   `json:"day"`     // yyyy-mm-dd
	Streams []string `json:"streams"` // the newest checkpoint of each, "rollcall/<gateway>/<stream> <size> <root>"
	Key     string   `json:"key"`     // VerifierKey of central, by its own word
	Note    []byte   `json:"note"`    // signed by central: number of streams, root of the tree over them, day, digest of the day before
}

func lineOf(c Checkpoint) string {
	return strings.ReplaceAll(strings.TrimSuffix(c.text(), "\n"), "\n", " ")
}

// SignDay makes a daily seal that follows the one with the digest previous, zero if there was none.
func SignDay(day string, previous Hash, streams []Checkpoint, key ed25519.PrivateKey) (SealedDay, error) {
	d := SealedDay{Day: day}
	var err error
	if d.Key, err = VerifierKey(Central, key.Public().(ed25519.PublicKey)); err != nil {
		return d, fmt.Errorf("sign day: %w", err)
	}
	for _, c := range streams {
		d.Streams = append(d.Streams, lineOf(c))
	}
	d.Note, err = sign(&note.Note{Text: d.text(previous)}, Central, key)
	return d, err
}

func (d SealedDay) text(previous Hash) string {
	var f Frontier
	for _, line := range d.Streams {
		f.Append(sha256.Sum256([]byte("rollcall/day/v1\x00" + line)))
	}
	return fmt.Sprintf("rollcall/central\n%d\n%s\nday %s\nprevious %s\n", f.Size(), f.Root(), d.Day, previous)
}

// Open checks the signature with central's key and that the streams are those that were signed.
func (d SealedDay) Open(key ed25519.PublicKey) (streams []Checkpoint, previous Hash, err error) {
	if _, err := time.Parse(time.DateOnly, d.Day); err != nil {
		return nil, previous, fmt.Errorf("%w: %w", ErrDay, err)
	}
	if err := CheckSignature(d.Note, Central, key); err != nil {
		return nil, previous, fmt.Errorf("%w: %w", ErrDay, err)
	}
	n, err := unverified(d.Note)
	if err != nil {
		return nil, previous, err
	}
	_, last, _ := strings.Cut(n.Text, "\nprevious ")
	if previous, err = tlog.ParseHash(strings.TrimSuffix(last, "\n")); err != nil || d.text(previous) != n.Text {
		return nil, previous, fmt.Errorf("%w: %s: the streams are not those that were signed", ErrDay, d.Day)
	}
	for _, line := range d.Streams {
		c, err := parse(strings.ReplaceAll(line, " ", "\n") + "\n")
		if err != nil {
			return nil, previous, fmt.Errorf("%w: %s: %w", ErrDay, d.Day, err)
		}
		streams = append(streams, c)
	}
	return streams, previous, nil
}

// Digest is what stands for the day on paper and in the day after it: SHA-256 of what was signed.
func (d SealedDay) Digest() Hash {
	n, err := unverified(d.Note)
	if err != nil {
		return Hash{}
	}
	return sha256.Sum256([]byte(n.Text))
}

// Of finds the checkpoint of a stream among those of a day.
func Of(streams []Checkpoint, stream contract.Stream) (c Checkpoint, found bool) {
	for _, c := range streams {
		if c.Stream == stream {
			return c, true
		}
	}
	return Checkpoint{}, false
}

// maxDay bounds a daily seal that is read, in octets: some ten thousand streams.
const maxDay = 2 << 20

// ReadDay reads a daily seal as JSON. It is believed only after Open.
func ReadDay(r io.Reader) (d SealedDay, err error) {
	if err := contract.DecodeReply(r, maxDay, &d); err != nil {
		return d, fmt.Errorf("%w: %w", ErrDay, err)
	}
	return d, nil
}
