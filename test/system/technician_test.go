package system

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// readersOf runs a command of a technician at a gateway.
func (g *gateway) readersOf(args ...string) (out, complaints string, status int) {
	g.c.t.Helper()
	return execute(g.c.t.Context(), g.Path, append(args, "--config", g.config)...)
}

// must runs one that succeeds.
func (g *gateway) must(args ...string) string {
	g.c.t.Helper()
	out, complaints, status := g.readersOf(args...)
	if status != 0 {
		g.c.t.Fatalf("%v: status %d: %s%s", args, status, out, complaints)
	}
	return out
}

// refused runs one that fails with a sentence that has words in it.
func (g *gateway) refused(words string, args ...string) {
	g.c.t.Helper()
	out, complaints, status := g.readersOf(args...)
	if status != 1 || !strings.Contains(complaints, words) {
		g.c.t.Errorf("%v: status %d, %q and %q, want 1 and %q", args, status, out, complaints, words)
	}
}

// row is the line of a table that begins with a reader's point.
func row(table, reader string) string {
	for line := range strings.Lines(table) {
		if fields := strings.Fields(line); len(fields) > 0 && fields[0] == reader {
			return strings.Join(fields, " ")
		}
	}
	return ""
}

// awaitRow waits until the list says of a reader what it should.
func (c *campus) awaitRow(g *gateway, reader, want string) {
	c.t.Helper()
	c.await(fmt.Sprintf("the list says of %s: %s", reader, want), func() error {
		if got := row(g.must("readers", "list"), reader); !strings.HasPrefix(got, reader+" "+want) {
			return fmt.Errorf("it says %q", got)
		}
		return nil
	})
}

// A technician sees the readers and tries their lights; none lies to a student, and each is as it was before.
func TestTechnicianTriesLights(t *testing.T) {
	t.Parallel()
	c := open(t, plan{posts: alone, classes: []class{on("class", room("north", 1), people...)}})
	g, taught, free := c.gateways["north"], point(room("north", 1)), point(room("north", 2))
	c.awaitRow(g, taught, "answers none ready")
	c.awaitRow(g, free, "answers none off")
	if desk := row(g.must("readers", "list"), point(deskOf(g))); !strings.Contains(desk, "line open - ") {
		t.Errorf("the list says of the desk: %q", desk)
	}

	tried := make(chan string, 1)
	go func() {
		out, complaints, _ := g.readersOf("readers", "test", free)
		tried <- out + complaints
	}()
	seen := map[lamp.Light]bool{}
	panel := g.panels[room("north", 2)]
	var said string
	for said == "" {
		seen[panel.Light()] = true
		select {
		case said = <-tried:
		default:
		}
	}
	for _, light := range []lamp.Light{lamp.Blue, lamp.Green, lamp.Red, lamp.Amber, lamp.Off} {
		if !seen[light] {
			t.Errorf("the reader never showed %v; it showed %v", light, seen)
		}
	}
	if !strings.Contains(said, "accepted") || !strings.Contains(said, "Done: ") {
		t.Errorf("the technician was told %q", said)
	}
	c.awaitSteady(g, room("north", 2), lamp.Off)

	g.refused("a register is open there", "readers", "test", taught)
	c.tap("north", room("north", 1), people[0], lamp.Green)
	taps := g.must("readers", "watch", "--once")
	if !strings.Contains(taps, taught) || !strings.Contains(taps, "accepted") || strings.Contains(taps, people[0].badgeKey) {
		t.Errorf("last taps:\n%s", taps)
	}
	if got := row(g.must("readers", "counters"), taught); !strings.HasPrefix(got, taught+" 1 ") {
		t.Errorf("counters say %q, want one tap", got)
	}
}

// A key is given on demand, in time, under nobody's ears, and from then on the reader is not believed without it: neither one
// that was reset, nor after the gateway was restarted.
func TestReaderWithAKeyIsNeverHeardInPlain(t *testing.T) {
	t.Parallel()
	where := room("north", 2)
	c := open(t, plan{posts: alone, classes: []class{on("class", where, people...)}})
	g, reader, panel := c.gateways["north"], point(where), c.gateways["north"].panels[where]
	keys := filepath.Join(g.data, "reader-keys")
	install := []string{"osdp", "install", reader, "--yes", "--within", "20s"}

	g.refused("--shared-line", install...) // the other reader of the line answers
	g.panels[room("north", 1)].SetSilent(true)
	c.awaitReader(g, room("north", 1), false)
	g.refused("installation mode", "osdp", "install", reader, "--yes", "--within", "3s")
	if left, err := filepath.Glob(filepath.Join(keys, "*.key")); err != nil || len(left) > 0 {
		t.Errorf("keys of readers that have none: %v, %v", left, err)
	}
	c.tap("north", where, people[0], lamp.Green) // still as before

	panel.SetKey(nil, true)
	if out := g.must(install...); !strings.Contains(out, "has a key of its own") {
		t.Errorf("the technician was told %q", out)
	}
	c.awaitRow(g, reader, "answers secure")
	key, has := panel.Key()
	if open, known := panel.Secure(); !open || known || !has {
		t.Errorf("reader: session open %v, under the known key %v, own key %v; want one under its own", open, known, has)
	}
	checkKeyFile(t, keys, fmt.Sprintf("%x", key))
	c.tap("north", where, people[1], lamp.Green)

	panel.SetKey(nil, false) // somebody resets the reader, or puts another in its place
	c.awaitReader(g, where, false)
	c.checkUnheard(g, where)
	g.stop()
	c.start("north")
	c.checkUnheard(g, where)
	panel.SetKey(&key, false)
	c.awaitRow(g, reader, "answers secure ready")
	c.tap("north", where, people[3], lamp.Green)
	c.awaitLevel()
	c.checkTaps()
}

// checkUnheard holds a card to a reader that must not be believed.
func (c *campus) checkUnheard(g *gateway, room string) {
	c.t.Helper()
	c.awaitRow(g, point(room), "down set, not spoken")
	before := row(g.must("readers", "counters"), point(room))
	if result, err := c.presentOnce(g.post.gateway, room, people[2]); err != nil || result.Light.Lit() {
		c.t.Errorf("card at a reader without its key: light %v, %v, want none", result.Light, err)
	}
	if got := row(g.must("readers", "list"), point(room)); !strings.HasPrefix(got, point(room)+" down") {
		c.t.Errorf("the list says %q, want that the reader is down", got)
	}
	if after := row(g.must("readers", "counters"), point(room)); tapsOf(after) != tapsOf(before) {
		c.t.Errorf("counters say %q after a card and %q before", after, before)
	}
}

// tapsOf is the number of taps in a reader's row of the counters.
func tapsOf(row string) string {
	fields := strings.Fields(row)
	if len(fields) < 2 {
		return "none"
	}
	return fields[1]
}

// checkKeyFile wants the one key of a directory, where nobody else can read it.
func checkKeyFile(t *testing.T, dir, key string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.key"))
	if err != nil || len(files) != 1 {
		t.Fatalf("keys: %v, %v, want one", files, err)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o700, files[0]: 0o600} {
		info, err := os.Stat(path)
		must(t, err)
		if info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), mode)
		}
	}
	text, err := os.ReadFile(files[0])
	if err != nil || strings.TrimSpace(string(text)) != key {
		t.Errorf("key file does not hold the reader's key: %v", err)
	}
}
