package light

import (
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/test/load/appliance"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// With the real program every tap gets its green light, and no light comes before its card was sent.
func TestMeasure(t *testing.T) {
	program := filepath.Join(t.TempDir(), "rollcall-gateway")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../../gateway/cmd/rollcall-gateway").CombinedOutput(); err != nil {
		t.Fatalf("build gateway: %v\n%s", err, out)
	}
	s, err := appliance.Open(t.Context(), t.TempDir(), program, appliance.Size{People: 200, Rooms: 12, Lists: 20, ListsEach: 3, Days: 2, Daily: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const taps = 5
	wiring := appliance.Wiring{Baud: 115200, Readers: 2, Secure: true}
	c, err := Measure(t.Context(), s, wiring, taps)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Tap) != taps || len(c.Answer) != taps {
		t.Fatalf("%d and %d times, want %d of each", len(c.Tap), len(c.Answer), taps)
	}
	for i := range taps {
		if c.Answer[i] < glow || c.Tap[i] <= c.Answer[i] {
			t.Errorf("tap %d: light %v after the card, %v after its frame: out of order", i, c.Tap[i], c.Answer[i])
		}
	}
}
