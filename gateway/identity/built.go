package identity

import (
	"runtime/debug"
	"time"
)

// built is when the source of this program was committed, a moment that has passed for certain; zero if the program does
// not tell.
func built() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			at, _ := time.Parse(time.RFC3339, s.Value) // what is not a time tells none
			return at
		}
	}
	return time.Time{}
}
