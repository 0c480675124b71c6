package timeline

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-edge/rollcall/central/contract"
)

var (
	bootA, bootB = contract.Boot{0xa}, contract.Boot{0xb}
	epoch        = time.Unix(0, 0).UTC()
	nine         = time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	much         = nine.Add(30 * 24 * time.Hour) // when records arrive that were long on their way
)

func stamp(boot contract.Boot, at time.Time, uptime time.Duration, q contract.Quality) contract.Stamp {
	return contract.Stamp{At: at, Boot: boot, Uptime: uptime, Quality: q}
}

func tap(seq uint64, s contract.Stamp) contract.Record {
	return contract.Record{ID: contract.TapID{Seq: seq}, Stamp: s, Tap: &contract.Tap{}}
}

func witness(boot contract.Boot, uptime time.Duration, at time.Time, within time.Duration) Witness {
	return Witness{Boot: boot, Uptime: uptime, At: at, Within: within}
}

const (
	second = time.Second
	minute = time.Minute
	hour   = time.Hour
	ms     = time.Millisecond
)

// Every figure is reckoned by hand from the rule beside it.
func TestMoment(t *testing.T) {
	none := Witness{}
	for _, tt := range []struct {
		name   string
		before Witness
		ahead  []Anchor
		stamp  contract.Stamp
		came   time.Time
		want   Moment
	}{
		{"a synchronised stamp stands", none, nil,
			contract.Stamp{At: nine, Boot: bootA, Uptime: hour, Quality: contract.Synchronised, Within: 5 * ms}, much,
			Moment{At: nine, Within: 5 * ms}},
		{"boot in 1970, an anchor an hour later: 09:00 less 50 minutes, bound 10 ms and 500 ppm of 50 minutes", none,
			[]Anchor{{9, witness(bootA, hour, nine, 10*ms)}}, stamp(bootA, epoch.Add(10*minute), 10*minute, contract.NeverSet), much,
			Moment{Kind: Corrected, At: nine.Add(-50 * minute), Within: 1510 * ms}},
		{"time was lost: the last witness carries on, 2 minutes on, bound 60 ms more", witness(bootA, hour, nine, 4*ms), nil,
			stamp(bootA, nine.Add(7*minute), hour+2*minute, contract.FreeRunning), much,
			Moment{Kind: Corrected, At: nine.Add(2 * minute), Within: 64 * ms}},
		{"the stamp agrees to the reading of the clocks", witness(bootA, hour, nine, 4*ms), nil,
			stamp(bootA, nine.Add(2*minute+ms), hour+2*minute, contract.FreeRunning), much,
			Moment{At: nine.Add(2*minute + ms), Within: 64 * ms}},
		{"a quarter of the way between two that drifted 4 s in 4 hours: 1 s, bound 50 ppm of an hour", witness(bootA, 0, nine, 4*ms),
			[]Anchor{{9, witness(bootA, 4*hour, nine.Add(4*hour+4*second), 8*ms)}}, stamp(bootA, nine.Add(hour), hour, contract.FreeRunning), much,
			Moment{Kind: Corrected, At: nine.Add(hour + second), Within: 188 * ms}},
		{"drifting back as well", witness(bootA, 0, nine, 4*ms),
			[]Anchor{{9, witness(bootA, 4*hour, nine.Add(4*hour-4*second), 8*ms)}}, stamp(bootA, nine.Add(hour), hour, contract.FreeRunning), much,
			Moment{Kind: Corrected, At: nine.Add(hour - second), Within: 188 * ms}},
		{"a week between two, at a steady 400 ppm: 3.5 days of it are 120.96 s", witness(bootA, 0, nine, 0),
			[]Anchor{{9, witness(bootA, 168*hour, nine.Add(168*hour+241920*ms), 0)}}, stamp(bootA, nine.Add(84*hour), 84*hour, contract.FreeRunning), much,
			Moment{Kind: Corrected, At: nine.Add(84*hour + 120960*ms), Within: 15120 * ms}},
		{"34 hours on one witness alone are too long: 500 ppm are 61.2 s", witness(bootA, 0, nine, 0), nil,
			stamp(bootA, nine.Add(34*hour), 34*hour, contract.FreeRunning), much,
			Moment{Kind: Uncertain, At: nine.Add(34 * hour), Earliest: nine.Add(34*hour - 61200*ms), Latest: nine.Add(34*hour + 61200*ms)}},
		{"an anchor of another boot is none", none, []Anchor{{9, witness(bootB, minute, nine.Add(hour), 0)}},
			stamp(bootA, epoch, 10*minute, contract.NeverSet), much,
			Moment{Kind: Uncertain, At: nine.Add(59*minute + 30*ms), Latest: nine.Add(59*minute + 30*ms)}}, // before that boot, 500 ppm of a minute
		{"no anchor: an hour after the last time known before the boot, and before the next boot", witness(bootB, 5*hour, nine, 0),
			[]Anchor{{9, witness(contract.Boot{0xc}, 0, nine.Add(6*hour), 20*ms)}}, stamp(bootA, nine.Add(2*hour), hour, contract.NeverSet), much,
			Moment{Kind: Uncertain, At: nine.Add(2 * hour), Earliest: nine.Add(hour - 1800*ms), Latest: nine.Add(6*hour + 20*ms)}},
		{"no anchor, and a stamp before what is possible is listed at the earliest", witness(bootB, 5*hour, nine, 0), nil,
			stamp(bootA, epoch, 0, contract.NeverSet), nine.Add(8 * hour),
			Moment{Kind: Uncertain, At: nine, Earliest: nine, Latest: nine.Add(8 * hour)}},
		{"nothing at all: it was before it was here", none, nil, stamp(bootA, epoch, 0, contract.NeverSet), nine,
			Moment{Kind: Uncertain, At: nine, Latest: nine}},
		{"ten minutes ahead of when it was here", none, nil,
			contract.Stamp{At: nine.Add(10 * minute), Boot: bootA, Uptime: hour, Quality: contract.Synchronised}, nine,
			Moment{Kind: Uncertain, At: nine, Latest: nine}},
		{"a minute ahead is two clocks", none, nil,
			contract.Stamp{At: nine.Add(minute), Boot: bootA, Uptime: hour, Quality: contract.Synchronised}, nine,
			Moment{At: nine.Add(minute)}},
		{"synchronised, and the anchor behind it says two hours less: nobody knows", witness(bootA, 0, nine, 0),
			[]Anchor{{9, witness(bootA, hour, nine.Add(-hour), 0)}}, contract.Stamp{At: nine.Add(30 * minute), Boot: bootA, Uptime: 30 * minute, Quality: contract.Synchronised}, much,
			Moment{Kind: Uncertain, At: nine.Add(30 * minute), Earliest: nine.Add(-90*minute - 900*ms), Latest: nine.Add(30*minute + 900*ms)}},
		{"synchronised to another time than central told at the last anchor", witness(bootA, 0, nine, 20*ms), nil,
			contract.Stamp{At: nine.Add(11 * minute), Boot: bootA, Uptime: minute, Quality: contract.Synchronised}, much,
			Moment{Kind: Uncertain, At: nine.Add(11 * minute), Earliest: nine.Add(minute - 50*ms), Latest: nine.Add(11 * minute)}},
		{"a boot that is not told has no other witness", Witness{At: nine}, nil, stamp(contract.Boot{}, nine, 0, contract.Synchronised), much, Moment{At: nine}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := Walk{Before: tt.before, Ahead: tt.ahead}
			if diff := cmp.Diff(w.Next(tap(5, tt.stamp), tt.came), tt.want); diff != "" {
				t.Errorf("Next (-got +want):\n%s", diff)
			}
		})
	}
}

