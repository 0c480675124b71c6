// Package catalogue is the list of everything that is to go wrong: 77 kinds of fault in eight families. It breaks nothing.
package catalogue

// Family groups kinds by what is broken.
type Family string

// The families.
const (
	Process Family = "process"
	Disk    Family = "power and disk"
	Network Family = "network"
	Time    Family = "time"
	Reader  Family = "reader"
	Cluster Family = "cluster"
	Trust   Family = "trust"
	Data    Family = "data"
)

// Kind is one kind of fault.
type Kind struct {
	Number int // from 1
	Family Family
	Name   string
}

// Kinds are all, by number from 1.
var Kinds = number(
	family{Process, []string{
		"kill -9 of the leader", "kill -9 of a follower", "kill -9 of all gateways", "leader stopped (SIGSTOP)",
		"frozen, then 5 % of a processor", "killed for want of memory", "panic at each failpoint", "SIGTERM in the middle of a batch",
		"driver panics",
	}},
	family{Disk, []string{
		"power cut, nothing unflushed survives", "power cut, torn prefix", "power cut, random sectors", "power cut of all three at once",
		"power cut during recovery", "writes fail (EIO)", "flushes fail (EIO)", "disk full", "disk full at start", "flushes take a second",
		"remounted read-only", "a bit flipped in each kind of file", "files truncated", "files deleted", "old image restored",
		"empty .mem file", "out of file descriptors",
	}},
	family{Network, []string{
		"a building isolated", "the leader isolated", "split 2 : 1", "one direction cut", "bridge", "link flaps every second",
		"20 % of frames lost", "delay of 50±10 and of 500 ms", "frames duplicated", "frames reordered", "frames corrupted", "1 Mbit/s",
		"central down", "central does not answer for long", "central answers nonsense", "applied, but the answer lost", "large packets dropped",
	}},
	family{Time, []string{
		"clock stepped by hours", "clock stepped over midnight", "clock drifts by 500 ppm", "boot in 1970", "clock strobes",
		"gateways disagree by ten minutes",
	}},
	family{Reader, []string{
		"unplugged in the middle of frames", "frames in pieces of one to three octets", "noise on the line", "damaged frames", "frames repeated",
		"reader restarts", "stuck card", "two readers at one address", "reader at another speed", "ports swapped", "lights are not heard",
	}},
	family{Cluster, []string{
		"machine replaced, with an empty disk", "snapshot installed during a partition", "rolling upgrade", "downgrade",
		"leader handed over under load", "partitioned member removed",
	}},
	family{Trust, []string{
		"certificate expired", "authority rotated", "revoked gateway", "rogue gateway", "one identity twice", "tap altered or deleted at central",
		"code replayed",
	}},
	family{Data, []string{
		"timetable changed in a session", "room changed while a building is offline", "card issued anew", "kept timetable damaged",
	}},
)

// Inapplicable are kinds that the product gives nothing to break by, and why.
var Inapplicable = map[int]string{
	73: "no code is good for one use or one minute at a reader: those that scanners read are held for good, as cards are, and recorded as the weaker evidence; " +
		"the codes that change every minute (central/checkin) are served by no page yet",
}

type family struct {
	family Family
	names  []string
}

func number(families ...family) []Kind {
	var kinds []Kind
	for _, f := range families {
		for _, name := range f.names {
			kinds = append(kinds, Kind{len(kinds) + 1, f.family, name})
		}
	}
	return kinds
}

// Of is the kind with a number; the zero Kind when there is none.
func Of(number int) Kind {
	if number < 1 || number > len(Kinds) {
		return Kind{}
	}
	return Kinds[number-1]
}
