package system

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// plan says which campus a test needs.
type plan struct {
	posts       []post
	clustered   bool          // the gateways are one cluster; otherwise each is a cluster of one
	opensBefore time.Duration // how long before a class its register opens
	classes     []class
}

// post is a gateway and the building it is in.
type post struct{ gateway, building string }

var (
	alone = []post{{"north", "north"}}
	three = []post{{"north", "north"}, {"south", "south"}, {"west", "west"}}
)

// The rooms of a building: the building's name and a number. Two have a door with a light, on one bus; the desk has none.
func room(building string, n int) string { return fmt.Sprintf("%s-%d", building, n) }

const (
	doors = 2 // rooms 1 and 2
	desk  = 3 // room 3
)

func point(room string) string { return room + "/reader" }

// campus is central and its gateways as processes, and all that people saw at their readers.
type campus struct {
	t         *testing.T
	dir       string
	opened    time.Time
	clustered bool
	central   *central
	gateways  map[string]*gateway

	mu   sync.Mutex // guards everything that follows
	seen []sighting
}

// sighting is one person's presentation of a card and what the reader showed for it.
type sighting struct {
	Gateway, Point, Who string
	Light               lamp.Light
}

// open starts a campus and waits until every register that should be open is. It is closed with the test, and every program
// must then end well.
func open(t *testing.T, p plan) *campus {
	t.Helper()
	c := &campus{t: t, dir: t.TempDir(), opened: time.Now(), clustered: p.clustered, gateways: map[string]*gateway{}}
	t.Cleanup(c.close)
	must(t, os.Mkdir(filepath.Join(c.dir, "log"), 0o700))
	c.central = newCentral(c, p.opensBefore)
	c.central.up()
	c.importAll(p)
	c.central.letIn()
	members := map[string]string{}
	for _, at := range p.posts {
		members[at.gateway] = freeAddress(t)
	}
	if !p.clustered {
		members = nil
	}
	for _, at := range p.posts {
		c.gateways[at.gateway] = newGateway(c, at, members)
	}
	c.start(slices.Collect(maps.Keys(c.gateways))...)
	c.awaitOpen(p.classes)
	return c
}

func (c *campus) importAll(p plan) {
	c.t.Helper()
	rooms := [][]string{{"building_id", "building_name", "room_id", "room_name", "point_id"}}
	seen := map[string]bool{}
	for _, at := range p.posts {
		for n := 1; n <= desk && !seen[at.building]; n++ {
			r := room(at.building, n)
			rooms = append(rooms, []string{at.building, "The " + at.building, r, "Room " + r, point(r)})
		}
		seen[at.building] = true
	}
	pupils, cards := registry()
	c.central.take("terms", terms())
	c.central.take("rooms", rooms)
	c.central.take("students", pupils)
	c.central.take("cards", cards)
	if len(p.classes) > 0 {
		c.central.take("timetable", timetable(p.classes))
	}
}

// awaitOpen waits until the readers of all classes that are on show that their register is open, and the gateway has the
// timetable where a reader shows nothing.
func (c *campus) awaitOpen(classes []class) {
	c.t.Helper()
	for _, g := range c.gateways {
		for _, k := range classes {
			switch r := g.readers[k.room]; {
			case r == nil:
			case r.HasLight():
				c.awaitSteady(g, k.room, lamp.Blue)
			default:
				c.awaitTimetable(g)
			}
		}
	}
}

func (c *campus) awaitTimetable(g *gateway) {
	c.t.Helper()
	c.await(g.post.gateway+" has a timetable", func() error {
		m, err := g.metrics()
		if err == nil && m["rollcall_gateway_timetable_version"] == 0 {
			err = errors.New("it has none")
		}
		return err
	})
}

// awaitSteady waits until a reader shows a steady light.
func (c *campus) awaitSteady(g *gateway, room string, want lamp.Light) {
	c.t.Helper()
	c.await(fmt.Sprintf("the reader of %s shows %v", room, want), func() error {
		if got := g.readers[room].Steady(); got != want {
			return fmt.Errorf("it shows %v", got)
		}
		return nil
	})
}

// await is await with the usual patience, which ends early when a program ended that nobody asked to.
func (c *campus) await(what string, done func() error) {
	c.t.Helper()
	c.awaitFor(patience, what, done)
}

func (c *campus) awaitFor(within time.Duration, what string, done func() error) {
	c.t.Helper()
	await(c.t, within, what, func() error {
		if err := c.ended(); err != nil {
			return fmt.Errorf("%w: %w", errEnded, err)
		}
		return done()
	})
}

// ended is the first program that ended by itself, or nil.
func (c *campus) ended() error {
	for _, g := range c.gateways {
		if err := g.Ended(); err != nil {
			return err
		}
	}
	return c.central.Ended()
}

// start starts gateways together and waits until each can keep taps.
func (c *campus) start(names ...string) {
	c.t.Helper()
	for _, name := range names {
		must(c.t, c.gateways[name].Start())
	}
	for _, name := range names {
		g := c.gateways[name]
		c.await(name+" can keep taps", func() error {
			_, err := g.get("/healthz")
			return err
		})
	}
}

// close stops the gateways together, because each waits for its peers, and then central.
func (c *campus) close() {
	var gateways sync.WaitGroup
	for _, g := range c.gateways {
		gateways.Go(func() { c.report(g.close()) })
	}
	gateways.Wait()
	if c.central != nil {
		c.report(c.central.Stop())
	}
	if c.t.Failed() {
		c.showLogs()
	}
}

func (c *campus) report(err error) {
	if err != nil {
		c.t.Error(err)
	}
}

// showLogs shows the end of what every program wrote.
func (c *campus) showLogs() {
	const end = 3000
	logs, err := filepath.Glob(filepath.Join(c.dir, "log", "*.log"))
	c.report(err)
	for _, path := range logs {
		text, err := os.ReadFile(path)
		c.report(err)
		c.t.Logf("%s ends with:\n%s", filepath.Base(path), text[max(0, len(text)-end):])
	}
}

// process is a program with its log in the campus's folder.
func (c *campus) process(name, program string, args ...string) site.Process {
	return site.Process{Name: name, Path: filepath.Join(bin, program), Args: args, Log: filepath.Join(c.dir, "log", name+".log")}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var handedOut sync.Map

// freeAddress is an address of this machine where nobody listens. It is outside the range from which the kernel gives ports
// to whoever asks for any, so that nobody else gets it before the program that is to listen there.
func freeAddress(t testing.TB) string {
	t.Helper()
	const low, high = 15000, 32000
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", low+rand.IntN(high-low)) //nolint:gosec // any will do
		if _, taken := handedOut.LoadOrStore(address, true); taken {
			continue
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			continue // somebody is there
		}
		must(t, l.Close())
		return address
	}
	t.Fatal(errors.New("no free port was found between 15000 and 32000"))
	return ""
}
