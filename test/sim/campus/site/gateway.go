package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
)

// StatusAddress is the fixed address of the status page of gateway number n.
func StatusAddress(n int) string { return fmt.Sprintf("127.0.0.1:%d", 9100+n) }

// clusterAddress is where gateway number n takes connections of its peers.
func clusterAddress(n int) string { return fmt.Sprintf("127.0.0.1:%d", 7100+n) }

// Gateway is one building's gateway as a process, with its readers.
type Gateway struct {
	Process
	Building campus.Building
	Lines    *Lines
	config   string
	data     string
	dir      string
	http     *http.Client
}

// newGateway writes the configuration; nothing is started. The addresses are those of the cables.
func newGateway(dir, bin string, b campus.Building, lines *Lines, links *Links) (*Gateway, error) {
	g := &Gateway{
		Building: b, Lines: lines, dir: dir, http: &http.Client{Timeout: 2 * time.Second},
		config: filepath.Join(dir, "gateway-"+b.ID+".yaml"), data: filepath.Join(dir, "gateway-"+b.ID),
	}
	if err := os.WriteFile(g.config, []byte(g.yaml(links)), 0o600); err != nil {
		return nil, fmt.Errorf("configure gateway %s: %w", b.ID, err)
	}
	g.Process = Process{
		Name: "gateway " + b.ID, Path: filepath.Join(bin, "rollcall-gateway"), Args: []string{"run", "--config", g.config},
		Log: filepath.Join(dir, "log", "gateway-"+b.ID+".log"),
	}
	return g, nil
}

func (g *Gateway) yaml(links *Links) string {
	var y strings.Builder
	n := g.Building.Number
	fmt.Fprintf(&y, "data: %q\ncentral: {url: \"https://%s\"}\nstatus: {listen: %s}\n", g.data, links.ToCentral(n), StatusAddress(n))
	fmt.Fprintf(&y, "cluster:\n  listen: %s\n  members:\n", clusterAddress(n))
	for _, b := range campus.Buildings {
		address := clusterAddress(n)
		if b.Number != n {
			address = links.Between(n, b.Number)
		}
		fmt.Fprintf(&y, "    - {gateway: %s, address: %q}\n", b.ID, address)
	}
	y.WriteString("buses:\n")
	for _, l := range g.Lines.All {
		y.WriteString(l.yaml())
	}
	return y.String()
}

// Enrolled reports whether the gateway has an identity.
func (g *Gateway) Enrolled() bool {
	entries, err := os.ReadDir(filepath.Join(g.data, "identity"))
	return err == nil && len(entries) > 0
}

// Enrol trades an invitation for an identity, as a technician does.
func (g *Gateway) Enrol(ctx context.Context, invitation string) error {
	_, err := run(ctx, g.Path, filepath.Join(g.dir, "log", "commands.log"), "enrol", "--config", g.config, invitation)
	return err
}

// Up starts the gateway and waits until it can keep taps.
func (g *Gateway) Up(ctx context.Context) error {
	if err := g.Start(); err != nil {
		return err
	}
	return await(ctx, 30*time.Second, "gateway "+g.Building.ID+" can keep taps", func(ctx context.Context) (bool, error) {
		return g.healthy(ctx), g.Ended()
	})
}

func (g *Gateway) healthy(ctx context.Context) bool {
	text, err := g.page(ctx, "/healthz")
	return err == nil && text != ""
}

// Dead reports whether nobody answers at the gateway's address.
func (g *Gateway) Dead(ctx context.Context) bool {
	_, err := g.page(ctx, "/healthz")
	return err != nil
}

// Journal is how far the gateway's own journal has come, as its metrics say.
type Journal struct {
	Durable      uint64 // on its disk
	Replicated   uint64 // on a majority of the cluster
	Acknowledged uint64 // at central
	Leads        bool
	Timetable    uint64 // version in force
}

// Journal reads the gateway's metrics.
func (g *Gateway) Journal(ctx context.Context) (Journal, error) {
	m, err := scrape(ctx, g.http, "http://"+StatusAddress(g.Building.Number)+"/metrics")
	if err != nil {
		return Journal{}, err
	}
	return Journal{
		Durable: uint64(m["rollcall_gateway_journal_durable"]), Replicated: uint64(m["rollcall_gateway_replicated_records"]),
		Acknowledged: uint64(m["rollcall_gateway_journal_acknowledged"]), Leads: m[`rollcall_gateway_raft_state{state="leader"}`] == 1,
		Timetable: uint64(m["rollcall_gateway_timetable_version"]),
	}, nil
}

var (
	ownStream = regexp.MustCompile(`<dt>Stream</dt><dd><code>([0-9a-f]{16})</code>`)
	copyLine  = regexp.MustCompile(`<code>([0-9a-f]{16})</code></th><td>([0-9]+)</td><td>[0-9]+</td>`)
)

// ErrPage means that the status page does not say what it should.
var ErrPage = errors.New("the status page is not as expected")

// Copies reads from the status page which stream is the gateway's own, and how far its replica holds each stream of the
// cluster.
func (g *Gateway) Copies(ctx context.Context) (own string, held map[string]uint64, err error) {
	page, err := g.page(ctx, "/")
	if err != nil {
		return "", nil, err
	}
	return CopiesOn(page)
}

// CopiesOn finds on a gateway's status page what Copies tells.
func CopiesOn(page string) (own string, held map[string]uint64, err error) {
	m := ownStream.FindStringSubmatch(page)
	if m == nil {
		return "", nil, fmt.Errorf("%w: no stream", ErrPage)
	}
	held = map[string]uint64{}
	for _, line := range copyLine.FindAllStringSubmatch(page, -1) {
		n, err := strconv.ParseUint(line[2], 10, 64)
		if err != nil {
			return "", nil, fmt.Errorf("%w: %w", ErrPage, err)
		}
		held[line[1]] = n
	}
	return m[1], held, nil
}

func (g *Gateway) page(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+StatusAddress(g.Building.Number)+path, nil)
	if err != nil {
		return "", fmt.Errorf("ask gateway %s: %w", g.Building.ID, err)
	}
	response, err := g.http.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask gateway %s: %w", g.Building.ID, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	if err != nil {
		return "", fmt.Errorf("ask gateway %s: %w", g.Building.ID, err)
	}
	return string(text), nil
}
