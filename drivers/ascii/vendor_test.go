package ascii_test

import (
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/drivers"
	"github.com/rollcall-edge/rollcall/drivers/ascii"
)

// The conversations of a tap with readers that answer commands, octet by octet.
func TestFeedback(t *testing.T) {
	for _, tt := range []struct {
		name, card, key string
		format          ascii.Format
		answer          string
		begin, end      string // what the reader is sent when the line opens and when the gateway stops
		steady          string // and between flashes
		signals         map[drivers.Signal]string
	}{
		// Command 6-H of the WEC200 manual: 02 SB, eight digits for 100 ms each, CR; its answer is 02 A CR.
		{name: "WEC200", format: ascii.WEC200(), card: "\x02WFC177ID25111\r", key: "w26:177:25111", answer: "\x02A\r", signals: map[drivers.Signal]string{
			drivers.Accepted: "\x02SB10000000\r", drivers.Refused: "\x02SB10101000\r", drivers.Several: "\x02SB10100000\r",
			drivers.Stored: "\x02SB10000000\r", drivers.NotKept: "\x02SB11111000\r",
		}},
		// rfid:out.led of the pcProx Plus manual: 0 off, 1 red, 2 green, 3 amber.
		{name: "pcProx", format: ascii.PcProx(), card: "123:45678\r", key: "w26:123:45678", answer: "\r\nRF IDeas>",
			begin: "rfid:out.led=0\r", end: "rfid:out.led=0\r", steady: "rfid:out.led=3\r", signals: map[drivers.Signal]string{
				drivers.Accepted: "rfid:out.led=2\rrfid:beep.now=1\r", drivers.Refused: "rfid:out.led=1\rrfid:beep.now=3\r",
				drivers.NotKept: "rfid:out.led=1\rrfid:beep.now=101\r",
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bus, cable, reads, stop := run(t, ascii.Options{Format: tt.format})
			expect(t, cable.End(), tt.begin)
			write(t, cable.End(), strings.Repeat(tt.answer, strings.Count(tt.begin, "\r")))
			bus.Show("desk", drivers.Ready)
			expect(t, cable.End(), tt.steady)
			for s, want := range tt.signals {
				bus.Show("desk", s)
				expect(t, cable.End(), want+tt.steady)
				write(t, cable.End(), strings.Repeat(tt.answer, strings.Count(want+tt.steady, "\r")))
			}
			write(t, cable.End(), tt.card)
			if got := <-reads; got.Credential != tt.key {
				t.Errorf("Read = %+v, want %s", got, tt.key)
			}
			stop()
			expect(t, cable.End(), tt.end)
			if c := bus.Status()[0].Counts; c.Taps != 1 || c.Refused != 0 || c.Unshown != 0 {
				t.Errorf("Counts = %+v, want one tap and nothing refused", c)
			}
			if noise := bus.Line().Noise; noise != 0 {
				t.Errorf("%d octets of the answers are noise", noise)
			}
		})
	}
}

// Amber is Ready on this reader: a fault must look otherwise, and what was not kept must sound unlike what was refused.
func TestPcProxSignalsCanBeToldApart(t *testing.T) {
	told := map[string]drivers.Signal{}
	for s := drivers.Off; s <= drivers.NotKept; s++ {
		text, ok := ascii.PcProx().Feedback[s]
		if other, taken := told[text]; !ok || taken {
			t.Errorf("%v is sent as %q, like %v", s, text, other)
		}
		told[text] = s
	}
}

func TestBeeperIsNoLight(t *testing.T) {
	bus, _, _, stop := run(t, ascii.Options{Format: ascii.WEC200()})
	defer stop()
	if got := bus.Status()[0].Trouble; !strings.HasPrefix(got, "has no light") {
		t.Errorf("Trouble = %q, want that it has no light", got)
	}
}
