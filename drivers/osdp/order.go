package osdp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// wish is what a technician wants of a reader.
type wish uint8

const (
	wishOpen  wish = iota // a session under the installation key
	wishKey               // send the key in it
	wishProof             // a session under that key
	wishMove              // another address or speed
)

// order is one wish on its way through the bus loop.
type order struct {
	reader int
	wish   wish
	key    Key // of wishKey; of wishOpen one that was proposed before, or zero
	from   moved
	to     moved
	left   <-chan struct{} // closed when nobody waits any more
	done   chan outcome    // room for one
	failed int             // handshakes of wishProof
}

// moved is where a reader listens.
type moved struct {
	address byte
	baud    int
}

// outcome is what an order came to.
type outcome struct {
	moved moved
	had   bool // of wishOpen: the reader has the proposed key already
	err   error
}

// Why an order came to nothing.
var (
	errOccupied   = errors.New("somebody else is at work on this reader: wait until that is done")
	errUnanswered = errors.New("the reader did not confirm the order: it may have followed it all the same")
	errParted     = errors.New("the reader broke off before it had the key: try again")
	errNoCom      = errors.New("the reader did not say what it accepted: look at its settings with the maker's tool")
	errNotProven  = errors.New("the reader confirmed the key and does not use it: put it into its installation mode and try again")
)

// install is the time in which a reader is given its key.
type install struct {
	left     <-chan struct{} // closed when it is over
	proposed Key             // sent by an earlier installation that was not finished; zero when there was none
	attempts int
}

// nextKey is the key of the next handshake: the one everybody knows, and in turn with it the one that the reader may
// have from an installation that was not finished.
func (i *install) nextKey() Key {
	i.attempts++
	if i.proposed != (Key{}) && i.attempts%2 == 1 {
		return i.proposed
	}
	return installKey
}

func (i *install) leftBy() <-chan struct{} {
	if i == nil {
		return nil
	}
	return i.left
}

func (o *order) leftBy() <-chan struct{} {
	if o == nil {
		return nil
	}
	return o.left
}

// take begins with an order.
func (d *device) take(o *order, now time.Time) {
	switch {
	case d.order != nil, d.guard.install != nil && o.wish != wishKey && o.wish != wishProof:
		d.finish(o, outcome{err: errOccupied})
		return
	case o.wish == wishKey && (d.stage != parked || d.guard.install == nil):
		d.finish(o, outcome{err: errParted})
		return
	}
	d.order = o
	switch o.wish {
	case wishOpen:
		d.guard.install, d.guard.denied, d.health.heard = &install{left: o.left, proposed: o.key}, denialNone, false
		d.meet(now)
	case wishProof:
		d.guard.install, d.guard.denied = nil, denialNone
		d.meet(now)
	}
}

// meet begins the acquaintance anew and at once.
func (d *device) meet(now time.Time) {
	o := d.order
	d.order = nil // what is in flight is not of this order
	d.lose(now)
	d.order = o
	d.probeSoon(now)
}

// left reports whether the person who gave the order has gone.
func (d *device) left() bool { return gone(d.order.leftBy()) || gone(d.guard.install.leftBy()) }

func gone(left <-chan struct{}) bool {
	select {
	case <-left:
		return true
	default:
		return false
	}
}

// leave ends an order that nobody waits for, and the installation with it.
func (d *device) leave(now time.Time) {
	if d.order != nil {
		d.finish(d.order, outcome{err: lateError{d.trouble()}})
	}
	if d.guard.install != nil {
		d.guard.install = nil
		d.lose(now)
		d.probeSoon(now)
	}
}

// finish ends an order. Who gave it hears of that after the status page has: they look there next.
func (d *device) finish(o *order, came outcome) {
	d.finished = append(d.finished, finished{o, came})
	if d.order == o {
		d.order = nil
	}
}

// finished is an order that nobody has been told of yet.
type finished struct {
	order *order
	came  outcome
}

// tell answers who gave the orders that ended; only the first answer to each counts.
func (d *device) tell() {
	for _, f := range d.finished {
		select {
		case f.order.done <- f.came:
		default:
		}
	}
	d.finished = nil
}

// opened tells who waits that the key can be sent.
func (d *device) opened() {
	if d.order != nil && d.order.wish == wishOpen {
		d.finish(d.order, outcome{had: d.guard.key != installKey})
	}
}

// sendsKey and moves report whether that order can be carried out now.
func (d *device) sendsKey() bool {
	return d.order != nil && d.order.wish == wishKey && d.stage == parked && d.flight == nil
}

func (d *device) moves() bool {
	return d.order != nil && d.order.wish == wishMove && d.stage == present && d.flight == nil
}

// keyset is KEYSET: kind 01, sixteen octets, the key.
func (o *order) keyset() command {
	return command{id: cmdKeyset, data: append([]byte{0x01, keyOctets}, o.key[:]...), order: o}
}

// comset is COMSET: address, bits per second (four octets, low first).
func (o *order) comset() command {
	data := binary.LittleEndian.AppendUint32([]byte{o.to.address}, uint32(o.to.baud))
	return command{id: cmdComset, data: data, order: o}
}

// served ends the order that c carried out, if nothing has done so yet.
func (d *device) served(c command, reply byte) {
	switch {
	case c.order == nil:
	case c.id == cmdKeyset && reply == replyAck:
		d.finish(c.order, outcome{})
	case c.id == cmdKeyset:
		d.finish(c.order, outcome{err: errUnanswered})
	default:
		d.finish(c.order, outcome{err: errNoCom})
	}
}

// interrupt ends an order that cannot go on when the connection breaks: its command is in flight, or it needs the
// session that has just gone.
func (d *device) interrupt() {
	if d.flight != nil && d.flight.command.order != nil {
		d.finish(d.flight.command.order, outcome{err: errUnanswered})
	}
	if d.order != nil && d.order.wish == wishKey {
		d.finish(d.order, outcome{err: errParted})
	}
}

// proved ends the wait for a session under the new key.
func (d *device) proved() {
	if d.order != nil && d.order.wish == wishProof {
		d.finish(d.order, outcome{})
	}
}

// unproven ends it too, when the reader keeps refusing the key that it confirmed.
func (d *device) unproven() {
	if d.order == nil || d.order.wish != wishProof {
		return
	}
	d.order.failed++
	if d.order.failed == failuresToAway {
		d.finish(d.order, outcome{err: errNotProven})
	}
}

// onCom takes in where the reader listens from now on. At another place it does not hear us any more.
func (d *device) onCom(data []byte, a *answer, now time.Time) (ok bool) {
	const comOctets = 5
	o := a.command.order
	if a.command.id != cmdComset || len(data) != comOctets {
		return false
	}
	to := moved{data[0], int(binary.LittleEndian.Uint32(data[1:]))}
	d.finish(o, outcome{moved: to})
	if to != o.from {
		d.moved, a.lost = &to, true
		d.lose(now)
	}
	return true
}

// refusedError says that the reader refused the order for good.
type refusedError byte

func (e refusedError) Error() string {
	return fmt.Sprintf("the reader refuses the order (NAK %d: %s)", byte(e), nakWords(byte(e)))
}
