package replicate

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rollcall-edge/rollcall/central/contract"
)

var streamA, streamB = contract.Stream{0xA, 1, 2, 3, 4, 5, 6, 7}, contract.Stream{0xB}

// The octets of each version stay readable for ever: they lie in Raft logs and travel between builds.
var goldenCommands = []struct {
	name string
	c    command
	hex  string
}{
	{"ship", command{kind: kindShip, stream: streamA, seq: 258, records: [][]byte{{0xDE, 0xAD}, {0xBE}}},
		"0101" + "0a01020304050607" + "0000000000000102" + "0002" + "0002dead" + "0001be"},
	{"ack", command{kind: kindAck, stream: streamB, seq: 7},
		"0102" + "0b00000000000000" + "0000000000000007"},
	{"seal", command{kind: kindSeal, stream: streamB, seq: 7},
		"0203" + "0b00000000000000" + "0000000000000007"},
	{"prune", command{kind: kindPrune, stream: streamA, seq: 513},
		"0204" + "0a01020304050607" + "0000000000000201"},
}

func TestCommandGolden(t *testing.T) {
	for _, tt := range goldenCommands {
		t.Run(tt.name, func(t *testing.T) {
			if got := hex.EncodeToString(tt.c.encode()); got != tt.hex {
				t.Errorf("encode = %s, want %s", got, tt.hex)
			}
			raw, err := hex.DecodeString(tt.hex)
			if err != nil {
				t.Fatal(err)
			}
			got, err := decodeCommand(raw)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(got, tt.c, cmp.AllowUnexported(command{})); diff != "" {
				t.Errorf("decode (-got +want):\n%s", diff)
			}
		})
	}
}

func TestDecodeCommandRefuses(t *testing.T) {
	head := "0a01020304050607" + "0000000000000001"
	for _, tt := range []struct {
		name, hex string
		want      error
	}{
		{"nothing", "", ErrCommand},
		{"version 0", "0001" + head + "00010001aa", ErrCommand},
		{"newer version", "0401" + head + "00010001aa", ErrCommandVersion},
		{"newer version, one octet", "04", ErrCommandVersion},
		{"unknown kind", "0306" + head, ErrCommandVersion},
		{"bundle", "0305" + head, ErrCommandVersion},
		{"kind 0", "0200" + head, ErrCommandVersion},
		{"kind of version 2 in version 1", "0103" + head, ErrCommandVersion},
		{"seal with octets after it", "0203" + head + "00", ErrCommand},
		{"head cut", "01020a010203", ErrCommand},
		{"no stream", "0102" + "0000000000000000" + "0000000000000001", ErrCommand},
		{"number 0", "0102" + "0a01020304050607" + "0000000000000000", ErrCommand},
		{"number about to wrap", "0102" + "0a01020304050607" + "ffffffffffffffff", ErrCommand},
		{"ack with octets after it", "0102" + head + "00", ErrCommand},
		{"ship without count", "0101" + head, ErrCommand},
		{"ship of none", "0101" + head + "0000", ErrCommand},
		{"ship of more than a command may hold", "0101" + head + "ffff", ErrCommand},
		{"record missing", "0101" + head + "00020001aa", ErrCommand},
		{"record cut", "0101" + head + "00010002aa", ErrCommand},
		{"record empty", "0101" + head + "00010000", ErrCommand},
		{"record larger than any", "0101" + head + "0001ffff" + hex.EncodeToString(make([]byte, 0xffff)), ErrCommand},
		{"ship with octets after it", "0101" + head + "00010001aabb", ErrCommand},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := hex.DecodeString(tt.hex)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := decodeCommand(raw); !errors.Is(err, tt.want) {
				t.Errorf("decodeCommand = %v, want %v", err, tt.want)
			}
		})
	}
}

// The largest command that a shipper can build is one that a leader takes.
func TestLargestCommandFits(t *testing.T) {
	c := command{kind: kindShip, stream: streamA, seq: 1}
	for range maxShipRecords {
		c.records = append(c.records, make([]byte, maxShipBytes/maxShipRecords))
	}
	if _, err := decodeCommand(c.encode()); err != nil {
		t.Error(err)
	}
}

func TestCheckCommand(t *testing.T) {
	damaged := encoded(t, streamA, 5, 1)
	damaged[0][30] ^= 1
	newer := encoded(t, streamA, 5, 1)
	newer[0][0] = contract.RecordVersion + 1
	for _, tt := range []struct {
		name    string
		records [][]byte
		want    error
	}{
		{"sound", encoded(t, streamA, 5, 3), nil},
		{"of a newer build", newer, nil},
		{"damaged", damaged, contract.ErrRecordChecksum},
		{"of another stream", encoded(t, streamB, 5, 1), ErrCommand},
		{"of another number", encoded(t, streamA, 6, 1), ErrCommand},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := command{kind: kindShip, stream: streamA, seq: 5, records: tt.records}.check()
			if !errors.Is(err, tt.want) {
				t.Errorf("check = %v, want %v", err, tt.want)
			}
		})
	}
}

func FuzzDecodeCommand(f *testing.F) {
	for _, tt := range goldenCommands {
		f.Add(tt.c.encode())
	}
	f.Add(command{kind: kindShip, stream: streamA, seq: 9, records: encoded(f, streamA, 9, 2)}.encode())
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := decodeCommand(raw)
		if err != nil {
			if !errors.Is(err, ErrCommand) && !errors.Is(err, ErrCommandVersion) {
				t.Fatalf("unnamed error %v", err)
			}
			return
		}
		if got := c.encodeAs(raw[0]); !bytes.Equal(got, raw) {
			t.Errorf("encode(decode(x)) = %x, want %x", got, raw)
		}
	})
}
