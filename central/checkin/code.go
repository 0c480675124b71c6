// Package checkin is the code on the lecturer's screen that changes every minute: what it says, and what becomes of one that a
// student's phone sends back (W-5). It is pure: it reads no clock, knows no student and serves no page; who scanned, and
// that they are logged in, whoever asks must know.
package checkin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// SlotLength is how long a code is shown: a minute, from one full minute to the next (002, "refreshes every 60 seconds").
const SlotLength = time.Minute

// Slot is a minute of time, counted from 1970. Every screen shows the same code in it, however often it is refreshed.
type Slot uint32

// SlotAt is the slot of an instant.
func SlotAt(t time.Time) Slot { return Slot(t.Unix() / int64(SlotLength/time.Second)) } //nolint:gosec // until the year 10135

// Starts is the first instant of the slot.
func (s Slot) Starts() time.Time { return time.Unix(int64(s)*int64(SlotLength/time.Second), 0).UTC() }

// Ends is when the next slot begins; the screen counts down to it.
func (s Slot) Ends() time.Time { return s.Starts().Add(SlotLength) }

// Key makes and proves the codes of one session.
type Key [sha256.Size]byte

// KeyOf derives the key of a session from a secret of the university's, so that no key has to be kept and a code of one
// session says nothing of another's.
func KeyOf(secret []byte, session string) Key {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("rollcall check-in code v1\x00" + session))
	return Key(mac.Sum(nil))
}

// Code is what is on the screen: for which session, in which minute, and a proof that we made it.
type Code struct {
	Session string // of at most contract.MaxID octets
	Slot    Slot
	proof   [proofLength]byte
}

// proofLength is half of a SHA-256: nobody guesses 128 bits within a minute.
const proofLength = 16

// Show is the code of a session at a moment. It depends on nothing else: a lecturer may ask for it again at any time, and
// one that a student has just seen stays good.
func Show(key Key, session string, now time.Time) Code {
	c := Code{Session: session, Slot: SlotAt(now)}
	c.proof = c.prove(key)
	return c
}

func (c Code) prove(key Key) [proofLength]byte {
	mac := hmac.New(sha256.New, key[:])
	mac.Write(c.head())
	return [proofLength]byte(mac.Sum(nil)[:proofLength])
}

// head is the version, the slot, and the session.
func (c Code) head() []byte {
	return append(binary.BigEndian.AppendUint32([]byte{version}, uint32(c.Slot)), c.Session...)
}

const (
	version    = 1
	headLength = 5 // before the session
)

var maxText = base64.RawURLEncoding.EncodedLen(headLength + contract.MaxID + proofLength)

// String is the code as text of letters, digits, - and _, for a QR code or a link.
func (c Code) String() string {
	return base64.RawURLEncoding.EncodeToString(append(c.head(), c.proof[:]...))
}

// ErrCode means that a text is no code of ours.
var ErrCode = errors.New("this is no check-in code; scan the one on the lecturer's screen")

// Parse reads what String writes. That somebody writes like us proves nothing: Check does. Error: ErrCode.
func Parse(text string) (Code, error) {
	if len(text) > maxText {
		return Code{}, fmt.Errorf("%w: too long", ErrCode)
	}
	octets, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(octets) <= headLength+proofLength || octets[0] != version {
		return Code{}, ErrCode
	}
	end := len(octets) - proofLength
	c := Code{Session: string(octets[headLength:end]), Slot: Slot(binary.BigEndian.Uint32(octets[1:])), proof: [proofLength]byte(octets[end:])}
	if err := contract.CheckID("session", c.Session); err != nil {
		return Code{}, fmt.Errorf("%w: %w", ErrCode, err)
	}
	if c.String() != text {
		return Code{}, ErrCode // the decoder passes over line ends
	}
	return c, nil
}

// genuine reports whether the code was made with a key.
func (c Code) genuine(key Key) bool {
	proof := c.prove(key)
	return hmac.Equal(proof[:], c.proof[:])
}
