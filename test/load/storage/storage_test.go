package storage

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// Badger's library of counters and glog start goroutines that live as long as the process.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"))
}

// Every contender keeps taps and every figure is filled in; how fast is for the machine to say.
func TestMeasure(t *testing.T) {
	r, err := Measure(t.Context(), Options{Dir: t.TempDir(), Rounds: 2, Turn: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Journal) != len(Writers) || len(r.Badger) != len(Writers) {
		t.Fatalf("Measure has %d figures of the journal and %d of Badger, want %d of each", len(r.Journal), len(r.Badger), len(Writers))
	}
	for _, s := range append(append([]Speed{r.Disk}, r.Journal...), r.Badger...) {
		if s.Rate <= 0 || s.Middle <= 0 || s.Late < s.Middle || s.Times <= 0 {
			t.Errorf("figures = %+v, want all above 0", s)
		}
	}
	if r.Disk.Times != 1 {
		t.Errorf("the disk is %v times itself, want 1", r.Disk.Times)
	}
}
