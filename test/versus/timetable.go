package versus

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/gateway/decide"
	"github.com/rollcall-edge/rollcall/gateway/timetable"
	"github.com/rollcall-edge/rollcall/test/load/appliance"
	"github.com/rollcall-edge/rollcall/test/versus/member"
)

// newTimetable keeps at path the timetable of a campus whose registers are open at now, as a gateway keeps what central sent.
func newTimetable(path string, size appliance.Size, now time.Time) (member.Timetable, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return member.Timetable{}, fmt.Errorf("make timetable: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return member.Timetable{}, fmt.Errorf("make timetable: %w", err)
	}
	t := appliance.NewTimetable(size, []byte("campus"), now)
	document, err := json.Marshal(t)
	if err != nil {
		return member.Timetable{}, fmt.Errorf("make timetable: %w", err)
	}
	signature, err := contract.Sign(key, document)
	if err != nil {
		return member.Timetable{}, fmt.Errorf("make timetable: %w", err)
	}
	authority := func() []*ecdsa.PublicKey { return []*ecdsa.PublicKey{&key.PublicKey} }
	cache := timetable.Open(timetable.Options{Path: path, Authority: authority, Log: slog.New(slog.DiscardHandler)})
	if err := cache.Install(contract.SignedTimetable{Document: document, Signature: signature}); err != nil {
		return member.Timetable{}, fmt.Errorf("make timetable: %w", err)
	}
	return member.Timetable{Path: path, PublicKey: public, Taps: expected(t)}, nil
}

// expected are taps of everybody on the class lists of a few rooms, at the door of that room.
func expected(t *contract.Timetable) []decide.Facts {
	var taps []decide.Facts
	for room := range appliance.Doors {
		for _, person := range t.Lists[room].Holders {
			taps = append(taps, decide.Facts{Point: appliance.Point(room), Digest: t.Holders[person].Digests[0]})
		}
	}
	return taps
}
