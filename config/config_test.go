package config_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rollcall-edge/rollcall/config"
)

var update = flag.Bool("update", false, "write the messages of testdata/*.bad.txt anew; read the difference before you commit it")

func load(path string) error {
	if strings.HasPrefix(filepath.Base(path), "central") {
		_, err := config.LoadCentral(path)
		return err
	}
	_, err := config.LoadGateway(path)
	return err
}

func TestGoodFilesLoad(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.good.yaml")
	for _, path := range append(files, "gateway.example.yaml", "central.example.yaml") {
		if err := load(path); err != nil {
			t.Errorf("load %s: %v", path, err)
		}
	}
	if len(files) < 2 {
		t.Fatalf("found %d good files, want at least 2", len(files))
	}
}

// Each mistake that was seen once stands in testdata with the message a person got for it.
func TestBadFilesSayEveryFault(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.bad.yaml")
	if len(files) < 4 {
		t.Fatalf("found %d bad files, want at least 4", len(files))
	}
	for _, path := range files {
		err := load(path)
		var faults config.Faults
		if !errors.As(err, &faults) {
			t.Errorf("load %s: %v, want Faults", path, err)
			continue
		}
		got := strings.ReplaceAll(err.Error(), "testdata/", "") + "\n"
		golden := strings.TrimSuffix(path, ".yaml") + ".txt"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: messages differ (-want +got):\n%s", path, diff)
		}
	}
}

func TestMissingFileSaysWhatToDo(t *testing.T) {
	err := load(filepath.Join(t.TempDir(), "gateway.yaml"))
	if err == nil || !strings.Contains(err.Error(), "--config") {
		t.Errorf("load of a missing file = %v, want a hint at --config", err)
	}
}

func TestExampleValuesArrive(t *testing.T) {
	g, err := config.LoadGateway("gateway.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Buses[0].Readers[1]; got != (config.Reader{Point: "LIB-0.02/door", Address: 2, Open: "amber"}) {
		t.Errorf("second reader = %+v", got)
	}
	if got := g.Buses[0].Readers[0]; got != (config.Reader{Point: "LIB-0.01/door", Address: 1, Secure: true}) {
		t.Errorf("first reader = %+v", got)
	}
	if got := g.Buses[0].Readers[2]; got != (config.Reader{Point: "LIB-0.03/door", Address: 3, Checksum: true, ByteOrder: "lsb"}) {
		t.Errorf("third reader = %+v", got)
	}
	millisecond := config.Duration(time.Millisecond)
	if got := g.Buses[1].RS485; got != (config.RS485{RTS: "high", Before: millisecond, After: millisecond}) {
		t.Errorf("direction of the basement's port = %+v", got)
	}
	if got := named(t, g, "desk").HoldOff.Std(); got != 2*time.Second {
		t.Errorf("hold-off = %v, want 2s", got)
	}
	if diff := cmp.Diff(named(t, g, "enquiries").TWN4, config.TWN4{Tags: []string{"mifare", "hidprox"}, Third: "blue"}); diff != "" {
		t.Errorf("TWN4 (-got +want):\n%s", diff)
	}
	if got := named(t, g, "retrofit").PN532; got != (config.PN532{Red: "P30", Green: "P31", Blue: "P33", Buzzer: "P35"}) {
		t.Errorf("PN532 = %+v", got)
	}
	if diff := cmp.Diff(named(t, g, "entrance").Format, config.Format{End: "\r\n", Digits: "hex", Check: "none", Medium: "uid"}); diff != "" {
		t.Errorf("format (-got +want):\n%s", diff)
	}
	if got := g.Cluster.Members[2].Gateway; got != "union" {
		t.Errorf("third member = %q, want union", got)
	}
	if got := named(t, g, "entrance").Feedback["accepted"]; got != "LED G\rBEEP 1\r" {
		t.Errorf("feedback for an accepted tap = %q", got)
	}
	c, err := config.LoadCentral("testdata/central-minimal.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got := c.InvitationLife.Std(); got != time.Hour {
		t.Errorf("invitation_life = %v, want the default 1h", got)
	}
}

func named(t *testing.T, g *config.Gateway, bus string) config.Bus {
	t.Helper()
	for _, b := range g.Buses {
		if b.Name == bus {
			return b
		}
	}
	t.Fatalf("no bus %q", bus)
	return config.Bus{}
}

func FuzzLoadGateway(f *testing.F) {
	for _, path := range []string{
		"gateway.example.yaml", "testdata/gateway-fleet.good.yaml", "testdata/gateway-values.bad.yaml", "testdata/gateway-many-faults.bad.yaml",
		"testdata/gateway-bus.bad.yaml", "testdata/gateway-format.bad.yaml", "testdata/gateway-unknown.bad.yaml",
	} {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "gateway.yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = config.LoadGateway(path) // must not panic, whatever the bytes
	})
}
