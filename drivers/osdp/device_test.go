package osdp

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// panel plays the bus for one device, with the time under control.
type panel struct {
	t   *testing.T
	d   *device
	now time.Time
}

func newPanel(t *testing.T) *panel {
	t.Helper()
	return &panel{t: t, d: newDevice(Reader{Name: "door", Address: 1, Ready: Blue, Instead: Amber}, start), now: start}
}

// send lets the device speak and returns its frame.
func (p *panel) send() frame {
	p.t.Helper()
	f, err := decode(p.d.next(p.now)[1:])
	if err != nil {
		p.t.Fatal(err)
	}
	return f
}

// hear lets the reader answer with the octets from the reply code on.
func (p *panel) hear(text string) answer {
	p.t.Helper()
	return p.hearWith(p.d.sequence, text)
}

func (p *panel) hearWith(sequence byte, text string) answer {
	p.t.Helper()
	octets := unhex(text)
	f := frame{address: 1, reply: true, sequence: sequence, id: octets[0], data: octets[1:]}
	if !p.d.answers(f) {
		p.t.Fatalf("reply %s with sequence %d is not an answer", text, sequence)
	}
	return p.d.onReply(f, p.now)
}

const (
	pdid   = "45 00 06 8E 01 02 04 03 02 01 01 02 03"
	pdcap  = "46 04 04 01 05 02 01"
	lstatr = "48 00 00"
	ack    = "40"
)

// meet brings the device up.
func (p *panel) meet() {
	p.t.Helper()
	for range 8 {
		if p.d.stage == present {
			return
		}
		switch f := p.send(); f.id {
		case cmdID:
			p.hear(pdid)
		case cmdCap:
			p.hear(pdcap)
		case cmdLstat:
			p.hear(lstatr)
		default:
			p.hear(ack)
		}
	}
	p.t.Fatal("the device does not come up")
}

func TestAcquaintance(t *testing.T) {
	p := newPanel(t)
	p.d.show(drivers.Ready, p.now)
	for _, want := range []struct {
		id, sequence byte
		reply        string
	}{
		{cmdID, 0, pdid}, {cmdCap, 1, pdcap}, {cmdLED, 2, ack}, {cmdLstat, 3, lstatr}, {cmdPoll, 1, ack}, {cmdPoll, 2, ack}, {cmdPoll, 3, ack}, {cmdPoll, 1, ack},
	} {
		f := p.send()
		if f.id != want.id || f.sequence != want.sequence {
			t.Fatalf("command %02X sequence %d, want %02X and %d", f.id, f.sequence, want.id, want.sequence)
		}
		p.hear(want.reply)
	}
	if !p.d.up() || p.d.trouble() != "" {
		t.Errorf("up %v, trouble %q; want up without trouble", p.d.up(), p.d.trouble())
	}
}

func TestRetriesAreTheSameOctets(t *testing.T) {
	p := newPanel(t)
	p.meet()
	first := bytes.Clone(p.d.next(p.now))
	for i := 2; i <= tries; i++ {
		if a := p.d.onTimeout(false, p.now); a.result != resultTimeout || a.restart || a.lost {
			t.Fatalf("try %d without reply: %+v, want a plain timeout", i-1, a)
		}
		if got := p.d.next(p.now); !bytes.Equal(got, first) {
			t.Fatalf("try %d = % X, want % X", i, got, first)
		}
	}
	if a := p.hear("50 00 01 1A 00 BD D9 37 40"); a.key != "w26:123:45678" {
		t.Errorf("reply to the last try = %+v, want the card", a)
	}
}

func TestExhaustedTriesBeginAtSequenceZero(t *testing.T) {
	p := newPanel(t)
	p.meet()
	p.exhaust()
	if f := p.send(); f.sequence != 0 || f.id != cmdID {
		t.Errorf("after the last try: command %02X sequence %d, want ID at 0", f.id, f.sequence)
	}
	if !p.d.up() {
		t.Error("one failed exchange takes the reader down")
	}
}

// exhaust leaves all tries of one exchange unanswered.
func (p *panel) exhaust() (last answer) {
	for range tries {
		p.d.next(p.now)
		last = p.d.onTimeout(false, p.now)
	}
	return last
}

