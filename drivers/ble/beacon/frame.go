package beacon

// Kind tells the format of a frame.
type Kind uint8

// The kinds, in the order their metrics are listed.
const (
	None          Kind = iota // no beacon frame: most adverts are of somebody's headphones
	IBeacon                   // Apple: UUID, major, minor
	AltBeacon                 // 20-byte identifier
	EddystoneUID              // namespace and instance
	EddystoneURL              // counted, not decoded
	EddystoneTLM              // battery, temperature, uptime; no identifier inside
	EddystoneETLM             // telemetry encrypted with the beacon's identity key
	EddystoneEID              // an identifier that changes with time
	CheckIn                   // a phone's answer to the room challenge
	kinds
)

var kindNames = [kinds]string{
	"none", "ibeacon", "altbeacon", "eddystone_uid", "eddystone_url", "eddystone_tlm", "eddystone_etlm", "eddystone_eid", "checkin",
}

// String is the name used in metrics and on the status page.
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "unknown"
}

// Kinds lists every kind but None.
func Kinds() []Kind {
	all := make([]Kind, 0, kinds-1)
	for k := IBeacon; k < kinds; k++ {
		all = append(all, k)
	}
	return all
}

// Identifies reports whether frames of this kind name their sender for longer than a moment, so that it can be tracked.
// An EID does for its rotation period. A check-in names a person and is never tracked.
func (k Kind) Identifies() bool {
	return k == IBeacon || k == AltBeacon || k == EddystoneUID || k == EddystoneEID
}

// Tells reports whether frames of this kind carry telemetry we can read.
func (k Kind) Tells() bool { return k == EddystoneTLM }

// Frame is one decoded frame. Fields its kind does not carry are zero.
type Frame struct {
	Kind Kind
	// Body is the identifier, left aligned: iBeacon UUID(16) major(2) minor(2); AltBeacon id(20); UID namespace(10)
	// instance(6); EID(8); check-in flags(1) response(12). For URL the scheme octet and the encoded rest, at most 18.
	Body [20]byte
	// BodyLen is how many octets of Body are meant.
	BodyLen uint8
	// PowerAt1m is the calibrated signal strength at one metre, dBm.
	PowerAt1m int8
	Telemetry Telemetry
}

// Telemetry is a plain Eddystone TLM frame, version 0.
type Telemetry struct {
	MilliVolts uint16  // battery; 0 when the beacon does not measure it
	Celsius    float32 // valid when HasCelsius
	HasCelsius bool
	Adverts    uint32 // sent since power-up
	Uptime     uint32 // tenths of a second since power-up
}
