package osdp

import (
	"encoding/binary"
	"time"
)

// outRecord is the length of one record of OUT: output, what to do, time.
const outRecord = 4

// What OUT can ask of an output.
const (
	outNop = iota
	outOffNow
	outOnNow
	outOffAfter // when a timed operation, if any, is over
	outOnAfter
	outOnFor
	outOffFor
	outCodes
)

// output is one relay: a state that stays, and another until a time.
type output struct {
	stays, passing bool
	until          time.Time
}

func (o output) on(now time.Time) bool {
	if now.Before(o.until) {
		return o.passing
	}
	return o.stays
}

// out carries out every record of OUT, or none.
func (p *PD) out(now time.Time, data []byte) (reason byte) {
	for r := data; len(r) > 0; r = r[outRecord:] {
		if int(r[0]) >= len(p.outputs) || r[1] >= outCodes {
			return nakRecord
		}
	}
	for r := data; len(r) > 0; r = r[outRecord:] {
		p.outputs[r[0]].set(now, r[1], time.Duration(binary.LittleEndian.Uint16(r[2:]))*tick)
	}
	return 0
}

func (o *output) set(now time.Time, code byte, length time.Duration) {
	switch code {
	case outOffNow, outOnNow:
		o.stays, o.until = code == outOnNow, time.Time{}
	case outOffAfter, outOnAfter:
		o.stays = code == outOnAfter
	case outOnFor, outOffFor:
		o.passing, o.until = code == outOnFor, now.Add(length)
	}
}

// outputStates is the data of OSTATR: one octet for each output.
func (p *PD) outputStates(now time.Time) []byte {
	b := make([]byte, len(p.outputs))
	for i, o := range p.outputs {
		b[i] = flag(o.on(now))
	}
	return b
}

// Output reports whether output n is on at now; one that does not exist is off.
func (p *PD) Output(now time.Time, n int) bool {
	return n >= 0 && n < len(p.outputs) && p.outputs[n].on(now)
}
