package campus

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// digest is the whole campus as central gets it: files and journals.
func digest(t *testing.T, c *Campus) string {
	t.Helper()
	sum := sha256.New()
	for _, f := range c.Files() {
		if err := f.Write(sum); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range Buildings {
		records, err := c.Journal(b.ID, contract.Stream{1, byte(b.Number)}, []byte("key"))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			sum.Write(r)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func TestSameSeedSameCampus(t *testing.T) {
	one := digest(t, New(1, reference))
	if again := digest(t, New(1, reference.Add(3*time.Hour))); again != one {
		t.Errorf("the same seed in the same week gave another campus")
	}
	if other := digest(t, New(2, reference)); other == one {
		t.Errorf("another seed gave the same campus")
	}
}

func TestTermSurroundsTheReferenceMonday(t *testing.T) {
	c := made(t)
	for _, tt := range []struct {
		name      string
		got, want string
	}{
		{"first day", day(c.First), "2026-09-28"},
		{"reference Monday", day(c.Monday), "2026-11-23"},
		{"last day", day(c.Last), "2026-12-20"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s = %s, want %s", tt.name, tt.got, tt.want)
		}
	}
	if last := time.Date(2026, 12, 20, 23, 59, 0, 0, London); c.Over(last) || !c.Over(last.Add(time.Minute)) {
		t.Errorf("the term ends with its last day")
	}
	for _, s := range c.Sessions {
		if s.Start.Before(c.First) || !s.End.Before(c.Monday) || s.Start.In(London).Hour() < firstHour || s.Start.In(London).Hour() > lastHour {
			t.Fatalf("session %s at %v is not in the hours of the weeks before", s.ID, s.Start)
		}
	}
}

func TestSizeOfTheCampus(t *testing.T) {
	c := made(t)
	rooms, visas, expected := Rooms(), 0, 0
	for _, s := range c.Students {
		if s.Visa {
			visas++
		}
	}
	for _, s := range c.Sessions {
		if n := len(s.Students); n < 35 || n > 40 {
			t.Errorf("session %s expects %d students, want 35 to 40", s.ID, n)
		}
		expected += len(s.Students)
	}
	for _, tt := range []struct {
		what           string
		got, low, high int
	}{
		{"buildings", len(Buildings), 3, 3}, {"rooms", len(rooms), 12, 12}, {"students", len(c.Students), 600, 600},
		{"modules", len(c.Modules), 40, 40}, {"sessions", len(c.Sessions), 640, 640}, {"students with a visa", visas, 150, 210},
		{"authorised absences", len(c.Absences), 20, 60}, {"expected contacts", expected, 22000, 26000},
	} {
		if tt.got < tt.low || tt.got > tt.high {
			t.Errorf("%s = %d, want %d to %d", tt.what, tt.got, tt.low, tt.high)
		}
	}
}

func TestNobodyIsInTwoPlaces(t *testing.T) {
	type hour struct {
		who string
		at  time.Time
	}
	seen := map[hour]string{}
	for _, s := range made(t).Sessions {
		for _, who := range append(slices.Clone(s.Students), "room "+s.Room) {
			if other, busy := seen[hour{who, s.Start}]; busy {
				t.Fatalf("%s is in %s and in %s at %v", who, other, s.ID, s.Start)
			}
			seen[hour{who, s.Start}] = s.ID
		}
	}
}

func TestCardsAndNumbersAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range made(t).Students {
		keys := []string{s.ID}
		for _, c := range s.Cards() {
			keys = append(keys, c.Key)
		}
		for _, key := range keys {
			if seen[key] {
				t.Fatalf("%s is given twice", key)
			}
			seen[key] = true
		}
	}
}

// The key in the card file must be what the gateway's driver makes of what the reader sends.
func TestCardKeysAreCanonical(t *testing.T) {
	for _, tt := range []struct {
		name string
		card Card
		want string
	}{
		{"wiegand", wiegand(71, 20001), "w26:71:20001"},
		{"tag", em4100(1, 0x0063E9AE), "em:010063E9AE"},
		{"chip", chip(0x5E, 0x01020304), "uid:045E0102030480"},
		{"badge", badge("campus", 0xAB), "qr:campus-00000000000000ab"},
	} {
		if tt.card.Key != tt.want {
			t.Errorf("%s key = %q, want %q", tt.name, tt.card.Key, tt.want)
		}
	}
}

// marks are the term's marks by the independent model.
func marks(c *Campus) map[model.Key]byte {
	w := model.World{Sessions: c.Sessions, Rooms: map[string]model.Coverage{}, Now: c.Monday}
	for _, s := range c.Swipes() {
		w.Taps = append(w.Taps, s.Tap)
	}
	for _, a := range c.Absences {
		w.Absences = append(w.Absences, a.Absence)
	}
	for _, b := range Buildings {
		for _, r := range b.Rooms {
			w.Rooms[r.ID] = model.Coverage{Working: c.Working(b.ID), CompleteT: c.Monday}
		}
	}
	return w.Marks()
}

// Most students attend well, and each rung of the ladder has somebody on it.
func TestAttendanceSpreads(t *testing.T) {
	c := made(t)
	codes := map[byte]int{}
	counted, attended, missed := map[string]int{}, map[string]int{}, map[string]int{}
	for key, code := range marks(c) {
		codes[code]++
		switch code {
		case 'P', 'L':
			attended[key.Student]++
			counted[key.Student]++
		case 'A':
			counted[key.Student]++
			missed[key.Student]++
		}
	}
	good, rungs, reports := 0, map[string]int{}, 0
	for _, s := range c.Students {
		n, of, lost := attended[s.ID], counted[s.ID], missed[s.ID]
		if 100*n >= 88*of {
			good++
		}
		switch {
		case 100*n < 80*of || lost >= 10:
			rungs["final"]++
			if s.Visa {
				reports++
			}
		case 100*n < 85*of || lost >= 8:
			rungs["second"]++
		case 100*n < 90*of || lost >= 4:
			rungs["first"]++
		default:
			rungs["none"]++
		}
	}
	for _, tt := range []struct {
		what           string
		got, low, high int
	}{
		{"students at 88 % or more", good, 450, 570}, {"without warning", rungs["none"], 300, 540}, {"first warning", rungs["first"], 30, 200},
		{"second warning", rungs["second"], 3, 80}, {"final warning", rungs["final"], 10, 90}, {"reports to UKVI", reports, 3, 40},
		{"late", codes['L'], 500, 3000}, {"authorised", codes['E'], 20, 400}, {"cancelled", codes['X'], 150, 260}, {"unknown", codes['U'], 20, 400},
	} {
		if tt.got < tt.low || tt.got > tt.high {
			t.Errorf("%s = %d, want %d to %d", tt.what, tt.got, tt.low, tt.high)
		}
	}
	t.Logf("rungs %v, reports %d, marks %v", rungs, reports, codes)
}

func TestNobodyIsHeardOnTheDarkAfternoon(t *testing.T) {
	c := made(t)
	inside := 0
	for _, s := range c.Swipes() {
		if BuildingOf(s.Room).ID == c.Dark.Building && !s.At.Before(c.Dark.From) && !s.At.After(c.Dark.To) {
			t.Fatalf("a tap at %s of %v", s.Room, s.At)
		}
	}
	for _, s := range c.Sessions {
		if BuildingOf(s.Room).ID == c.Dark.Building && s.Start.After(c.Dark.From) && s.End.Before(c.Dark.To) {
			inside++
		}
	}
	if inside == 0 {
		t.Errorf("no class was on that afternoon; it shows nothing")
	}
}

func TestJournalIsAContractJournal(t *testing.T) {
	c := made(t)
	stream, key := contract.Stream{7}, bytes.Repeat([]byte{9}, 32)
	for _, b := range Buildings {
		records, err := c.Journal(b.ID, stream, key)
		if err != nil {
			t.Fatal(err)
		}
		var before time.Time
		upTo := map[string]time.Time{}
		for i, octets := range records {
			r, err := contract.DecodeRecord(octets)
			if err != nil {
				t.Fatalf("%s record %d: %v", b.ID, i+1, err)
			}
			if r.ID != (contract.TapID{Stream: stream, Seq: uint64(i + 1)}) || r.Stamp.At.Before(before) {
				t.Fatalf("%s record %d is %s of %v, after one of %v", b.ID, i+1, r.ID, r.Stamp.At, before)
			}
			before = r.Stamp.At
			if r.Tap != nil && !r.Stamp.At.After(upTo[r.Tap.Point]) {
				t.Fatalf("%s record %d is a tap of %v, after a heartbeat that spoke for the time up to then", b.ID, i+1, r.Stamp.At)
			}
			if r.Heartbeat != nil {
				for _, p := range r.Heartbeat.Points {
					upTo[p.Point] = r.Stamp.At
				}
			}
		}
		if len(records) < 1000 {
			t.Errorf("%s has %d records, want a term", b.ID, len(records))
		}
	}
}
