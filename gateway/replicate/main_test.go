package replicate

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// When Badger refuses a directory it leaves these two behind. Whoever forgets to close a database leaves more.
var leftByRefusal = []goleak.Option{
	goleak.IgnoreTopFunction("github.com/dgraph-io/badger/v4.(*DB).monitorCache"),
	goleak.IgnoreTopFunction("github.com/dgraph-io/ristretto/v2/z.(*AllocatorPool).freeupAllocators"),
}

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		replicateUntilKilled(dir)
	}
	goleak.VerifyTestMain(m, leftByRefusal...)
}
