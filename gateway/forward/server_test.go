package forward

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/central/contract"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of these tests.
const patience = 20 * time.Second

var quiet = slog.New(slog.DiscardHandler)

// model is central's side written again from the contract: it keeps each record once and can misbehave in front of that.
type model struct {
	*httptest.Server

	mu      sync.Mutex // guards everything that follows
	records map[contract.Stream][]string
	twice   int           // records that came again
	batches int           // requests that arrived
	changed chan struct{} // closed when a request has been answered
	faults  []fault       // one for each of the next requests
}

// fault misbehaves around store, which keeps the batch and writes the receipt. A nil fault is none.
type fault func(w http.ResponseWriter, r *http.Request, store func(http.ResponseWriter))

func newModel(t *testing.T, faults ...fault) *model {
	t.Helper()
	m := &model{records: map[contract.Stream][]string{}, changed: make(chan struct{}), faults: faults}
	m.Server = httptest.NewUnstartedServer(m)
	m.Config.ErrorLog = log.New(io.Discard, "", 0)
	m.EnableHTTP2 = true
	m.StartTLS()
	t.Cleanup(m.Close)
	return m
}

// client trusts the server and gives up on a silent one.
func (m *model) client(t *testing.T) *contract.Client {
	t.Helper()
	h := m.Client()
	h.Timeout = 300 * time.Millisecond
	t.Cleanup(h.CloseIdleConnections)
	return &contract.Client{HTTP: h, Base: m.URL}
}

func (m *model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.batches++
	defer func() {
		close(m.changed)
		m.changed = make(chan struct{})
	}()
	var f fault
	if len(m.faults) > 0 {
		f, m.faults = m.faults[0], m.faults[1:]
	}
	if f == nil {
		f = func(w http.ResponseWriter, _ *http.Request, store func(http.ResponseWriter)) { store(w) }
	}
	f(w, r, func(w http.ResponseWriter) { m.storeLocked(w, r) })
}

func (m *model) storeLocked(w http.ResponseWriter, r *http.Request) {
	var b contract.Batch
	z, err := gzip.NewReader(r.Body)
	if err != nil || json.NewDecoder(z).Decode(&b) != nil {
		problem(w, contract.Problem{Type: contract.ProblemMalformed, Status: 400})
		return
	}
	if len(b.Records) == 0 || len(b.Records) > 500 {
		problem(w, contract.Problem{Type: contract.ProblemTooLarge, Status: 413})
		return
	}
	held := m.records[b.Stream]
	if int(b.First) > len(held)+1 {
		problem(w, contract.Problem{Type: contract.ProblemGap, Status: 409, Expected: uint64(len(held) + 1)})
		return
	}
	for i, record := range b.Records {
		if n := int(b.First) + i; n <= len(held) {
			if held[n-1] != string(record) {
				problem(w, contract.Problem{Type: contract.ProblemFork, Status: 409})
				return
			}
			m.twice++
			continue
		}
		held = append(held, string(record))
	}
	m.records[b.Stream] = held
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(contract.Receipt{Stream: b.Stream, Through: uint64(len(held))})
}

func problem(w http.ResponseWriter, p contract.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// await waits until ok holds for what central has.
func (m *model) await(t *testing.T, what string, ok func(m *model) bool) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		m.mu.Lock()
		done, changed := ok(m), m.changed
		m.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-limit.C:
			t.Fatalf("central never came to this: %s", what)
		}
	}
}

// checkHolds compares what central keeps of a stream with what was written, one by one.
func (m *model) checkHolds(t *testing.T, b *box) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	held := m.records[b.Stream()]
	if got, want := len(held), int(b.Durable()); got != want {
		t.Fatalf("central holds %d records, want %d", got, want)
	}
	for i, record := range held {
		if record != string(b.record(uint64(i+1))) {
			t.Fatalf("record %d at central is not the one written", i+1)
		}
	}
}

// box is an outbox in memory: as the journal it hands out octets by number, and nothing it was not given.
type box struct {
	mu           sync.Mutex // guards everything that follows
	stream       contract.Stream
	records      [][]byte
	acknowledged uint64
	sealed       uint64
	changed      chan struct{}
	broken       error // of Read
}

func (b *box) Sealed() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sealed
}

func (b *box) seal(seq uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sealed = seq
}

func newBox(n int) *box {
	b := &box{stream: contract.NewStream(), changed: make(chan struct{})}
	b.write(n)
	return b
}

// write appends n heartbeats, each with its own time.
func (b *box) write(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range n {
		seq := uint64(len(b.records) + 1)
		at := time.Unix(1_800_000_000+int64(seq), 0).UTC()
		record, err := contract.AppendRecord(nil, contract.Record{
			ID:        contract.TapID{Stream: b.stream, Seq: seq},
			Stamp:     contract.Stamp{At: at, Quality: contract.NeverSet},
			Heartbeat: &contract.Heartbeat{Since: at},
		})
		if err != nil {
			panic(err) // the test wrote a record that cannot be
		}
		b.records = append(b.records, record)
	}
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *box) record(seq uint64) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.records[seq-1]
}

func (b *box) Stream() contract.Stream {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.stream
}

func (b *box) Durable() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return uint64(len(b.records))
}

func (b *box) Read(first uint64, maxRecords, maxBytes int) ([][]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken != nil {
		return nil, b.broken
	}
	var out [][]byte
	for _, r := range b.records[first-1:] {
		if maxBytes -= len(r); len(out) == maxRecords || maxBytes < 0 && len(out) > 0 {
			break
		}
		out = append(out, r)
	}
	return out, nil
}

func (b *box) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

func (b *box) Acknowledged() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.acknowledged
}

func (b *box) Acknowledge(seq uint64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if seq > uint64(len(b.records)) {
		return fmt.Errorf("acknowledged %d of %d", seq, len(b.records))
	}
	b.acknowledged = max(b.acknowledged, seq)
	return nil
}

// restart begins a new stream with nothing in it.
func (b *box) restart() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stream, b.records, b.acknowledged = contract.NewStream(), nil, 0
	close(b.changed)
	b.changed = make(chan struct{})
}

// quickLink is an uplink whose back-off is short.
func quickLink(t *testing.T, central Central) *Uplink {
	t.Helper()
	link := NewUplink(Options{Central: central, Log: quiet})
	link.backoff = backoff{first: time.Millisecond, most: 5 * time.Millisecond}
	return link
}

// run runs a runner until the returned function is called; the test fails if it ended with an error.
func run(t *testing.T, runner func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- runner(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("Run = %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}
