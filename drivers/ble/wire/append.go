package wire

import (
	"encoding/binary"
	"strings"
)

// AppendHello appends the record that opens a stream.
func AppendHello(b []byte) []byte { return append(b, 2, byte(HelloType), Version) }

// AppendAdvert appends a, whose Len must not exceed MaxData.
func AppendAdvert(b []byte, a *Advert) []byte {
	b = append(b, byte(advertFixed+int(a.Len)), byte(AdvertType), flag(a.Random), byte(a.RSSI))
	b = append(b, a.Addr[:]...)
	return append(b, a.Bytes()...)
}

// AppendStatus appends s.
func AppendStatus(b []byte, s Status) []byte {
	b = append(b, statusSize, byte(StatusType))
	b = binary.BigEndian.AppendUint64(b, s.Dropped)
	b = binary.BigEndian.AppendUint64(b, s.Malformed)
	return binary.BigEndian.AppendUint32(b, s.RoundTrip)
}

// AppendTrouble appends t, its detail cut to MaxDetail octets and made valid UTF-8.
func AppendTrouble(b []byte, t Trouble) []byte {
	detail := strings.ToValidUTF8(t.Detail[:min(len(t.Detail), MaxDetail)], "")
	b = append(b, byte(2+len(detail)), byte(TroubleType), byte(t.Reason))
	return append(b, detail...)
}

func flag(b bool) byte {
	if b {
		return 1
	}
	return 0
}