func TestThreeFailedExchangesMakeAway(t *testing.T) {
	p := newPanel(t)
	p.meet()
	p.exhaust()
	p.exhaust()
	if a := p.exhaust(); !a.lost || p.d.stage != away {
		t.Errorf("third failed exchange = %+v in stage %d, want lost", a, p.d.stage)
	}
	if p.d.up() {
		t.Error("an away reader is up")
	}
	if got := p.d.trouble(); !strings.HasPrefix(got, "stopped answering") {
		t.Errorf("trouble = %q", got)
	}
}

func TestEightSecondsOfSilenceMakeAway(t *testing.T) {
	p := newPanel(t)
	p.meet()
	p.now = p.now.Add(awayAfter)
	if a := p.exhaust(); !a.lost {
		t.Errorf("first failed exchange after 8 s = %+v, want lost", a)
	}
}

func TestProbesBackOff(t *testing.T) {
	p := newPanel(t)
	if p.d.probeAt != start {
		t.Fatalf("first probe at %v, want at once", p.d.probeAt.Sub(start))
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 10, 10} {
		p.d.next(p.now)
		p.d.onTimeout(false, p.now)
		if got := p.d.probeAt.Sub(p.now); got != want*time.Second {
			t.Errorf("pause = %v, want %v", got, want*time.Second)
		}
		p.now = p.d.probeAt
	}
	if got := p.d.trouble(); !strings.HasPrefix(got, "has never answered") {
		t.Errorf("trouble = %q", got)
	}
}

func TestRepliesThatDoNotCount(t *testing.T) {
	p := newPanel(t)
	p.meet()
	p.send()
	s := p.d.sequence
	for _, tt := range []struct {
		name string
		f    frame
		want bool
	}{
		{"right", frame{address: 1, sequence: s, id: replyAck}, true},
		{"another reader", frame{address: 2, sequence: s, id: replyAck}, false},
		{"the sequence before", frame{address: 1, sequence: (s + 1) % 3, id: replyRaw}, false},
		{"sequence 0", frame{address: 1, sequence: 0, id: replyAck}, false},
		{"BUSY with sequence 0", frame{address: 1, sequence: 0, id: replyBusy}, true},
		{"lost count, with its own sequence", frame{address: 1, sequence: 0, id: replyNak, data: []byte{nakSequence}}, true},
	} {
		if got := p.d.answers(tt.f); got != tt.want {
			t.Errorf("%s: answers = %v, want %v", tt.name, got, tt.want)
		}
	}
	p.hear(ack)
	if p.d.answers(frame{address: 1, sequence: s, id: replyRaw}) {
		t.Error("a second reply to one command answers nothing")
	}
}

func TestBusyKeepsTheCommand(t *testing.T) {
	p := newPanel(t)
	p.meet()
	first := bytes.Clone(p.d.next(p.now))
	for range 2 * tries { // BUSY does not use up tries
		if a := p.hearWith(0, "79"); a.result != resultBusy {
			t.Fatalf("BUSY = %+v", a)
		}
		if at, _ := p.d.due(p.now); at.Sub(p.now) != busyPause {
			t.Fatalf("next try after %v, want %v", at.Sub(p.now), busyPause)
		}
		if got := p.d.next(p.now); !bytes.Equal(got, first) {
			t.Fatalf("after BUSY: % X, want % X", got, first)
		}
	}
	p.now = p.now.Add(awayAfter)
	if a := p.hearWith(0, "79"); !a.restart {
		t.Errorf("BUSY for 8 s = %+v, want a restart", a)
	}
}

