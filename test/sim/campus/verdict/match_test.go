package verdict

import (
	"slices"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func ms(n int) time.Time { return noon.Add(time.Duration(n) * time.Millisecond) }

// shown is a presentation of card at the door, held at ms from noon and answered 40 ms later.
func shown(light Light, card string, at int) Presentation {
	p := Presentation{Point: "A/door", Digest: card, PlacedAt: ms(at), EndedAt: ms(at + 40), Light: light}
	if light != None {
		p.ShownAt = ms(at + 40)
	}
	return p
}

// tap is a tap of card at the door, recorded with its light's outcome.
func tap(id, card string, at int, outcome string) Tap {
	return Tap{ID: id, At: ms(at), Point: "A/door", Digest: card, Outcome: outcome}
}

func TestMatch(t *testing.T) {
	heard := shown(None, "c", 0)
	heard.Heard = true
	behind := shown(Red, "c", 0)
	behind.Behind = true
	several := tap("s/1", "c", 10, "refused")
	several.Reason = "multi_card"
	elsewhere := tap("s/1", "c", 10, "accepted")
	elsewhere.Point = "B/door"
	tests := []struct {
		name  string
		ps    []Presentation
		taps  []Tap
		of    []int
		lost  int
		twice int
		ghost int
		unlik int
	}{
		{name: "nothing at all"},
		{name: "green and recorded", ps: []Presentation{shown(Green, "c", 0)}, taps: []Tap{tap("s/1", "c", 10, "accepted")}, of: []int{0}},
		{name: "a duplicate is green", ps: []Presentation{shown(Green, "c", 0)}, taps: []Tap{tap("s/1", "c", 10, "duplicate")}, of: []int{0}},
		{name: "red and recorded", ps: []Presentation{shown(Red, "c", 0)}, taps: []Tap{tap("s/1", "c", 10, "refused")}, of: []int{0}},
		{name: "red twice for two cards", ps: []Presentation{shown(RedDouble, "c", 0)}, taps: []Tap{several}, of: []int{0}},
		{name: "blue blinking and unjudged", ps: []Presentation{shown(BlueBlink, "c", 0)}, taps: []Tap{tap("s/1", "c", 10, "unjudged")}, of: []int{0}},
		{name: "planted loss of a green", ps: []Presentation{shown(Green, "c", 0)}, of: []int{-1}, lost: 1},
		{name: "planted loss of a red", ps: []Presentation{shown(Red, "c", 0)}, of: []int{-1}, lost: 1},
		{name: "amber promises nothing", ps: []Presentation{shown(Amber, "c", 0)}, of: []int{-1}},
		{name: "no light promises nothing", ps: []Presentation{shown(None, "c", 0)}, of: []int{-1}},
		{name: "no light, and kept all the same", ps: []Presentation{shown(None, "c", 0)}, taps: []Tap{tap("s/1", "c", 10, "accepted")}, of: []int{0}},
		{name: "no light, and fetched from the reader later", ps: []Presentation{shown(None, "c", 0)}, taps: []Tap{tap("s/1", "c", 9000, "accepted")}, of: []int{0}},
		{name: "no light to see, but a gateway in order", ps: []Presentation{heard}, of: []int{-1}, lost: 1},
		{
			name: "planted duplicate under a new number", ps: []Presentation{shown(Green, "c", 0)},
			taps: []Tap{tap("s/1", "c", 10, "accepted"), tap("s/2", "c", 10, "accepted")}, of: []int{0}, twice: 1,
		},
		{
			name: "planted duplicate of one number", ps: []Presentation{shown(Green, "c", 0)},
			taps: []Tap{tap("s/1", "c", 10, "accepted"), tap("s/1", "c", 10, "accepted")}, of: []int{0}, twice: 1,
		},
		{
			name: "no light and two taps", ps: []Presentation{shown(None, "c", 0)},
			taps: []Tap{tap("s/1", "c", 10, "accepted"), tap("s/2", "c", 800, "duplicate")}, of: []int{0}, twice: 1,
		},
		{name: "planted tap of nobody", taps: []Tap{tap("s/1", "x", 10, "accepted")}, ghost: 1},
		{name: "planted tap before the card came", ps: []Presentation{shown(None, "c", 100)}, taps: []Tap{tap("s/1", "c", 10, "accepted")}, of: []int{-1}, ghost: 1},
		{name: "planted tap at another door", ps: []Presentation{shown(Green, "c", 0)}, taps: []Tap{elsewhere}, of: []int{-1}, lost: 1, ghost: 1},
		{name: "a tap after the light is not the light's", ps: []Presentation{shown(Green, "c", 0)}, taps: []Tap{tap("s/1", "c", 500, "accepted")}, of: []int{-1}, lost: 1, twice: 1},
		{name: "planted lie: green shown, refused recorded", ps: []Presentation{shown(Green, "c", 0)}, taps: []Tap{tap("s/1", "c", 10, "refused")}, of: []int{0}, unlik: 1},
		{name: "planted lie: red shown, accepted recorded", ps: []Presentation{shown(Red, "c", 0)}, taps: []Tap{tap("s/1", "c", 10, "accepted")}, of: []int{0}, unlik: 1},
		{name: "a steady colour answers nothing", ps: []Presentation{shown("blue", "c", 0)}, taps: []Tap{tap("s/1", "c", 10, "accepted")}, of: []int{0}, unlik: 1},
		{name: "the light may have been the card's before", ps: []Presentation{behind}, taps: []Tap{tap("s/1", "c", 90, "accepted")}, of: []int{0}},
		{
			name: "without light first, with light at the second try", ps: []Presentation{shown(None, "c", 0), shown(Green, "c", 5000)},
			taps: []Tap{tap("s/2", "c", 5010, "duplicate"), tap("s/1", "c", 10, "accepted")}, of: []int{1, 0},
		},
		{
			name: "lost at the first try, kept at the second", ps: []Presentation{shown(None, "c", 0), shown(Green, "c", 5000)},
			taps: []Tap{tap("s/1", "c", 5010, "accepted")}, of: []int{-1, 0},
		},
		{
			name: "whole milliseconds at central", ps: []Presentation{{Point: "A/door", Digest: "c", PlacedAt: ms(1).Add(900 * time.Microsecond), ShownAt: ms(2), EndedAt: ms(2), Light: Green}},
			taps: []Tap{tap("s/1", "c", 1, "accepted")}, of: []int{0},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := Match(tt.ps, tt.taps)
			if !slices.Equal(m.Of, tt.of) {
				t.Errorf("taps of presentations = %v, want %v", m.Of, tt.of)
			}
			got, want := [4]int{m.Lost, m.Duplicated, m.Unheard, m.Unlike}, [4]int{tt.lost, tt.twice, tt.ghost, tt.unlik}
			if got != want {
				t.Errorf("lost, duplicated, unheard, unlike = %v, want %v", got, want)
			}
			if bad := tt.lost + tt.twice + tt.ghost + tt.unlik; len(m.Problems) != bad {
				t.Errorf("problems %q, want %d", m.Problems, bad)
			}
		})
	}
}
