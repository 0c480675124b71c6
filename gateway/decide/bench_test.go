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
func largeCampus() (*timetable.Index, []contract.Digest, []string, time.Time) {
	const people, rooms, lists = 50_000, 400, 6_000
	random := rand.New(rand.NewPCG(1, 2))
	monday := time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)
	tt := &contract.Timetable{Version: 1, Building: "campus", MadeAt: monday, ValidUntil: monday.AddDate(0, 0, 14), Lists: make([]contract.List, lists)}
	var cards []contract.Digest
	for i := range people {
		d := contract.DigestOf([]byte("key"), fmt.Sprint(i))
		cards, tt.Holders = append(cards, d), append(tt.Holders, contract.Holder{Digests: []contract.Digest{d}})
		for _, l := range random.Perm(lists)[:12] {
			tt.Lists[l].Holders = append(tt.Lists[l].Holders, uint32(i))
		}
	}
	var points []string
	for r := range rooms {
		room := fmt.Sprintf("room-%03d", r)
		points = append(points, room+"/door")
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
	return timetable.Build(tt), cards, points, monday
}

// drawTaps is a mix of the day: mostly people on the list at a room in use, some strangers.
func drawTaps(n int) (x *timetable.Index, facts []Facts, times []time.Time) {
	x, cards, points, monday := largeCampus()
	random := rand.New(rand.NewPCG(3, 4))
	for range n {
		facts = append(facts, Facts{Point: points[random.IntN(len(points))], Digest: cards[random.IntN(len(cards))]})
		times = append(times, monday.AddDate(0, 0, random.IntN(14)).Add(time.Duration(random.IntN(10*3600)+8*3600)*time.Second))
	}
	return x, facts, times
}

func BenchmarkDecide(b *testing.B) {
	const n = 1 << 14
	x, facts, times := drawTaps(n)
	credited := lockedCredits{NewCredited()}
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
