package report

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// tapSource reads taps and the records they came in.
type tapSource interface {
	Taps(ctx context.Context, q TapQuery) ([]Tap, error)
	RecentTaps(ctx context.Context, limit int) ([]Tap, error)
	Tap(ctx context.Context, id contract.TapID) (Tap, error)
	RecordOf(ctx context.Context, id contract.TapID) (octets []byte, receivedAt time.Time, err error)
}

// Tap is one presentation of a credential, as the gateway recorded it, and to whom the card belongs now.
type Tap struct {
	ID        string     `json:"id"` // "<stream>/<number>"
	At        time.Time  `json:"at"` // to the millisecond; the moment that counts
	Point     string     `json:"point"`
	Room      string     `json:"room"` // of the point; "" if the point is not known
	Gateway   string     `json:"gateway"`
	Digest    string     `json:"digest"` // of the card, hexadecimal
	Evidence  string     `json:"evidence"`
	Outcome   string     `json:"outcome"`
	Reason    string     `json:"reason"`  // why the gateway did not credit it; "" if it did
	Session   string     `json:"session"` // what the gateway credited; "" if nothing
	Timetable uint64     `json:"timetable"`
	Quality   string     `json:"clock"`
	WithinMS  int64      `json:"within_ms"` // bound of the error of At; 0 when nobody knows it
	Time      string     `json:"time"`      // what At rests on: Stamped, Corrected or Uncertain
	StampedAt time.Time  `json:"stamped_at"`
	Earliest  *time.Time `json:"earliest"` // of an uncertain moment; nil if nothing bounds it
	Latest    *time.Time `json:"latest"`   // of an uncertain moment
	Student   string     `json:"student"`  // who holds the card now; "" if nobody
	Name      string     `json:"-"`
	Credits   string     `json:"credits"` // the session whose mark central credits to it; "" if none
}

// What a tap's moment rests on.
const (
	Stamped   = "stamped"   // the gateway's own clock
	Corrected = "corrected" // what was learnt of that clock later
	Uncertain = "uncertain" // nothing vouches for it: it lies between Earliest and Latest
)

// Light is what the reader showed for the tap (W-2).
func (t Tap) Light() string {
	switch t.Outcome {
	case contract.Accepted.String(), contract.Duplicate.String():
		return "green"
	case contract.Refused.String():
		return "red"
	case contract.Unjudged.String():
		return "blue, blinking"
	}
	return "unknown"
}

var reasonWords = map[string]string{
	"not_listed":     "not on the list of the session in this room",
	"window_closed":  "no register was open in this room",
	"unknown_card":   "nobody held this card",
	"blocked_card":   "the card was reported lost or withdrawn",
	"multi_card":     "two cards were presented at once",
	"no_timetable":   "the gateway had no usable timetable, so it left the judgement to central",
	"unsuitable_uid": "the card gives a number that identifies nobody",
}

// Why is the gateway's reason in words; "" when it credited the tap.
func (t Tap) Why() string {
	if w, ok := reasonWords[t.Reason]; ok {
		return w
	}
	if t.Reason == "" && t.Outcome == contract.Duplicate.String() {
		return "every session it could be credited to was credited already"
	}
	return t.Reason
}

// TapQuery chooses taps in [From, To) by stream and number, which is the order they never change.
type TapQuery struct {
	From, To time.Time
	After    contract.TapID // only later ones in the order; zero for all
	Limit    int
}

// Taps lists taps of all streams, a page at a time.
func (r *Reports) Taps(ctx context.Context, q TapQuery) ([]Tap, error) {
	if !q.From.Before(q.To) {
		return nil, fmt.Errorf("%w: from must be before to", ErrQuery)
	}
	return r.source.Taps(ctx, q)
}

// RecentTaps lists the latest taps by number of each stream, newest first.
func (r *Reports) RecentTaps(ctx context.Context, limit int) ([]Tap, error) {
	return r.source.RecentTaps(ctx, limit)
}

// Evidence is one tap with the record it came in, decoded from the very octets the gateway wrote.
type Evidence struct {
	Tap        Tap
	Record     contract.Record
	Octets     []byte
	ReceivedAt time.Time
}

// Evidence reads one tap and its record; id is "<stream>/<number>".
func (r *Reports) Evidence(ctx context.Context, id string) (Evidence, error) {
	tapID, err := contract.ParseTapID(id)
	if err != nil {
		return Evidence{}, fmt.Errorf("%w: %w", ErrQuery, err)
	}
	e := Evidence{}
	if e.Tap, err = r.source.Tap(ctx, tapID); err != nil {
		return Evidence{}, fmt.Errorf("tap %s: %w", tapID, err)
	}
	if e.Octets, e.ReceivedAt, err = r.source.RecordOf(ctx, tapID); err != nil {
		return Evidence{}, fmt.Errorf("record %s: %w", tapID, err)
	}
	if e.Record, err = contract.DecodeRecord(e.Octets); err != nil {
		return Evidence{}, fmt.Errorf("record %s: %w", tapID, err)
	}
	return e, nil
}
