package system

import (
	"crypto/ed25519"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract/tree"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// The promise of the proof: whoever doubts central checks an export with keys read off the gateways, and nothing else. It passes
// for what gateways signed, and fails for a gateway that never had that key.
func TestWhoeverDoubtsCentralMayCheck(t *testing.T) {
	t.Parallel()
	door := room("north", 1)
	c := open(t, plan{posts: alone, classes: []class{on("class", door, people...)}})
	g := c.gateways["north"]
	for _, p := range people[:3] {
		c.tap("north", door, p, lamp.Green)
	}
	c.awaitLevel()
	key := c.awaitSealed(g)

	other, err := tree.VerifierKey("north", make(ed25519.PublicKey, ed25519.PublicKeySize))
	must(t, err)

	dir := t.TempDir()
	export, keys := filepath.Join(dir, "export.zip"), filepath.Join(dir, "keys")
	yesterday, tomorrow := time.Now().AddDate(0, 0, -1).Format(time.DateOnly), time.Now().AddDate(0, 0, 1).Format(time.DateOnly)
	_, complaints, status := execute(t.Context(), c.central.Path, "audit", "export", "--config", c.central.config, "--from", yesterday, "--to", tomorrow, export)
	if status != 0 {
		t.Fatalf("audit export ended with status %d: %s", status, complaints)
	}
	for _, tt := range []struct {
		key    string
		status int
		says   string
	}{
		{key, 0, "gateway north, stream " + g.stream() + ": PASS"},
		{other, 1, "foreign key: not signed by a key that is known of its gateway"},
		{"", 0, "nothing is missing, altered or added"}, // by central's own word
	} {
		must(t, os.WriteFile(keys, []byte(tt.key+"\n"), 0o600))
		out, complaints, status := execute(t.Context(), c.central.Path, "verify", "--keys", keys, export)
		if status != tt.status || !strings.Contains(out, tt.says) {
			t.Errorf("verify with key %q ended with status %d: %s\n%s\nwant %d and %q", tt.key, status, complaints, out, tt.status, tt.says)
		}
	}
}

var signsWith = regexp.MustCompile(`<dt>Signs with</dt><dd><code>([^<]+)</code>`)

// awaitSealed waits until a gateway's stream is sealed as far as it is at central, and gives the key it signs with.
func (c *campus) awaitSealed(g *gateway) (key string) {
	c.t.Helper()
	c.await("the stream is sealed", func() error {
		page, err := g.get("/")
		if err != nil {
			return err
		}
		found := signsWith.FindStringSubmatch(page)
		if found == nil || strings.Contains(page, "<dt>Sealed</dt><dd>0</dd>") {
			return errors.New("its page says that it is not")
		}
		key = strings.ReplaceAll(found[1], "&#43;", "+")
		return nil
	})
	return key
}
