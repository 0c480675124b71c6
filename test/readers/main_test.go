package readers

import (
	"flag"
	"testing"

	"go.uber.org/goleak"
)

// atOnce is how many tests run at the same time: more than there are processors, since drivers wait for answers that were lost.
const atOnce = "12"

func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", atOnce); err != nil {
		panic(err) // the testing package has lost a flag
	}
	goleak.VerifyTestMain(m)
}
