package proof

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// walk goes through the records of one stream and holds against them what was signed.
type walk struct {
	stream   Stream
	account  Account
	claims   []claim // by size
	frontier tree.Frontier
	next     uint64           // the number that must come
	proven   map[error]uint64 // last record under a root that matched, by whose word: claim.err
	broken   bool             // the tree cannot be gone on with; the reason is among the findings
	told     int              // findings when the last root matched
	clock    clock

	misplaced   []misplaced
	first, last *tree.Checkpoint // of the gateway's; nil if there is none
}

// claim is a signed statement about a root.
type claim struct {
	tree.Checkpoint
	by  string // whose word it is, for the finding
	err error  // what it is if it does not hold

	attested bool // not the word of the stream's own gateway
}

func newWalk(s Stream, keys ring, days map[contract.Stream][]dated) *walk {
	w := &walk{stream: s, next: s.Base + 1, proven: map[error]uint64{ErrAltered: s.Base, ErrRewritten: s.Base}}
	w.account = Account{Gateway: s.Gateway, Stream: s.Stream, Unsealed: s.Unsealed}
	if s.Quarantined != "" {
		w.find(ErrQuarantine, s.Last+1, s.Last+1, s.Quarantined)
	}
	for _, seal := range s.Seals {
		w.claim(seal.Note, keys)
	}
	if len(s.Claim) > 0 {
		w.claim(s.Claim, keys)
	}
	if len(s.Attested) > 0 {
		w.attest(s.Attested, keys)
	}
	for _, d := range days[s.Stream] {
		if d.Size >= s.Base {
			w.claims = append(w.claims, claim{d.Checkpoint, "central's daily seal of " + d.day, ErrRewritten, false})
		}
	}
	slices.SortStableFunc(w.claims, func(a, b claim) int { return cmp.Compare(a.Size, b.Size) })
	w.bounds()
	if err := w.frontier.UnmarshalBinary(s.Frontier); err != nil || w.frontier.Size() != s.Base {
		w.find(ErrRewritten, 1, s.Base, "the tree before the export does not end at its first seal")
		w.broken = true
	}
	w.compare()
	return w
}

// claim takes up a signed checkpoint.
func (w *walk) claim(note []byte, keys ring) {
	c, err := tree.Read(note)
	if err != nil || c.Stream != w.stream.Stream {
		w.find(ErrForeignKey, w.next, w.stream.Last, "a checkpoint that is not of this stream")
		return
	}
	if !keys.signed(note, c.Gateway) || c.Gateway != w.stream.Gateway {
		w.find(ErrForeignKey, c.Size, c.Size, "the checkpoint at this record names "+c.Gateway)
		return
	}
	w.claims = append(w.claims, claim{c, "the gateway's checkpoint", ErrAltered, false})
	names, _ := tree.Signers(note)
	for _, name := range names {
		if name != c.Gateway && keys.signed(note, name) && !slices.Contains(w.account.Cosigners, name) {
			w.account.Cosigners = append(w.account.Cosigners, name)
		}
	}
}

// attest takes up central's word on what the gateway did not sign. It counts with the signature of another gateway alone.
func (w *walk) attest(note []byte, keys ring) {
	c, err := tree.Read(note)
	if err != nil || c.Stream != w.stream.Stream || c.Gateway != w.stream.Gateway {
		w.find(ErrForeignKey, w.next, w.stream.Last, "what is attested is not of this stream")
		return
	}
	for _, name := range tree.Witnesses(note, c.Gateway) {
		if keys.signed(note, name) && !slices.Contains(w.account.Witnesses, name) {
			w.account.Witnesses = append(w.account.Witnesses, name)
		}
	}
	if len(w.account.Witnesses) == 0 {
		w.find(ErrForeignKey, c.Size, c.Size, "no gateway whose key is known witnessed the end to this record")
		return
	}
	w.claims = append(w.claims, claim{c, "the copy of " + strings.Join(w.account.Witnesses, " and of "), ErrAltered, true})
}

// bounds notes the first and the last seal, which the consistency proof is about.
func (w *walk) bounds() {
	for _, c := range w.claims {
		if c.err != ErrAltered || c.attested || c.Size > w.stream.Last {
			continue
		}
		if w.first == nil {
			w.first = &c.Checkpoint
		}
		w.last = &c.Checkpoint
	}
}

// checkConsistency holds the proof in the export against the first and the last seal. It is tlog's own word on what growing
// the tree has shown already.
func (w *walk) checkConsistency() {
	if len(w.stream.Consistency) == 0 || len(w.account.Findings) > 0 || w.first == nil || w.first.Size == 0 {
		return
	}
	if tlog.CheckTree(w.stream.Consistency, int64(w.last.Size), w.last.Root, int64(w.first.Size), w.first.Root) != nil {
		w.find(ErrRewritten, w.first.Size, w.last.Size, "the last checkpoint does not extend the first")
	}
}

