package drivertest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/serialport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// toyRig is the toy driver with its device.
func toyRig(asks bool, change func(*toy)) Rig {
	bus := func(names ...string) func(testing.TB, *serialport.Line) drivers.Bus {
		return func(t testing.TB, line *serialport.Line) drivers.Bus {
			d := newToy(line, asks, names...)
			d.release = make(chan struct{})
			t.Cleanup(func() { close(d.release) })
			change(d)
			return d
		}
	}
	r := Rig{
		Baud: 9600, Reader: "door", Cards: []string{"toy:0", "toy:1", "toy:2", "toy:3"}, CardOctets: toyCardOctets,
		Bus: bus("door"),
	}
	if !asks {
		r.Device = func(testing.TB) Device { return newToyDevice('A', false) }
		return r
	}
	r.Device = func(testing.TB) Device { return newToyDevice('A', true) }
	r.Neighbour = &Neighbour{
		Reader: "window", Bus: bus("door", "window"),
		Device: func(testing.TB) Device { return newToyDevice('B', true) },
	}
	return r
}

func TestGoodDriversPass(t *testing.T) {
	t.Run("asked", func(t *testing.T) { Run(t, toyRig(true, func(*toy) {})) })
	t.Run("pushes", func(t *testing.T) { Run(t, toyRig(false, func(*toy) {})) })
}

// flaw is what is wrong with a toy.
type flaw struct {
	twice, lastFirst, drops                     bool // of what it does with cards
	impatient, startless, unchecked             bool // of how it finds frames
	oneSession, staysUp                         bool // of unplugs
	upWhenOpen, givesUp                         bool // of a reader that does not answer
	noHoldOff, rigidHoldOff, hoards, asksNoMore bool // of a card that stays
	darkWhenBusy                                bool
	asksOn                                      bool // while a card waits
	forgetful, leavesOn, lateFlash              bool // of lights
	waitsForEver, oneName, lightsOnAll          bool // of two readers
	status                                      func(*drivers.Status)
	lineStatus                                  func(*drivers.LineStatus)
	end                                         func(*toy)
}

func (f flaw) lie(s *drivers.Status) {
	if f.status != nil {
		f.status(s)
	}
}

func (f flaw) lieOfLine(l *drivers.LineStatus) {
	if f.lineStatus != nil {
		f.lineStatus(l)
	}
}

func (f flaw) atEnd(t *toy) {
	if f.end != nil {
		f.end(t)
	}
}

// slowIf makes a driver end late in a state.
func slowIf(state func(*toy) bool) func(*toy) {
	return func(t *toy) {
		if state(t) {
			time.Sleep(endsWithin + 10*time.Millisecond)
		}
	}
}

// flawed is a driver with a flaw, and what the check that finds it says.
type flawed struct {
	check, name string
	asks        bool
	flaw        flaw
	says        string
}

const asked, pushes = true, false

