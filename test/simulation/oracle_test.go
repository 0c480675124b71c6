package simulation

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	marks "github.com/rollcall-edge/rollcall/central/register"
	"github.com/rollcall-edge/rollcall/central/report"
)

// covered is the share of a register's window that a reader must have worked for an absence to be concluded.
const covered = 0.95

// watch holds the watermarks of all that run against what they were, and what gateways believe acknowledged against central.
func (w *world) watch() {
	acknowledged := map[contract.Stream]uint64{}
	for _, b := range w.buildings {
		r := b.now()
		if r == nil {
			continue
		}
		acknowledged[r.journal.Stream()] = r.journal.Acknowledged()
		for _, s := range r.cluster.Streams() {
			w.ledger.rises(b.name, s.Stream, s.Replicated)
		}
	}
	if w.central.service == nil {
		return
	}
	streams, err := w.central.store.Streams(context.Background())
	if err != nil {
		w.fault("central's streams: %v", err)
		return
	}
	through := map[contract.Stream]uint64{}
	for _, s := range streams {
		through[s.ID] = s.Through
		w.ledger.rises(centralHost, s.ID, s.Through)
		if s.Quarantined != "" {
			w.fault("stream %s is quarantined: %s", s.ID, s.Quarantined)
		}
	}
	for stream, seq := range acknowledged {
		if seq > through[stream] {
			w.fault("stream %s is acknowledged up to %d, and central has it up to %d", stream, seq, through[stream])
		}
	}
}

// absences holds what central concludes at this moment against what it cannot know.
func (w *world) absences() {
	if w.central.service == nil {
		return
	}
	registers, err := w.central.registers(w.began, time.Now().Add(time.Hour)) // the next one may be open already
	if err != nil {
		w.fault("central's registers: %v", err)
		return
	}
	taken := w.ledger.taken(registers)
	for _, r := range registers {
		for _, row := range r.rows {
			if row.Mark.Code == report.Code(marks.Absent) && row.Mark.Source != string(marks.FromTap) { // a tap may come too late
				w.absence(taken, r, row)
			}
		}
	}
}

// absence may be concluded of somebody who did not tap in the room in time, by the true clock, at a reader that worked.
func (w *world) absence(taken map[attendance]shown, r register, row report.RegisterRow) {
	if s, ok := taken[attendance{r.ID, w.digests[row.Student]}]; ok {
		w.fault("%s is absent from %s (%s), and was answered %s there at %v", row.Student, r.ID, row.Mark.Reason, s.Outcome, s.at)
	}
	if share := w.ledger.share(r.building(), r.OpensAt, r.ClosesAt); share < covered {
		w.fault("%s is absent from %s (%s), and the reader worked for %.0f %% of its window", row.Student, r.ID, row.Mark.Reason, 100*share)
	}
}

// attendance is somebody at a session.
type attendance struct {
	session string
	digest  contract.Digest
}

func (r register) building() string { return r.Rooms[0].Building }

// taken are the taps that a light answered and that can only be for one session: by the true clock no other register of the room
// was open. What the gateway's clock said and its light therefore was does not matter.
func (l *ledger) taken(registers []register) map[attendance]shown {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := map[attendance]shown{}
	for _, s := range l.taps {
		var open []string
		for _, r := range registers {
			if r.building() == s.building.name && !s.at.Before(r.OpensAt) && !s.at.After(r.ClosesAt) {
				open = append(open, r.ID)
			}
		}
		if len(open) == 1 && !s.amber {
			taken[attendance{open[0], s.digest}] = s
		}
	}
	return taken
}

