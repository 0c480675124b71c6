package solo

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/drivers"
)

var start = time.Date(2026, 10, 5, 9, 0, 0, 0, time.UTC)

func signals(asked []Ask) (s []drivers.Signal) {
	for _, a := range asked {
		s = append(s, a.Signal)
	}
	return s
}

func TestAsks(t *testing.T) {
	const (
		dark, ready, yes, no = drivers.Off, drivers.Ready, drivers.Accepted, drivers.Refused
	)
	for _, tt := range []struct {
		name    string
		do      func(*asks)
		want    []drivers.Signal
		unshown uint64
	}{
		{"nothing before the reader is up", func(a *asks) { a.stay(ready) }, nil, 0},
		{"a flash before the reader is up is lost", func(a *asks) { a.flash(yes, start); a.turn(true) }, []drivers.Signal{dark}, 1},
		{"the steady signal of before", func(a *asks) { a.stay(ready); a.turn(true) }, []drivers.Signal{ready}, 0},
		{"only the latest steady signal", func(a *asks) { a.turn(true); a.stay(ready); a.stay(drivers.Fault) }, []drivers.Signal{drivers.Fault}, 0},
		{"the same steady signal again", func(a *asks) { a.turn(true); a.stay(ready); a.take(); a.stay(ready) }, nil, 0},
		{"flashes in order after it", func(a *asks) { a.turn(true); a.flash(yes, start); a.stay(ready); a.flash(no, start) }, []drivers.Signal{ready, yes, no}, 0},
		{"flashes are lost with the reader", func(a *asks) { a.turn(true); a.flash(yes, start); a.turn(false); a.turn(true) }, []drivers.Signal{dark}, 1},
		{"an old flash is the next person's", func(a *asks) {
			a.turn(true)
			a.flash(yes, start)
			time.Sleep(flashWithin)
			a.flash(no, start)
		}, []drivers.Signal{dark, no}, 1},
		{"the steady signal again after a flash", func(a *asks) {
			a.turn(true)
			a.take()
			a.shown(yes)
			time.Sleep(flashFor)
			synctest.Wait()
		}, []drivers.Signal{dark}, 0},
		{"but not in the middle of the next flash", func(a *asks) {
			a.turn(true)
			a.take()
			a.shown(yes)
			time.Sleep(flashFor / 2)
			a.shown(yes)
			time.Sleep(flashFor / 2)
			synctest.Wait()
		}, nil, 0},
		{"a change of the steady signal does not cut a flash short", func(a *asks) {
			a.turn(true)
			a.take()
			a.shown(yes)
			a.stay(ready)
			time.Sleep(flashFor - time.Millisecond)
		}, nil, 0},
		{"but comes when it is over", func(a *asks) {
			a.turn(true)
			a.take()
			a.shown(yes)
			a.stay(ready)
			time.Sleep(flashFor)
			synctest.Wait()
		}, []drivers.Signal{ready}, 0},
		{"the steady signal again after a minute", func(a *asks) {
			a.turn(true)
			a.take()
			a.shown(dark)
			time.Sleep(repaint)
			synctest.Wait()
		}, []drivers.Signal{dark}, 0},
		{"nor after the reader was lost", func(a *asks) {
			a.turn(true)
			a.shown(yes)
			a.turn(false)
			time.Sleep(flashFor)
			synctest.Wait()
		}, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var unshown tally
				a := newAsks(time.Now, &unshown, make(chan struct{}, 1))
				tt.do(a)
				if d := cmp.Diff(tt.want, signals(a.take())); d != "" {
					t.Errorf("take (-want +got):\n%s", d)
				}
				if unshown.value() != tt.unshown {
					t.Errorf("%d unshown, want %d", unshown.value(), tt.unshown)
				}
			})
		})
	}
}

func TestAsksAreBounded(t *testing.T) {
	var unshown tally
	a := newAsks(time.Now, &unshown, make(chan struct{}, 1))
	a.turn(true)
	for range 1000 {
		a.flash(drivers.Accepted, start)
	}
	if got := uint64(len(a.take())-1) + unshown.value(); got != 1000 || unshown.value() != 1000-flashRoom {
		t.Errorf("%d flashes shown or counted, %d of them unshown; want 1000, %d", got, unshown.value(), 1000-flashRoom)
	}
}

func TestEachAskWakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wake := make(chan struct{}, 1)
		a := newAsks(time.Now, &tally{}, wake)
		for _, ask := range []func(){
			func() { a.turn(true) },
			func() { a.stay(drivers.Ready) },
			func() { a.flash(drivers.Accepted, start) },
			func() { a.shown(drivers.Accepted) },
			func() { a.shown(drivers.Ready) },
		} {
			ask()
			<-wake // a token that never comes is a deadlock, which synctest reports
		}
	})
}
