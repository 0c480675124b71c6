package drivertest

import (
	"io"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers"
)

// neighbours have cards and lights of their own.
func neighbours(t testing.TB, r Rig) {
	if r.Neighbour == nil {
		return
	}
	p := &pair{second: r.Neighbour.Device(t)}
	b := newBench(t, besides(r, p), setting{})
	defer b.end()
	b.until("both readers are up", func() bool { s := b.bus.Status(); return len(s) == 2 && s[0].Up && s[1].Up })
	b.bus.Show(r.Neighbour.Reader, drivers.Ready)
	b.shown(p.second, drivers.Ready)
	b.bus.Show(r.Reader, drivers.Fault)
	b.shown(p.first, drivers.Fault, drivers.Ready)

	p.first.Present(0)
	p.second.Present(2)
	b.until("each has read a card", func() bool {
		s := b.bus.Status()
		return s[0].Counts.Taps == 1 && s[1].Counts.Taps == 1
	})
	p.first.Present(1)
	p.second.Present(3)
	b.bus.Show(r.Neighbour.Reader, drivers.Accepted)
	b.shown(p.second, drivers.Accepted, drivers.Fault)
	b.wantOfEach(map[string][]string{r.Reader: {r.Cards[0], r.Cards[1]}, r.Neighbour.Reader: {r.Cards[2], r.Cards[3]}})
	b.nothing(watchFor)
}

// wantOfEach takes the reads of several readers; each reader's are in order.
func (b *bench) wantOfEach(want map[string][]string) {
	b.t.Helper()
	got := map[string][]string{}
	for _, cards := range want {
		for range cards {
			r := b.take()
			got[r.Reader] = append(got[r.Reader], r.Credential)
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		b.t.Fatalf("reads by reader (-want +got):\n%s", d)
	}
}

// silentNeighbour is configured and not there: the other reader does not suffer.
func silentNeighbour(t testing.TB, r Rig) {
	if r.Neighbour == nil {
		return
	}
	p := &pair{}
	b := newBench(t, besides(r, p), setting{})
	defer b.end()
	for _, i := range []int{0, 1, 2, 3} {
		b.device.Present(i)
		b.want(i)
	}
	b.until("the trouble of the silent reader is told", func() bool {
		s := b.bus.Status()[1]
		return s.Reader == r.Neighbour.Reader && !s.Up && s.Trouble != ""
	})
	if s := b.status(); !s.Up {
		t.Errorf("Status beside a silent reader = %+v, want up", s)
	}
}

// besides is the rig with both readers in the driver and the pair on the line.
func besides(r Rig, p *pair) Rig {
	first := r.Device
	r.Bus = r.Neighbour.Bus
	r.Device = func(t testing.TB) Device {
		p.first = first(t)
		return p
	}
	return r
}

// pair is two devices on one line: both hear everything, and either may speak.
type pair struct {
	first, second Device // second is nil when it is not there
}

func (p *pair) Present(i int)                 { p.first.Present(i) }
func (p *pair) Lights() <-chan drivers.Signal { return p.first.Lights() }

// Serve plays both until the line fails.
func (p *pair) Serve(line io.ReadWriter) {
	var served sync.WaitGroup
	var ears []*io.PipeWriter
	speaks := &turns{line: line}
	for _, d := range []Device{p.first, p.second} {
		if d == nil {
			continue
		}
		hears, ear := io.Pipe()
		ears = append(ears, ear)
		served.Go(func() {
			defer hears.Close()
			d.Serve(struct {
				io.Reader
				io.Writer
			}{hears, speaks})
		})
	}
	pass(line, ears)
	served.Wait()
}

// pass lets every ear hear all that is on the line, until the line fails.
func pass(line io.Reader, ears []*io.PipeWriter) {
	buf := make([]byte, 512)
	for {
		n, err := line.Read(buf)
		for _, ear := range ears {
			if err != nil {
				ear.CloseWithError(err)
				continue
			}
			ear.Write(buf[:n]) //nolint:errcheck // a device that has left hears nothing
		}
		if err != nil {
			return
		}
	}
}

// turns lets one device speak at a time.
type turns struct {
	mu   sync.Mutex
	line io.Writer
}

func (s *turns) Write(octets []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.line.Write(octets)
}
