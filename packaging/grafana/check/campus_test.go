package check

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	_ "time/tzdata" // sessions are written in London's time
)

// root is the product's module.
const root = "../../.."

// patience bounds every wait for a program. Nothing waits that long unless it fails.
const patience = 2 * time.Minute

// campus is central and two gateways as processes of their own, each with its readers.
type campus struct {
	dir, bin string
	env      []string

	pages, uplink string // central's addresses
	library       *gateway
	science       *gateway
}

// gateway is one gateway and the lines of its readers.
type gateway struct {
	name, building, status string
	process                *process
	desk                   *line     // push reader
	door                   *line     // two-wire bus with a reader that answers and one that does not
	cards                  chan byte // each a card at the reader that answers
}

// Cards of the desk.
var (
	enrolled = [5]byte{0x04, 0x00, 0x11, 0x22, 0x33}
	stranger = [5]byte{0x04, 0x00, 0x99, 0x99, 0x99}
)

// startCampus builds the programs and brings a campus up whose gateways record taps.
func startCampus(t *testing.T) *campus {
	t.Helper()
	c := &campus{dir: t.TempDir(), bin: t.TempDir(), pages: freeAddress(t), uplink: freeAddress(t)}
	c.build(t)
	c.importFiles(t)
	central := c.start(t, "rollcall-central", "serve", "--config", c.path("central.yaml"))
	await(t, central, "http://"+c.pages+"/healthz")
	c.library = c.enrol(t, "library", "LIB")
	c.science = c.enrol(t, "science", "SCI")
	for _, g := range []*gateway{c.library, c.science} {
		g.process = c.start(t, "rollcall-gateway", "run", "--config", c.path(g.name+".yaml"))
		await(t, g.process, "http://"+g.status+"/healthz")
	}
	return c
}

func (c *campus) path(name string) string { return filepath.Join(c.dir, name) }

func (c *campus) build(t *testing.T) {
	t.Helper()
	cmd := exec.Command("go", "build", "-o", c.bin+"/", "./gateway/cmd/rollcall-gateway", "./central/cmd/rollcall-central")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the programs: %v\n%s", err, out)
	}
}

func (c *campus) importFiles(t *testing.T) {
	t.Helper()
	c.write(t, "central.yaml", fmt.Sprintf("data: %s\nlisten: %s\ngateway_listen: %s\ngateway_names: [127.0.0.1]\n", c.path("central"), c.pages, c.uplink))
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	today := time.Now().In(london)
	sessions := "event_id,date,start,end,room_id,module_id,student_id\n"
	for day := range 2 { // tomorrow's opens before midnight, so that one is open whenever this runs
		date := today.AddDate(0, 0, day).Format(time.DateOnly)
		sessions += fmt.Sprintf("lecture-%d,%s,00:00,23:59,LIB-0.01,COMP1001,1000001\n", day, date)
	}
	files := []struct{ kind, text string }{
		{"terms", fmt.Sprintf("term_id,name,first_day,last_day\nterm,Term,%s,%s\n",
			today.AddDate(0, 0, -7).Format(time.DateOnly), today.AddDate(0, 0, 7).Format(time.DateOnly))},
		{"rooms", "building_id,building_name,room_id,room_name,point_id\n" +
			"LIB,Library,LIB-0.01,Reading room,LIB-0.01/desk\nLIB,Library,LIB-0.02,Seminar room,LIB-0.02/door\nSCI,Science,SCI-1.01,Laboratory,SCI-1.01/desk\n"},
		{"students", "student_id,name\n1000001,Ada Example\n"},
		{"cards", fmt.Sprintf("student_id,card\n1000001,em:%X\n", enrolled)},
		{"timetable", sessions},
	}
	for _, f := range files {
		c.write(t, f.kind+".csv", f.text)
		c.run(t, "rollcall-central", "import", "--config", c.path("central.yaml"), f.kind, c.path(f.kind+".csv"))
	}
}

// enrol gives a gateway its configuration, its lines and its identity.
func (c *campus) enrol(t *testing.T, name, building string) *gateway {
	t.Helper()
	g := &gateway{name: name, building: building, status: freeAddress(t), desk: newLine(t), door: newLine(t), cards: make(chan byte, 1)}
	go peripheral(g.door.reader, 2, g.cards)
	desk, door := "LIB-0.01/desk", "LIB-0.02/door"
	if building == "SCI" {
		desk, door = "SCI-1.01/desk", ""
	}
	text := fmt.Sprintf("data: %s\ncentral: {url: \"https://%s\"}\nstatus: {listen: \"%s\"}\nbuses:\n", c.path(name), c.uplink, g.status)
	text += fmt.Sprintf("  - {name: desk, driver: ascii, preset: rdm6300, device: %s, baud: 9600, hold_off: 50ms, readers: [{point: %s}]}\n", g.desk.path, desk)
	if door != "" {
		text += fmt.Sprintf("  - {name: ground, driver: osdp, device: %s, baud: 38400, readers: [{point: %s, address: 1}, {point: LIB-0.03/door, address: 2}]}\n", g.door.path, door)
		text += "bluetooth: {enabled: true, device: 15}\n"               // no machine has sixteen adapters
		text += fmt.Sprintf("journal: {mirror: %s}\n", c.path("mirror")) // it is not there: its metrics are
	}
	c.write(t, name+".yaml", text)
	invitation := c.run(t, "rollcall-central", "invite", "--config", c.path("central.yaml"), "--building", building, name)
	c.run(t, "rollcall-gateway", "enrol", "--config", c.path(name+".yaml"), strings.TrimSpace(invitation))
	return g
}

func (c *campus) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(c.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a command of a program to its end and returns what it printed.
func (c *campus) run(t *testing.T, program string, args ...string) string {
	t.Helper()
	var out, trouble bytes.Buffer
	cmd := exec.Command(filepath.Join(c.bin, program), args...)
	cmd.Stdout, cmd.Stderr = &out, &trouble
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, trouble.String())
	}
	return out.String()
}

// process is a running program; it is stopped with its test.
type process struct {
	name  string
	cmd   *exec.Cmd
	log   bytes.Buffer
	ended chan struct{} // closed when it has been waited for
}

func (c *campus) start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	p := &process{name: program, cmd: exec.Command(filepath.Join(c.bin, program), args...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	p.cmd.WaitDelay = time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", program, err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // how it ended is seen in its log
	}()
	t.Cleanup(func() { p.stop(t) })
	return p
}

func (p *process) stop(t *testing.T) {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended before
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.ended
		t.Errorf("%s did not end:\n%s", p.name, p.log.String())
	}
}

// await returns when an address answers 200.
func await(t *testing.T, p *process, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		if answers(ctx, url) {
			return
		}
		select {
		case <-again.C:
		case <-p.ended:
			t.Fatalf("%s ended:\n%s", p.name, p.log.String())
		case <-ctx.Done():
			t.Fatalf("%s does not answer at %s", p.name, url)
		}
	}
}

func answers(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// freeAddress is an address of this machine where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
