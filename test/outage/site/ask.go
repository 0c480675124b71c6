package site

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/test/outage/history"
	"github.com/rollcall-edge/rollcall/test/sim/campus/site"
)

// Progress is how far the gateway is, by its metrics and its page.
func (g *Gateway) Progress(ctx context.Context) (history.Progress, error) {
	asked := time.Now()
	m, err := g.Metrics(ctx)
	if err != nil {
		return history.Progress{}, err
	}
	own, _, err := g.Copies(ctx)
	return history.Progress{
		Took:   time.Since(asked),
		Stream: own, Durable: uint64(m["rollcall_gateway_journal_durable"]), Replicated: uint64(m["rollcall_gateway_replicated_records"]),
		Acknowledged: uint64(m["rollcall_gateway_journal_acknowledged"]), Leader: m[`rollcall_gateway_raft_state{state="leader"}`] == 1,
		Resident: uint64(m["process_resident_memory_bytes"]), Goroutines: int(m["go_goroutines"]),
	}, err
}

// Metrics are samples by their series as it is written.
func (g *Gateway) Metrics(ctx context.Context) (map[string]float64, error) {
	text, err := g.page(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	m := map[string]float64{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		series, value, ok := cutLast(lines.Text())
		if !ok || strings.HasPrefix(series, "#") {
			continue
		}
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			m[series] = v
		}
	}
	return m, lines.Err()
}

func cutLast(line string) (before, after string, ok bool) {
	cut := strings.LastIndexByte(line, ' ')
	if cut < 0 {
		return "", "", false
	}
	return line[:cut], line[cut+1:], true
}

// Copies reads from the status page which stream is the gateway's own, and how far its replica holds each stream.
func (g *Gateway) Copies(ctx context.Context) (own string, held map[string]uint64, err error) {
	page, err := g.page(ctx, "/")
	if err != nil {
		return "", nil, err
	}
	return site.CopiesOn(page)
}

func (g *Gateway) page(ctx context.Context, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", statusPort(g.Building.Number), path), nil)
	if err != nil {
		return "", fmt.Errorf("ask gateway %s: %w", g.Building.ID, err)
	}
	response, err := g.http.Do(request)
	if err != nil {
		return "", fmt.Errorf("ask gateway %s: %w", g.Building.ID, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	if err != nil {
		return "", fmt.Errorf("ask gateway %s: %w", g.Building.ID, err)
	}
	return string(text), nil
}

// Sample asks everybody how far they are: gateways first.
func (s *Site) Sample(ctx context.Context) history.Sample {
	sample := history.Sample{Gateways: map[string]history.Progress{}}
	for _, g := range s.Gateways {
		if p, err := g.Progress(ctx); err == nil {
			sample.Gateways[g.Building.ID] = p
		}
	}
	streams, err := s.Central.API.Streams(ctx)
	if err != nil {
		return sample
	}
	sample.Central = map[string]uint64{}
	for _, st := range streams {
		sample.Central[st.ID] = st.Through
	}
	return sample
}
