package osdp

import (
	"crypto/aes"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/reader/lamp"
)

// offlineAfter is the silence after which a device takes its panel for gone (SIA OSDP v2.2), and ends its session.
const offlineAfter = 8 * time.Second

// Options say what kind of reader a PD is. The zero value is a plain reader at address 0 and 9600 baud.
type Options struct {
	Address      byte          // 0x00 to 0x7E
	Baud         int           // of its UART; 0 means 9600
	Turnaround   time.Duration // from a command's last octet to the reply's first; 0 leaves it to the line
	Identity     Identity      // what PDID reports; zero means a vendor of documentation (00-00-5E)
	Capabilities []Capability  // what PDCAP reports; nil means those this simulator has
	Outputs      int           // relays driven by OUT
	Display      bool          // shows TEXT; without it TEXT is an unknown command
	Queue        int           // reports kept for the panel; 0 means 16
	LightDelay   time.Duration // from the end of an LED command to the light; 0 means 1 ms
	Checksum     bool          // knows no CRC: a frame with one is noise to it
	Characters   bool          // reports a card as FMT, a line of hexadecimal characters, instead of RAW

	Key           *[aes.BlockSize]byte // its own key (SCBK); nil for a reader that has none
	Install       bool                 // installation mode: also opens sessions with SCBK-D, until a KEYSET arrives
	RequireSecure bool                 // outside a session obeys nothing but ID, CAP, COMSET, CHLNG and SCRYPT
	EndsOnKeySet  bool                 // ends its session once it has acknowledged a new key, as some readers do
	ClearStatus   bool                 // answers LSTAT in a session under a panel's block, not enciphered, as libosdp 3.2.0 does
	Seed          uint64               // of the random numbers of its sessions
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

	key     *[aes.BlockSize]byte
	install bool
	session *session // nil outside one and its handshake
	random  func() [challengeSize]byte

	silent  bool
	busy    int    // commands to be answered with BUSY
	refusal []byte // reasons to refuse the next commands for
	tamper  bool
	power   bool // power has failed and nobody was told to forget it
	changed bool // LSTATR is due at the next POLL
	queue   []report

	led     lamp.Lamp
	outputs []output
	text    string
	counts  Counts
	events  []Event
}

// Counts are totals since the device was made.
type Counts struct {
	Commands         int             // carried out
	Plain            int             // commands that came without protection, ID and CAP not counted
	Repeats          int             // same sequence again: the reply was sent again and nothing carried out
	Restarts         int             // sequence 0
	Sessions         int             // secure channels opened
	WrongMACs        int             // commands in a session that were not the panel's, or not in their turn
	WrongCryptograms int             // panels that did not know the key
	Naks             [nakReasons]int // by reason
	IgnoredRecords   int             // LED records with a dirty unused half
	Beeps            int             // single tones asked for
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
	if o.Identity == (Identity{}) {
		o.Identity = Identity{Vendor: [3]byte{0x00, 0x00, 0x5E}, Model: 1, Version: 1, Serial: 1 + uint32(o.Address), Firmware: [3]byte{1, 0, 0}}
	}
	return &PD{
		options: o, address: o.Address, baud: o.Baud, outputs: make([]output, o.Outputs),
		key: copyKey(o.Key), install: o.Install, random: dice(o.Seed, o.Address),
	}
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
	if !f.Secure && f.Code != cmdID && f.Code != cmdCap {
		p.counts.Plain++
	}
	if p.busy > 0 {
		p.busy--
		return Answer{Octets: p.Busy(f)}
	}
	if f.Sequence != 0 && p.online && f.Sequence == p.sequence {
		p.counts.Repeats++
		return Answer{p.reply, p.inReply}
	}
	if f.Sequence != 0 && (!p.online || f.Sequence != p.sequence%3+1) {
		return p.outOfTurn(f, nakSequence)
	}
	if reason := p.refuses(); reason == nakCheck || reason == nakSequence {
		p.refusal = p.refusal[1:]
		return p.outOfTurn(f, reason)
	}
	p.settle(now, f.Sequence)
	p.reply = p.carryOut(now, f)
	return Answer{p.reply, p.inReply}
}

// outOfTurn refuses a frame that was not understood as the next one: nothing changes.
func (p *PD) outOfTurn(f Frame, reason byte) Answer {
	return Answer{Octets: p.pack(p.address, f, nak(reason))}
}

// Busy is the reply to a frame the device has no time for now. Nothing changes: the same frame may come again.
func (p *PD) Busy(f Frame) []byte {
	if !p.meant(f) {
		return nil
	}
	f.Sequence = 0 // BUSY is sent outside the sequence, and outside the session
	return p.pack(p.address, f, reply{code: replyBusy})
}

// meant reports whether the device should react to f at all.
func (p *PD) meant(f Frame) bool {
	heard := !p.silent && !(f.CRC && p.options.Checksum)
	return heard && (f.Address == p.address || f.Address == Broadcast)
}

// expire forgets a panel that has been silent for too long.
func (p *PD) expire(now time.Time) {
	if !p.online || now.Sub(p.heardAt) <= offlineAfter {
		return
	}
	at := p.heardAt.Add(offlineAfter)
	p.online = false
	p.led = lamp.Lamp{}
	p.endSession(at)
	p.tell(Event{At: at, Kind: Offline, Light: lamp.Off})
}

// settle moves the sequence on. The next number says that the panel has our last reply; 0 throws that reply away, and
// the session with it.
func (p *PD) settle(now time.Time, sequence byte) {
	kind := Taken
	if sequence == 0 {
		kind = Lost
		p.counts.Restarts++
		p.tell(Event{At: now, Kind: Restarted})
		p.endSession(now)
	}
	if p.inReply != 0 {
		p.tell(Event{At: now, Kind: kind, Card: p.inReply})
	}
	p.online, p.sequence, p.reply, p.inReply = true, sequence, nil, 0
}

// reply is what a device has to say: the block is that of a handshake, or none.
type reply struct {
	code  byte
	data  []byte
	block Block
}

func nak(reason byte) reply { return reply{code: replyNak, data: []byte{reason}} }

// pack builds the frame that answers f, without a session; a broadcast is answered from the broadcast address.
func (p *PD) pack(address byte, f Frame, r reply) []byte {
	return p.frame(address, f, r).Encode()
}

func (p *PD) frame(address byte, f Frame, r reply) Frame {
	if f.Address == Broadcast {
		address = Broadcast
	}
	if r.code == replyNak && r.data[0] < nakReasons {
		p.counts.Naks[r.data[0]]++
	}
	return Frame{
		Address: address | replyBit, Sequence: f.Sequence, CRC: f.CRC,
		Secure: r.block.Type != 0, Block: r.block, Code: r.code, Data: r.data,
	}
}

// Address is where the device answers now; COMSET may have moved it.
func (p *PD) Address() byte { return p.address }

// Baud is the speed of its UART now; COMSET may have changed it.
func (p *PD) Baud() int { return p.baud }

// Turnaround is how long the device thinks before it answers, 0 when it leaves that to the line.
func (p *PD) Turnaround() time.Duration { return p.options.Turnaround }

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
