package register

import (
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/policy"
)

// Marks gives one mark for each session that the student is expected at, in the order of f.Sessions, as things stand at
// now, each by the policy of the session's day. Nothing else is read: the same facts in another order, or twice, give the
// same marks.
func Marks(f Facts, policies policy.ByDay, now time.Time) []Mark {
	expected := places(&f, policies)
	taps := inOrder(f.Taps)
	credit(expected, taps)
	b := newBench(&f, expected, taps, now)
	b.weigh(f.Unsure)
	marks := make([]Mark, len(expected))
	var named *policy.Policy
	var name string // of it: a year has hundreds of marks by one version
	for i := range expected {
		p := &expected[i]
		marks[i] = doubted(p, b.judge(p))
		marks[i].Session, marks[i].Tap = p.Session, p.tap
		if p.policy == nil {
			continue
		}
		if p.policy != named {
			named, name = p.policy, p.policy.ID()
		}
		marks[i].Policy = name
	}
	return marks
}

// bench is what a student's places are judged with.
type bench struct {
	facts   *Facts
	places  []place
	taps    []Tap // in order
	exits   bool  // some of them are at exits
	amended map[string]*Amendment
	notes   map[string][]*Note
	grants  map[*policy.Policy][]Grant
	now     time.Time
}

func newBench(f *Facts, places []place, taps []Tap, now time.Time) *bench {
	b := &bench{facts: f, places: places, taps: taps, amended: latest(f.Amendments), notes: map[string][]*Note{}, grants: map[*policy.Policy][]Grant{}, now: now}
	for i := range f.Notes {
		n := &f.Notes[i]
		b.notes[n.Session] = append(b.notes[n.Session], n)
	}
	for i := range taps {
		b.exits = b.exits || taps[i].Exit
	}
	return b
}

const noPolicy = "Not known: no policy holds for this student; import one whose scope does"

// judge asks in the order of G-4. Whether a student is expected at all was decided before. What only tells that somebody
// took part from elsewhere comes after authorised absence and exemption, because those do not count against the student.
func (b *bench) judge(p *place) Mark {
	switch amendment := b.amended[p.ID]; {
	case p.Cancelled:
		return Mark{Code: Cancelled, Source: FromCancellation, Reason: "The session was cancelled"}
	case p.policy == nil:
		return Mark{Code: Unknown, Source: Pending, Reason: noPolicy}
	case amendment != nil:
		return b.byStaff(p, amendment)
	case p.tap != nil && !p.remote:
		return b.byTap(p)
	}
	absence, refusal := b.absence(p)
	if absence != nil {
		return Mark{Code: Authorised, Source: FromAbsence, Reason: "Authorised absence: " + absence.Reason}
	}
	if why := b.exemption(p); why != "" {
		return Mark{Code: NotNeeded, Source: FromExemption, Reason: "Not required: " + why}
	}
	if p.tap != nil {
		return Mark{Code: Remote, Source: FromTap, Reason: where(p) + "; this does not prove presence in the room"}
	}
	if joined := b.first(JoinedOnline, p); joined != nil {
		return Mark{Code: Remote, Source: FromJoining, Reason: "Joined online at " + clock(joined.At) + "; no tap"}
	}
	m := b.silence(p)
	if refusal != nil {
		m.Reason += fmt.Sprintf(". An absence was asked for (%s) and is not granted: %s", refusal.Reason, refusal.Why)
	}
	return m
}

// byStaff is the code that staff recorded last; that somebody left early may be recorded after it (C-2).
func (b *bench) byStaff(p *place, a *Amendment) Mark {
	if left := b.last(LeftEarly, p); left != nil && left.RecordedAt.After(a.MadeAt) && (a.Code == Present || a.Code == Late) {
		if m, early := b.leftByEntry(p, left); early {
			return m
		}
	}
	reason := fmt.Sprintf("Recorded by %s on %s: %s", a.Actor, moment(a.MadeAt), a.Reason)
	return Mark{Code: a.Code, Source: FromStaff, Reason: reason}
}

// byTap is lateness, unless the student left early.
func (b *bench) byTap(p *place) Mark {
	code, reason := b.byLateness(p)
	if code != Absent {
		if m, early := b.leftEarly(p); early {
			m.Reason = reason + ". " + m.Reason
			return m
		}
	}
	return Mark{Code: code, Source: FromTap, Reason: reason}
}

// byLateness is C-1: closed intervals, the boundary favours the student.
func (b *bench) byLateness(p *place) (Code, string) {
	late := time.Duration(milli(p.tap.At)-milli(p.StartsAt)) * time.Millisecond
	m := p.policy.Marking
	switch {
	case m.PresentWithin == 0 || late <= m.PresentWithin.Std():
		return Present, where(p)
	case late <= m.LateWithin.Std():
		return Late, where(p)
	}
	if said := b.first(Announced, p); said != nil && milli(said.At) <= milli(p.tap.At) {
		return Late, fmt.Sprintf("%s; announced at %s", where(p), clock(said.At))
	}
	return Absent, fmt.Sprintf("%s: more than %d minutes late", where(p), int(m.LateWithin.Std().Minutes()))
}

