package replicate

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/journal"
)

// book is a journal in memory, for shippers in fake time. Records below kept were pruned.
type book struct {
	t testing.TB

	mu      sync.Mutex // guards everything that follows
	stream  contract.Stream
	durable uint64
	kept    uint64
	other   bool // its records differ from encoded's: another history
	changed chan struct{}
}

func newBook(t testing.TB, durable uint64) *book {
	return &book{t: t, stream: streamA, durable: durable, kept: 1, changed: make(chan struct{})}
}

func (b *book) Stream() contract.Stream  { b.mu.Lock(); defer b.mu.Unlock(); return b.stream }
func (b *book) Durable() uint64          { b.mu.Lock(); defer b.mu.Unlock(); return b.durable }
func (b *book) Changed() <-chan struct{} { b.mu.Lock(); defer b.mu.Unlock(); return b.changed }

func (b *book) Read(first uint64, maxRecords, _ int) ([][]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if first < b.kept {
		return nil, journal.ErrNotFound
	}
	if first > b.durable {
		return nil, nil
	}
	records := encoded(b.t, b.stream, first, min(int(b.durable-first+1), maxRecords))
	if b.other {
		records[0][50] ^= 1
	}
	return records, nil
}

// write sets the number of the last record.
func (b *book) write(durable uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.durable = durable
	close(b.changed)
	b.changed = make(chan struct{})
}

// begin starts a new stream with as many records.
func (b *book) begin(s contract.Stream) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stream, b.other = s, false
}

// peers is a cluster in memory, which a shipper in fake time can use. It does what a command asks at once, unless down
// says otherwise.
type peers struct {
	mu      sync.Mutex // guards everything that follows
	down    error
	asked   []command
	held    map[contract.Stream]uint64
	acked   map[contract.Stream]uint64
	changed chan struct{}
}

func newPeers(held uint64) *peers {
	return &peers{held: map[contract.Stream]uint64{streamA: held}, acked: map[contract.Stream]uint64{}, changed: make(chan struct{})}
}

func (p *peers) Watermark(s contract.Stream) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held[s]
}
func (p *peers) Acknowledged(s contract.Stream) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.acked[s]
}
func (p *peers) Changed() <-chan struct{} { p.mu.Lock(); defer p.mu.Unlock(); return p.changed }
func (p *peers) Read(s contract.Stream, first uint64, _, _ int) ([][]byte, error) {
	raw, err := contract.AppendRecord(nil, tapRecord(s, first))
	return [][]byte{raw}, err
}

func (p *peers) commands() []command { p.mu.Lock(); defer p.mu.Unlock(); return p.asked }
func (p *peers) setDown(err error)   { p.mu.Lock(); defer p.mu.Unlock(); p.down = err }

func (p *peers) acknowledge(s contract.Stream, seq uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acked[s] = seq
}

func (p *peers) submit(_ context.Context, cmd []byte) (answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, err := decodeCommand(cmd)
	if err != nil {
		return answer{}, err
	}
	p.asked = append(p.asked, c)
	if p.down != nil {
		return answer{}, p.down
	}
	if c.seq > max(p.held[c.stream], p.acked[c.stream])+1 {
		return answer{code: codeGap, through: p.held[c.stream]}, nil
	}
	p.held[c.stream] = max(p.held[c.stream], c.last())
	close(p.changed)
	p.changed = make(chan struct{})
	return answer{through: p.held[c.stream]}, nil
}

// shipping runs a shipper in fake time until settle has looked at it.
func shipping(t *testing.T, b *book, p *peers, o ShipperOptions, settle func(s *Shipper)) error {
	t.Helper()
	s := newShipper(b, p, o)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	settle(s)
	cancel()
	return <-ended
}

func TestShipperSendsWhatIsNewInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, b := newPeers(0), newBook(t, 1200)
		err := shipping(t, b, p, ShipperOptions{}, func(s *Shipper) {
			time.Sleep(time.Second)
			synctest.Wait()
			if got := s.Replicated(); got != 1200 {
				t.Errorf("replicated = %d, want 1200", got)
			}
			b.write(1203)
			time.Sleep(time.Second)
			synctest.Wait()
			if got := s.Replicated(); got != 1203 {
				t.Errorf("replicated = %d, want 1203", got)
			}
		})
		if err != nil {
			t.Error(err)
		}
		next := uint64(1)
		for _, c := range p.commands() {
			if c.seq != next {
				t.Errorf("command begins at %d, want %d", c.seq, next)
			}
			if n := len(c.records); n > maxShipRecords {
				t.Errorf("command of %d records", n)
			}
			next = c.last() + 1
		}
		if len(p.commands()) != 4 { // 512 + 512 + 176, then 3
			t.Errorf("%d commands, want 4", len(p.commands()))
		}
	})
}

// Lone taps that come close together share a command.
func TestShipperLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, b := newPeers(0), newBook(t, 0)
		err := shipping(t, b, p, ShipperOptions{Linger: 50 * time.Millisecond}, func(s *Shipper) {
			for n := uint64(1); n <= 5; n++ {
				b.write(n)
				time.Sleep(5 * time.Millisecond)
			}
			time.Sleep(20 * time.Millisecond)
			if len(p.commands()) != 0 {
				t.Error("sent before the linger was over")
			}
			time.Sleep(time.Second)
			synctest.Wait()
		})
		if err != nil {
			t.Error(err)
		}
		if len(p.commands()) != 1 || len(p.commands()[0].records) != 5 {
			t.Errorf("%d commands, want one with 5 records", len(p.commands()))
		}
	})
}

