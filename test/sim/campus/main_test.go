package campus

import (
	"testing"
	"time"
)

// reference is a Wednesday; London left summer time seven weeks' teaching before.
var reference = time.Date(2026, 11, 25, 10, 20, 0, 0, time.UTC)

func made(t testing.TB) *Campus {
	t.Helper()
	return New(1, reference)
}
