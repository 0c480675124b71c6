package appliance

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// Daily is how many records a gateway writes in a day here: 2,000 taps and a heartbeat a minute.
const Daily = dailyTaps + dailyBeats

const (
	dailyTaps  = 2_000
	dailyBeats = 24 * 60
)

// Remember fills the journal with the records of so many days up to now, each in a block of its own, as lone taps are. No
// gateway may run. One then runs until its replica and central hold them too, as they would.
func (s *Site) Remember(ctx context.Context, days int) error {
	j, err := journal.Open(journal.Options{Dir: filepath.Join(s.data(), "journal"), FS: hasty{}})
	if err != nil {
		return fmt.Errorf("fill journal: %w", err)
	}
	err = s.fill(j, days)
	if err := errors.Join(err, j.Close(), syncAll(s.dir)); err != nil {
		return fmt.Errorf("fill journal: %w", err)
	}
	g, err := s.Start(nil)
	if err != nil {
		return err
	}
	return errors.Join(g.Settled(ctx), g.Stop())
}

func (s *Site) fill(j *journal.Journal, days int) error {
	n := days * Daily
	from := time.Now().AddDate(0, 0, -days)
	for i := range n {
		at := from.Add(time.Duration(i) * 24 * time.Hour / Daily)
		r := s.heartbeat(at)
		if i%Daily < dailyTaps { // the order within a day makes no difference
			r = s.tap(i, at)
		}
		if _, err := j.Append(r); err != nil {
			return err
		}
	}
	return nil
}

func (s *Site) tap(i int, at time.Time) contract.Record {
	holders := s.central.campus.Holders
	return contract.Record{Stamp: stamp(at), Tap: &contract.Tap{
		Point: Point(i % Doors), Digest: holders[i%len(holders)].Digests[0], Evidence: contract.EvidenceCard,
		Outcome: contract.Accepted, Session: at.UTC().Format("20060102T1504-") + roomName(i%Doors), Timetable: 1,
	}}
}

func (s *Site) heartbeat(at time.Time) contract.Record {
	h := &contract.Heartbeat{Since: at.Add(-time.Minute).UTC()}
	for room := range Doors {
		h.Points = append(h.Points, contract.PointState{Point: Point(room), Up: true})
	}
	return contract.Record{Stamp: stamp(at), Heartbeat: h}
}

func stamp(at time.Time) contract.Stamp {
	return contract.Stamp{At: at.UTC().Round(0), Quality: contract.Synchronised, Within: 10 * time.Millisecond}
}
