package wire

import "errors"

// Version is what Hello carries. A different number ends the conversation.
const Version = 1

// MaxData is the most advertising data one legacy report holds (Core Specification, Vol 4 Part E 7.7.65.2).
const MaxData = 31

// MaxDetail bounds the text of a Trouble, octets.
const MaxDetail = 200

// MaxRecord is the longest record with its length octet.
const MaxRecord = 1 + 2 + MaxDetail

// What a Reader answers to bytes that are no record, besides the errors of the connection.
var (
	// ErrRecord says that a length, a type or a field is out of bounds.
	ErrRecord = errors.New("damaged worker record")
	// ErrVersion says that the worker is of another version, or no worker.
	ErrVersion = errors.New("worker speaks another version")
)

// Type tells what a Record holds.
type Type uint8

// The records.
const (
	HelloType   Type = 1
	AdvertType  Type = 2
	StatusType  Type = 3
	TroubleType Type = 4
)

// Advert is one advertisement as the radio heard it.
type Advert struct {
	Random bool    // the address is a random one, not one a maker was given
	RSSI   int8    // dBm; 127 when the radio could not measure
	Addr   [6]byte // most significant octet first. Kept in memory to join frames; never logged, never exported
	Len    uint8
	Data   [MaxData]byte
}

// Bytes is the advertising data.
func (a *Advert) Bytes() []byte { return a.Data[:a.Len] }

// Status is sent when scanning has begun and after every answered heartbeat. Counts are since the worker started.
type Status struct {
	Dropped   uint64 // adverts lost because the gateway read too slowly
	Malformed uint64 // controller events and adverts that made no sense
	RoundTrip uint32 // of the last heartbeat to the controller and back, microseconds
}

// Trouble is the last record of a worker that gives up.
type Trouble struct {
	Reason Reason
	Detail string // for the log, at most MaxDetail octets; never bytes off the air
}

// Reason says why a worker gave up.
type Reason uint8

// The reasons. Their names are metric labels.
const (
	NoAdapter    Reason = iota + 1 // there is no such adapter, or no Bluetooth in this kernel
	NoPermission                   // CAP_NET_ADMIN is missing
	Busy                           // another program owns the adapter
	Blocked                        // rfkill
	OpenFailed                     // any other refusal to open
	NoAddress                      // the adapter answers, but with the address 00:00:00:00:00:00
	ScanRefused                    // the controller refused scan parameters or scanning
	StartTimeout                   // not scanning in time
	Heartbeat                      // the controller stopped answering
	EmptyAdverts                   // nearly all adverts arrive without data: a known way for controllers to fail
	Lost                           // the adapter went away
	Crash                          // the controller sent what go-ble cannot read; the worker is dying of it
	reasons
)

var reasonNames = [reasons]string{
	"unknown", "no_adapter", "no_permission", "busy", "rfkill", "open_failed", "no_address", "scan_refused",
	"start_timeout", "heartbeat", "empty_adverts", "adapter_lost", "crash",
}

// Reasons lists them all.
func Reasons() []Reason {
	all := make([]Reason, 0, reasons-1)
	for r := NoAdapter; r < reasons; r++ {
		all = append(all, r)
	}
	return all
}

// String is the metric label.
func (r Reason) String() string {
	if r < reasons {
		return reasonNames[r]
	}
	return reasonNames[0]
}