func TestNak(t *testing.T) {
	light := func(p *panel) { p.d.show(drivers.Accepted, p.now) }
	for _, tt := range []struct {
		name    string
		prepare func(*panel)
		code    string
		want    answer
		trouble string
	}{
		{"1: check, asked again", nil, "41 01", answer{result: resultNak}, ""},
		{"2: length", nil, "41 02", answer{result: resultNak}, "refused a command (NAK 2: wrong length): update its firmware"},
		{"3: unknown LED", light, "41 03", answer{result: resultNak}, "refuses light commands"},
		{"4: sequence", nil, "41 04", answer{result: resultNak, restart: true}, ""},
		{"5: security", nil, "41 05", answer{result: resultNak, restart: true}, ""},
		{"6: security only", nil, "41 06", answer{result: resultNak, restart: true}, ""},
		{"7: fingerprint", nil, "41 07", answer{result: resultNak}, "refused a command (NAK 7: unknown kind of fingerprint): update its firmware"},
		{"8: fingerprint", nil, "41 08", answer{result: resultNak}, "refused a command (NAK 8: unknown format of fingerprint): update its firmware"},
		{"9: poll", nil, "41 09", answer{result: resultNak}, "refused a command (NAK 9: wrong record): update its firmware"},
		{"of no standard", nil, "41 FF", answer{result: resultNak}, "refused a command (NAK 255: a reason of its own): update its firmware"},
		{"9: record", light, "41 09", answer{result: resultNak}, "refuses our light record"},
		{"without a code", nil, "41", answer{result: resultNak}, "refused a command"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPanel(t)
			p.meet()
			if tt.prepare != nil {
				tt.prepare(p)
			}
			p.send()
			got := p.hear(tt.code)
			if got.result != tt.want.result || got.restart != tt.want.restart || got.lost != tt.want.lost {
				t.Errorf("answer = %+v, want %+v", got, tt.want)
			}
			if got := p.d.trouble(); (tt.trouble == "") != (got == "") || !strings.HasPrefix(got, tt.trouble) {
				t.Errorf("trouble = %q, want %q", got, tt.trouble)
			}
		})
	}
}

// A reader that lost its power refuses the next sequence: the flash that met it is shown all the same.
func TestFlashSurvivesARestart(t *testing.T) {
	p := newPanel(t)
	p.meet()
	p.d.show(drivers.Accepted, p.now)
	p.send()
	p.hearWith(0, "41 04")
	f := p.send()
	if f.id != cmdLED || f.sequence != 0 || f.data[3] != 2 || f.data[5] != byte(Green) {
		t.Errorf("after the restart: %+v, want the green flash at sequence 0", f)
	}
}

// A reader that answers sequence 0 with NAK 4 for ever must not keep the bus busy.
func TestNakOfSequenceZeroMakesAway(t *testing.T) {
	p := newPanel(t)
	for range failuresToAway {
		p.send()
		p.hear("41 04")
	}
	if p.d.stage != away || !p.d.probeAt.After(p.now) {
		t.Errorf("stage %d, next probe in %v; want away for a while", p.d.stage, p.d.probeAt.Sub(p.now))
	}
}

func TestHeldCardStopsPolls(t *testing.T) {
	p := newPanel(t)
	p.meet()
	p.d.held = true
	if at, _ := p.d.due(p.now); at.Sub(p.now) != aliveEvery {
		t.Errorf("next command in %v, want the sign of life in %v", at.Sub(p.now), aliveEvery)
	}
	if f := p.send(); f.id != cmdLstat {
		t.Errorf("command %02X, want LSTAT: a poll would take the next card", f.id)
	}
	p.hear(lstatr)
	p.d.show(drivers.Accepted, p.now)
	if f := p.send(); f.id != cmdLED {
		t.Errorf("command %02X, want the light, which needs no queue", f.id)
	}
}

func TestHeldCardStopsPollsAfterARestartToo(t *testing.T) {
	p := newPanel(t)
	p.meet()
	p.d.held = true
	p.d.restart(p.now)
	for range 12 {
		f := p.send()
		if f.id == cmdPoll {
			t.Fatal("a poll goes out while the card is held")
		}
		p.hear(map[byte]string{cmdID: pdid, cmdCap: pdcap, cmdLstat: lstatr, cmdLED: ack}[f.id])
	}
	p.d.held = false
	if f := p.send(); f.id != cmdPoll {
		t.Errorf("command %02X after the card was taken, want POLL", f.id)
	}
}

