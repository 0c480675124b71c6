// Package fault reads which faults a run shall meet and when. It breaks nothing itself.
package fault

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is what goes wrong.
type Kind uint8

// The kinds of fault.
const (
	Kill Kind = iota + 1 // the process is killed without warning, and started again
	Cut                  // the gateway's links to central and to its peers carry nothing, in both directions
)

// String is the name of the flag.
func (k Kind) String() string {
	if k == Kill {
		return "kill"
	}
	return "cut"
}

// Central is the Target of a fault at central.
const Central = 0

// Fault is one thing that goes wrong and is mended.
type Fault struct {
	Kind   Kind
	Target int           // number of a gateway from 1, or Central
	At     time.Duration // from the first tap on
	Mended time.Duration // likewise
}

// String is the fault as its flag has it.
func (f Fault) String() string {
	target, mended := "central", "up"
	if f.Target != Central {
		target = fmt.Sprintf("gateway:%d", f.Target)
	}
	if f.Kind == Cut {
		mended = "heal"
	}
	return fmt.Sprintf("%s %s@%v,%s@%v", f.Kind, target, f.At, mended, f.Mended)
}

// Parse reads the flags: TARGET@T,up@T for kills, gateway:N@T,heal@T for cuts. Gateways are numbered from 1 to gateways. The
// faults come back in order of time; two that overlap at one target are refused.
func Parse(kills, cuts []string, gateways int) ([]Fault, error) {
	var all []Fault
	for _, text := range kills {
		f, err := parse(Kill, "up", text, gateways)
		if err != nil {
			return nil, fmt.Errorf("--kill %s: %w", text, err)
		}
		all = append(all, f)
	}
	for _, text := range cuts {
		f, err := parse(Cut, "heal", text, gateways)
		if err == nil && f.Target == Central {
			err = fmt.Errorf("central's links are those of the gateways; cut them there")
		}
		if err != nil {
			return nil, fmt.Errorf("--cut %s: %w", text, err)
		}
		all = append(all, f)
	}
	slices.SortStableFunc(all, func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
	return all, overlaps(all)
}

func parse(kind Kind, mend, text string, gateways int) (Fault, error) {
	f := Fault{Kind: kind}
	first, second, ok := strings.Cut(text, ",")
	if !ok {
		return f, fmt.Errorf("it says only when it breaks; add \",%s@30s\"", mend)
	}
	target, at, err := moment(first)
	if err != nil {
		return f, err
	}
	if f.Target, err = parseTarget(target, gateways); err != nil {
		return f, err
	}
	word, mended, err := moment(second)
	if err != nil {
		return f, err
	}
	if word != mend {
		return f, fmt.Errorf("%q: want %s@ and a time", second, mend)
	}
	if mended <= at {
		return f, fmt.Errorf("it is mended at %v, before it breaks at %v", mended, at)
	}
	f.At, f.Mended = at, mended
	return f, nil
}

func moment(text string) (word string, at time.Duration, err error) {
	word, when, ok := strings.Cut(text, "@")
	if !ok {
		return "", 0, fmt.Errorf("%q has no @ with a time behind it", text)
	}
	at, err = time.ParseDuration(when)
	if err != nil || at < 0 {
		return "", 0, fmt.Errorf("%q is not a time from the start; write for example 10s", when)
	}
	return word, at, nil
}

func parseTarget(text string, gateways int) (int, error) {
	if text == "central" {
		return Central, nil
	}
	number, ok := strings.CutPrefix(text, "gateway:")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || n < 1 || n > gateways {
		return 0, fmt.Errorf("%q is nobody; write central or gateway:1 to gateway:%d", text, gateways)
	}
	return n, nil
}

func overlaps(all []Fault) error {
	for i, a := range all {
		for _, b := range all[i+1:] {
			if a.Target == b.Target && a.Kind == b.Kind && b.At <= a.Mended {
				return fmt.Errorf("%v begins before %v is mended", b, a)
			}
		}
	}
	return nil
}
