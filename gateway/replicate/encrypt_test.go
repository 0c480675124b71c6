package replicate

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// shown finds the files below dir in which a tap's point can be read.
func shown(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(tapRecord(streamA, 1).Tap.Point)) {
			found = append(found, entry.Name())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// aloneWith is one gateway on its own whose stores are encrypted as secret says when it starts.
func aloneWith(t *testing.T, secret *[]byte) (*campus, *gateway) {
	t.Helper()
	c := newCampus(t, 1, func(o *Options) { o.Listen, o.TLS, o.Secret = "", TLS{}, *secret })
	return c, c.gateways[0]
}

// Whoever pulls the card of an encrypted gateway reads no tap of the cluster, neither in the Raft log nor in the database.
// In plain ones he does, or this test would show nothing.
func TestNothingCanBeReadWithoutTheSecret(t *testing.T) {
	for _, secret := range [][]byte{nil, bytes.Repeat([]byte{7}, 32)} {
		c, g := aloneWith(t, &secret)
		g.tap(300)
		c.settled()
		whileOpen := shown(t, g.options().Dir)
		g.halt() // the memtable becomes a table
		found := append(whileOpen, shown(t, g.options().Dir)...)
		if (len(found) > 0) != (secret == nil) {
			t.Errorf("with a secret %v: a point can be read in %v", secret != nil, found)
		}
	}
}

// A plain replica that is given a secret is written anew, with everything in it and nothing plain left beside it.
func TestPlainReplicaIsEncryptedFromNowOn(t *testing.T) {
	var secret []byte
	c, g := aloneWith(t, &secret)
	g.tap(50)
	c.settled()
	g.halt()
	if len(shown(t, filepath.Join(g.options().Dir, currentDir))) == 0 {
		t.Fatal("the plain replica shows nothing either")
	}
	secret = bytes.Repeat([]byte{7}, 32)
	for range 2 { // once to encrypt, once with what is encrypted
		g.start()
		if got, want := g.node.Watermark(g.journal.Stream()), g.journal.Durable(); got != want {
			t.Errorf("watermark = %d, want %d at once", got, want)
		}
		g.tap(10)
		c.settled()
		g.halt()
		if found := shown(t, filepath.Join(g.options().Dir, currentDir)); len(found) > 0 {
			t.Errorf("still to be read: %v", found)
		}
	}
	if aside, _ := filepath.Glob(filepath.Join(g.options().Dir, "*.old")); len(aside) > 0 {
		t.Errorf("left beside it: %v", aside)
	}
}

// Another secret, or none, is refused before anything is called damaged.
func TestWrongSecretIsRefused(t *testing.T) {
	secret := bytes.Repeat([]byte{7}, 32)
	c, g := aloneWith(t, &secret)
	g.tap(5)
	c.settled()
	g.halt()
	for _, wrong := range [][]byte{nil, bytes.Repeat([]byte{8}, 32)} {
		o := g.options()
		o.Secret = wrong
		if _, err := Open(o); !errors.Is(err, journal.ErrKey) {
			t.Errorf("open = %v, want journal.ErrKey", err)
		}
	}
	if aside, _ := filepath.Glob(filepath.Join(g.options().Dir, "damaged-*")); len(aside) > 0 {
		t.Errorf("set aside: %v", aside)
	}
	g.start()
	c.settled()
}
