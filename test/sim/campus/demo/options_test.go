package demo

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/fault"
)

func TestCheck(t *testing.T) {
	kill := []fault.Fault{{Kind: fault.Kill, Target: 2, At: 10 * time.Second, Mended: 25 * time.Second}}
	tests := []struct {
		name string
		o    Options
		want string // the beginning of the error, "" for none
	}{
		{"until Ctrl-C", Options{}, ""},
		{"bounded", Options{For: time.Minute, JSON: "out.json", Faults: kill}, ""},
		{"mended after the last newcomer", Options{For: 20 * time.Second, Faults: kill}, ""},
		{"faults without an end", Options{Faults: kill}, "faults need a bounded run"},
		{"a result without an end", Options{JSON: "out.json"}, "--json: there is a result only of a bounded run"},
		{"too short", Options{For: 5 * time.Second}, "a run of less than 10 s"},
		{"a fault when nobody taps", Options{For: 10 * time.Second, Faults: kill}, "kill gateway:2@10s,up@25s: nobody taps any more"},
		{"a crowd", Options{For: time.Minute, Rate: 100}, "a rate is between"},
		{"nobody", Options{For: time.Minute, Rate: -1}, "a rate is between"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.o.Check()
			if (err == nil) != (tt.want == "") || err != nil && !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("Check = %v, want %q", err, tt.want)
			}
		})
	}
}
