// Package solo says what a simulated reader is that has a serial line to itself: octets of the host and the time in,
// frames and events out. It holds what all such readers share, the field with its cards and a log; it knows no
// protocol, and has no line, no clock and no goroutine.
package solo
