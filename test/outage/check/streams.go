package check

import (
	"maps"
	"slices"
	"strconv"

	"github.com/rollcall-edge/rollcall/test/outage/history"
)

func utoa(n uint64) string { return strconv.FormatUint(n, 10) }

// acknowledged is I5. Gateways are asked before central, so what a gateway believes to be there is there by then, and stays
// there for ever, whatever happens to central meanwhile.
func acknowledged(h *history.History, r *Result) {
	believed := map[string]uint64{}
	for _, s := range h.Samples {
		for _, g := range s.Gateways {
			believed[g.Stream] = max(believed[g.Stream], g.Acknowledged)
		}
		if s.Central == nil {
			continue
		}
		for stream, n := range believed {
			r.Checked++
			if n > s.Central[stream] {
				r.violated("at %s a gateway had receipts up to %d of stream %s, central held %d", moment(s.At), n, stream, s.Central[stream])
			}
		}
	}
	for stream, n := range believed {
		r.Checked++
		if records := h.End.Central[stream]; uint64(len(records)) < n {
			r.violated("in the end central holds %d records of stream %s, it had confirmed %d", len(records), stream, n)
		}
	}
}

// identical is I6: where two disks hold the same number of a stream, they hold the same octets; and all hold as much as central
// said it had when all was equal. What was written afterwards, while programs stopped, may be on fewer disks.
func identical(h *history.History, r *Result) {
	for _, stream := range slices.Sorted(maps.Keys(h.End.Central)) {
		central := h.End.Central[stream]
		if _, member := h.End.Replicas[h.End.Streams[stream].Owner]; !member {
			continue // of somebody who has no peers
		}
		for _, gateway := range slices.Sorted(maps.Keys(h.End.Replicas)) {
			copied := h.End.Replicas[gateway][stream]
			through := h.End.Streams[stream].Through
			compare(r, "the replica of "+gateway, stream, copied, central, through)
			if through > 0 && (len(copied) == 0 || copied[len(copied)-1].Seq < through) {
				r.violated("the replica of %s holds %d records of stream %s, central had %d", gateway, len(copied), stream, through)
			}
		}
	}
	for _, gateway := range slices.Sorted(maps.Keys(h.End.Journals)) {
		j := h.End.Journals[gateway]
		compare(r, "the journal of "+gateway, j.Stream, j.Records, h.End.Central[j.Stream], h.End.Streams[j.Stream].Through)
	}
}

func compare(r *Result, where, stream string, records, central []history.Record, through uint64) {
	digests := make(map[uint64]string, len(central))
	for _, rec := range central {
		digests[rec.Seq] = rec.Digest
	}
	for _, rec := range records {
		r.Checked++
		switch digest, there := digests[rec.Seq]; {
		case !there && rec.Seq <= through:
			r.violated("%s has %s/%d, central has not", where, stream, rec.Seq)
		case there && digest != rec.Digest:
			r.violated("%s has other octets than central under %s/%d", where, stream, rec.Seq)
		}
	}
}

// owned is I11.
func owned(h *history.History, r *Result) {
	owners := map[string]map[string]bool{}
	note := func(stream, gateway string) {
		if owners[stream] == nil {
			owners[stream] = map[string]bool{}
		}
		owners[stream][gateway] = true
	}
	for _, s := range h.Samples {
		for gateway, p := range s.Gateways {
			note(p.Stream, gateway)
		}
	}
	for gateway, j := range h.End.Journals {
		note(j.Stream, gateway)
	}
	for stream, who := range owners {
		r.Checked++
		if len(who) > 1 {
			r.violated("stream %s is written by %v", stream, slices.Sorted(maps.Keys(who)))
		}
		if known, ok := h.End.Streams[stream]; ok && !who[known.Owner] {
			r.violated("central takes %s for the owner of stream %s, which %v write", known.Owner, stream, slices.Sorted(maps.Keys(who)))
		}
	}
}

// trusted is I12.
func trusted(h *history.History, r *Result) {
	for _, t := range h.Trust {
		r.Checked++
		if !t.Refused {
			r.violated("%s was not turned away: %s", t.What, t.Detail)
		}
	}
}
