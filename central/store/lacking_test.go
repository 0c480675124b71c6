package store

import (
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/ingest"
)

// A gateway that begins a new stream within a class, because its disk was damaged, vouches for its readers at once. While the end
// of its older stream is missing, somebody who tapped in those seconds must not be absent.
func TestTheMissingEndOfAStreamHoldsUpAbsences(t *testing.T) {
	c := newCourt(t)
	older, newer := contract.Stream([]byte("stream01")), contract.Stream([]byte("stream02"))
	c.lesson(0)
	c.lesson(1)
	stream := func(id contract.Stream, through, durable int) {
		c.exec(`INSERT INTO stream (id, gateway_id, claimed, through, durable, heard_at) VALUES ($1, 'gw', $2, $3, $4, 0)`, id[:], false, through, durable)
	}
	stream(older, 10, 12)
	stream(newer, 5, 5)
	covers := func(id contract.Stream, from, to time.Time) {
		c.exec(`INSERT INTO coverage (point_id, until, since, stream_id) VALUES ('R/door', $1, $2, $3)`, to.UnixMilli(), from.UnixMilli(), id[:])
	}
	broke := monday.Add(5 * time.Minute)
	covers(older, monday.Add(-time.Hour), broke)
	covers(newer, broke.Add(20*time.Second), monday.AddDate(0, 0, 2))
	c.exec(`INSERT INTO watermark VALUES ('R/door', $1)`, monday.AddDate(0, 0, 2).UnixMilli())

	c.now = monday.AddDate(0, 0, 2)
	c.settle()
	c.expect("marks while the end is missing", c.text(`SELECT session_id || '=' || code FROM mark ORDER BY session_id`), "day00=U day01=A")
	if got := c.text(`SELECT reason FROM mark WHERE session_id = 'day00'`); got != "Not known: taps heard at R/door (R) between 5 Oct 2026 09:05:00 and 5 Oct 2026 09:05:20 are missing" {
		t.Errorf("reason = %q", got)
	}

	err := c.store.Receive(t.Context(), func(tx ingest.Tx) error {
		return tx.Append(t.Context(), ingest.Stream{ID: older, Owner: "gw", Through: 12, HeardAt: c.now}, ingest.Delivery{Stream: older, ReceivedAt: c.now})
	})
	if err != nil {
		t.Fatal(err)
	}
	c.look(c.now)
	c.expect("marks when it is here", c.text(`SELECT session_id || '=' || code FROM mark ORDER BY session_id`), "day00=A day01=A")
}
