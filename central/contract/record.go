package contract

import (
	"crypto/rand"
	"encoding/hex"
	"time"
)

// Record is one entry of a stream. Exactly one of Tap, Heartbeat and Anchor is set.
type Record struct {
	ID    TapID
	Stamp Stamp
	Salt  Salt // zero in records of version 1

	Tap       *Tap
	Heartbeat *Heartbeat
	Anchor    *Anchor
}

// Salt is drawn for each record when it gets its number, so that the commitment to a record that was lawfully erased says
// nothing about it: a card's digest, a point and a minute could be guessed, 128 random bits cannot.
type Salt [16]byte

// NewSalt draws a salt from the system's random source.
func NewSalt() Salt {
	var s Salt
	rand.Read(s[:]) // never fails: crypto/rand ends the process instead
	return s
}

// IsZero reports whether s was never drawn.
func (s Salt) IsZero() bool { return s == Salt{} }

// Stamp is when something happened, as far as the gateway could know. A tap is never refused for a bad clock: wall time,
// boot and time since boot let central correct it later from an Anchor of the same boot.
type Stamp struct {
	At      time.Time     // wall time, UTC, nanoseconds, without monotonic reading
	Boot    Boot          // which boot of the kernel
	Uptime  time.Duration // CLOCK_BOOTTIME at the same moment
	Quality Quality       // how far At can be trusted
	Within  time.Duration // bound of the error of At, whole milliseconds; 0 when Quality is not Synchronised
}

// Boot is the kernel's random identifier of one boot (/proc/sys/kernel/random/boot_id).
type Boot [16]byte

// String is 32 lower-case hexadecimal digits.
func (b Boot) String() string { return hex.EncodeToString(b[:]) }

// MarshalText writes b as String does.
func (b Boot) MarshalText() ([]byte, error) { return []byte(b.String()), nil }

// UnmarshalText reads exactly 32 lower-case hexadecimal digits.
func (b *Boot) UnmarshalText(text []byte) error { return unhex(b[:], text, "boot") }

// Quality says how far a wall time can be trusted.
type Quality uint8

// The qualities. Numbers are wire format: never reuse one.
const (
	Synchronised Quality = 1 // the kernel's clock is disciplined; the error is within Stamp.Within
	FreeRunning  Quality = 2 // it was disciplined earlier in this boot
	NeverSet     Quality = 3 // not yet in this boot
)

var qualityNames = map[Quality]string{Synchronised: "synchronised", FreeRunning: "free_running", NeverSet: "never_set"}

// String is the name used in metrics and on pages, or "unknown".
func (q Quality) String() string { return nameOf(qualityNames, q) }

// Heartbeat states, in the stream itself, that nothing is missing before it: every tap that the points listed as Up made
// from Since until the record's Stamp.At has a smaller number. Whoever holds the heartbeat and all before it can
// therefore tell "no taps" from "no working reader" (RULES G-3). One is written every minute and when a register closes.
type Heartbeat struct {
	Since  time.Time // start of the interval it speaks of, UTC
	Points []PointState
}

// PointState is whether one point could hear taps during the whole of a heartbeat's interval.
type PointState struct {
	Point string
	Up    bool
}

// Anchor ties the time since boot to wall time, once that is known: earlier records of the same boot are corrected by it.
type Anchor struct {
	Boot   Boot
	Uptime time.Duration
	At     time.Time
	Within time.Duration // bound of the error of At, whole milliseconds
}
