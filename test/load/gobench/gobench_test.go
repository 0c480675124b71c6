package gobench

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	const output = `goos: linux
cpu: Intel(R) Xeon(R) Processor
BenchmarkDecide-2   	  340816	       380.5 ns/op	       0 B/op	       0 allocs/op
BenchmarkDecide-2   	  340816	       400 ns/op	       0 B/op	       0 allocs/op
BenchmarkDecide-2   	  340816	       390 ns/op	       8 B/op	       1 allocs/op
BenchmarkReplicate/readers=16-2         	   17306	    102884 ns/op	      9720 taps/s
BenchmarkLone 	 5	 1 ns/op
BenchmarkFailed-2
--- BENCH: BenchmarkDecide-2
PASS
`
	want := Figures{
		"BenchmarkDecide":               {"ns/op": 390, "B/op": 0, "allocs/op": 0},
		"BenchmarkReplicate/readers=16": {"ns/op": 102884, "taps/s": 9720},
		"BenchmarkLone":                 {"ns/op": 1},
	}
	if diff := cmp.Diff(parse(output), want); diff != "" {
		t.Errorf("parse (-got +want):\n%s", diff)
	}
}
