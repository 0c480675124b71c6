package contract

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
)

func TestInvitationText(t *testing.T) {
	want := Invitation{Gateway: "library", Secret: strings.Repeat("A", 43), Authority: [32]byte{0xca, 31: 0xfe}}
	got, err := ParseInvitation(" " + want.String() + "\n")
	if err != nil || got != want {
		t.Fatalf("ParseInvitation = %+v, %v; want %+v", got, err, want)
	}
	for _, text := range []string{"", "library", "library.short." + strings.Repeat("0", 64), "Library." + want.Secret + "." + strings.Repeat("0", 64), strings.TrimSuffix(want.String(), "e")} {
		if _, err := ParseInvitation(text); !errors.Is(err, ErrInvitation) {
			t.Errorf("ParseInvitation(%q) = %v, want ErrInvitation", text, err)
		}
	}
}

func TestGatewayHost(t *testing.T) {
	if name, ok := GatewayOf(GatewayHost("library-2")); !ok || name != "library-2" {
		t.Errorf("GatewayOf(GatewayHost(library-2)) = %q, %v", name, ok)
	}
	for _, host := range []string{"library.example.ac.uk", ".gateway.rollcall.internal", "a.b.gateway.rollcall.internal"} {
		if name, ok := GatewayOf(host); ok {
			t.Errorf("GatewayOf(%q) = %q, want none", host, name)
		}
	}
}

func TestSignature(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := Sign(key, []byte("timetable"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Verify(&key.PublicKey, []byte("timetable"), signature); err != nil {
		t.Errorf("Verify = %v", err)
	}
	if err := Verify(&key.PublicKey, []byte("timetablf"), signature); !errors.Is(err, ErrSignature) {
		t.Errorf("Verify of a changed document = %v, want ErrSignature", err)
	}
}

// The digest of a published example: RFC 4231 test case 2 (HMAC-SHA-256, key "Jefe").
func TestDigestIsHMAC(t *testing.T) {
	const want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
	if got := DigestOf([]byte("Jefe"), "what do ya want for nothing?").String(); got != want {
		t.Errorf("DigestOf = %s, want %s", got, want)
	}
}
