package beacon

// Advertising event types of a report, Vol 4 Part E 7.7.65.2.
const (
	Connectable    = 0x00 // ADV_IND
	NonConnectable = 0x03 // ADV_NONCONN_IND, what most beacons send
	ScanResponse   = 0x04 // never in passive scanning
)

// Report is one advertisement as a radio hears it.
type Report struct {
	Type   byte    // NonConnectable and so on
	Random bool    // kind of address
	Addr   [6]byte // most significant octet first
	Data   []byte  // at most 31 octets; more makes an event no sound controller sends, as a test may wish
	RSSI   int8    // dBm, 127 for not measured
}

func (r *Report) sender() string {
	kind := byte(0)
	if r.Random {
		kind = 1
	}
	return string(append([]byte{kind}, r.Addr[:]...))
}

// event is an LE Advertising Report event with one report in it.
func (r *Report) event() []byte {
	p := []byte{packetEvent, eventLEMeta, byte(12 + len(r.Data)), subeventAdvertReport, 1, r.Type, r.sender()[0]}
	for i := range r.Addr {
		p = append(p, r.Addr[5-i])
	}
	p = append(p, byte(len(r.Data)))
	p = append(p, r.Data...)
	return append(p, byte(r.RSSI))
}
