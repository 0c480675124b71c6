package capture

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers"
)

func (d *doors) set(s drivers.Signal) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.steady = s
	close(d.changed)
	d.changed = make(chan struct{})
}

func TestTryShowsEachLightAndThenTheSteadyOne(t *testing.T) {
	capturing(t, only("a"), &desk{}, func(c *Capture, b *bus, _ *doors, _ func()) {
		b.log()
		var told []drivers.Signal
		startedAt := time.Now()
		err := c.Try(context.Background(), "a", []drivers.Signal{drivers.Ready, drivers.Refused}, func(s drivers.Signal) { told = append(told, s) })
		if err != nil {
			t.Errorf("Try = %v", err)
		}
		if diff := cmp.Diff(told, []drivers.Signal{drivers.Ready, drivers.Refused}); diff != "" {
			t.Errorf("told (-got +want):\n%s", diff)
		}
		if diff := cmp.Diff(b.log(), []string{"a ready", "a refused", "a off"}); diff != "" {
			t.Errorf("lights (-got +want):\n%s", diff)
		}
		if took := time.Since(startedAt); took != 4*time.Second {
			t.Errorf("two lights took %v, want 4 s", took)
		}
	})
}

// A light must be true to whoever stands there: a trial neither begins nor goes on where it would not be.
func TestTryIsRefused(t *testing.T) {
	tests := []struct {
		name   string
		reader string
		before func(c *Capture, b *bus, lights *doors)
		want   error
	}{
		{"nobody's reader", "z", func(*Capture, *bus, *doors) {}, drivers.ErrNoReader},
		{"down", "a", func(_ *Capture, b *bus, _ *doors) { b.states["a"] = drivers.Status{Reader: "a"} }, ErrDown},
		{"a register is open", "a", func(_ *Capture, _ *bus, lights *doors) { lights.set(drivers.Ready) }, ErrOpen},
		{"tried already", "a", func(c *Capture, _ *bus, _ *doors) {
			go func() {
				_ = c.Try(context.Background(), "a", []drivers.Signal{drivers.Refused}, func(drivers.Signal) {})
			}()
			synctest.Wait()
		}, ErrTrying},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			capturing(t, only("a"), &desk{}, func(c *Capture, b *bus, lights *doors, _ func()) {
				test.before(c, b, lights)
				synctest.Wait()
				b.log()
				err := c.Try(context.Background(), test.reader, []drivers.Signal{drivers.Accepted}, func(drivers.Signal) { t.Error("a light was tried") })
				if !errors.Is(err, test.want) {
					t.Errorf("Try = %v, want %v", err, test.want)
				}
				if diff := cmp.Diff(b.log(), []string(nil)); diff != "" {
					t.Errorf("lights (-got +want):\n%s", diff)
				}
				time.Sleep(tryFor) // for the trial that is under way
			})
		})
	}
}

func TestTryEndsEarly(t *testing.T) {
	tests := []struct {
		name  string
		after func(b *bus, lights *doors, leave func())
		want  error
		shown []string
	}{
		{"a card is answered", func(b *bus, _ *doors, _ func()) { b.cards <- read("a", 1) }, ErrTapped, []string{"a refused", "a off", "a accepted"}},
		{"a register opens", func(_ *bus, lights *doors, _ func()) { lights.set(drivers.Ready) }, ErrOpen, []string{"a refused", "a ready"}},
		{"the technician leaves", func(_ *bus, _ *doors, leave func()) { leave() }, context.Canceled, []string{"a refused", "a off"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			capturing(t, only("a"), &desk{}, func(c *Capture, b *bus, lights *doors, _ func()) {
				b.log()
				ctx, leave := context.WithCancel(context.Background())
				defer leave()
				ended := make(chan error, 1)
				go func() {
					ended <- c.Try(ctx, "a", []drivers.Signal{drivers.Refused, drivers.Accepted}, func(drivers.Signal) {})
				}()
				synctest.Wait()
				test.after(b, lights, leave)
				synctest.Wait()
				select {
				case err := <-ended:
					if !errors.Is(err, test.want) {
						t.Errorf("Try = %v, want %v", err, test.want)
					}
				default:
					t.Fatal("the trial goes on")
				}
				if diff := cmp.Diff(b.log(), test.shown); diff != "" {
					t.Errorf("lights (-got +want):\n%s", diff)
				}
			})
		})
	}
}
