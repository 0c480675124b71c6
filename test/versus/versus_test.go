package versus

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/load/appliance"
	"github.com/rollcall-edge/rollcall/test/outage/card"
	"github.com/rollcall-edge/rollcall/test/versus/cluster"
	"github.com/rollcall-edge/rollcall/test/versus/member"
)

// asMember in the environment makes this program a gateway.
const asMember = "VERSUS_TEST_MEMBER"

func TestMain(m *testing.M) {
	if os.Getenv(asMember) != "" {
		if err := member.Serve(os.Stdin, os.Stdout); err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// Three gateways start, elect, take taps from readers at each, and end in order.
func TestGatewaysKeepTaps(t *testing.T) {
	dir := t.TempDir()
	small := appliance.Size{People: 200, Rooms: 10, Lists: 20, ListsEach: 2, Days: 1, Daily: 2}
	timetable, err := newTimetable(filepath.Join(dir, "timetable"), small, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	dirs, err := cluster.Below(dir, "gateway")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(asMember, "1")
	g, err := cluster.OpenGateways(t.Context(), cluster.GatewayOptions{
		Command: os.Args[:1], Dirs: dirs, Keys: filepath.Join(dir, "keys"), Timetable: timetable, Linger: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	load, err := g.Load(t.Context(), 7, 100*time.Millisecond)
	if err != nil || len(load.Times) < 7 {
		t.Errorf("%d taps of 7 readers in 0.1 s; %v", len(load.Times), err)
	}
	if n, err := g.Pace(t.Context(), 2, 20*time.Millisecond, 100*time.Millisecond); err != nil || n != 2*5 {
		t.Errorf("%d taps at a pace, %v, want 10: five at each of two", n, err)
	}
	kept, bare, err := g.Lone(3, time.Millisecond)
	if err != nil || len(kept) != 3 || len(bare) != 3 {
		t.Errorf("%d lone taps, %d flushes, %v, want 3 of each", len(kept), len(bare), err)
	}
	if peak, err := cluster.Peak(g.PIDs()); err != nil || peak < 1<<20 {
		t.Errorf("peak = %d, %v, want some MiB", peak, err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

func TestWritten(t *testing.T) {
	before := []count{{card.Counts{BytesWritten: 100, Flushes: 1}, 4096}, {card.Counts{BytesWritten: 50, Flushes: 2}, 0}}
	after := []count{{card.Counts{BytesWritten: 20_100, Flushes: 31}, 8192}, {card.Counts{BytesWritten: 10_050, Flushes: 12}, 0}}
	if got, want := written(before, after, 10), (Written{Octets: 3000, Ahead: 409.6, Flushes: 4}); got != want {
		t.Errorf("written = %+v, want %+v", got, want)
	}
	if got := written(before, after, 0); got != (Written{}) {
		t.Errorf("written for nothing = %+v", got)
	}
}

func TestSegments(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"a/1.seg": 100, "a/2.spare": 20, "b/c/3.seg": 3, "b/4.mem": 4000, "5.tmp": 50_000} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := segments(dir); err != nil || got != 123 {
		t.Errorf("segments = %d, %v, want 123", got, err)
	}
}

// Aims are judged by what they say, on both sides of the line.
func TestAims(t *testing.T) {
	with := func(ratio float64, kept time.Duration, octets, ahead float64) *Results {
		return &Results{
			Etcd: "3.4", Speeds: []Speed{{Clients: 1, Ratio: 9}, {Clients: 256, Ratio: ratio}},
			Cards: &CardsRun{
				Kept: []time.Duration{kept}, Bare: []time.Duration{10 * time.Millisecond},
				Paced: []Paced{{Members: 3, Every: time.Second, Gateways: Written{Octets: octets, Ahead: ahead}}},
			},
		}
	}
	for _, test := range []struct {
		name    string
		results *Results
		missed  int
	}{
		{"all met", with(4, 12*time.Millisecond, 20<<10, 4<<10), 0},
		{"too slow", with(3.9, 12*time.Millisecond, 16<<10, 0), 1},
		{"late light", with(4, 13*time.Millisecond, 16<<10, 0), 1},
		{"too much written", with(4, 12*time.Millisecond, 20<<10+1, 4<<10), 1},
		{"none", with(1, time.Second, 1<<20, 0), 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := strings.Count(test.results.aims(), "missed"); got != test.missed {
				t.Errorf("%d missed, want %d:\n%s", got, test.missed, test.results.aims())
			}
		})
	}
}

// Without etcd and without cards the section says so, and claims nothing.
func TestSectionOfNearlyNothing(t *testing.T) {
	r := &Results{Speeds: []Speed{{Clients: 256, Gateways: Rate{PerSecond: 1000}}}, NoCards: os.ErrPermission}
	text := r.Markdown("abc")
	for _, want := range []string{"commit abc", "etcd: not installed", "not measured here: permission denied", "1,000"} {
		if !strings.Contains(text, want) {
			t.Errorf("the section lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "met |") || strings.Contains(text, "missed") {
		t.Errorf("an aim was judged:\n%s", text)
	}
}
