package beacon

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// ErrNobody says that no program has the channel open.
var ErrNobody = errors.New("no program has opened the controller")

// Controller is one virtual controller. The zero value is not usable; see New. Safe for use by several goroutines.
type Controller struct {
	addr [6]byte // as HCI carries it, least significant octet first

	mu      sync.Mutex // guards everything that follows
	host    io.Writer  // packets to the program, nil when nobody has the channel open
	changed chan struct{}
	scan    Scan
	masks   masks
	seen    map[string]bool // senders reported already, while duplicates are filtered
	mute    bool
	refuse  map[Opcode]byte
	opened  int
}

// masks are the events the host wants: Set Event Mask and LE Set Event Mask.
type masks struct{ event, le uint64 }

// The values after a reset, Vol 4 Part E 7.3.1 and 7.8.1.
var resetMasks = masks{event: 0x00001FFFFFFFFFFF, le: 0x1F}

// Bits of the masks that let advertising reports through.
const (
	eventMaskLEMeta    = 1 << 61
	leMaskAdvertReport = 1 << 1
)

// Scan is what the host has asked the controller to listen for. Interval and Window are in units of 0.625 ms.
type Scan struct {
	On, Active, FilterDuplicates bool
	Interval, Window             uint16
}

// New makes a controller with a public address, most significant octet first. It has no program yet: see Plug.
func New(addr [6]byte) *Controller {
	c := &Controller{masks: resetMasks, changed: make(chan struct{}), refuse: map[Opcode]byte{}}
	for i, b := range addr {
		c.addr[5-i] = b
	}
	return c
}

// Scan is the present state.
func (c *Controller) Scan() Scan {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.scan
}

// Opened counts how often a program has opened the channel.
func (c *Controller) Opened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}

// Changed is closed at the next change of what Scan or Opened return. Take it before looking.
func (c *Controller) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// Mute makes the controller swallow commands, like a chip whose firmware hangs, until it is called with false. Adverts
// still come.
func (c *Controller) Mute(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mute = on
}

// Refuse makes the controller answer op with an error status (Vol 1 Part F) until called with status 0.
func (c *Controller) Refuse(op Opcode, status byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse[op] = status
}

// Raw sends the program whole packets as they are, indicator octet first, sound or not.
func (c *Controller) Raw(packet []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sendLocked(packet)
}

// Air lets the controller hear reports, one event each, as real chips send them. Those the host does not want (not
// scanning, masked, repeated while duplicates are filtered) are not sent. It blocks while the program does not read.
func (c *Controller) Air(reports ...Report) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range reports {
		if !c.wantedLocked(&r) {
			continue
		}
		if err := c.sendLocked(r.event()); err != nil {
			return err
		}
	}
	return nil
}

func (c *Controller) wantedLocked(r *Report) bool {
	if !c.scan.On || c.masks.event&eventMaskLEMeta == 0 || c.masks.le&leMaskAdvertReport == 0 {
		return false
	}
	if !c.scan.FilterDuplicates {
		return true
	}
	again := c.seen[r.sender()]
	c.seen[r.sender()] = true
	return !again
}

func (c *Controller) sendLocked(packet []byte) error {
	if c.host == nil {
		return ErrNobody
	}
	if _, err := c.host.Write(packet); err != nil {
		return fmt.Errorf("send to host: %w", err)
	}
	return nil
}

func (c *Controller) changedLocked() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// serve answers the commands of one program, one packet per read, until it closes the channel.
func (c *Controller) serve(channel io.ReadWriter) {
	c.mu.Lock()
	c.host, c.scan, c.masks = channel, Scan{}, resetMasks
	c.opened++
	c.changedLocked()
	c.mu.Unlock()
	packet := make([]byte, 1024)
	for {
		n, err := channel.Read(packet)
		if err != nil {
			break // the program closed its end or died, or the radio was unplugged
		}
		c.handle(packet[:n])
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.host == channel {
		c.host, c.scan = nil, Scan{}
		c.changedLocked()
	}
}

// handle answers one packet: 01, opcode, length, parameters. Anything else, such as connection data, is nothing this
// controller would understand.
func (c *Controller) handle(packet []byte) {
	if len(packet) < 4 || packet[0] != packetCommand || len(packet) != 4+int(packet[3]) {
		return
	}
	op := Opcode(binary.LittleEndian.Uint16(packet[1:]))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mute {
		return
	}
	answer := []byte{c.refuse[op]}
	if answer[0] == 0 {
		answer = c.answerLocked(op, packet[4:])
	}
	_ = c.sendLocked(complete(op, answer)) // a host that is gone shows at the next read
}
