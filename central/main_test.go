package central

import (
	"testing"

	"go.uber.org/goleak"
)

// The session manager of the pages makes a store in memory, with a cleaner, before it is given the database instead; one
// for each site, and it never ends.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup"))
}
