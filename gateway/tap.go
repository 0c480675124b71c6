package gateway

import (
	"context"
	"log/slog"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/gateway/console"
	"github.com/rollcall-edge/rollcall/gateway/decide"
)

// Tap is the whole life of a tap inside the building: decide, append to the journal, answer with a light. The light follows
// the flush of this gateway's own disk and nothing else; cluster and central come later.
func (g *Gateway) Tap(_ context.Context, r drivers.Read) drivers.Signal {
	stamp := g.clock.Stamp(r.HeardAt)
	facts := g.facts(r)
	d := g.credited.Decide(g.timetable.Index(), facts, stamp.At)
	id, err := g.writer.Append(contract.Record{Stamp: stamp, Tap: g.tapOf(facts, d)})
	if err != nil {
		g.credited.Withdraw(facts, d)
		g.count(r, "not_kept")
		g.log.Error("tap not kept", slog.String("point", r.Reader), slog.Any("error", err))
		return drivers.NotKept
	}
	g.count(r, resultOf(d))
	g.recent.Add(shown(id, stamp, facts, d))
	return light(d)
}

// facts turns a Read into what is decided on. The card itself goes no further than its digest.
func (g *Gateway) facts(r drivers.Read) decide.Facts {
	f := decide.Facts{Point: r.Reader, Several: r.Several, Unsuitable: r.Unsuitable}
	if !r.Several && !r.Unsuitable { // else it has no credential
		f.Digest = contract.DigestOf(g.identity.CampusKey(), r.Credential)
	}
	return f
}

func (g *Gateway) tapOf(f decide.Facts, d decide.Decision) *contract.Tap {
	return &contract.Tap{
		Point: f.Point, Digest: f.Digest, Evidence: evidenceOf(g.sources[f.Point]),
		Outcome: d.Outcome, Reason: d.Reason, Session: d.Session, Timetable: d.Timetable,
	}
}

// evidenceOf says what a reader of a driver proves. A scanner sees a picture, which anybody may have printed or sent on.
func evidenceOf(driver string) contract.Evidence {
	if driver == "qr" {
		return contract.EvidenceCode
	}
	return contract.EvidenceCard
}

// light is what a decision looks like (W-2).
func light(d decide.Decision) drivers.Signal {
	switch {
	case d.Reason == contract.SeveralCards:
		return drivers.Several
	case d.Outcome == contract.Refused:
		return drivers.Refused
	case d.Outcome == contract.Unjudged:
		return drivers.Stored
	}
	return drivers.Accepted
}

// resultOf is the label of taps_total: the reason where there is one, else the outcome.
func resultOf(d decide.Decision) string {
	if d.Reason != contract.None {
		return d.Reason.String()
	}
	return d.Outcome.String()
}

// shown is what a technician sees of a tap: the card only by the first digits of its digest.
func shown(id contract.TapID, s contract.Stamp, f decide.Facts, d decide.Decision) console.Tap {
	t := console.Tap{At: s.At, Seq: id.Seq, Card: f.Digest.Short(), Point: f.Point, Result: resultOf(d), Session: d.Session}
	switch {
	case f.Several:
		t.Card = "several"
	case f.Unsuitable:
		t.Card = "nobody's"
	}
	return t
}

func (g *Gateway) count(r drivers.Read, result string) {
	g.taps.WithLabelValues(g.sources[r.Reader], result).Inc()
}
