package rules

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/policy"
)

// integrity is rule W-11. Sources 001 and 002: presenting another's card or sharing a code is a disciplinary offence; neither
// says what should make people ask. A flag is never a penalty: the taps stay, the marks stay, and somebody looks.
//
// Each day is looked at by itself, so that it can be surveyed by itself: two taps on both sides of midnight are no pair. The
// subject is the card, as the tap has it, and not its holder: binding a card to somebody changes no finding.
//
// Letter (b), one phone used for several students, waits for phones: no tap says yet from which device it came. So does the
// part of (f) about copied credentials: a card's number is all that a reader hears of it.
const integrity = "W-11"

// travel is W-11 (a): one card in two buildings, sooner after one another than anybody walks. Clocks that nobody vouches for
// prove nothing, and what a clock may be wrong by is given to the student. Once for each card and day.
func travel(u University) []Finding {
	var findings []Finding
	taps := u.taps(func(a, b Presentation) int { return bytes.Compare(a.Card[:], b.Card[:]) })
	for i := 1; i < len(taps); i++ {
		a, b := taps[i-1], taps[i]
		if a.Card != b.Card || a.Building == b.Building || a.Building == "" || b.Building == "" || !a.Sure || !b.Sure {
			continue
		}
		gap := b.At.Sub(a.At)
		for _, p := range u.held(b.At) {
			if gap+a.Within+b.Within < p.Marking.Integrity.TravelWithin.Std() && calendar.DayOf(a.At) == calendar.DayOf(b.At) {
				findings = append(findings, flag(b, card(b), calendar.DayOf(b.At).String(), "two buildings", p,
					fmt.Sprintf("Presented in %s and %s later in %s", a.Building, gap, b.Building), a, b))
			}
		}
	}
	return findings
}

// burst is W-11 (c): many different cards on one reader at once, as when one person presents those of friends. Once for each
// point and session.
func burst(u University) []Finding {
	var findings []Finding
	taps := u.taps(func(a, b Presentation) int { return cmp.Compare(a.Point, b.Point) })
	for i, last := range taps {
		for _, p := range u.held(last.At) {
			cards := upTo(taps[:i+1], p.Marking.Integrity)
			if n := p.Marking.Integrity.BurstCards; n > 0 && len(cards) >= n {
				findings = append(findings, flag(last, "point "+last.Point, cmp.Or(last.Session, calendar.DayOf(last.At).String()), "many cards at once", p,
					fmt.Sprintf("%d different cards within %s", len(cards), p.Marking.Integrity.BurstWithin), cards...))
			}
		}
	}
	return findings
}

// upTo are the latest taps of different cards on the reader of the last tap and within the policy's time of it, oldest first.
func upTo(taps []Presentation, by policy.Integrity) []Presentation {
	last := taps[len(taps)-1]
	var cards []Presentation
	for i := len(taps) - 1; i >= 0; i-- {
		t := taps[i]
		if t.Point != last.Point || last.At.Sub(t.At) > by.BurstWithin.Std() || calendar.DayOf(t.At) != calendar.DayOf(last.At) {
			break
		}
		if !slices.ContainsFunc(cards, func(c Presentation) bool { return c.Card == t.Card }) {
			cards = append(cards, t)
		}
	}
	slices.Reverse(cards)
	return cards
}

// proximity is W-11 (e): a code that was only shown, where the policy names what proves presence and that is not among it. Once for
// each credential and session.
func proximity(u University) []Finding {
	shown := func(t Presentation) bool { return t.Evidence.String() == "qr" || t.Evidence.String() == "code" }
	return each(u, shown, func(m policy.Marking, t Presentation) bool {
		return len(m.InPerson) > 0 && !slices.Contains(m.InPerson, t.Evidence.String())
	}, "without proximity", "A code was shown at %s, and nothing says that its holder was there")
}

// blocked is W-11 (f), as far as taps tell: a credential that was reported lost or withdrawn was presented. Once for each
// credential and session.
func blocked(u University) []Finding {
	return each(u, func(t Presentation) bool { return t.Blocked }, func(policy.Marking, Presentation) bool { return true },
		"blocked card", "Presented at %s although it was reported lost or withdrawn")
}

// each flags single taps.
func each(u University, doubtful func(Presentation) bool, asked func(policy.Marking, Presentation) bool, step, words string) []Finding {
	var findings []Finding
	for _, t := range u.taps(func(a, b Presentation) int { return 0 }) {
		if !doubtful(t) {
			continue
		}
		for _, p := range u.held(t.At) {
			if asked(p.Marking, t) {
				findings = append(findings, flag(t, card(t), cmp.Or(t.Session, calendar.DayOf(t.At).String()), step, p, fmt.Sprintf(words, t.Point), t))
			}
		}
	}
	return findings
}

// flag is met with the tap that completes it.
func flag(met Presentation, subject, scope, step string, p *policy.Policy, summary string, taps ...Presentation) Finding {
	evidence := make([]string, len(taps))
	for i, t := range taps {
		evidence[i] = t.ID.String()
	}
	return Finding{
		Rule: integrity, Subject: subject, Scope: scope, Step: step, Opens: Notice, AsOf: met.At, Summary: summary, Evidence: evidence, Policy: p.ID(),
	}
}

// card names a credential by the first digits of its digest, as pages do.
func card(t Presentation) string { return fmt.Sprintf("card %x", t.Card[:4]) }

// taps are those of a credential, group by group, each by time; told twice is one tap.
func (u University) taps(group func(a, b Presentation) int) []Presentation {
	taps := slices.DeleteFunc(slices.Clone(u.Taps), func(t Presentation) bool { return t.Card == [32]byte{} })
	slices.SortFunc(taps, func(a, b Presentation) int {
		return cmp.Or(group(a, b), a.At.Compare(b.At), bytes.Compare(a.ID.Stream[:], b.ID.Stream[:]), cmp.Compare(a.ID.Seq, b.ID.Seq))
	})
	return slices.CompactFunc(taps, func(a, b Presentation) bool { return a.ID == b.ID })
}