func TestPollCadence(t *testing.T) {
	for _, tt := range []struct {
		signal drivers.Signal
		want   time.Duration
	}{{drivers.Ready, readyEvery}, {drivers.Off, idleEvery}, {drivers.Fault, idleEvery}} {
		p := newPanel(t)
		p.d.show(tt.signal, p.now)
		p.meet()
		p.send()
		p.hear(ack)
		if at, _ := p.d.due(p.now); at.Sub(p.now) != tt.want {
			t.Errorf("%v: next poll in %v, want %v", tt.signal, at.Sub(p.now), tt.want)
		}
	}
}

func TestSteadyLightIsRepainted(t *testing.T) {
	p := newPanel(t)
	p.d.show(drivers.Ready, p.now)
	p.meet()
	p.now = p.now.Add(repaintEvery)
	f := p.send()
	if f.id != cmdLED || Colour(f.data[12]) != Blue {
		t.Errorf("a minute later: %+v, want steady blue again", f)
	}
	if a := p.hear(ack); a.shown {
		t.Error("a repaint counts as another light")
	}
	p.d.show(drivers.Off, p.now)
	if f := p.send(); f.id != cmdLED || Colour(f.data[12]) != Dark {
		t.Errorf("after Off: %+v, want dark", f)
	}
	if a := p.hear(ack); !a.shown {
		t.Error("another light does not count")
	}
}

func TestBiColourReaderShowsTheOtherColour(t *testing.T) {
	p := newPanel(t)
	p.d.show(drivers.Ready, p.now)
	p.send()
	p.hear(pdid)
	p.send()
	p.hear("46 04 03 01 05 01 01")
	if f := p.send(); f.id != cmdLED || Colour(f.data[12]) != Amber || f.data[11] != 0 {
		t.Errorf("Ready on red and green = %+v, want steady amber", f)
	}
	p.hear(ack)
	p.d.show(drivers.Fault, p.now)
	if f := p.send(); Colour(f.data[12]) != Amber || f.data[10] == 0 || f.data[11] == 0 {
		t.Errorf("Fault on red and green = %+v, want blinking amber", f)
	}
}

func TestReaderWithoutBuzzerIsNotAskedToBeep(t *testing.T) {
	p := newPanel(t)
	p.send()
	p.hear(pdid)
	p.send()
	p.hear("46 04 04 01")
	p.meet()
	p.d.show(drivers.Refused, p.now)
	p.send()
	p.hear(ack)
	if p.d.urgent() {
		t.Errorf("after the light: %+v waits, want nothing", p.d.flashes)
	}
}

func TestFlashIsLostWithTheConnectionAndWithAge(t *testing.T) {
	p := newPanel(t)
	p.meet()
	p.d.show(drivers.Accepted, p.now)
	p.now = p.now.Add(flashWithin)
	if f := p.send(); f.id != cmdPoll {
		t.Errorf("command %02X, want POLL: the person has gone", f.id)
	}
	p.hear(ack)
	p.d.show(drivers.Accepted, p.now)
	p.d.lose(p.now)
	p.meet()
	if p.d.urgent() {
		t.Error("a flash outlives the connection")
	}
	if p.d.unshown != 4 { // light and beep, twice
		t.Errorf("unshown = %d, want 4", p.d.unshown)
	}
}

func TestLocalStatusIsTrouble(t *testing.T) {
	p := newPanel(t)
	p.meet()
	for _, tt := range []struct{ reply, want string }{
		{"48 01 00", "reports that its case is open"}, {"48 00 01", "reports a power failure"}, {"48 00 00", ""},
	} {
		p.send()
		p.hear(tt.reply)
		if got := p.d.status().Trouble; (tt.want == "") != (got == "") || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: trouble %q, want %q", tt.reply, got, tt.want)
		}
	}
}

