package gateway

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/gateway/keyfile"
)

// readableIn finds the files of taps below a gateway's data directory in which the text can be read.
func readableIn(t *testing.T, c *config.Gateway, text string) []string {
	t.Helper()
	var found []string
	for _, dir := range []string{"journal", "cluster"} {
		err := filepath.WalkDir(filepath.Join(c.Data, dir), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if bytes.Contains(b, []byte(text)) {
				found = append(found, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// Enrolling makes the key file; from then on a tap's digest and its reader can be read nowhere on the disk, and a gateway
// whose key file is gone, or another's, waits amber and touches nothing.
func TestDiskOfAnEncryptedGateway(t *testing.T) {
	m, r := newModel(t), newReader(t)
	m.publish(t, time.Now())
	for _, encrypted := range []bool{false, true} {
		c := site(t, m, r)
		if encrypted {
			c.Storage.KeyFile = filepath.Join(t.TempDir(), "storage.key")
		}
		if _, _, err := Enrol(t.Context(), c, m.invitation(), nil); err != nil {
			t.Fatal(err)
		}
		g := stopped(t, c)
		strangerTap(t, g, 1)
		records, err := g.writer.Read(1, 1)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		shipped := make(chan error, 1)
		go func() { shipped <- g.shipper.Run(ctx) }()
		for g.cluster.Watermark(g.journal.Stream()) < 1 {
			<-g.cluster.Changed()
		}
		cancel()
		if err := <-shipped; err != nil {
			t.Error(err)
		}
		for _, text := range []string{string(records[0].Tap.Digest[:]), records[0].Tap.Point} {
			if found := readableIn(t, c, text); (len(found) > 0) == encrypted {
				t.Errorf("encrypted %v: %q can be read in %v", encrypted, text, found)
			}
		}
		if encrypted {
			closeStopped(t, g)
			refusedWithoutKey(t, c)
		}
	}
}

// closeStopped closes what stopped has made before the test ends.
func closeStopped(t *testing.T, g *Gateway) {
	t.Helper()
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	g.journal, g.mirror, g.cluster, g.hangUp = nil, nil, nil, nil
}

func refusedWithoutKey(t *testing.T, c *config.Gateway) {
	t.Helper()
	kept := c.Storage.KeyFile
	other := filepath.Join(t.TempDir(), "other.key")
	if err := keyfile.Make(other); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{"", other, kept + ".gone"} {
		c.Storage.KeyFile = wrong
		_, err := New(c, Options{})
		if !errors.Is(err, ErrStorage) || !strings.Contains(err.Error(), "key file") {
			t.Errorf("with key file %q: %v, want ErrStorage that speaks of the key file", wrong, err)
		}
	}
	aside, err := filepath.Glob(filepath.Join(c.Data, "journal", "*-*"))
	if err != nil || len(aside) > 0 {
		t.Errorf("set aside: %v, %v", aside, err)
	}
	c.Storage.KeyFile = kept
	g := stopped(t, c)
	if g.journal.Durable() != 1 {
		t.Errorf("Durable = %d with the right key, want 1", g.journal.Durable())
	}
}

// A key file that is missing where a gateway was enrolled already is looked for, not made anew.
func TestEnrolReplacesNoKey(t *testing.T) {
	m, r := newModel(t), newReader(t)
	c := enrolledSite(t, m, r)
	c.Storage.KeyFile = filepath.Join(t.TempDir(), "storage.key")
	if _, _, err := Enrol(t.Context(), c, m.invitation(), nil); !errors.Is(err, keyfile.ErrMissing) {
		t.Errorf("Enrol = %v, want keyfile.ErrMissing", err)
	}
}
