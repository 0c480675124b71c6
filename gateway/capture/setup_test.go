package capture

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/rollcall-edge/rollcall/drivers"
)

// workshop is a bus whose readers can be set up; each wish waits until it is granted.
type workshop struct {
	*bus
	wishes chan string
	grant  chan error
}

func (w *workshop) InstallKey(ctx context.Context, reader string) error {
	w.wishes <- "key for " + reader
	select {
	case err := <-w.grant:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *workshop) Move(_ context.Context, reader string, address byte, baud int) (gotAddress byte, gotBaud int, err error) {
	w.wishes <- "move " + reader
	return address + 1, baud * 2, <-w.grant
}

func commissioning(b *bus) (*Capture, *workshop) {
	w := &workshop{bus: b, wishes: make(chan string, 1), grant: make(chan error, 1)}
	return New(Options{Buses: []Bus{{Name: "bus", Driver: w, Readers: []string{"a", "b"}}}, Lights: &doors{}, Log: quiet}), w
}

func TestInstallKey(t *testing.T) {
	broken := errors.New("the reader refused the key")
	tests := []struct {
		name   string
		reader string
		other  bool // the other reader of the line answers
		shared bool
		grant  error
		want   error
	}{
		{"alone on its line", "a", false, false, nil, nil},
		{"another answers", "a", true, false, nil, ErrShared},
		{"another answers and that is accepted", "a", true, true, nil, nil},
		{"the driver's own reason", "a", false, false, broken, broken},
		{"nobody's reader", "z", false, false, nil, drivers.ErrNoReader},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBus(true, "a", "b")
			b.states["b"] = drivers.Status{Reader: "b", Up: test.other}
			c, w := commissioning(b)
			w.grant <- test.grant
			if err := c.MayInstall(test.reader, test.shared); test.want != broken && !errors.Is(err, test.want) || len(w.wishes) > 0 {
				t.Errorf("MayInstall = %v, want %v and that the driver is not asked", err, test.want)
			}
			if err := c.InstallKey(t.Context(), test.reader, test.shared); !errors.Is(err, test.want) {
				t.Errorf("InstallKey = %v, want %v", err, test.want)
			}
			wanted := test.want == nil || test.want == test.grant
			if got := len(w.wishes) == 1; got != wanted {
				t.Errorf("the driver was asked: %v, want %v", got, wanted)
			}
		})
	}
}

func TestMoveTellsWhatTheReaderAccepted(t *testing.T) {
	c, w := commissioning(newBus(true, "a", "b"))
	w.grant <- nil
	if address, baud, err := c.Move(t.Context(), "b", 3, 9600); address != 4 || baud != 19200 || err != nil {
		t.Errorf("Move = %d, %d, %v, want what the driver said", address, baud, err)
	}
}

func TestReadersOfALineAreSetUpOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, w := commissioning(newBus(true, "a", "b"))
		ctx, leave := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- c.InstallKey(ctx, "a", true) }()
		synctest.Wait()
		if err := c.InstallKey(t.Context(), "b", true); !errors.Is(err, ErrSetup) {
			t.Errorf("InstallKey of the second = %v, want %v", err, ErrSetup)
		}
		leave()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("InstallKey of the first = %v, want that it was left", err)
		}
		<-w.wishes
		w.grant <- nil
		if err := c.InstallKey(t.Context(), "b", true); err != nil {
			t.Errorf("InstallKey of the second, later = %v", err)
		}
	})
}

func TestLinesThatCannotBeSetUp(t *testing.T) {
	c := New(Options{Buses: []Bus{{Name: "bus", Driver: newBus(false, "a"), Readers: []string{"a"}}}, Lights: &doors{}, Log: quiet})
	if err := c.InstallKey(t.Context(), "a", false); !errors.Is(err, ErrFixed) {
		t.Errorf("InstallKey = %v, want %v", err, ErrFixed)
	}
	if _, _, err := c.Move(t.Context(), "a", 1, 9600); !errors.Is(err, ErrFixed) {
		t.Errorf("Move = %v, want %v", err, ErrFixed)
	}
}