func (w *walk) find(err error, first, last uint64, detail string) {
	w.account.Findings = append(w.account.Findings, Finding{
		Gateway: w.stream.Gateway, Stream: w.stream.Stream, First: first, Last: max(first, last), Err: err, Detail: detail,
	})
}

func (w *walk) read(z *zip.Reader) error {
	if err := lines(z, recordsName(w.stream.Stream), w.line); err != nil {
		return err
	}
	w.finish()
	return nil
}

// line takes the next record. One that is out of its place is named; the tree goes on as long as it can.
func (w *walk) line(l Line) error {
	switch {
	case l.Seq < w.next:
		w.find(ErrAdded, l.Seq, l.Seq, "there are two under this number")
		return nil
	case l.Seq > w.next:
		w.find(ErrMissing, w.next, l.Seq-1, "")
		w.broken = true
	}
	w.next = l.Seq + 1
	if w.account.First == 0 {
		w.account.First = l.Seq
	}
	w.account.Last = l.Seq
	w.account.Count++
	w.open(l)
	w.frontier.Append(tree.Commitment(l.Commitment))
	w.compare()
	return nil
}

// open checks an opened record against its commitment and its number.
func (w *walk) open(l Line) {
	if l.Erased && len(l.Record) == 0 {
		w.account.Erased++
	}
	if len(l.Record) == 0 {
		return
	}
	w.account.Opened++
	c, err := tree.Commit(l.Record)
	r, unreadable := contract.DecodeRecord(l.Record)
	own := contract.TapID{Stream: w.stream.Stream, Seq: l.Seq}
	switch {
	case unreadable == nil && r.ID != own:
		w.misplaced = append(w.misplaced, misplaced{l.Seq, r.ID})
	case err != nil || !bytes.Equal(c[:], l.Commitment):
		w.find(ErrAltered, l.Seq, l.Seq, "it is not what it committed to")
	case unreadable != nil:
		w.find(ErrAltered, l.Seq, l.Seq, unreadable.Error())
	default:
		w.account.observe(r, &w.clock)
	}
}

// misplaced is a record that stands under another's number.
type misplaced struct {
	seq uint64
	is  contract.TapID
}

// compare holds the tree against what was signed of it at this size. The first root that differs is the last that can be
// compared; it is a finding of its own only if nothing else explains it.
func (w *walk) compare() {
	for len(w.claims) > 0 && w.claims[0].Size < w.next {
		c := w.claims[0]
		w.claims = w.claims[1:]
		switch {
		case w.broken:
		case c.Root == w.frontier.Root():
			w.proven[c.err], w.told = c.Size, len(w.account.Findings)+len(w.misplaced)
			switch {
			case c.attested:
				w.account.Attested = c.Size
			case c.err == ErrAltered:
				w.account.Seals++
				w.account.Signed = c.Size
			}
		default:
			w.broken = true
			if len(w.account.Findings)+len(w.misplaced) == w.told || c.err == ErrRewritten {
				w.find(c.err, w.proven[c.err]+1, c.Size, c.by+" at record "+fmt.Sprint(c.Size)+" has another root")
			}
		}
	}
}

// finish names what was signed and did not come, and what stands in the wrong place.
func (w *walk) finish() {
	if n := len(w.claims); n > 0 {
		last := w.claims[n-1]
		w.find(ErrTail, w.next, last.Size, last.by+" is of "+fmt.Sprint(last.Size)+" records")
	}
	w.explain()
	w.checkConsistency()
	slices.SortStableFunc(w.account.Findings, func(a, b Finding) int { return cmp.Compare(a.First, b.First) })
}

// explain names what happened to misplaced records: two that changed places, or one that was put in or taken out, by which all
// later ones stand one further or less far.
func (w *walk) explain() {
	stands := map[uint64]contract.TapID{}
	for _, m := range w.misplaced {
		stands[m.seq] = m.is
	}
	var shift int64
	for _, m := range w.misplaced {
		is := int64(m.is.Seq) - int64(m.seq)
		switch {
		case m.is.Stream != w.stream.Stream, stands[m.is.Seq].Seq == m.seq:
			w.find(ErrExchanged, m.seq, m.seq, "it calls itself "+m.is.String())
		case is == shift: // as the one before it
		case is < shift:
			w.find(ErrAdded, uint64(int64(m.seq)+is), m.seq-1, "what was numbered so stands under "+fmt.Sprint(m.seq))
			shift = is
		default:
			w.find(ErrMissing, uint64(int64(m.seq)+shift), uint64(int64(m.seq)+is-1), "later records stand in its place")
			shift = is
		}
	}
}