// settled is nil once every record is at central and on every gateway.
func (w *world) settled() error {
	streams, err := w.central.store.Streams(context.Background())
	if err != nil {
		return err
	}
	through := map[contract.Stream]uint64{}
	for _, s := range streams {
		through[s.ID] = s.Through
	}
	for _, b := range w.buildings {
		j := b.now().journal
		if j.Durable() != through[j.Stream()] {
			return fmt.Errorf("central has the stream of %s up to %d, its journal up to %d", b.name, through[j.Stream()], j.Durable())
		}
		if err := b.salvaged(); err != nil {
			return err
		}
	}
	for _, stream := range w.ledger.all() {
		for _, b := range w.buildings {
			got := b.now().cluster.Watermark(stream)
			if got != through[stream] && !(got < through[stream] && w.ledger.lost[stream]) { // what the mirror alone had went to central alone
				return fmt.Errorf("%s has stream %s up to %d, central up to %d", b.name, stream, got, through[stream])
			}
		}
	}
	return nil
}

// judge holds the end against the ledger: every tap that a light answered is at central exactly once and in every replica, octet
// for octet; nothing is there that nobody tapped; numbers have no gaps; the mark of who tapped in
// time rests on that; every tap was made when central says; marks are those of the model.
func (w *world) judge() {
	found := map[string][]contract.TapID{}
	for _, stream := range w.ledger.all() {
		records, err := w.central.records(stream)
		if err != nil {
			w.fault("central: %v", err)
		}
		w.count(found, stream, records)
		for _, b := range w.buildings {
			w.compare(b, stream, records)
		}
	}
	taps := w.seen(found)
	for _, s := range w.ledger.taps {
		key := tapKey(s.building.point(), s.digest, s.stamp)
		switch n := len(found[key]); {
		case n > 1, n == 0 && !s.amber:
			w.fault("the tap %s, answered as %s at %v, is at central %d times", s.id, s.Outcome, s.stamp.At, n)
		}
		delete(found, key)
	}
	for key := range found {
		w.fault("central has a tap that nobody made: %s", key)
	}
	w.times(taps)
	w.marks(taps)
	w.prove()
	w.secrets()
}

func (w *world) count(found map[string][]contract.TapID, stream contract.Stream, records [][]byte) {
	for i, raw := range records {
		r, err := contract.DecodeRecord(raw)
		if want := (contract.TapID{Stream: stream, Seq: uint64(i + 1)}); err != nil || r.ID != want {
			w.fault("central has %s as %s: %v", r.ID, want, err)
		}
		if r.Tap != nil {
			key := tapKey(r.Tap.Point, r.Tap.Digest, r.Stamp)
			found[key] = append(found[key], r.ID)
		}
	}
}

// compare holds a replica against central.
func (w *world) compare(b *building, stream contract.Stream, records [][]byte) {
	most := len(records)
	if w.ledger.lost[stream] {
		most = int(b.now().cluster.Watermark(stream))
	}
	for next := 0; next < most; {
		held, err := b.now().cluster.Read(stream, uint64(next+1), 500, 1<<20)
		if err != nil {
			w.fault("%s: %v", b.name, err)
			return
		}
		for _, raw := range held {
			if next < most && !bytes.Equal(raw, records[next]) {
				w.fault("%s has another record %s/%d than central", b.name, stream, next+1)
			}
			next++
		}
	}
}

// marks: whoever tapped in time has a mark that rests on a tap, whatever the gateway's clock said, unless nobody knows when that was; and
// all marks are those of the model.
func (w *world) marks(taps []seen) {
	m := model{w, map[contract.Digest][]seen{}}
	unsure := map[contract.TapID]bool{}
	for _, s := range taps {
		m.taps[s.digest] = append(m.taps[s.digest], s)
		unsure[s.id] = s.told.Time == report.Uncertain
	}
	registers, err := w.central.registers(w.began, time.Now().Add(time.Hour)) // the next one may be open already
	if err != nil {
		w.fault("central's registers: %v", err)
	}
	taken := w.ledger.taken(registers)
	for _, r := range registers {
		for _, row := range r.rows {
			s, ok := taken[attendance{r.ID, w.digests[row.Student]}]
			if ok && row.Mark.Source != string(marks.FromTap) && !unsure[s.id] {
				w.fault("%s was answered %s for %s at %v and has the mark %q: %s", row.Student, s.Outcome, r.ID, s.at, row.Mark.Code, row.Mark.Reason)
			}
		}
	}
	m.compare(registers)
}