// The hour that occurs twice when summer time ends is two hours of UTC, and a step across midnight is a step like any other.
func TestCorrectionAcrossCivilTime(t *testing.T) {
	for name, truth := range map[string]time.Time{
		"01:30 for the second time": time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC),
		"midnight":                  time.Date(2026, 10, 24, 23, 0, 0, 0, time.UTC),
		"start of a session":        nine,
		"new year":                  time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		w := Walk{Ahead: []Anchor{{2, witness(bootA, hour, truth.Add(30*minute), 0)}}}
		m := w.Next(tap(1, stamp(bootA, truth.Add(-hour), 30*minute, contract.NeverSet)), much.Add(3000*hour))
		if !m.At.Equal(truth) || m.Kind != Corrected {
			t.Errorf("%s: %v, want %v", name, m, truth)
		}
	}
}

func TestWalkRemembersWitnesses(t *testing.T) {
	anchor := contract.Record{ID: contract.TapID{Seq: 2}, Stamp: stamp(bootA, nine, hour, contract.NeverSet),
		Anchor: &contract.Anchor{Boot: bootA, Uptime: hour, At: nine.Add(minute), Within: 7 * ms}}
	a, _ := AnchorOf(anchor)
	w := Walk{Ahead: []Anchor{a}}
	w.Next(tap(1, stamp(bootA, epoch, 0, contract.NeverSet)), much)
	if w.Before != (Witness{}) {
		t.Errorf("a stamp that was never set is a witness: %v", w.Before)
	}
	w.Next(anchor, much)
	if want := witness(bootA, hour, nine.Add(minute), 7*ms); w.Before != want || len(w.Ahead) != 0 {
		t.Errorf("witness = %v, %d ahead, want %v and none", w.Before, len(w.Ahead), want)
	}
	good := contract.Stamp{At: nine.Add(2 * minute), Boot: bootA, Uptime: hour + minute, Quality: contract.Synchronised, Within: ms}
	w.Next(tap(3, good), much)
	if want := witness(bootA, hour+minute, nine.Add(2*minute), ms); w.Before != want {
		t.Errorf("witness = %v, want the synchronised stamp %v", w.Before, want)
	}
	good.At = good.At.Add(hour)
	w.Next(tap(4, good), much)
	if w.Before.Uptime != hour+minute || !w.Before.At.Equal(nine.Add(2*minute)) {
		t.Errorf("a stamp that contradicts the witness became one: %v", w.Before)
	}
}