func TestRepliesThatAreNoCards(t *testing.T) {
	for _, tt := range []struct {
		name, reply string
		presses     int
		unknown     bool
		refused     string
	}{
		{"three keys", "53 00 03 31 32 0D", 3, false, ""},
		{"no key", "53 00 00", 0, false, ""},
		{"fewer keys than it says", "53 00 02 31", 0, true, ""},
		{"keys without a count", "53 00", 0, true, ""},
		{"formatted card data", "51 00 00 02 31 32", 0, false, "fmt"},
		{"its maker's own", "90 00 06 8E 01", 0, false, ""},
		{"a place nobody asked for", "54 01 80 25 00 00", 0, true, ""},
		{"half an identity", "45 00 06 8E", 0, true, ""},
		{"half an ability", "46 04 04", 0, true, ""},
		{"half a local status", "48 01", 0, true, ""},
		{"state of its outputs", "4A 00", 0, true, ""},
		{"nothing we know", "B1 00", 0, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPanel(t)
			p.meet()
			p.send()
			a := p.hear(tt.reply)
			if a.key != "" || a.presses != tt.presses || a.unknown != tt.unknown || (a.refused != nil) != (tt.refused != "") {
				t.Errorf("answer = %+v", a)
			}
			if a.refused != nil && refusal(a.refused) != tt.refused {
				t.Errorf("refusal = %q, want %q", refusal(a.refused), tt.refused)
			}
		})
	}
}

func TestHalfALocalStatusChangesNothing(t *testing.T) {
	p := newPanel(t)
	p.meet()
	p.send()
	p.hear("48 01 00")
	p.send()
	p.hear("48 00")
	if s := p.d.status(); !s.Tamper {
		t.Errorf("Status = %+v, want the tamper that was reported", s)
	}
}

// Some readers refuse an odd command for want of security and mean nothing by it. One that means it says so again.
func TestDemandForSecurity(t *testing.T) {
	for _, code := range []string{"41 05", "41 06"} {
		p := newPanel(t)
		p.meet()
		for range 2 { // once, and once again much later
			p.send()
			if a := p.hear(code); !a.restart || p.d.trouble() != "" {
				t.Fatalf("the first %s = %+v, %q; want a restart and no word of it", code, a, p.d.trouble())
			}
			p.meet()
			p.send()
			p.hear(ack)
		}
		p.send()
		p.hear(code)
		for p.send().id != cmdPoll {
			p.hear(lstatr) // whatever it says to the greetings
		}
		if a := p.hear(code); !a.lost || !strings.HasPrefix(p.d.trouble(), "demands a key of its own") || p.d.probeAt.Sub(p.now) != firstProbe {
			t.Errorf("the second %s = %+v, %q, next question after %v", code, a, p.d.trouble(), p.d.probeAt.Sub(p.now))
		}
	}
}

// What ails a reader may be over without its saying so.
func TestAilingReaderIsLookedAtAgain(t *testing.T) {
	p := newPanel(t)
	p.meet()
	p.send()
	p.hear("48 00 01")
	if f := p.send(); f.id != cmdPoll {
		t.Fatalf("after the report %02X, want a poll", f.id)
	}
	p.hear(ack)
	p.now = p.now.Add(ailingEvery)
	if f := p.send(); f.id != cmdLstat {
		t.Fatalf("%v later %02X, want LSTAT", ailingEvery, f.id)
	}
	p.hear("48 00 00")
	p.now = p.now.Add(ailingEvery)
	if f := p.send(); f.id != cmdPoll || p.d.status().PowerLost {
		t.Errorf("once it is well %02X and %+v, want a poll", f.id, p.d.status())
	}
}

// A reader that goes to another address would keep its blue there.
func TestReaderIsDarkBeforeItMoves(t *testing.T) {
	p := newPanel(t)
	p.meet()
	p.d.show(drivers.Ready, p.now)
	p.send()
	p.hear(ack)
	p.d.order = &order{wish: wishMove, to: moved{5, 38400}, done: make(chan outcome, 1)}
	if f := p.send(); f.id != cmdLED || !bytes.Equal(f.data, permanent(steady(Dark))) {
		t.Fatalf("sent %02X % X, want the light off", f.id, f.data)
	}
	p.hear(ack)
	if f := p.send(); f.id != cmdComset {
		t.Errorf("then %02X, want COMSET", f.id)
	}
}

