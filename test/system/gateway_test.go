package system

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/identity"
	"github.com/rollcall-edge/rollcall/gateway/journal"
	"github.com/rollcall-edge/rollcall/test/sim/campus/proxy"
	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
)

const (
	busBaud  = 38400
	deskBaud = 9600
	holdOff  = time.Second             // of the desk's reader
	dwell    = 2500 * time.Millisecond // how long people hold a card to the desk: longer than the hold-off
)

// gateway is one gateway with its readers and the cable to central.
type gateway struct {
	site.Process
	c       *campus
	post    post
	config  string
	data    string
	status  string            // address of its page
	members map[string]string // address of every gateway of the cluster; nil for a cluster of one
	uplink  *proxy.Cable
	bus     *reader.Line // with the doors
	desk    *reader.Line // with one reader that pushes
	readers map[string]*reader.Reader
	panels  map[string]*reader.OSDP // of the doors
}

// newGateway plugs the readers in, writes the configuration and enrols the gateway; it is not started.
func newGateway(c *campus, at post, members map[string]string) *gateway {
	c.t.Helper()
	g := &gateway{
		c: c, post: at, members: members, status: freeAddress(c.t), readers: map[string]*reader.Reader{}, panels: map[string]*reader.OSDP{},
		config: filepath.Join(c.dir, at.gateway+".yaml"), data: filepath.Join(c.dir, at.gateway),
	}
	c.gateways[at.gateway] = g // closed with the campus from here on
	var err error
	g.uplink, err = proxy.Open(c.central.gateways)
	must(c.t, err)
	g.plugIn()
	g.Process = c.process(at.gateway, "rollcall-gateway", "run", "--config", g.config)
	g.configure(g.uplink.Addr())
	g.enrol()
	return g
}

func (g *gateway) plugIn() {
	g.c.t.Helper()
	var err error
	g.bus, err = reader.NewLine(g.c.dir, "usb-"+g.post.gateway+"-bus", reader.Options{Baud: busBaud, Seed: 7})
	must(g.c.t, err)
	for n := 1; n <= doors; n++ {
		r := room(g.post.building, n)
		g.panels[r], err = g.bus.AddOSDP(r, byte(n), osdp.Options{})
		must(g.c.t, err)
		g.readers[r] = g.panels[r].Reader
	}
	g.desk, err = reader.NewLine(g.c.dir, "usb-"+g.post.gateway+"-desk", reader.Options{Baud: deskBaud, Seed: 8})
	must(g.c.t, err)
	module := ascii.RDM6300()
	module.Dwell = dwell
	r := room(g.post.building, desk)
	g.readers[r], err = g.desk.AddASCII(r, module)
	must(g.c.t, err)
}

// configure writes the configuration; central is an address.
func (g *gateway) configure(central string) {
	g.c.t.Helper()
	var y strings.Builder
	fmt.Fprintf(&y, "data: %q\ncentral: {url: \"https://%s\"}\nstatus: {listen: %s}\n", g.data, central, g.status)
	if len(g.members) > 0 {
		fmt.Fprintf(&y, "cluster:\n  listen: %s\n  members:\n", g.members[g.post.gateway])
		for _, at := range three {
			fmt.Fprintf(&y, "    - {gateway: %s, address: %q}\n", at.gateway, g.members[at.gateway])
		}
	}
	fmt.Fprintf(&y, "buses:\n  - name: bus\n    driver: osdp\n    device: %q\n    baud: %d\n    readers:\n", g.bus.Path(), busBaud)
	for n := 1; n <= doors; n++ {
		fmt.Fprintf(&y, "      - {point: %s, address: %d}\n", point(room(g.post.building, n)), n)
	}
	fmt.Fprintf(&y, "  - name: desk\n    driver: ascii\n    preset: rdm6300\n    device: %q\n    baud: %d\n    hold_off: %v\n    readers:\n      - {point: %s}\n",
		g.desk.Path(), deskBaud, holdOff, point(room(g.post.building, desk)))
	must(g.c.t, os.WriteFile(g.config, []byte(y.String()), 0o600))
}

