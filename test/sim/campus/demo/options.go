// Package demo runs the demo campus from the first start to the verdict: it brings a new campus into being through the same
// doors a university uses, lets people tap, injects the faults it is asked for, and compares in the end. How machines are
// started and broken is in site, what is right in model and verdict.
package demo

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/fault"
)

// Options say how to run.
type Options struct {
	Dir     string        // holds everything that the campus keeps; made if it is not there
	Bin     string        // holds the programs
	Seed    uint64        // of a new campus, and of the people of this run
	For     time.Duration // how long people tap; 0 until the context ends
	Rate    float64       // people a second; 0 chooses
	JSON    string        // file for the result of a bounded run; "" for none
	Faults  []fault.Fault // only in a bounded run
	Out     io.Writer     // for people
	Columns int           // of the terminal that Out is, so that the summary is rewritten in place; 0 when it is none
}

// The pace of people when nobody asks for another.
const (
	boundedRate = 8    // a second
	openRate    = 2    // a second, when classes have just been opened
	trickleRate = 0.25 // a second, after that
	rushFor     = 5 * time.Minute
)

// What is wrong with options.
var (
	ErrFaults = errors.New("faults need a bounded run; add for example --for 60s")
	ErrShort  = errors.New("a run of less than 10 s shows nothing; ask for more")
	ErrRate   = errors.New("a rate is between 0.1 and 60 people a second: twelve readers serve no more")
)

// Check tells what is wrong with the options, nil if nothing.
func (o *Options) Check() error {
	switch {
	case o.For == 0 && len(o.Faults) > 0:
		return ErrFaults
	case o.For == 0 && o.JSON != "":
		return fmt.Errorf("--json: there is a result only of a bounded run; add for example --for 60s")
	case o.For != 0 && o.For < 10*time.Second:
		return ErrShort
	case o.Rate != 0 && (o.Rate < 0.1 || o.Rate > 60):
		return ErrRate
	}
	for _, f := range o.Faults {
		if f.At >= o.For {
			return fmt.Errorf("%v: nobody taps any more after %v", f, o.For)
		}
	}
	return nil
}
