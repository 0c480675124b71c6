package crowd

import (
	"bufio"
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rollcall-edge/rollcall/test/sim/campus"
	"github.com/rollcall-edge/rollcall/test/sim/reader"
	"github.com/rollcall-edge/rollcall/test/sim/reader/ascii"
	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
	"github.com/rollcall-edge/rollcall/test/sim/reader/osdp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hasty people make tests short.
var hasty = manners{
	looksFor: 400 * time.Millisecond, restsFor: time.Second, comesAfter: 10 * time.Millisecond, comesBy: 20 * time.Millisecond, stepsUp: time.Millisecond,
}

func line(t *testing.T, name string) *reader.Line {
	t.Helper()
	l, err := reader.NewLine(t.TempDir(), name, reader.Options{Baud: 9600, Instant: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// panel is the host's end of a line whose reader sends a line of text for each card and understands one-letter answers. It
// answers the cards it hears one after the other; "" is no answer.
func panel(t *testing.T, answers ...string) *reader.Reader {
	t.Helper()
	l := line(t, "panel")
	o := ascii.Generic()
	o.Feedback = []ascii.Feedback{
		{Text: "G", Light: lamp.Green, For: 50 * time.Millisecond}, {Text: "A", Light: lamp.Amber, For: 50 * time.Millisecond},
	}
	r, err := l.AddASCII("A", o)
	if err != nil {
		t.Fatal(err)
	}
	host, err := os.OpenFile(l.Path(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		heard := bufio.NewReader(host)
		for _, answer := range answers {
			if _, err := heard.ReadString('\r'); err != nil {
				return
			}
			if _, err := host.WriteString(answer); err != nil {
				return
			}
		}
	})
	t.Cleanup(func() {
		if err := l.Unplug(); err != nil { // ends the reading above
			t.Error(err)
		}
		work.Wait()
		host.Close()
	})
	return r
}

func visit(student string) campus.Visit {
	return campus.Visit{
		At: time.Now(), Room: "A", Student: student, Card: campus.Card{Card: card.W26(71, uint16(len(student))), Key: "key of " + student},
	}
}

func walk(t *testing.T, r *reader.Reader, until time.Duration, visits ...campus.Visit) *Crowd {
	t.Helper()
	c := New(map[string]*reader.Reader{"A": r}, 1)
	c.manners = hasty
	if err := c.Run(context.Background(), visits, time.Now().Add(until), time.Minute); err != nil {
		t.Fatal(err)
	}
	return c
}

func seen(c *Crowd) string {
	text := ""
	for _, p := range c.Presentations() {
		text += p.Student + ":" + p.Light.String() + " "
	}
	return text
}

func TestPeopleTryUntilTheyAreLit(t *testing.T) {
	tests := []struct {
		name    string
		answers []string
		people  []campus.Visit
		want    string
	}{
		{"a light at once", []string{"G"}, []campus.Visit{visit("a")}, "a:green "},
		{"one after the other", []string{"G", "G"}, []campus.Visit{visit("a"), visit("bb")}, "a:green bb:green "},
		{"no answer at first", []string{"", "G"}, []campus.Visit{visit("a")}, "a:none a:green "},
		{"amber asks for another try", []string{"A", "G"}, []campus.Visit{visit("a")}, "a:amber a:green "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := walk(t, panel(t, tt.answers...), time.Minute, tt.people...)
			if got := seen(c); got != tt.want {
				t.Errorf("seen %q, want %q", got, tt.want)
			}
			for _, p := range c.Presentations() {
				if lit := p.Lit(); lit != (p.After() > 0) || p.EndedAt.Before(p.PlacedAt) || p.Room != "A" || p.Lightless {
					t.Errorf("presentation %+v does not fit together", p)
				}
			}
			presented, lights := c.Counts()
			if presented != len(c.Presentations()) || lights[lamp.Green] != len(tt.people) {
				t.Errorf("counts = %d, %v", presented, lights)
			}
		})
	}
}

func TestNobodyNewAfterTheEnd(t *testing.T) {
	late := visit("late")
	late.At = time.Now().Add(time.Hour)
	if got := seen(walk(t, panel(t, "G"), 10*time.Second, visit("a"), late)); got != "a:green " {
		t.Errorf("seen %q, want the first person alone", got)
	}
}

func TestPeopleLeaveWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c := New(map[string]*reader.Reader{"A": panel(t)}, 1)
	later := visit("later")
	later.At = time.Now().Add(time.Hour)
	cancel()
	if err := c.Run(ctx, []campus.Visit{later}, later.At.Add(time.Hour), time.Hour); err != nil {
		t.Errorf("Run = %v, want nil when the context ends", err)
	}
}

// At a reader without a light people see nothing and do not try again; and the same tag is given time to become a tap of its own.
func TestReaderWithoutALight(t *testing.T) {
	l := line(t, "push")
	r, err := l.AddASCII("A", ascii.RDM6300())
	if err != nil {
		t.Fatal(err)
	}
	tag := visit("a")
	tag.Card.Card = card.FromEM4100([5]byte{1, 2, 3, 4, 5})
	c := walk(t, r, time.Minute, tag, tag)
	if got := seen(c); got != "a:none a:none " {
		t.Fatalf("seen %q, want two presentations without a light", got)
	}
	ps := c.Presentations()
	if rest := ps[1].PlacedAt.Sub(ps[0].EndedAt); !ps[0].Lightless || rest < hasty.restsFor {
		t.Errorf("the same tag came back after %v, want at least %v", rest, hasty.restsFor)
	}
	if n := c.Unfetched(); n != 0 {
		t.Errorf("%d cards wait in a reader that keeps none", n)
	}
}

// A bus that nobody polls keeps the cards: the light of the next person may be for the one before.
func TestCardsThatNobodyFetched(t *testing.T) {
	l := line(t, "bus")
	d, err := l.AddOSDP("A", 1, osdp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := New(map[string]*reader.Reader{"A": d.Reader}, 1)
	c.manners = hasty
	c.manners.comesAfter, c.manners.comesBy = 2*time.Hour, 3*time.Hour // nobody tries again
	if err := c.Run(context.Background(), []campus.Visit{visit("a"), visit("bb")}, time.Now().Add(time.Hour), 0); err != nil {
		t.Fatal(err)
	}
	ps := c.Presentations()
	if len(ps) != 2 || ps[0].Behind || !ps[1].Behind {
		t.Fatalf("presentations = %+v, want two, the second behind the first", ps)
	}
	if n := c.Unfetched(); n != 2 {
		t.Errorf("%d cards wait, want 2", n)
	}
}
