//go:build !simulation

package replicate

const (
	compactors  = 2
	stallTables = 4 // not compacted yet, at which writes wait
)
