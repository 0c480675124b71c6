// Package status shows a technician how the gateway is: a page with named warnings, /healthz and /metrics. It only reads,
// it is handed all it shows, and there is no card and no name among that.
package status

import (
	"time"

	"github.com/rollcall-edge/rollcall/drivers"
)

// Snapshot is the state of a gateway at one moment. Zero times are shown as "never".
type Snapshot struct {
	At        time.Time
	StartedAt time.Time
	Gateway   string
	Building  string
	Version   string

	Warnings  []Warning
	Notes     []Warning // worth knowing, and nothing is wrong
	Clock     Clock
	Timetable Timetable
	Journal   Journal
	Uplink    Uplink
	Cluster   Cluster
	Lines     []Line
	Bluetooth Bluetooth
	Seal      Seal
}

// Seal is what an auditor compares with an export of central's: the key this gateway signs with, and the last daily seal it keeps.
type Seal struct {
	Key    string
	Day    string // yyyy-mm-dd; empty if there is none yet
	Digest string
}

// Warning is something a person should do, under a name that stays the same until it is done.
type Warning struct {
	Name string // e.g. "clock", "reader LIB-0.01/door"
	Text string // what is wrong and what to do, one sentence
}

// Line is a serial line and its readers, as their driver tells of them.
type Line struct {
	Line    drivers.LineStatus
	Readers []drivers.Status
}

// Clock is how far the time can be trusted.
type Clock struct {
	Quality string
	Within  time.Duration // bound of the error; 0 when unknown
	Offset  time.Duration // central's clock minus this one
}

// Timetable is what taps are judged by. Version 0 means there is none.
type Timetable struct {
	Version    uint64
	MadeAt     time.Time
	ValidUntil time.Time
	SyncedAt   time.Time
	Cards      int
}

// Journal is how far taps have come; each number is the last record that has.
type Journal struct {
	Stream       string
	Durable      uint64
	Replicated   uint64
	Acknowledged uint64
	Sealed       uint64 // central has proven the stream up to here as this gateway signed it
	Mirror       string // directory of the second copy; empty if none is wanted
	Mirrored     uint64
}

// Uplink is the way to central.
type Uplink struct {
	Central  string
	Queue    uint64
	OldestAt time.Time // of the queue
	HeardAt  time.Time // when central last answered
	Trouble  string
}

// Cluster is how the gateways that replicate one another stand. State is empty when there is no replication.
type Cluster struct {
	State   string
	Leader  string
	Peers   []string
	Commit  uint64
	Applied uint64
	Streams []Stream
}

// Stream is one journal of the cluster as this gateway holds it.
type Stream struct {
	Stream       string
	Replicated   uint64
	Acknowledged uint64
}

// Bluetooth is the radio and what it hears. Up is meaningless unless Enabled.
type Bluetooth struct {
	Enabled bool
	Up      bool
	Beacons []Beacon
}

// Beacon is one beacon heard.
type Beacon struct {
	ID      string
	Name    string // configured; empty for strangers
	Room    string
	RSSI    int     // dBm
	Volts   float64 // of its battery; 0 when it does not tell
	HeardAt time.Time
}
