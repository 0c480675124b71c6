package gateway

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/rollcall-edge/rollcall/config"
)

// One line of each driver in one gateway: its metrics share a registry, and each is as Prometheus would have it.
func TestMetricsOfAMixedFleet(t *testing.T) {
	c := enrolledSite(t, newModel(t), newReader(t))
	for _, driver := range []string{"twn4", "pn532", "qr"} {
		c.Buses = append(c.Buses, config.Bus{Name: driver, Driver: driver, Device: "/dev/null", Baud: 115200, Readers: []config.Reader{{Point: driver}}})
	}
	for _, preset := range []string{"rdm6300", "id12la", "wec200", "pcprox", "generic"} {
		c.Buses = append(c.Buses, config.Bus{Name: preset, Driver: "ascii", Preset: preset, Device: "/dev/null", Baud: 9600, Readers: []config.Reader{{Point: preset}}})
	}
	g := stopped(t, c)
	if len(g.notices) > 0 {
		t.Errorf("notices = %v, want every line made", g.notices)
	}
	problems, err := testutil.GatherAndLint(g.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	families, err := g.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	readers := map[string]int{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["reader"] != "" && labels["bus"] == "" {
				t.Errorf("%s speaks of reader %s without its bus", f.GetName(), labels["reader"])
			}
			if f.GetName() == "rollcall_gateway_reader_up" {
				readers[labels["bus"]]++
			}
		}
	}
	for _, b := range c.Buses {
		if readers[b.Name] != 1 {
			t.Errorf("%d readers of bus %s have a metric, want one", readers[b.Name], b.Name)
		}
	}
}

// A directory of keys that others may write to is not believed; and then no reader is heard in plain, since it may be one
// that has a key.
func TestNoReaderIsHeardWhileKeysCannotBeRead(t *testing.T) {
	m, r := newModel(t), newReader(t)
	c := enrolledSite(t, m, r)
	if err := os.Mkdir(filepath.Join(c.Data, "reader-keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(c.Data, "reader-keys"), 0o777); err != nil {
		t.Fatal(err)
	}
	g := start(t, c).gateway
	for deadline := deadline(t); ; {
		lines := g.capture.Lines()
		if s := lines[0].Readers[0]; lines[0].Line.Up && strings.Contains(s.Trouble, "chmod 700") {
			if s.Up {
				t.Error("the reader is up")
			}
			break
		}
		select {
		case <-deadline:
			t.Fatalf("reader = %+v, want that its keys cannot be read", lines[0].Readers[0])
		case led := <-r.leds:
			t.Fatalf("the reader is spoken to: light %v", led)
		default:
			time.Sleep(time.Millisecond)
		}
	}
	if info, err := os.Stat(KeysDir(c)); err != nil || info.Mode().Perm() != 0o777 {
		t.Errorf("key directory: %v, %v, want it left alone", info, err)
	}
}

// Keys lie where nobody else can read them.
func TestKeyDirectoryIsTheGatewaysAlone(t *testing.T) {
	c := enrolledSite(t, newModel(t), newReader(t))
	stopped(t, c)
	if info, err := os.Stat(KeysDir(c)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("key directory: %v, %v, want mode 0700", info, err)
	}
}
