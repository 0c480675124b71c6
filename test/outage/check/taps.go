package check

import (
	"maps"
	"slices"

	"github.com/rollcall-edge/rollcall/test/outage/history"
)

// keptOnce is I1. Cards are used once, so a card is a tap: a light that promised has exactly one. Where a card may still have
// waited in its reader, the light may have been the one before's: then a chain of such presentations has at least as many
// taps as lights.
func keptOnce(h *history.History, r *Result) {
	taps := tapsByNonce(h)
	held := replicated(h)
	for _, ps := range doors(h) {
		for _, chain := range chains(ps) {
			lights, kept := 0, 0
			for _, p := range chain {
				if p.Light.Promises() {
					lights++
				}
				kept += min(1, len(taps[p.Nonce]))
			}
			r.Checked += lights
			if kept < lights {
				r.violated("%d lights at %s from %s promised a record, %d are at central", lights, chain[0].Point, moment(chain[0].Placed), kept)
			}
		}
	}
	for i := range h.Presentations {
		p := &h.Presentations[i]
		ts := taps[p.Nonce]
		if tooOften(h, p, ts) > 0 {
			r.violated("the card at %s of %s is at central %d times: %s", p.Point, moment(p.Placed), len(ts), ids(ts))
		}
		for _, t := range ts {
			lacking(r, held, t)
		}
	}
	onImages(h, r)
}

// Doubled is how many taps are at central although the card was heard without them. A card that a gateway heard anew, because it
// began while the card lay at the reader, is two taps.
func Doubled(h *history.History) (n int) {
	taps := tapsByNonce(h)
	for i := range h.Presentations {
		p := &h.Presentations[i]
		n += tooOften(h, p, taps[p.Nonce])
	}
	return n
}

func tooOften(h *history.History, p *history.Presentation, ts []history.Tap) int {
	if len(ts) < 2 {
		return 0
	}
	return max(0, len(ts)-1-begunWhile(h, p, ts[len(ts)-1]))
}

// onImages looks at what power cuts would have left: promises must be on the card at the moment of the light, not some time later.
func onImages(h *history.History, r *Result) {
	for _, i := range h.Images {
		r.Checked += i.Promised
		switch {
		case i.Fault != "":
			r.violated("what a cut (%s) left on the card of %s at %s cannot be opened: %s", i.Kind, i.Gateway, moment(i.At), i.Fault)
		case i.Missing > 0:
			r.violated("a cut (%s) of %s at %s would have lost %d of %d promises", i.Kind, i.Gateway, moment(i.At), i.Missing, i.Promised)
		}
	}
}

// begunWhile is how many lives of a gateway began while a card was at its reader or in it. Each may have heard the card anew: the
// one before kept the tap and was ended before it could tell the reader, or the person, who went on holding the card.
func begunWhile(h *history.History, p *history.Presentation, last history.Tap) int {
	n := 0
	for _, l := range h.Programs[p.Gateway] {
		if l.From.After(p.Placed) && l.From.Before(last.At.Add(nearTruth)) {
			n++
		}
	}
	return n
}

// chains cuts the presentations of one door before each that is behind nobody.
func chains(ps []*history.Presentation) [][]*history.Presentation {
	var all [][]*history.Presentation
	for _, p := range ps {
		if !p.Behind || len(all) == 0 {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], p)
	}
	return all
}

// replicated is gateway → stream → number → it is in the replica.
func replicated(h *history.History) map[string]map[string]map[uint64]bool {
	held := map[string]map[string]map[uint64]bool{}
	for gateway, streams := range h.End.Replicas {
		held[gateway] = map[string]map[uint64]bool{}
		for stream, records := range streams {
			numbers := make(map[uint64]bool, len(records))
			for _, rec := range records {
				numbers[rec.Seq] = true
			}
			held[gateway][stream] = numbers
		}
	}
	return held
}

func lacking(r *Result, held map[string]map[string]map[uint64]bool, t history.Tap) {
	for _, gateway := range slices.Sorted(maps.Keys(held)) {
		if !held[gateway][t.Stream][t.Seq] {
			r.violated("tap %s/%d is at central and not in the replica of %s", t.Stream, t.Seq, gateway)
		}
	}
}

// heard is I2.
func heard(h *history.History, r *Result) {
	byNonce := map[string]*history.Presentation{}
	for i := range h.Presentations {
		byNonce[h.Presentations[i].Nonce] = &h.Presentations[i]
	}
	for _, t := range h.End.Taps {
		r.Checked++
		p := byNonce[t.Nonce]
		switch {
		case p == nil:
			r.violated("tap %s/%d at %s has a card that nobody held to a reader", t.Stream, t.Seq, t.Point)
		case p.Point != t.Point:
			r.violated("tap %s/%d is of %s, its card was held to %s", t.Stream, t.Seq, t.Point, p.Point)
		case !p.Behind && (p.Light == history.Green && !t.Green || p.Light == history.Red && t.Green):
			r.violated("%s was shown at %s of %s, tap %s/%d is recorded otherwise", p.Light, p.Point, moment(p.Placed), t.Stream, t.Seq)
		}
	}
}

// gapless is I3: numbers at central, in every replica and in every journal begin at 1, where nothing was pruned, and go on by 1.
func gapless(h *history.History, r *Result) {
	count := func(where, stream string, records []history.Record) {
		for i, rec := range records {
			r.Checked++
			if rec.Seq != records[0].Seq+uint64(i) {
				r.violated("stream %s %s has %d where %d is due", stream, where, rec.Seq, records[0].Seq+uint64(i))
				return
			}
		}
	}
	for stream, records := range h.End.Central {
		if len(records) > 0 && records[0].Seq != 1 {
			r.violated("stream %s at central begins with %d", stream, records[0].Seq)
		}
		count("at central", stream, records)
	}
	for gateway, streams := range h.End.Replicas {
		for stream, records := range streams {
			count("in the replica of "+gateway, stream, records)
		}
	}
	for gateway, j := range h.End.Journals {
		count("in the journal of "+gateway, j.Stream, j.Records)
	}
}

// ordered is I4.
func ordered(h *history.History, r *Result) {
	numbers := map[string]map[string]uint64{} // nonce → stream → number
	for _, t := range h.End.Taps {
		if numbers[t.Nonce] == nil {
			numbers[t.Nonce] = map[string]uint64{}
		}
		numbers[t.Nonce][t.Stream] = t.Seq
	}
	for point, ps := range doors(h) {
		last := map[string]uint64{}
		for _, p := range ps {
			for stream, seq := range numbers[p.Nonce] {
				r.Checked++
				if seq < last[stream] {
					r.violated("at %s the card of %s has number %d, one before it %d", point, moment(p.Placed), seq, last[stream])
				}
				last[stream] = seq
			}
		}
	}
}

func ids(ts []history.Tap) string {
	text := ""
	for i, t := range ts {
		if i > 0 {
			text += ", "
		}
		text += t.Stream + "/" + utoa(t.Seq)
	}
	return text
}
