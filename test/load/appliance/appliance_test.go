package appliance

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/decide"
	"github.com/rollcall-edge/rollcall/gateway/timetable"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var small = Size{People: 200, Rooms: 12, Lists: 20, ListsEach: 3, Days: 2, Daily: 8}

// Whoever is expected in one of the rooms is credited there, at any minute of the two hours around the making, as the
// gateway judges; otherwise the lights that are measured would be those of refusals.
func TestEverybodyOnTheListIsCredited(t *testing.T) {
	key := []byte("campus")
	for _, now := range []time.Time{
		time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC),
		time.Date(2026, 10, 5, 23, 59, 59, 0, time.UTC),
	} {
		made := NewTimetable(small, key, now)
		if err := made.Validate(); err != nil {
			t.Fatal(err)
		}
		x := timetable.Build(made)
		for room := range Doors {
			cards := cardsAt(made, room)
			if len(cards) == 0 {
				t.Fatalf("nobody is expected in room %d", room)
			}
			for i, c := range cards {
				facts := decide.Facts{Point: Point(room), Digest: contract.DigestOf(key, c.String())}
				at := now.Add(time.Duration(i%60) * time.Minute)
				if got := decide.NewCredited().Decide(x, facts, at); got.Outcome != contract.Accepted {
					t.Fatalf("%s at %s, %v: %+v, want accepted", c, Point(room), at, got)
				}
			}
		}
	}
}

func TestParseMemory(t *testing.T) {
	const status = "Name:\trollcall-gateway\nVmPeak:\t 1261000 kB\nVmHWM:\t   93211 kB\nVmRSS:\t   34596 kB\nRssAnon:\t   17392 kB\nRssFile:\t   17204 kB\n"
	got, err := parseMemory(status)
	if want := (Memory{Resident: 34596 << 10, Anonymous: 17392 << 10, Peak: 93211 << 10}); err != nil || got != want {
		t.Errorf("parseMemory = %+v, %v, want %+v", got, err, want)
	}
	for _, damaged := range []string{"", "VmRSS:\t 1 kB\n", "VmHWM:\t1 kB\nVmRSS:\tmany kB\nRssAnon:\t1 kB\n"} {
		if got, err := parseMemory(damaged); err == nil {
			t.Errorf("parseMemory(%q) = %+v, want an error", damaged, got)
		}
	}
}

// The whole way with the real program: it enrols, shows blue, takes a history, shows blue again.
func TestSite(t *testing.T) {
	program := filepath.Join(t.TempDir(), "rollcall-gateway")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../../gateway/cmd/rollcall-gateway").CombinedOutput(); err != nil {
		t.Fatalf("build gateway: %v\n%s", err, out)
	}
	s, err := Open(t.Context(), t.TempDir(), program, small)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	line, err := s.NewLine(Wiring{Baud: 115200, Readers: 2, Secure: true})
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	g, err := s.Start(line)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Stop()
	if err := g.Serving(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := g.Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	if m, err := g.Memory(); err != nil || m.Resident < 1<<20 || m.Peak < m.Resident || m.Anonymous > m.Resident {
		t.Errorf("Memory = %+v, %v", m, err)
	}
	if err := g.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := line.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Remember(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if took, err := s.Blue(t.Context()); err != nil || took <= 0 {
		t.Errorf("Blue = %v, %v", took, err)
	}
}
