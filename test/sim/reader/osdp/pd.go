package osdp

import (
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/card"
	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// offlineAfter is the silence after which a device takes its panel for gone (SIA OSDP v2.2).
const offlineAfter = 8 * time.Second

// Options say what kind of reader a PD is. The zero value is a plain reader at address 0 and 9600 baud.
type Options struct {
	Address      byte          // 0x00 to 0x7E
	Baud         int           // of its UART; 0 means 9600
	Identity     Identity      // what PDID reports
	Capabilities []Capability  // what PDCAP reports; nil means those this simulator has
	Outputs      int           // relays driven by OUT
	Display      bool          // shows TEXT; without it TEXT is an unknown command
	Queue        int           // card reads kept for the panel; 0 means 16
	LightDelay   time.Duration // from the end of an LED command to the light; 0 means 1 ms
}

// PD is one peripheral device. It is not safe for concurrent use.
type PD struct {
	options Options
	address byte
	baud    int

	heardAt  time.Time // last command for us; zero before the first
	online   bool      // a sequence has been agreed on
	sequence byte      // of the last command carried out
	reply    []byte    // sent for it, kept for a repetition
	inReply  uint64    // token of the card read in that reply, 0 when none

	silent  bool
	tamper  bool
	power   bool // power has failed and nobody was told to forget it
	changed bool // LSTATR is due at the next POLL
	reads   []read

	led     lamp.Lamp
	outputs []output
	text    string
	counts  Counts
	events  []Event
}

// read is a card the panel has not fetched yet.
type read struct {
	token uint64
	card  card.Card
}

// Counts are totals since the device was made.
type Counts struct {
	Commands       int             // carried out
	Repeats        int             // same sequence again: the reply was sent again and nothing carried out
	Restarts       int             // sequence 0
	Naks           [nakReasons]int // by reason
	IgnoredRecords int             // LED records with a dirty unused half
	Beeps          int             // single tones asked for
}

// New makes a device that has just been powered up.
func New(o Options) *PD {
	if o.Baud == 0 {
		o.Baud = 9600
	}
	if o.Queue == 0 {
		o.Queue = 16
	}
	if o.LightDelay == 0 {
		o.LightDelay = time.Millisecond
	}
	if o.Capabilities == nil {
		o.Capabilities = capabilities(o)
	}
	return &PD{options: o, address: o.Address, baud: o.Baud, outputs: make([]output, o.Outputs)}
}

// Answer is what a device sends for one frame: nothing when Octets is empty.
type Answer struct {
	Octets []byte
	Card   uint64 // token of the card read inside, 0 when none
}

// Answer carries out one frame whose last octet arrived at now.
func (p *PD) Answer(now time.Time, f Frame) Answer {
	if !p.meant(f) {
		return Answer{}
	}
	p.expire(now)
	p.heardAt = now
	if f.Sequence != 0 && p.online && f.Sequence == p.sequence {
		p.counts.Repeats++
		return Answer{p.reply, p.inReply}
	}
	if f.Sequence != 0 && (!p.online || f.Sequence != p.sequence%3+1) {
		return Answer{Octets: p.encode(f, replyNak, p.refuse(nakSequence))}
	}
	p.settle(now, f.Sequence)

	p.counts.Commands++
	address := p.address
	code, data := p.carryOut(now, f)
	p.reply = p.encodeFrom(address, f, code, data)
	return Answer{p.reply, p.inReply}
}

// Busy is the reply to a frame the device has no time for now. Nothing changes: the same frame may come again.
func (p *PD) Busy(f Frame) []byte {
	if !p.meant(f) {
		return nil
	}
	f.Sequence = 0 // BUSY is sent outside the sequence
	return p.encode(f, replyBusy, nil)
}

// meant reports whether the device should react to f at all.
func (p *PD) meant(f Frame) bool {
	return !p.silent && (f.Address == p.address || f.Address == Broadcast)
}

// expire forgets a panel that has been silent for too long.
func (p *PD) expire(now time.Time) {
	if !p.online || now.Sub(p.heardAt) <= offlineAfter {
		return
	}
	at := p.heardAt.Add(offlineAfter)
	p.online = false
	p.led = lamp.Lamp{}
	p.tell(Event{At: at, Kind: Offline, Light: lamp.Off})
}

// settle moves the sequence on. The next number says that the panel has our last reply; 0 throws that reply away.
func (p *PD) settle(now time.Time, sequence byte) {
	kind := Taken
	if sequence == 0 {
		kind = Lost
		p.counts.Restarts++
		p.tell(Event{At: now, Kind: Restarted})
	}
	if p.inReply != 0 {
		p.tell(Event{At: now, Kind: kind, Card: p.inReply})
	}
	p.online, p.sequence, p.reply, p.inReply = true, sequence, nil, 0
}

func (p *PD) encode(f Frame, code byte, data []byte) []byte {
	return p.encodeFrom(p.address, f, code, data)
}

// encodeFrom builds the reply to f; a broadcast is answered from the broadcast address.
func (p *PD) encodeFrom(address byte, f Frame, code byte, data []byte) []byte {
	if f.Address == Broadcast {
		address = Broadcast
	}
	return Frame{Address: address | replyBit, Sequence: f.Sequence, CRC: f.CRC, Code: code, Data: data}.Encode()
}

// refuse counts a NAK and gives its data.
func (p *PD) refuse(reason byte) []byte {
	p.counts.Naks[reason]++
	return []byte{reason}
}

// Read queues a card for the panel under a token that is not 0. It reports false when the queue is full.
func (p *PD) Read(token uint64, c card.Card) bool {
	if p.Room() <= 0 {
		return false
	}
	p.reads = append(p.reads, read{token, c})
	return true
}

// Room is how many more cards the queue takes.
func (p *PD) Room() int { return p.options.Queue - len(p.reads) }

// SetTamper opens or closes the housing; the next POLL reports a change.
func (p *PD) SetTamper(open bool) {
	p.changed = p.changed || open != p.tamper
	p.tamper = open
}

// SetSilent makes the device deaf and mute, as one that has lost its supply, without forgetting anything.
func (p *PD) SetSilent(silent bool) { p.silent = silent }

// PowerCycle restarts the device at now: dark, out of sequence, reads forgotten, with a power failure to report.
func (p *PD) PowerCycle(now time.Time) {
	if p.inReply != 0 {
		p.tell(Event{At: now, Kind: Lost, Card: p.inReply})
	}
	for _, r := range p.reads {
		p.tell(Event{At: now, Kind: Lost, Card: r.token})
	}
	p.online, p.reply, p.inReply, p.reads = false, nil, 0, nil
	p.led, p.outputs, p.text = lamp.Lamp{}, make([]output, len(p.outputs)), ""
	p.power, p.changed = true, true
}

// Address is where the device answers now; COMSET may have moved it.
func (p *PD) Address() byte { return p.address }

// Baud is the speed of its UART now; COMSET may have changed it.
func (p *PD) Baud() int { return p.baud }

// Counts are the totals so far.
func (p *PD) Counts() Counts { return p.counts }

// Light is what the LED shows at now.
func (p *PD) Light(now time.Time) lamp.Light {
	if p.gone(now) {
		return lamp.Off
	}
	return p.led.Light(now)
}

// Steady is what the LED shows at now between flashes.
func (p *PD) Steady(now time.Time) lamp.Light {
	if p.gone(now) {
		return lamp.Off
	}
	return p.led.Steady()
}

// Online reports whether a panel has spoken to the device within the last eight seconds.
func (p *PD) Online(now time.Time) bool { return p.online && !p.gone(now) }

func (p *PD) gone(now time.Time) bool { return now.Sub(p.heardAt) > offlineAfter }