// Isolated for an hour: the shipper neither gives up nor asks all the time, and goes on by itself.
func TestShipperOutlivesIsolation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, b := newPeers(0), newBook(t, 3)
		p.setDown(ErrNoLeader)
		err := shipping(t, b, p, ShipperOptions{}, func(s *Shipper) {
			time.Sleep(time.Hour)
			synctest.Wait()
			if n := len(p.commands()); n < 1800 || n > 7200 {
				t.Errorf("%d attempts in an hour, want about one a second", n)
			}
			p.setDown(nil)
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if got := s.Replicated(); got != 3 {
				t.Errorf("replicated = %d, want 3", got)
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// The disk went back in time, or has a twin: the stream must not go on under its name.
func TestShipperFindsATwin(t *testing.T) {
	for _, tt := range []struct {
		name  string
		held  uint64 // records the cluster has
		mine  uint64
		other bool
		want  error
	}{
		{"the cluster has more", 5, 3, false, ErrAhead},
		{"the last common record differs", 3, 7, true, ErrFork},
		{"one history", 3, 7, false, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p, b := newPeers(tt.held), newBook(t, tt.mine)
				b.other = tt.other
				settle := func(*Shipper) { time.Sleep(time.Second); synctest.Wait() }
				if err := shipping(t, b, p, ShipperOptions{}, settle); !errors.Is(err, tt.want) {
					t.Errorf("Run = %v, want %v", err, tt.want)
				}
				if tt.want == nil {
					return
				}
				var reason error
				err := shipping(t, b, p, ShipperOptions{Twin: func(err error) error {
					reason = err
					b.begin(streamB)
					return nil
				}}, settle)
				if err != nil || !errors.Is(reason, tt.want) {
					t.Errorf("Run = %v with reason %v, want to go on because of %v", err, reason, tt.want)
				}
				if got := p.Watermark(streamB); got != tt.mine {
					t.Errorf("new stream is replicated up to %d, want %d", got, tt.mine)
				}
			})
		})
	}
}

// All replicas are gone and the journal has pruned what central holds: it goes on behind that.
func TestShipperGoesOnBehindPrunedRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, b := newPeers(0), newBook(t, 20)
		b.kept = 8
		err := shipping(t, b, p, ShipperOptions{}, func(s *Shipper) {
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if len(p.commands()) != 0 {
				t.Error("sent records that leave a gap")
			}
			p.acknowledge(streamA, 10)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if got := p.Watermark(streamA); got != 20 {
				t.Errorf("replicated = %d, want 20", got)
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestShipperMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, b := newPeers(0), newBook(t, 3)
		p.setDown(ErrNoLeader)
		reg := prometheus.NewRegistry()
		at := tapRecord(streamA, 1).Stamp.At
		o := ShipperOptions{Registerer: reg, Now: func() time.Time { return at.Add(90 * time.Second) }}
		err := shipping(t, b, p, o, func(*Shipper) {
			time.Sleep(time.Second)
			synctest.Wait()
			expectMetrics(t, reg, map[string]float64{"rollcall_gateway_replicated_records": 0, "rollcall_gateway_unreplicated_oldest_seconds": 90})
			p.setDown(nil)
			time.Sleep(5 * time.Second)
			synctest.Wait()
			expectMetrics(t, reg, map[string]float64{"rollcall_gateway_replicated_records": 3, "rollcall_gateway_unreplicated_oldest_seconds": 0})
		})
		if err != nil {
			t.Error(err)
		}
		if n, err := testutil.GatherAndCount(reg); err != nil || n != 0 {
			t.Errorf("%d metrics after the end, %v", n, err)
		}
	})
}

// expectMetrics compares single-valued metrics by name; labels as name{value}.
func expectMetrics(t *testing.T, reg *prometheus.Registry, want map[string]float64) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			if ls := m.GetLabel(); len(ls) > 0 {
				name += "{" + ls[0].GetValue() + "}"
			}
			switch {
			case m.GetGauge() != nil:
				got[name] = m.GetGauge().GetValue()
			case m.GetCounter() != nil:
				got[name] = m.GetCounter().GetValue()
			}
		}
	}
	for name, val := range want {
		if v, ok := got[name]; !ok || v != val {
			t.Errorf("%s = %v (there: %v), want %v", name, v, ok, val)
		}
	}
}

// Whenever a lone tap comes, it leaves at a full tenth of a second, as those of other gateways do: Raft's flushes are shared.
func TestShippersDepartTogether(t *testing.T) {
	for _, tt := range []struct{ tapped, left time.Duration }{
		{3 * time.Millisecond, 100 * time.Millisecond},
		{99 * time.Millisecond, 100 * time.Millisecond},
		{180 * time.Millisecond, 200 * time.Millisecond},
		{240 * time.Millisecond, 300 * time.Millisecond},
	} {
		synctest.Test(t, func(t *testing.T) {
			p, b, began := newPeers(0), newBook(t, 0), time.Now() // a bubble's time begins at a full second
			err := shipping(t, b, p, ShipperOptions{}, func(*Shipper) {
				time.Sleep(tt.tapped)
				b.write(1)
				time.Sleep(tt.left - tt.tapped - time.Millisecond)
				synctest.Wait()
				if len(p.commands()) != 0 {
					t.Errorf("the tap at %v left before %v", tt.tapped, tt.left)
				}
				time.Sleep(2 * time.Millisecond)
				synctest.Wait()
				if len(p.commands()) != 1 {
					t.Errorf("the tap at %v has not left after %v", tt.tapped, time.Since(began))
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}