// A card that stays is one read, whether it has a number, another one each time, or cannot be read at all.
func TestCardThatStays(t *testing.T) {
	const good, random, random2, zeros, torn = "50 00 00 20 00 DE AD BE EF", "50 00 00 20 00 08 11 22 33", "50 00 00 20 00 08 44 55 66",
		"50 00 00 20 00 00 00 00 00", "50 00 01 1A 00 3D D9 37 40"
	type look struct {
		after time.Duration
		empty bool // a poll before it found no card
		reply string
		want  string // what it comes to
	}
	const ms = time.Millisecond
	for _, tt := range []struct {
		name  string
		looks []look
	}{
		{"with a number", []look{{0, true, good, "uid:DEADBEEF"}, {290 * ms, true, good, "repeated"}, {290 * ms, true, good, "repeated"}, {300 * ms, true, good, "uid:DEADBEEF"}}},
		{"with another number each time", []look{{0, true, random, "unsuitable"}, {100 * ms, true, random2, "repeated"}, {290 * ms, true, random, "repeated"}, {300 * ms, true, random2, "unsuitable"}}},
		{"blank", []look{{0, true, zeros, "unsuitable"}, {100 * ms, true, zeros, "repeated"}}},
		{"blank after one with a random number", []look{{0, true, random, "unsuitable"}, {100 * ms, true, zeros, "unsuitable"}}},
		{"read wrong", []look{{0, true, torn, "refused"}, {100 * ms, true, torn, "repeated"}, {300 * ms, true, torn, "refused"}}},
		{"in turns with another", []look{{0, true, good, "uid:DEADBEEF"}, {100 * ms, true, random, "unsuitable"}, {100 * ms, true, good, "repeated"}}},
		{"in poll after poll of a slow machine", []look{{0, true, good, "uid:DEADBEEF"}, {1900 * ms, false, good, "repeated"}, {1900 * ms, false, good, "repeated"}, {2000 * ms, false, good, "uid:DEADBEEF"}}},
		{"and another after it", []look{{0, true, good, "uid:DEADBEEF"}, {10 * ms, false, zeros, "unsuitable"}, {400 * ms, false, good, "uid:DEADBEEF"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPanel(t)
			p.meet()
			for i, l := range tt.looks {
				if l.empty {
					for p.send().id != cmdPoll {
						p.hear(ack)
					}
					p.hear(ack)
				}
				p.now = p.now.Add(l.after)
				for p.send().id != cmdPoll {
					p.hear(ack)
				}
				if got := cameTo(p.hear(l.reply)); got != l.want {
					t.Errorf("look %d = %q, want %q", i, got, l.want)
				}
			}
		})
	}
}

func cameTo(a answer) string {
	switch {
	case a.repeated && a.key == "" && a.refused == nil:
		return "repeated"
	case a.unsuitable && a.refused != nil:
		return "unsuitable"
	case a.refused != nil:
		return "refused"
	}
	return a.key
}

// Nobody looked while the gateway took no card: what lies there still is the same card.
func TestCardThatStaysWhileNobodyTakesIt(t *testing.T) {
	p := newPanel(t)
	p.meet()
	p.send()
	p.hear("50 00 00 20 00 DE AD BE EF")
	p.d.hold(p.now)
	p.now = p.now.Add(time.Minute)
	p.d.release(p.now)
	for p.send().id != cmdPoll {
		p.hear(ack)
	}
	if a := p.hear("50 00 00 20 00 DE AD BE EF"); !a.repeated {
		t.Errorf("after a minute: %+v, want a repetition", a)
	}
}

func TestCardInAnswerToALightIsNoCard(t *testing.T) {
	p := newPanel(t)
	p.meet()
	p.d.show(drivers.Accepted, p.now)
	p.send()
	if a := p.hear("50 00 01 1A 00 BD D9 37 40"); a.key != "" || !a.unknown {
		t.Errorf("answer = %+v, want no card", a)
	}
}

func TestChecksumReader(t *testing.T) {
	d := newDevice(Reader{Name: "old", Address: 0, Checksum: true}, start)
	if got, want := d.next(start), unhex("FF 53 00 08 00 00 61 00 44"); !bytes.Equal(got, want) {
		t.Errorf("ID = % X, want % X (SIA annex E)", got, want)
	}
}