// Whatever the clocks do within what is allowed of them, the truth lies within the bounds.
func TestTruthLiesWithinTheBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.Int64Range(-450, 450).Draw(t, "ppm") // of the time since boot, against the truth
		booted := nine.Add(time.Duration(rapid.Int64Range(-int64(hour), int64(hour)).Draw(t, "booted")))
		truth := func(uptime time.Duration) time.Time { return booted.Add(uptime + uptime/1_000_000*time.Duration(rate)) }
		uptimes := rapid.SliceOfNDistinct(rapid.Int64Range(0, int64(200*hour)), 3, 3, rapid.ID).Draw(t, "uptimes")
		before, ahead, at := time.Duration(min(uptimes[0], uptimes[1])), time.Duration(max(uptimes[0], uptimes[1])), time.Duration(uptimes[2])
		w := Walk{}
		wrong := func(label string) time.Duration {
			return time.Duration(rapid.Int64Range(-20, 20).Draw(t, label)) * ms
		}
		if rapid.Bool().Draw(t, "has before") {
			w.Before = witness(bootA, before, truth(before).Add(wrong("error before")), 20*ms)
		}
		if rapid.Bool().Draw(t, "has ahead") {
			w.Ahead = []Anchor{{9, witness(bootA, ahead, truth(ahead).Add(wrong("error ahead")), 20*ms)}}
		}
		m := w.Next(tap(1, stamp(bootA, epoch, at, contract.NeverSet)), truth(at).Add(time.Duration(rapid.Int64Range(0, int64(hour)).Draw(t, "on its way"))))
		switch {
		case m.Kind == Uncertain && (truth(at).Before(m.Earliest) || truth(at).After(m.Latest) || m.At.Before(m.Earliest) || m.At.After(m.Latest)):
			t.Fatalf("truth %v, listed %v, not within %v to %v", truth(at), m.At, m.Earliest, m.Latest)
		case m.Kind != Uncertain && m.At.Sub(truth(at)).Abs() > m.Within:
			t.Fatalf("truth %v, corrected %v: more than %v", truth(at), m.At, m.Within)
		case m.Kind == AsStamped:
			t.Fatalf("a clock of 1970 was believed: %v", m)
		}
	})
}

// Corrections keep the order in which records were made, and never pull two apart by more than the clocks did.
func TestCorrectionKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole := time.Duration(rapid.Int64Range(int64(minute), int64(200*hour)).Draw(t, "whole"))
		drifted := whole / 1_000_000 * time.Duration(rapid.Int64Range(-500, 500).Draw(t, "ppm"))
		moment := func(uptime time.Duration) time.Time {
			w := Walk{Before: witness(bootA, 0, nine, 0), Ahead: []Anchor{{9, witness(bootA, whole, nine.Add(whole+drifted), 0)}}}
			return w.Next(tap(1, stamp(bootA, epoch, uptime, contract.FreeRunning)), much).At
		}
		a := time.Duration(rapid.Int64Range(0, int64(whole)).Draw(t, "a"))
		b := time.Duration(rapid.Int64Range(int64(a), int64(whole)).Draw(t, "b"))
		if apart := moment(b).Sub(moment(a)); apart < 0 || (apart-(b-a)).Abs() > (b-a)/1000+2 {
			t.Fatalf("%v apart by uptime, %v corrected", b-a, apart)
		}
	})
}
