package campus

import (
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// beatEvery is how often the gateways of old vouched for their readers. Real ones do so every minute; over a whole term that
// would be a quarter of a million records which say nothing more.
const beatEvery = 15 * time.Minute

// oldClock is the error bound of the old gateways' clocks.
const oldClock = 4 * time.Millisecond

// Journal is the journal of a building's retired gateway: the term's taps and heartbeats as contract records, without gaps.
// The digest of each card is taken under the campus key. The same campus, stream and key give the same octets.
func (c *Campus) Journal(building string, stream contract.Stream, campusKey []byte) ([][]byte, error) {
	doors := model.NewDoors(c.Sessions)
	var records []contract.Record
	for _, s := range c.Swipes() {
		answer, session := doors.Tap(s.Tap)
		if BuildingOf(s.Room).ID != building {
			continue
		}
		records = append(records, contract.Record{
			Stamp: c.stamp(stream, s.At), Tap: tapOf(s, answer, session, contract.DigestOf(campusKey, s.Card.Key)),
		})
	}
	for _, i := range c.Working(building) {
		records = append(records, c.Beats(building, stream, i)...)
	}
	// Stable: a tap stands before the heartbeat that speaks of its instant.
	slices.SortStableFunc(records, func(a, b contract.Record) int { return a.Stamp.At.Compare(b.Stamp.At) })
	return Encode(records, stream, 1)
}

// Beats are the heartbeats by which a building's retired gateway vouches for an interval.
func (c *Campus) Beats(building string, stream contract.Stream, i model.Interval) []contract.Record {
	var points []contract.PointState
	for _, b := range Buildings {
		for _, r := range b.Rooms {
			if b.ID == building {
				points = append(points, contract.PointState{Point: r.Point(), Up: true})
			}
		}
	}
	var records []contract.Record
	for since := i.From; since.Before(i.To); {
		at := since.Add(beatEvery)
		if at.After(i.To) {
			at = i.To
		}
		records = append(records, contract.Record{
			Stamp: c.stamp(stream, at), Heartbeat: &contract.Heartbeat{Since: since.UTC().Round(0), Points: points},
		})
		since = at
	}
	return records
}

// Encode numbers records from first on and gives their octets.
func Encode(records []contract.Record, stream contract.Stream, first uint64) ([][]byte, error) {
	octets := make([][]byte, len(records))
	for i, r := range records {
		r.ID = contract.TapID{Stream: stream, Seq: first + uint64(i)}
		var err error
		if octets[i], err = contract.AppendRecord(nil, r); err != nil {
			return nil, fmt.Errorf("make history: %w", err)
		}
	}
	return octets, nil
}

// stamp is the time as a gateway that has run since the week before the term would tell it.
func (c *Campus) stamp(stream contract.Stream, at time.Time) contract.Stamp {
	s := contract.Stamp{At: at.UTC().Round(0), Uptime: at.Sub(c.First.AddDate(0, 0, -7)), Quality: contract.Synchronised, Within: oldClock}
	copy(s.Boot[:], stream[:])
	return s
}

var outcomes = map[model.Answer]struct {
	outcome contract.Outcome
	reason  contract.Reason
}{
	model.Accepted:     {contract.Accepted, contract.None},
	model.Duplicate:    {contract.Duplicate, contract.None},
	model.NotListed:    {contract.Refused, contract.NotListed},
	model.WindowClosed: {contract.Refused, contract.WindowClosed},
	model.UnknownCard:  {contract.Refused, contract.UnknownCard},
}

func tapOf(s Swipe, answer model.Answer, session string, digest contract.Digest) *contract.Tap {
	o := outcomes[answer]
	return &contract.Tap{
		Point: Room{ID: s.Room}.Point(), Digest: digest, Evidence: contract.EvidenceCard,
		Outcome: o.outcome, Reason: o.reason, Session: session, Timetable: 1,
	}
}