// where says which tap it was. Nearly every mark has this sentence, so it is put together by hand.
func where(p *place) string {
	var room [96]byte
	b := append(room[:0], "Tapped at "...)
	b = appendClock(b, p.tap.At)
	b = append(append(append(b, " at "...), p.tap.Point...), ", "...)
	b = appendRelative(b, time.Duration(milli(p.tap.At)-milli(p.StartsAt))*time.Millisecond)
	text := string(b)
	if p.unsure != nil {
		text = fmt.Sprintf("Tapped at %s %s: the clock there was not set, and the mark is the same for all of that time", p.tap.Point, p.unsure.between())
	}
	if p.atOldRoom(p.tap) {
		text += fmt.Sprintf(", at the old room: the session moved to %s that day", strings.Join(p.Rooms, ", "))
	}
	if p.chained {
		text += ", for the class that goes on in this session"
	}
	return text
}

// exemption says why nothing is required (W-6, G-4); "" if it is.
func (b *bench) exemption(p *place) string {
	if n := b.last(Exempted, p); n != nil {
		return n.Text
	}
	if p.exempt() {
		return "the session moved to another room on the day"
	}
	return ""
}

// absence is a granted absence that holds for the whole session, else one that was asked for and is not granted.
func (b *bench) absence(p *place) (granted, refused *Grant) {
	if len(b.facts.Absences) == 0 {
		return nil, nil
	}
	grants, known := b.grants[p.policy]
	if !known {
		grants = Grants(b.facts.Absences, &p.policy.Rules)
		b.grants[p.policy] = grants
	}
	for i := range grants {
		g := &grants[i]
		if milli(g.Since) > milli(p.StartsAt) || milli(p.EndsAt) > milli(g.Until) {
			continue
		}
		if g.State == Granted {
			return g, nil
		}
		if refused == nil {
			refused = g
		}
	}
	return nil, refused
}

// silence is what no tap means.
func (b *bench) silence(p *place) Mark {
	if left := b.last(LeftEarly, p); left != nil {
		if m, early := b.leftByEntry(p, left); early {
			return m
		}
	}
	if p.ClosedBy != "" {
		return Mark{Code: Absent, Source: FromSilence, Reason: "No tap; the register was closed by " + p.ClosedBy + b.beside(p)}
	}
	if milli(b.now) <= milli(p.ClosesAt) {
		return Mark{Code: Unknown, Source: Pending, Reason: "The register is open until " + moment(p.ClosesAt)}
	}
	complete, why := b.facts.Coverage.complete(p)
	if !complete {
		return Mark{Code: Unknown, Source: Pending, Reason: why}
	}
	if !b.joinsKnown(p) {
		return Mark{Code: Unknown, Source: Pending, Reason: "Not known yet: who joined online is known up to " + moment(b.facts.JoinsKnown) + " only"}
	}
	return Mark{Code: Absent, Source: FromSilence, Reason: why + b.beside(p)}
}

// joinsKnown is G-3 for sessions that may be joined online: whoever delivers joins must have delivered those of this one.
func (b *bench) joinsKnown(p *place) bool {
	online := p.Delivery == "online" || p.Delivery == "hybrid"
	return !online || b.facts.JoinsKnown.IsZero() || !b.facts.JoinsKnown.Before(p.EndsAt)
}

// first is the earliest note of a kind on a session, by when it happened.
func (b *bench) first(kind NoteKind, p *place) *Note {
	return b.pick(kind, p, func(a, held *Note) bool { return a.At.Before(held.At) || a.At.Equal(held.At) && a.ID < held.ID })
}

// last is the note of a kind on a session that was recorded last.
func (b *bench) last(kind NoteKind, p *place) *Note {
	return b.pick(kind, p, func(a, held *Note) bool { return a.ID > held.ID })
}

func (b *bench) pick(kind NoteKind, p *place, better func(a, held *Note) bool) *Note {
	var picked *Note
	for _, n := range b.notes[p.ID] {
		if n.Kind == kind && (picked == nil || better(n, picked)) {
			picked = n
		}
	}
	return picked
}

// latest keeps the newest amendment of each session.
func latest(amendments []Amendment) map[string]*Amendment {
	newest := make(map[string]*Amendment)
	for i := range amendments {
		a := &amendments[i]
		if held := newest[a.Session]; held == nil || newer(a, held) {
			newest[a.Session] = a
		}
	}
	return newest
}

func newer(a, b *Amendment) bool {
	return a.MadeAt.After(b.MadeAt) || a.MadeAt.Equal(b.MadeAt) && a.ID > b.ID
}
