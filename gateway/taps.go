package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/config"
	"github.com/rollcall-edge/rollcall/gateway/decide"
)

// ringSize is how many taps a technician can look back.
const ringSize = 100

// ring remembers the last taps as lines of text; the card only by the first digits of its digest.
type ring struct {
	lines [ringSize]string
	next  int
}

func (r *ring) add(line string) {
	r.lines[r.next%ringSize] = line
	r.next++
}

// oldestFirst lists what is remembered.
func (r *ring) oldestFirst() []string {
	var all []string
	for i := max(0, r.next-ringSize); i < r.next; i++ {
		all = append(all, r.lines[i%ringSize])
	}
	return all
}

func (g *Gateway) note(id contract.TapID, s contract.Stamp, f decide.Facts, d decide.Decision) {
	card := f.Digest.Short()
	switch {
	case f.Several:
		card = "several "
	case f.Unsuitable:
		card = "nobody  "
	}
	line := fmt.Sprintf("%s %8d %s %-24s %-12s %s", s.At.Format("2006-01-02 15:04:05.000Z"), id.Seq, card, f.Point, resultOf(d), d.Session)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.recent.add(line)
}

// The socket is for whoever may read the gateway's data, on this machine.
func tapsSocket(c *config.Gateway) string { return filepath.Join(c.Data, "taps.sock") }

const (
	tapsWithin = 2 * time.Second
	tapsAgain  = 10 * time.Second
)

// serveTaps writes the last taps to everyone who connects to the socket, until ctx ends. It does without the socket when
// that cannot be made.
func (g *Gateway) serveTaps(ctx context.Context) error {
	for ctx.Err() == nil {
		err := g.listenTaps(ctx)
		if ctx.Err() != nil {
			break
		}
		g.log.Warn("last taps are not served", slog.Any("error", err))
		sleep(ctx, tapsAgain)
	}
	return nil
}

func (g *Gateway) listenTaps(ctx context.Context) error {
	path := tapsSocket(g.config)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove old socket: %w", err)
	}
	var c net.ListenConfig
	listener, err := c.Listen(ctx, "unix", path)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer listener.Close()
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("guard socket: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	for {
		conn, err := listener.Accept()
		if err != nil {
			return fmt.Errorf("accept: %w", err)
		}
		g.writeTaps(conn)
	}
}

// writeTaps serves one caller at a time, each for a moment only.
func (g *Gateway) writeTaps(conn net.Conn) {
	defer conn.Close()
	g.mu.Lock()
	lines := g.recent.oldestFirst()
	g.mu.Unlock()
	if err := conn.SetDeadline(time.Now().Add(tapsWithin)); err != nil {
		return // it has gone already
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(conn, line); err != nil {
			return // the caller has seen enough
		}
	}
}

// ErrNotRunning means there is no gateway to ask.
var ErrNotRunning = errors.New("no gateway runs with this configuration, or it is another user's")

// PrintTaps asks the gateway running with this configuration for its last taps, oldest first, a line each: time, number,
// first digits of the card's digest, point, result, session.
func PrintTaps(ctx context.Context, c *config.Gateway, w io.Writer) error {
	conn, err := (&net.Dialer{Timeout: tapsWithin}).DialContext(ctx, "unix", tapsSocket(c))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotRunning, err)
	}
	defer conn.Close()
	if _, err := io.Copy(w, conn); err != nil {
		return fmt.Errorf("read last taps: %w", err)
	}
	return nil
}
