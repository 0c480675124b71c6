package solo

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/credential"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

// newSession is a conversation without a line, whose cards are carried to reads until the returned function is called.
func newSession(t *testing.T, polled bool, reads chan drivers.Read) (s *Session, stop func()) {
	t.Helper()
	line, err := serialport.New(serialport.Options{Bus: "desk", Path: "/dev/null", Baud: 9600})
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(Options{Driver: "toy", Name: "desk", Line: line, Reader: "door", Polled: polled})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.queue.carry(ctx, reads)
	}()
	return &Session{bus: b}, func() {
		cancel()
		<-done
		b.turn(false, "")
	}
}

// While the gateway takes nothing, a reader is not asked, and does not see that its card still lies there.
func TestHeldCardIsOneTapHoweverLongTheGatewayWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := make(chan drivers.Read)
		s, stop := newSession(t, true, reads)
		defer stop()
		if !s.Card("toy:a", nil, time.Now()) {
			t.Fatal("the card is not reported")
		}
		<-s.Wake() // the reader came up
		time.Sleep(time.Minute)
		if !s.Full() {
			t.Fatal("another card would be fetched")
		}
		<-reads
		<-s.Wake()
		if s.Card("toy:a", nil, time.Now()) {
			t.Error("the card that still lies there is reported again")
		}
		time.Sleep(2 * time.Second)
		if !s.Card("toy:a", nil, time.Now()) {
			t.Error("the card that comes back is not reported")
		}
	})
}

// A reader that gave no answer for a while did not say either that its card was taken away.
func TestTimeWithoutAnswersDoesNotEndACardsStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, stop := newSession(t, true, make(chan drivers.Read, 9))
		defer stop()
		s.Card("toy:a", nil, time.Now())
		time.Sleep(4 * time.Second)
		s.Blind(4 * time.Second)
		if s.Card("toy:a", nil, time.Now()) {
			t.Error("the card that still lies there is reported again")
		}
		time.Sleep(2 * time.Second)
		if !s.Card("toy:a", nil, time.Now()) {
			t.Error("the card that comes back is not reported")
		}
	})
}

// A random number is another each time it is looked at: any of them may be the card that lies there.
func TestUnsuitableCardsAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := make(chan drivers.Read, 9)
		s, stop := newSession(t, false, reads)
		defer stop()
		for i, want := range []bool{true, false, false, false} {
			err := credential.ErrRandom
			if i%2 == 1 {
				err = credential.ErrBlank
			}
			if got := s.Card("", err, time.Now()); got != want {
				t.Errorf("look %d: reported = %v, want %v", i, got, want)
			}
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if r := <-reads; !r.Unsuitable || r.Credential != "" {
			t.Errorf("Read = %+v, want an unsuitable card", r)
		}
		if c := s.bus.meters.counts(); c.Taps != 1 || c.Repeats != 3 || c.Refused != 1 {
			t.Errorf("Counts = %+v, want one tap, three repeats, one refused", c)
		}
	})
}

// A light is measured from its own card, and not at all when it answers none.
func TestLightIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reads := make(chan drivers.Read, 9)
		s, stop := newSession(t, false, reads)
		defer stop()
		s.bus.turn(true, "")
		s.Asked()
		s.Card("toy:a", nil, time.Now())
		synctest.Wait()
		time.Sleep(30 * time.Millisecond)
		s.bus.Show("door", drivers.Accepted)
		s.bus.Show("door", drivers.Stored)
		for _, a := range s.Asked() {
			s.Shown(a, time.Now())
		}
		if got := s.bus.Line().Light; got.Of != 1 || got.Median != 30*time.Millisecond {
			t.Errorf("Light = %+v, want one of 30 ms", got)
		}
	})
}
