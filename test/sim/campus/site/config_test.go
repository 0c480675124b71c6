package site

import (
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/test/sim/campus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T) *Site {
	t.Helper()
	s, err := Open(filepath.Join(t.TempDir(), ".demo"), "/nowhere", 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// What the programs are configured with is read by the programs' own reader.
func TestConfigurationsAreGood(t *testing.T) {
	s := open(t)
	central, err := config.LoadCentral(s.Central.config)
	if err != nil {
		t.Fatal(err)
	}
	if central.Listen != PagesAddress || central.GatewayListen != GatewayAddress {
		t.Errorf("central listens at %s and %s", central.Listen, central.GatewayListen)
	}
	lines, readers := 0, 0
	for i, g := range s.Gateways {
		c, err := config.LoadGateway(g.config)
		if err != nil {
			t.Fatal(err)
		}
		n := i + 1
		if c.Central.URL != "https://"+s.Links.ToCentral(n) || c.Status.Listen != StatusAddress(n) || c.Cluster.Listen != clusterAddress(n) {
			t.Errorf("gateway %d: central %s, status %s, cluster %s", n, c.Central.URL, c.Status.Listen, c.Cluster.Listen)
		}
		for k, m := range c.Cluster.Members {
			want := clusterAddress(n)
			if k+1 != n {
				want = s.Links.Between(n, k+1)
			}
			if m.Gateway != campus.Buildings[k].ID || m.Address != want {
				t.Errorf("gateway %d reaches %s at %s, want %s at %s", n, m.Gateway, m.Address, campus.Buildings[k].ID, want)
			}
		}
		for _, b := range c.Buses {
			lines++
			readers += len(b.Readers)
			if _, err := os.Stat(b.Device); err != nil {
				t.Errorf("gateway %d: line %s is not there: %v", n, b.Name, err)
			}
		}
	}
	if lines != 7 || readers != 12 || len(s.Doors()) != 12 {
		t.Errorf("%d lines with %d readers, %d doors; want 7, 12 and 12", lines, readers, len(s.Doors()))
	}
}

func TestOneCampusInADirectory(t *testing.T) {
	s := open(t)
	other, err := Open(s.Dir, "/nowhere", 1)
	if err == nil {
		t.Fatalf("a second campus opened in the same directory: %v", other.Close())
	}
}

func TestStateIsPrivate(t *testing.T) {
	s := open(t)
	for _, path := range []string{s.Dir, filepath.Join(s.Dir, "log"), s.Central.config, s.Gateways[0].config} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %04o, want nothing for others", path, info.Mode().Perm())
		}
	}
}
