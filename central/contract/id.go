package contract

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxID is the greatest length of a point, room, session or building identifier, in octets.
const MaxID = 64

// Stream identifies one journal for ever: 64 random bits made with the journal. A re-imaged gateway starts a new one.
type Stream [8]byte

// NewStream draws a stream identifier from the system's random source.
func NewStream() Stream {
	var s Stream
	rand.Read(s[:]) // never fails: crypto/rand ends the process instead
	return s
}

// IsZero reports whether s was never drawn.
func (s Stream) IsZero() bool { return s == Stream{} }

// String is 16 lower-case hexadecimal digits.
func (s Stream) String() string { return hex.EncodeToString(s[:]) }

// MarshalText writes s as String does.
func (s Stream) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads exactly 16 lower-case hexadecimal digits.
func (s *Stream) UnmarshalText(b []byte) error { return unhex(s[:], b, "stream") }

// TapID names one record for ever: its stream and its number there, from 1 without gaps.
type TapID struct {
	Stream Stream `json:"stream"`
	Seq    uint64 `json:"seq"`
}

// String is "<stream>/<seq>", the form shown beside every mark.
func (id TapID) String() string { return fmt.Sprintf("%s/%d", id.Stream, id.Seq) }

// ParseTapID reads what String writes.
func ParseTapID(text string) (TapID, error) {
	var id TapID
	stream, seq, ok := strings.Cut(text, "/")
	if !ok {
		return id, fmt.Errorf("tap id %q: want <stream>/<number>", text)
	}
	if err := id.Stream.UnmarshalText([]byte(stream)); err != nil {
		return TapID{}, err
	}
	if _, err := fmt.Sscanf(seq, "%d", &id.Seq); err != nil || fmt.Sprint(id.Seq) != seq {
		return TapID{}, fmt.Errorf("tap id %q: %q is not a record number", text, seq)
	}
	return id, nil
}

// Digest stands for a credential on gateways, in journals and in batches: HMAC-SHA256 of its canonical key under the
// campus key. It is pseudonymous, not anonymous: whoever holds the key can try every short card number.
type Digest [32]byte

// DigestOf computes the digest of a canonical credential key, e.g. "uid:04A2B3C4D5E680", under the campus key.
func DigestOf(campusKey []byte, credential string) Digest {
	mac := hmac.New(sha256.New, campusKey)
	mac.Write([]byte(credential))
	return Digest(mac.Sum(nil))
}

// IsZero reports whether no credential was read (several in the field).
func (d Digest) IsZero() bool { return d == Digest{} }

// String is 64 lower-case hexadecimal digits. Do not log it whole; Short is for people.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Short is the first eight digits, enough for a technician to tell two cards apart.
func (d Digest) Short() string { return hex.EncodeToString(d[:4]) }

// MarshalText writes d as String does.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads exactly 64 lower-case hexadecimal digits.
func (d *Digest) UnmarshalText(b []byte) error { return unhex(d[:], b, "digest") }

func unhex(dst, text []byte, what string) error {
	if len(text) != 2*len(dst) {
		return fmt.Errorf("%s: %d characters, want %d hexadecimal digits", what, len(text), 2*len(dst))
	}
	if strings.ToLower(string(text)) != string(text) {
		return fmt.Errorf("%s: upper-case digits, want lower case", what)
	}
	if _, err := hex.Decode(dst, text); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// CheckID tells what is wrong with an identifier of a point, room, session or building; nil when it is usable:
// 1 to MaxID octets of valid UTF-8 without control characters or surrounding space.
func CheckID(what, id string) error {
	switch {
	case id == "":
		return fmt.Errorf("%s is empty", what)
	case len(id) > MaxID:
		return fmt.Errorf("%s is %d octets long, at most %d are allowed", what, len(id), MaxID)
	case !utf8.ValidString(id):
		return fmt.Errorf("%s is not valid UTF-8", what)
	case strings.TrimSpace(id) != id:
		return fmt.Errorf("%s %q has space around it", what, id)
	case strings.ContainsFunc(id, unicode.IsControl):
		return fmt.Errorf("%s %q has a control character", what, id)
	}
	return nil
}
