//go:build simulation

package replicate

// Badger's compactors look for work twenty times a second, which is most of what a gateway does in fake time.
const (
	compactors  = 0
	stallTables = 1 << 16
)
