package decide

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/timetable"
)

// largeCampus is a building that is given the whole campus: 50,000 people with a card each, 400 rooms with two weeks of
// eight sessions a day, 6,000 lists of which each person is on twelve.
func largeCampus() (tt *contract.Timetable, cards []contract.Digest) {
	const people, rooms, lists = 50_000, 400, 6_000
	random := rand.New(rand.NewPCG(1, 2))
	monday := time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)
	tt = &contract.Timetable{Version: 1, Building: "campus", MadeAt: monday, ValidUntil: monday.AddDate(0, 0, 14), Lists: make([]contract.List, lists)}
	for i := range people {
		d := contract.DigestOf([]byte("key"), fmt.Sprint(i))
		cards, tt.Holders = append(cards, d), append(tt.Holders, contract.Holder{Digests: []contract.Digest{d}})
		for _, l := range random.Perm(lists)[:12] {
			tt.Lists[l].Holders = append(tt.Lists[l].Holders, uint32(i))
		}
	}
	for r := range rooms {
		room := fmt.Sprintf("room-%03d", r)
		tt.Points = append(tt.Points, contract.Point{ID: room + "/door", Room: room})
		for day := range 14 {
			for hour := range 8 {
				start := monday.AddDate(0, 0, day).Add(time.Duration(9+hour) * time.Hour)
				tt.Sessions = append(tt.Sessions, contract.Session{
					ID: fmt.Sprintf("event-%d-%d-%d", r, day, hour), Rooms: []string{room}, StartsAt: start, EndsAt: start.Add(time.Hour),
					OpensAt: start.Add(-30 * time.Minute), ClosesAt: start.Add(time.Hour), List: uint32(random.IntN(lists)),
				})
			}
		}
	}
	return tt, cards
}

// drawTaps is a mix like a day's: nine in ten are people of the session, within its window; the others are anybody
// anywhere at any time, of whom one in ten has a strange card.
func drawTaps(tt *contract.Timetable, cards []contract.Digest, n int) (facts []Facts, times []time.Time) {
	random := rand.New(rand.NewPCG(3, 4))
	for range n {
		s := tt.Sessions[random.IntN(len(tt.Sessions))]
		members := tt.Lists[s.List].Holders
		f := Facts{Point: s.Rooms[0] + "/door", Digest: cards[members[random.IntN(len(members))]]}
		at := s.OpensAt.Add(time.Duration(random.IntN(90*60)) * time.Second)
		switch random.IntN(100) {
		case 0:
			f.Digest[0] ^= 1
		case 1, 2, 3, 4, 5, 6, 7, 8, 9:
			f.Digest, at = cards[random.IntN(len(cards))], s.OpensAt.Add(time.Duration(random.IntN(24*3600))*time.Second)
		}
		facts, times = append(facts, f), append(times, at)
	}
	return facts, times
}

// One decision, among 20,000 credits of the day.
func BenchmarkDecide(b *testing.B) {
	const n = 1 << 14
	tt, cards := largeCampus()
	x, memory := timetable.Build(tt), NewCredited()
	facts, times := drawTaps(tt, cards, n)
	for i, f := range facts {
		if i%2 == 0 {
			memory.Decide(x, f, times[i])
		}
	}
	credited := lockedCredits{memory}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		Decide(x, credited, facts[i%n], times[i%n])
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	x := campus(t, session(t, "nine", "2026-10-05", "09:00", "10:00", "a"), session(t, "ten", "2026-10-05", "10:00", "11:00", "a"))
	credited, now := lockedCredits{NewCredited()}, at(t, "2026-10-05 09:45:00.000")
	for name, f := range map[string]Facts{
		"accepted": {Point: "a/1", Digest: ada}, "not listed": {Point: "a/1", Digest: ben}, "blocked": {Point: "a/1", Digest: lost},
		"unknown card": {Point: "a/1", Digest: nobody}, "unknown point": {Point: "z", Digest: ada}, "several": {Point: "a/1", Several: true},
	} {
		if got := testing.AllocsPerRun(100, func() { Decide(x, credited, f, now) }); got != 0 {
			t.Errorf("%s: %v allocations, want 0", name, got)
		}
	}
}
