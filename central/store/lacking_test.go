package store

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

var olderStream, newerStream = contract.Stream([]byte("stream01")), contract.Stream([]byte("stream02"))

// anew is a gateway that began a new stream five minutes into the first of two classes, and so much of the older one is known to
// exist; ten records of it are here. It is two days later.
func (c *court) anew(durable int) {
	c.t.Helper()
	c.lesson(0)
	c.lesson(1)
	stream := func(id contract.Stream, through, durable int) {
		c.exec(`INSERT INTO stream (id, gateway_id, claimed, through, durable, heard_at) VALUES ($1, 'gw', $2, $3, $4, 0)`, id[:], false, through, durable)
	}
	stream(olderStream, 10, durable)
	stream(newerStream, 5, 5)
	covers := func(id contract.Stream, from, to time.Time) {
		c.exec(`INSERT INTO coverage (point_id, until, since, stream_id) VALUES ('R/door', $1, $2, $3)`, to.UnixMilli(), from.UnixMilli(), id[:])
	}
	broke := monday.Add(5 * time.Minute)
	covers(olderStream, monday.Add(-time.Hour), broke)
	covers(newerStream, broke.Add(20*time.Second), monday.AddDate(0, 0, 2))
	c.exec(`INSERT INTO watermark VALUES ('R/door', $1)`, monday.AddDate(0, 0, 2).UnixMilli())
	c.now = monday.AddDate(0, 0, 2)
}

// A gateway that begins a new stream within a class, because its disk was damaged, vouches for its readers at once. While the end
// of its older stream is missing, somebody who tapped in those seconds must not be absent.
func TestTheMissingEndOfAStreamHoldsUpAbsences(t *testing.T) {
	c := newCourt(t)
	c.anew(12)
	c.settle()
	c.expect("marks while the end is missing", c.text(`SELECT session_id || '=' || code FROM mark ORDER BY session_id`), "day00=U day01=A")
	if got := c.text(`SELECT reason FROM mark WHERE session_id = 'day00'`); got != "Not known: taps heard at R/door (R) between 5 Oct 2026 09:05:00 and 5 Oct 2026 09:05:20 are missing" {
		t.Errorf("reason = %q", got)
	}

	err := c.store.Receive(t.Context(), func(tx ingest.Tx) error {
		return tx.Append(t.Context(), ingest.Stream{ID: olderStream, Owner: "gw", Through: 12, HeardAt: c.now}, ingest.Delivery{Stream: olderStream, ReceivedAt: c.now})
	})
	if err != nil {
		t.Fatal(err)
	}
	c.look(c.now)
	c.expect("marks when it is here", c.text(`SELECT session_id || '=' || code FROM mark ORDER BY session_id`), "day00=A day01=A")
}

// A neighbour has copies of what a dead disk held, and says so only after an absence was concluded: it is taken back at once, and
// nobody is judged whom the missing records cannot concern.
func TestAnEndLearntLateTakesAbsencesBack(t *testing.T) {
	c := newCourt(t)
	c.anew(10)
	c.exec(`INSERT INTO gateway (id, building_id, enrolled_at, serial, not_after, heard_at) SELECT 'neighbour', id, 0, '', 0, 0 FROM building LIMIT 1`)
	c.settle()
	marks := func() string { return c.text(`SELECT session_id || '=' || code FROM mark ORDER BY session_id`) }
	c.expect("marks before", marks(), "day00=A day01=A")
	say := func(durable uint64) {
		t.Helper()
		report := contract.Report{Streams: []contract.StreamState{{Stream: olderStream, Durable: durable}, {Stream: newerStream, Durable: 9}}}
		if _, err := c.store.Heard(t.Context(), "neighbour", c.now, report); err != nil {
			t.Fatal(err)
		}
	}
	say(10)
	c.expect("students to be judged when nothing is new", c.text(`SELECT student_id FROM dirty`), "")
	say(12)
	c.expect("students to be judged", c.text(`SELECT student_id FROM dirty`), "s1")
	c.look(c.now)
	c.expect("marks when the end is known", marks(), "day00=U day01=A")
	say(12)
	c.expect("students to be judged when it is said again", c.text(`SELECT student_id FROM dirty`), "")
}
