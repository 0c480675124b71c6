package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// pair connects host a with a port of host b.
func pair(t *testing.T, n *Network) (a, b net.Conn) {
	t.Helper()
	l, err := n.Listen("b:1")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if a, err = n.Dial(t.Context(), "a", "b:1"); err != nil {
		t.Fatal(err)
	}
	if b, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	return a, b
}

func read(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Errorf("read %q, %v, want %q", got, err, want)
	}
}

func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Errorf("write %q: %v", text, err)
	}
}

func TestOctetsTakeTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pair(t, New(func(from, _ string) time.Duration {
			return map[string]time.Duration{"a": time.Second, "b": time.Minute}[from]
		}))
		began := time.Now()
		write(t, a, "there")
		read(t, b, "there")
		write(t, b, "and back")
		read(t, a, "and back")
		if got, want := time.Since(began), time.Minute+time.Second; got != want {
			t.Errorf("there and back in %v, want %v", got, want)
		}
		a.Close()
		if _, err := b.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("read after the other end closed = %v, want EOF", err)
		}
	})
}

func TestCutHoldsBackOneWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(nil)
		a, b := pair(t, n)
		n.Cut("a", "b")
		write(t, a, "late")
		write(t, b, "at once")
		read(t, a, "at once")
		b.SetReadDeadline(time.Now().Add(time.Hour))
		if _, err := b.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("read over the cut line = %v, want a deadline", err)
		}
		b.SetReadDeadline(time.Time{})
		time.AfterFunc(time.Hour, func() { n.Heal("a", "b") })
		read(t, b, "late")
	})
}

func TestDialWaitsForTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(nil)
		if _, err := n.Dial(t.Context(), "a", "b:1"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial where nobody listens = %v, want refused", err)
		}
		l, err := n.Listen("b:1")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		n.Cut("b", "a")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := n.Dial(ctx, "a", "b:1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("dial over a cut line = %v, want a deadline", err)
		}
		time.AfterFunc(time.Minute, func() { n.Heal("b", "a") })
		if _, err := n.Dial(t.Context(), "a", "b:1"); err != nil {
			t.Errorf("dial once the line is back: %v", err)
		}
	})
}

// Who loses power forgets everything; the other side hears nothing of it before it asks a host that is up again.
func TestPowerLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(nil)
		a, b := pair(t, n)
		n.Down("b")
		if _, err := b.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("read without power = %v, want closed", err)
		}
		write(t, a, "into the dark")
		time.AfterFunc(time.Hour, func() { n.Up("b") })
		began := time.Now()
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("read = %v, want a reset", err)
		}
		if got := time.Since(began); got != time.Hour {
			t.Errorf("the reset came after %v, want an hour", got)
		}
	})
}
