package reader

import "github.com/rollcall-edge/rollcall/test/sim/reader/lamp"

// Counts are the totals of one reader.
type Counts struct {
	Presented int              // people who came
	Sent      int              // of these, whose card's frame went out at least once
	Taken     int              // cards the panel is known to have; OSDP only
	Lost      int              // cards nobody has: a restart by the panel, a power failure, gone before they were asked for
	Lights    [lamp.Lights]int // what people saw first, None for those who left or had nothing to see
	Unasked   [lamp.Lights]int // passing lights nobody was waiting for
	Beeps     int
}

// LineCounts are the totals of one line.
type LineCounts struct {
	Heard      int // pieces of octets from the host
	Sent       int // frames sent by devices, lost ones included
	Collisions int // a device and the host, or two devices, at the same time
	WrongSpeed int // frames for a device that runs at another speed, or frames sent to a host that does
	Broken     int // frames from the host with a wrong check or cut short
	Unread     int // frames the host did not take from its port in time

	// Faults that struck.
	Deafs, Busies, Drops, Flips, Noises, Echoes, Splits int
}
