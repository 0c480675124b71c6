package beacon

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrID says that a text is no beacon identifier.
var ErrID = errors.New("not a beacon identifier: write ibeacon:<uuid>:<major>:<minor>, uid:<20 hex digits>:<12 hex digits>, eid:<16 hex digits> or altbeacon:<40 hex digits>")

// ID names one beacon. It is comparable, so it can be a map key, and makes no garbage.
type ID struct {
	kind Kind
	body [20]byte
}

// ID is the identifier in f; the zero ID when its kind does not identify.
func (f *Frame) ID() ID {
	if !f.Kind.Identifies() {
		return ID{}
	}
	return ID{f.Kind, f.Body}
}

// Kind tells which format the beacon speaks; None for the zero ID.
func (id ID) Kind() Kind { return id.kind }

// String is the canonical form, which ParseID reads: lower case, for example
// "ibeacon:e2c56db5-dffb-48d2-b060-d0f5a71096e0:1:2" or "uid:8b0ca750095477cb3e77:0123456789ab".
func (id ID) String() string {
	b := id.body[:]
	switch id.kind {
	case IBeacon:
		return fmt.Sprintf("ibeacon:%x-%x-%x-%x-%x:%d:%d", b[:4], b[4:6], b[6:8], b[8:10], b[10:16],
			uint16(b[16])<<8|uint16(b[17]), uint16(b[18])<<8|uint16(b[19]))
	case AltBeacon:
		return fmt.Sprintf("altbeacon:%x", b)
	case EddystoneUID:
		return fmt.Sprintf("uid:%x:%x", b[:10], b[10:16])
	case EddystoneEID:
		return fmt.Sprintf("eid:%x", b[:8])
	}
	return ""
}

// ParseID reads what a person wrote into the configuration. Upper case and spaces around are forgiven; everything else
// gives an error that wraps ErrID.
func ParseID(s string) (ID, error) {
	kind, rest, _ := strings.Cut(strings.ToLower(strings.TrimSpace(s)), ":")
	parts := strings.Split(rest, ":")
	id := ID{}
	ok := false
	switch kind {
	case "ibeacon":
		id.kind = IBeacon
		ok = len(parts) == 3 && uuid(id.body[:16], parts[0]) && short(id.body[16:18], parts[1]) && short(id.body[18:], parts[2])
	case "altbeacon":
		id.kind = AltBeacon
		ok = len(parts) == 1 && octets(id.body[:20], parts[0])
	case "uid":
		id.kind = EddystoneUID
		ok = len(parts) == 2 && octets(id.body[:10], parts[0]) && octets(id.body[10:16], parts[1])
	case "eid":
		id.kind = EddystoneEID
		ok = len(parts) == 1 && octets(id.body[:8], parts[0])
	}
	if !ok {
		return ID{}, fmt.Errorf("parse %q: %w", s, ErrID)
	}
	return id, nil
}

func octets(dst []byte, s string) bool {
	if len(s) != 2*len(dst) {
		return false
	}
	_, err := hex.Decode(dst, []byte(s))
	return err == nil
}

// uuid takes the 8-4-4-4-12 form only: a dash in the wrong place is more often a slip than a style.
func uuid(dst []byte, s string) bool {
	groups := strings.Split(s, "-")
	if len(groups) != 5 || len(groups[0]) != 8 || len(groups[1]) != 4 || len(groups[2]) != 4 || len(groups[3]) != 4 {
		return false
	}
	return octets(dst, strings.Join(groups, ""))
}

func short(dst []byte, s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || s != strconv.FormatUint(n, 10) {
		return false
	}
	dst[0], dst[1] = byte(n>>8), byte(n)
	return true
}
