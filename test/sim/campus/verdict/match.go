// Package verdict compares what people saw at the doors with what central holds: nothing lost, nothing twice, nothing made up,
// every light as it was recorded, every mark as it follows. It is pure; it asks nobody and waits for nothing.
package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Light is what a person saw, as the result names it.
type Light string

// The lights that answer a card, and None.
const (
	Green     Light = "green"
	Red       Light = "red"
	RedDouble Light = "red_double"
	BlueBlink Light = "blue_blink"
	Amber     Light = "amber"
	None      Light = "none"
)

// promises reports whether the light says that the tap is kept.
func (l Light) promises() bool { return l == Green || l == Red || l == RedDouble || l == BlueBlink }

// Presentation is one card held to one reader.
type Presentation struct {
	Point    string
	Digest   string // of the card, hexadecimal
	PlacedAt time.Time
	ShownAt  time.Time // zero without a light
	EndedAt  time.Time
	Light    Light
	Heard    bool // there was no light to see, but the gateway was certainly able to hear: the tap must be kept all the same
	Behind   bool // the light may have answered the card before
}

// Tap is one tap as central holds it.
type Tap struct {
	ID      string
	At      time.Time
	Point   string
	Digest  string
	Outcome string // accepted, duplicate, refused, unjudged
	Reason  string
}

// slack allows for central keeping whole milliseconds.
const slack = 5 * time.Millisecond

// Matching is which presentation became which tap.
type Matching struct {
	Of         []int    // presentation → place of its tap, or -1
	Lost       int      // presentations that promised a record there is none of
	Duplicated int      // taps more than their presentations, and identities held twice
	Unheard    int      // taps that no reader heard
	Unlike     int      // lights that differ from what was recorded
	Problems   []string // in words, without cards
}

// Match finds the tap of every presentation. One with a light must have its tap between card and light; one without may
// have one at any time after, because its card may have waited in the reader.
func Match(ps []Presentation, taps []Tap) Matching {
	m := Matching{Of: make([]int, len(ps))}
	for i := range m.Of {
		m.Of[i] = -1
	}
	taken := make([]bool, len(taps))
	m.dropRepeats(taps, taken)
	byCard := map[[2]string][]int{}
	for k, t := range taps {
		if !taken[k] {
			byCard[[2]string{t.Point, t.Digest}] = append(byCard[[2]string{t.Point, t.Digest}], k)
		}
	}
	for _, places := range byCard {
		slices.SortFunc(places, func(a, b int) int { return cmp.Or(taps[a].At.Compare(taps[b].At), cmp.Compare(taps[a].ID, taps[b].ID)) })
	}
	for _, lit := range []bool{true, false} { // narrow claims first
		for i, p := range ps {
			if p.lit() == lit {
				m.Of[i] = claim(p, taps, taken, byCard[[2]string{p.Point, p.Digest}])
			}
		}
	}
	m.judge(ps, taps, taken)
	return m
}

func (p Presentation) lit() bool { return !p.ShownAt.IsZero() }

// dropRepeats counts identities that central lists twice.
func (m *Matching) dropRepeats(taps []Tap, taken []bool) {
	seen := map[string]bool{}
	for k, t := range taps {
		if seen[t.ID] {
			taken[k] = true
			m.Duplicated++
			m.say("tap %s at %s is held twice", t.ID, t.Point)
		}
		seen[t.ID] = true
	}
}

// claim is the earliest free tap that can be the presentation's, or -1.
func claim(p Presentation, taps []Tap, taken []bool, places []int) int {
	for _, k := range places {
		if taken[k] || taps[k].At.Before(p.PlacedAt.Add(-slack)) {
			continue
		}
		if p.lit() && !p.Behind && taps[k].At.After(p.ShownAt.Add(slack)) {
			continue
		}
		taken[k] = true
		return k
	}
	return -1
}

func (m *Matching) judge(ps []Presentation, taps []Tap, taken []bool) {
	held := map[[2]string]time.Time{} // card at a point → first presentation
	for i, p := range ps {
		key := [2]string{p.Point, p.Digest}
		if first, ok := held[key]; !ok || p.PlacedAt.Before(first) {
			held[key] = p.PlacedAt
		}
		m.judgeOne(p, taps, m.Of[i])
	}
	for k, t := range taps {
		if taken[k] {
			continue
		}
		if first, ok := held[[2]string{t.Point, t.Digest}]; ok && !t.At.Before(first.Add(-slack)) {
			m.Duplicated++
			m.say("tap %s at %s of %s belongs to a presentation that has its tap already", t.ID, t.Point, moment(t.At))
			continue
		}
		m.Unheard++
		m.say("tap %s at %s of %s was heard by no reader", t.ID, t.Point, moment(t.At))
	}
}

func (m *Matching) judgeOne(p Presentation, taps []Tap, place int) {
	switch {
	case place < 0 && p.Light.promises():
		m.Lost++
		m.say("%s at %s of %s was promised and is not at central", p.Light, p.Point, moment(p.PlacedAt))
	case place < 0 && p.Heard:
		m.Lost++
		m.say("card at %s of %s was heard by a gateway in order and is not at central", p.Point, moment(p.PlacedAt))
	case place >= 0 && p.Light != None && p.Light != Amber && !p.Behind && p.Light != lightOf(taps[place]):
		m.Unlike++
		m.say("%s was shown at %s of %s, %s %s is recorded as %s", p.Light, p.Point, moment(p.PlacedAt), taps[place].Outcome, taps[place].Reason, taps[place].ID)
	}
}

// lightOf is the light of a recorded outcome (W-2).
func lightOf(t Tap) Light {
	switch t.Outcome {
	case "accepted", "duplicate":
		return Green
	case "unjudged":
		return BlueBlink
	case "refused":
		if t.Reason == "multi_card" {
			return RedDouble
		}
		return Red
	}
	return Light("unknown outcome " + t.Outcome)
}

// mostProblems bounds what is told; the counts tell the rest.
const mostProblems = 20

func (m *Matching) say(format string, args ...any) {
	if len(m.Problems) < mostProblems {
		m.Problems = append(m.Problems, fmt.Sprintf(format, args...))
	}
}

func moment(t time.Time) string { return t.UTC().Format("15:04:05.000Z") }
