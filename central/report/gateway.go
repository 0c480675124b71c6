package report

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// fleetSource reads gateways and streams.
type fleetSource interface {
	GatewayRows(ctx context.Context) ([]GatewayRow, error) // by identifier
	Streams(ctx context.Context) ([]Stream, error)         // by owner and identifier
	Publications(ctx context.Context) (map[string]uint64, error)
}

// GatewayRow is what central has on file of a gateway.
type GatewayRow struct {
	ID         string
	Building   string
	EnrolledAt time.Time
	NotAfter   time.Time // end of the certificate
	RevokedAt  *time.Time
	HeardAt    *time.Time
	Report     []byte // contract.Report as JSON, empty if none came yet
}

// Stream is one journal: how far central holds it and how far any gateway said it exists.
type Stream struct {
	ID          string    `json:"stream"`
	Owner       string    `json:"owner"`
	Through     uint64    `json:"through"` // central holds every record up to here
	Durable     uint64    `json:"durable"` // the highest number any gateway said exists
	HeardAt     time.Time `json:"heard_at"`
	Quarantined string    `json:"quarantined"` // why nothing more is accepted; "" if it is
	Settled     string    `json:"settled"`     // what was found out about that, by whom; "" if nothing yet
}

// Disputed reports whether the stream has two histories and nobody has found out yet which is true.
func (s Stream) Disputed() bool { return s.Quarantined != "" && s.Settled == "" }

// Missing is how many records exist that central has not got.
func (s Stream) Missing() uint64 {
	if s.Durable <= s.Through {
		return 0
	}
	return s.Durable - s.Through
}

// Gateway is the state of one gateway as central knows it.
type Gateway struct {
	ID           string        `json:"id"`
	Building     string        `json:"building"`
	EnrolledAt   time.Time     `json:"enrolled_at"`
	NotAfter     time.Time     `json:"certificate_until"`
	RevokedAt    *time.Time    `json:"revoked_at"`
	HeardAt      *time.Time    `json:"heard_at"`
	Silent       bool          `json:"silent"` // in service, but not heard for longer than SilentAfter
	Build        string        `json:"build"`
	Clock        string        `json:"clock"`
	ClockTrouble string        `json:"clock_trouble"`  // what is wrong with it, in the gateway's words; "" if nothing is
	ClockAheadMS int64         `json:"clock_ahead_ms"` // what it took the time to be in its last report, less central's clock then
	Timetable    uint64        `json:"timetable"`      // version it decides with
	Published    uint64        `json:"published"`      // version central published
	Streams      []Stream      `json:"streams"`        // its own journals
	Missing      uint64        `json:"missing"`        // records that exist and central has not got
	Readers      []ReaderState `json:"readers"`
	Up           int           `json:"readers_up"`
}

// ReaderState is one reader as the gateway reported it.
type ReaderState struct {
	Point   string `json:"point"`
	Up      bool   `json:"up"`
	Trouble string `json:"trouble"`
}

// SilentAfter is how long a gateway may say nothing before it counts as not reporting: six reports in a row.
const SilentAfter = time.Minute

// clockAstray is how far a gateway's time may be from central's before that is worth a word: reports take a moment.
const clockAstray = 5 * time.Second

// Astray reports whether the gateway takes the time to be clearly another than central does.
func (g Gateway) Astray() bool {
	return (time.Duration(g.ClockAheadMS) * time.Millisecond).Abs() > clockAstray
}

// Streams lists every journal central has heard of.
func (r *Reports) Streams(ctx context.Context) ([]Stream, error) { return r.source.Streams(ctx) }

// Gateways lists the fleet by identifier.
func (r *Reports) Gateways(ctx context.Context) ([]Gateway, error) {
	rows, err := r.source.GatewayRows(ctx)
	if err != nil {
		return nil, fmt.Errorf("read gateways: %w", err)
	}
	streams, err := r.source.Streams(ctx)
	if err != nil {
		return nil, fmt.Errorf("read streams: %w", err)
	}
	published, err := r.source.Publications(ctx)
	if err != nil {
		return nil, fmt.Errorf("read publications: %w", err)
	}
	owned := make(map[string][]Stream)
	for _, s := range streams {
		owned[s.Owner] = append(owned[s.Owner], s)
	}
	now := r.Now()
	gateways := make([]Gateway, len(rows))
	for i, row := range rows {
		g := Gateway{
			ID: row.ID, Building: row.Building, EnrolledAt: row.EnrolledAt, NotAfter: row.NotAfter, RevokedAt: row.RevokedAt,
			HeardAt: row.HeardAt, Streams: owned[row.ID], Published: published[row.Building],
			Silent: row.RevokedAt == nil && (row.HeardAt == nil || now.Sub(*row.HeardAt) > SilentAfter),
		}
		for _, s := range g.Streams {
			g.Missing += s.Missing()
		}
		g.read(row.Report)
		gateways[i] = g
	}
	return gateways, nil
}

// read takes what the gateway last said of itself. A report central cannot read says nothing.
func (g *Gateway) read(document []byte) {
	var report contract.Report
	if len(document) == 0 || json.Unmarshal(document, &report) != nil {
		return
	}
	g.Build, g.Clock, g.ClockTrouble, g.Timetable = report.Build, report.Quality, report.ClockTrouble, report.Timetable
	if g.HeardAt != nil && !report.At.IsZero() {
		g.ClockAheadMS = report.At.Sub(*g.HeardAt).Milliseconds()
	}
	for _, p := range report.Points {
		g.Readers = append(g.Readers, ReaderState(p))
		if p.Up {
			g.Up++
		}
	}
}