func (g *gateway) enrol() {
	g.c.t.Helper()
	invitation := g.c.central.must("invite", "--building", g.post.building, g.post.gateway)
	if _, complaints, status := execute(g.c.t.Context(), g.Path, "enrol", "--config", g.config, invitation); status != 0 {
		g.c.t.Fatalf("enrol %s: status %d: %s", g.post.gateway, status, complaints)
	}
}

// kill ends the gateway as a power cut ends it, as far as its process is concerned.
func (g *gateway) kill() {
	g.c.t.Helper()
	if !g.Kill() {
		g.c.t.Fatalf("%s was not ended by the signal", g.post.gateway)
	}
}

// stop ends the gateway well.
func (g *gateway) stop() {
	g.c.t.Helper()
	must(g.c.t, g.Stop())
}

func (g *gateway) close() error {
	errs := []error{g.Stop()}
	for _, l := range []*reader.Line{g.bus, g.desk} {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	if g.uplink != nil {
		errs = append(errs, g.uplink.Close())
	}
	return errors.Join(errs...)
}

// get reads a page of the gateway's own.
func (g *gateway) get(path string) (string, error) {
	request, err := http.NewRequestWithContext(g.c.t.Context(), http.MethodGet, "http://"+g.status+path, nil)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", g.post.gateway, err)
	}
	return answer(g.c.central.api.HTTP, request)
}

// metrics reads the gateway's metrics.
func (g *gateway) metrics() (site.Metrics, error) {
	return (&site.API{Base: "http://" + g.status, HTTP: g.c.central.api.HTTP}).Metrics(g.c.t.Context())
}

// reach is how far a gateway's journal has come.
type reach struct{ durable, replicated, acknowledged uint64 }

func (g *gateway) reach() (reach, error) {
	m, err := g.metrics()
	return reach{
		durable: uint64(m["rollcall_gateway_journal_durable"]), replicated: uint64(m["rollcall_gateway_replicated_records"]),
		acknowledged: uint64(m["rollcall_gateway_journal_acknowledged"]),
	}, err
}

// copies reads from the gateway's page its own stream and how far it holds each stream of the cluster.
func (g *gateway) copies() (own string, held map[string]uint64, err error) {
	text, err := g.get("/")
	if err != nil {
		return "", nil, err
	}
	return site.CopiesOn(text)
}

// stream is the gateway's own.
func (g *gateway) stream() string {
	g.c.t.Helper()
	own, _, err := g.copies()
	must(g.c.t, err)
	return own
}

// identity is who the gateway is, from its disk.
func (g *gateway) identity() *identity.Identity {
	g.c.t.Helper()
	id, err := identity.Open(identity.Options{Dir: filepath.Join(g.data, "identity")})
	must(g.c.t, err)
	return id
}

// client speaks to central as the gateway.
func (g *gateway) client() (c *contract.Client, hangUp func()) {
	g.c.t.Helper()
	transport := &http.Transport{TLSClientConfig: g.identity().ClientTLS(), ForceAttemptHTTP2: true}
	return &contract.Client{HTTP: &http.Client{Transport: transport, Timeout: patience}, Base: "https://" + g.c.central.gateways}, transport.CloseIdleConnections
}

// journal reads the journal of a gateway that is stopped: its stream and every record in it, as octets.
func (g *gateway) journal() (contract.Stream, [][]byte) {
	g.c.t.Helper()
	j, err := journal.Open(journal.Options{Dir: filepath.Join(g.data, "journal")})
	must(g.c.t, err)
	records, err := readAll(j.Read, j.Durable())
	must(g.c.t, errors.Join(err, j.Close()))
	if q, damaged := j.Quarantined(); damaged {
		g.c.t.Errorf("the journal of %s was damaged: %s", g.post.gateway, q.Reason)
	}
	return j.Stream(), records
}

// readAll reads records 1 to last.
func readAll(read func(first uint64, records, octets int) ([][]byte, error), last uint64) ([][]byte, error) {
	var all [][]byte
	for uint64(len(all)) < last {
		some, err := read(uint64(len(all))+1, contract.MaxBatchRecords, contract.MaxBatchBytes)
		if err != nil {
			return nil, err
		}
		if len(some) == 0 {
			return nil, fmt.Errorf("the records end at %d, want %d", len(all), last)
		}
		all = append(all, some...)
	}
	return slices.Clip(all), nil
}
