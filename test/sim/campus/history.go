package campus

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// Swipe is a card held to a door in the weeks before the reference Monday.
type Swipe struct {
	model.Tap
	Card Card
}

// Swipes are what the doors heard in the weeks before the reference Monday, in order of time.
func (c *Campus) Swipes() []Swipe {
	r := c.rng("swipes")
	away := map[string][]Absence{}
	for _, a := range c.Absences {
		away[a.Student] = append(away[a.Student], a)
	}
	place := map[string]int{}
	for i := range c.Students {
		place[c.Students[i].ID] = i
	}
	var all []Swipe
	for i := range c.Sessions {
		s := &c.Sessions[i]
		for _, id := range s.Students {
			if !isAway(away[id], s) {
				all = append(all, c.attend(r, place[id], s)...)
			}
		}
		if r.IntN(12) == 0 {
			all = append(all, Swipe{model.Tap{Room: s.Room, At: s.Start.Add(between(r, -10*time.Minute, 20*time.Minute))}, stranger(r, s.Room)})
		}
	}
	all = slices.DeleteFunc(all, func(s Swipe) bool { return c.unheard(s.Room, s.At) })
	slices.SortStableFunc(all, func(a, b Swipe) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Card.Key, b.Card.Key)) })
	return all
}

func isAway(absences []Absence, s *model.Session) bool {
	return slices.ContainsFunc(absences, func(a Absence) bool { return !s.Start.Before(a.From) && !s.End.After(a.To) })
}

// attend is what one student's card did at one class: most often one tap, sometimes two, seldom at the wrong door first.
func (c *Campus) attend(r *rand.Rand, student int, s *model.Session) []Swipe {
	h := c.habits[student]
	if r.IntN(1000) >= h.comes || s.Cancelled && r.IntN(10) > 0 {
		return nil
	}
	at := s.Start.Add(between(r, -14*time.Minute, 9*time.Minute))
	switch luck := r.IntN(1000); {
	case luck < h.late/8:
		at = s.Start.Add(between(r, 31*time.Minute, 50*time.Minute))
	case luck < h.late:
		at = s.Start.Add(between(r, 16*time.Minute, 29*time.Minute))
	}
	holder := &c.Students[student]
	swipe := func(room string, at time.Time) Swipe {
		return Swipe{model.Tap{Student: holder.ID, Room: room, At: at}, holder.Card(room)}
	}
	swipes := []Swipe{swipe(s.Room, at)}
	if r.IntN(40) == 0 {
		swipes = append(swipes, swipe(s.Room, at.Add(between(r, 3*time.Second, time.Minute))))
	}
	if rooms := Rooms(); r.IntN(60) == 0 {
		if wrong := rooms[r.IntN(len(rooms))].ID; wrong != s.Room {
			swipes = append(swipes, swipe(wrong, at.Add(-between(r, time.Minute, 4*time.Minute))))
		}
	}
	return swipes
}

// unheard reports whether the reader of a room was dead at a time: nobody got a light then, and no record exists.
func (c *Campus) unheard(room string, at time.Time) bool {
	return BuildingOf(room).ID == c.Dark.Building && !at.Before(c.Dark.From) && !at.After(c.Dark.To)
}

// Day is how long the gateways of old reported on a day of teaching.
const (
	dayOpens  = 7 // o'clock
	dayCloses = 19
)

// Working is when the readers of a building could hear, in the weeks before the reference Monday.
func (c *Campus) Working(building string) []model.Interval {
	var all []model.Interval
	for day := c.First; day.Before(c.Monday); day = day.AddDate(0, 0, 1) {
		if wd := day.Weekday(); wd == time.Saturday || wd == time.Sunday {
			continue
		}
		y, m, d := day.Date()
		opens, closes := time.Date(y, m, d, dayOpens, 0, 0, 0, London), time.Date(y, m, d, dayCloses, 0, 0, 0, London)
		if building == c.Dark.Building && c.Dark.From.After(opens) && c.Dark.To.Before(closes) {
			all = append(all, model.Interval{From: opens, To: c.Dark.From}, model.Interval{From: c.Dark.To, To: closes})
			continue
		}
		all = append(all, model.Interval{From: opens, To: closes})
	}
	return all
}