var flaweds = []flawed{
	{"each card once and in order", "a card twice", pushes, flaw{twice: true}, "reads (-want +got)"},
	{"each card once and in order", "never up", asked, flaw{status: func(s *drivers.Status) { s.Up = false }}, "not seen: the reader is up"},
	{"frames in pieces", "what arrives together is a frame", pushes, flaw{impatient: true}, "not seen: a card is read"},
	{"noise around frames", "no search for the start", pushes, flaw{startless: true}, "not seen: a card is read"},
	{"noise around frames", "noise not counted", asked, flaw{lineStatus: func(l *drivers.LineStatus) { l.Noise = 0 }}, "not seen: noise is counted"},
	{"a damaged frame is no card", "no look at the check", pushes, flaw{unchecked: true}, "of a damaged frame"},
	{"unplugged in a frame and back through the link", "talks once", pushes, flaw{oneSession: true}, "not seen: a card is read"},
	{"unplugged in a frame and back through the link", "stays up", asked, flaw{staysUp: true}, "not seen: the reader is down after the unplug"},
	{"wrong speed", "up without an answer", asked, flaw{upWhenOpen: true}, "Status at the wrong speed"},
	{"wrong speed", "gives up", asked, flaw{givesUp: true}, "not seen: the reader is up"},
	{"a card that lies on the reader is one read", "no hold-off", pushes, flaw{noHoldOff: true}, "of a card that lies"},
	{"a card that lies on the reader is one read", "a hold-off that ends", pushes, flaw{rigidHoldOff: true}, "of a card that lies"},
	{"a card that lies on the reader is one read", "keeps all", pushes, flaw{hoards: true}, "octets of memory"},
	{"a card that lies on the reader is one read", "no light meanwhile", pushes, flaw{darkWhenBusy: true}, "not seen: the device shows accepted"},
	{"a card that lies on the reader is one read", "asks no more", asked, flaw{asksNoMore: true}, "not listened to"},
	{"cards wait while nobody takes them", "asks on", asked, flaw{asksOn: true}, "while one waited"},
	{"cards wait while nobody takes them", "keeps one", pushes, flaw{drops: true}, "not seen: a card is read"},
	{"cards wait while nobody takes them", "the last first", pushes, flaw{lastFirst: true}, "reads (-want +got)"},
	{"lights come back and go out", "not shown again", pushes, flaw{forgetful: true}, "not seen: the device shows ready"},
	{"lights come back and go out", "left on", asked, flaw{leavesOn: true}, "not seen: the device shows off"},
	{"lights of an absence", "an old flash", pushes, flaw{lateFlash: true}, "the device shows refused, before fault"},
	{"status tells the truth", "cards not counted", pushes, flaw{status: func(s *drivers.Status) { s.Counts.Taps = 0 }}, "not seen: the read is in the status"},
	{"status tells the truth", "nothing heard", asked, flaw{status: func(s *drivers.Status) { s.HeardAt = time.Time{} }}, "not seen: the read is in the status"},
	{"status tells the truth", "no trouble", asked, flaw{status: func(s *drivers.Status) { s.Trouble = "" }}, "Status while unplugged"},
	{"status tells the truth", "up since never", pushes, flaw{status: func(s *drivers.Status) { s.Since = time.Time{} }}, "up since a time"},
	{"status tells the truth", "opened once", pushes, flaw{lineStatus: func(l *drivers.LineStatus) { l.Reopens = min(l.Reopens, 1) }}, "opened 2 times"},
	{"status tells the truth", "asks nothing", asked, flaw{lineStatus: func(l *drivers.LineStatus) { l.Exchanges = 0 }}, "Line.Exchanges = 0"},
	{"status tells the truth", "another device", asked, flaw{lineStatus: func(l *drivers.LineStatus) { l.Device = "/dev/ttyS0" }}, "want its names"},
	{"ends in time when idle", "late", asked, flaw{end: slowIf(func(*toy) bool { return true })}, "want 250ms at most"},
	{"ends in time when idle", "never", pushes, flaw{end: func(t *toy) { <-t.release }}, "Run goes on"},
	{"ends in time in a frame", "late", pushes, flaw{end: slowIf(func(t *toy) bool { return len(t.heard) > 0 })}, "want 250ms at most"},
	{"ends in time with a card that nobody takes", "late", asked, flaw{end: slowIf(func(t *toy) bool { return len(t.queue) > 0 })}, "want 250ms at most"},
	{"ends in time with a card that lies on the reader", "late", asked,
		flaw{end: slowIf(func(t *toy) bool { return t.readers[0].Counts.Repeats > 0 })}, "want 250ms at most"},
	{"ends in time while unplugged", "late", pushes, flaw{end: slowIf(func(t *toy) bool { return t.port != nil && t.port.Write(nil) != nil })}, "want 250ms at most"},
	{"two readers on a line", "one name for both", asked, flaw{oneName: true}, "reads by reader"},
	{"two readers on a line", "lights on both", asked, flaw{lightsOnAll: true}, "before fault"},
	{"a silent neighbour", "waits for it", asked, flaw{waitsForEver: true}, "not seen: a card is read"},
}

// TestFlawsAreFound shows that each check can fail, and that it says why. The drivers wait most of the time: many are
// tried at once.
func TestFlawsAreFound(t *testing.T) {
	said := make([]string, len(flaweds))
	var tries errgroup.Group
	tries.SetLimit(10)
	for i, f := range flaweds {
		tries.Go(func() error {
			r := toyRig(f.asks, func(d *toy) { d.flaw = f.flaw })
			r.patience = 10 * time.Second
			said[i] = watch(t, named(f.check).hold, r)
			return nil
		})
	}
	if err := tries.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, f := range flaweds {
		if !strings.Contains(said[i], f.says) {
			t.Errorf("check %q of a driver with the flaw %q said %q, want %q", f.check, f.name, said[i], f.says)
		}
	}
}

// TestEveryCheckCanFail keeps the table complete.
func TestEveryCheckCanFail(t *testing.T) {
	for _, c := range checks {
		if !slices.ContainsFunc(flaweds, func(f flawed) bool { return f.check == c.name }) {
			t.Errorf("no flawed driver shows that %q can fail", c.name)
		}
	}
}

func TestAGoroutineLeftBehindIsFound(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	r := toyRig(pushes, func(d *toy) { d.flaw.end = func(*toy) { go func() { <-release }() } })
	if said := watch(t, named("ends in time when idle").run, r); !strings.Contains(said, "found unexpected goroutines") {
		t.Errorf("the check said %q, want that a goroutine was found", said)
	}
}

func named(name string) check {
	return checks[slices.IndexFunc(checks, func(c check) bool { return c.name == name })]
}
