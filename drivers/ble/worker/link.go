package worker

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/rollcall-edge/rollcall/drivers/ble/wire"
)

// link is the connection to the gateway. Open with dial, and close.
type link struct {
	conn   net.Conn
	within time.Duration
	counts *counts
	ring   chan wire.Advert // filled by go-ble's goroutines, which must never wait; nobody closes it
	notes  chan []byte      // status: few, and sent even while adverts are dropped
	stop   chan []byte      // given the last record, once, by close
	gone   chan struct{}    // closed when the gateway no longer reads
	lost   sync.Once
	group  sync.WaitGroup
}

func dial(ctx context.Context, o Options, c *counts) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, o.StartWithin)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", o.Socket)
	if err != nil {
		return nil, fmt.Errorf("connect to gateway: %w", err)
	}
	l := &link{
		conn: conn, within: o.HeartbeatWithin, counts: c,
		ring: make(chan wire.Advert, o.Queue), notes: make(chan []byte, 4),
		stop: make(chan []byte, 1), gone: make(chan struct{}),
	}
	l.group.Go(l.write)
	l.group.Go(l.read)
	return l, nil
}

// close sends last, which may be nil, as the last record, within a bound, and ends the connection.
func (l *link) close(last []byte) {
	l.stop <- last
	_ = l.conn.SetWriteDeadline(time.Now().Add(l.within))
	l.group.Wait()
}

// offer takes an advert if there is room, and counts it otherwise.
func (l *link) offer(a wire.Advert) {
	select {
	case l.ring <- a:
	default:
		l.counts.dropped.Add(1)
	}
}

// note sends a record that must not be dropped. It waits for a gateway that reads slowly, not for one that is gone.
func (l *link) note(record []byte) {
	select {
	case l.notes <- record:
	case <-l.gone:
	}
}

// read waits for the end: a gateway says nothing.
func (l *link) read() {
	_, _ = io.Copy(io.Discard, l.conn)
	l.fail()
}

func (l *link) fail() { l.lost.Do(func() { close(l.gone) }) }

// write sends records in bursts: it flushes when nothing waits.
func (l *link) write() {
	defer l.conn.Close()
	defer l.fail()
	w := bufio.NewWriterSize(l.conn, 8<<10)
	_, _ = w.Write(wire.AppendHello(nil)) // bufio keeps the error for Flush
	buf := make([]byte, 0, wire.MaxRecord)
	for {
		if len(l.ring) == 0 && len(l.notes) == 0 && w.Flush() != nil {
			return
		}
		select {
		case a := <-l.ring:
			buf = wire.AppendAdvert(buf[:0], &a)
		case buf = <-l.notes:
		case last := <-l.stop:
			_, _ = w.Write(last) // adverts that wait are of no use any more
			_ = w.Flush()        // on an error the gateway sees the end without a reason
			return
		}
		if _, err := w.Write(buf); err != nil {
			return
		}
	}
}
