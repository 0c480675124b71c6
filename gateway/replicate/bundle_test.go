package replicate

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/raft"
	"pgregory.net/rapid"
)

// goldenBundle is the acknowledgement and the seal of goldenCommands in one entry.
const goldenBundle = "030502" +
	"00000012" + "0102" + "0b00000000000000" + "0000000000000007" +
	"00000012" + "0203" + "0b00000000000000" + "0000000000000007"

func TestBundleGolden(t *testing.T) {
	ack, seal := ackOf(streamB, 7), sealOf(streamB, 7)
	if got := hex.EncodeToString(encodeBundle(bundlingCommand, [][]byte{ack.encode(), seal.encode()})); got != goldenBundle {
		t.Errorf("encode = %s, want %s", got, goldenBundle)
	}
	raw, err := hex.DecodeString(goldenBundle)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeEach(bundlingCommand, raw)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, []command{ack, seal}, cmp.AllowUnexported(command{})); diff != "" {
		t.Errorf("decode (-got +want):\n%s", diff)
	}
}

func TestDecodeBundleRefuses(t *testing.T) {
	const ack = "00000012" + "0102" + "0b00000000000000" + "0000000000000007"
	for _, tt := range []struct {
		name, hex string
		want      error
	}{
		{"newer version", "040502" + ack + ack, ErrCommandVersion},
		{"version 2 has none", "020502" + ack + ack, ErrCommand},
		{"of none", "030500", ErrCommand},
		{"of one", "030501" + ack, ErrCommand},
		{"command missing", "030502" + ack, ErrCommand},
		{"size cut", "030502" + ack + "000000", ErrCommand},
		{"command cut", "030502" + ack + "00000012" + "0102", ErrCommand},
		{"command too short", "030502" + ack + "00000002" + "0102", ErrCommand},
		{"size of no machine", "030502" + ack + "ffffffff" + "0102", ErrCommand},
		{"octets after it", "030502" + ack + ack + "00", ErrCommand},
		{"in a bundle", "030502" + ack + "0000002f" + "030502" + ack + ack, ErrCommand},
		{"newer command in it", "030502" + ack + "00000012" + "0402" + "0b00000000000000" + "0000000000000007", ErrCommandVersion},
	} {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := hex.DecodeString(tt.hex)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := decodeEach(bundlingCommand, raw); !errors.Is(err, tt.want) {
				t.Errorf("decodeEach = %v, want %v", err, tt.want)
			}
		})
	}
}

// Commands packed into entries come out in order, no entry is larger than a command may be, and no two neighbours could be one.
func TestPack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		sizes := rapid.SampledFrom([][]int{{1}, {1, 20_000, maxShipBytes / 2, maxShipBytes}}).Draw(rt, "sizes")
		want := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) command {
			size := rapid.SampledFrom(sizes).Draw(rt, "size")
			return command{kind: kindShip, stream: streamA, seq: 1, records: slices.Repeat([][]byte{make([]byte, min(size, 1000))}, max(1, size/1000))}
		}), 1, 300).Draw(rt, "commands")
		var encoded [][]byte
		for _, c := range want {
			encoded = append(encoded, c.encode())
		}
		entries, starts := pack(bundlingCommand, encoded)
		var got []command
		for i, e := range entries {
			if len(got) != starts[i] {
				rt.Fatalf("entry %d begins at command %d, said to at %d", i, len(got), starts[i])
			}
			commands, err := decodeEach(bundlingCommand, e)
			if err != nil || len(e) > maxCommand {
				rt.Fatalf("entry of %d octets: %v", len(e), err)
			}
			if i > 0 && len(entries[i-1])+2*bundleSize+bundleHead+len(commands[0].encode()) <= maxCommand && !isFull(entries[i-1]) {
				rt.Fatalf("entry %d of %d octets had room for the next command", i-1, len(entries[i-1]))
			}
			got = append(got, commands...)
		}
		if diff := cmp.Diff(got, want, cmp.AllowUnexported(command{})); diff != "" {
			rt.Fatalf("commands (-got +want):\n%s", diff)
		}
		if alone, _ := pack(bundlingCommand-1, encoded); !slices.EqualFunc(alone, encoded, bytes.Equal) {
			rt.Fatal("commands are bundled for a build that reads no bundles")
		}
	})
}

func isFull(entry []byte) bool { return isBundle(entry) && entry[2] == maxBundle }

// A bundle does what its commands do one by one, and answers each.
func TestApplyBundle(t *testing.T) {
	alone, bundled := newReplica(t, t.TempDir()), newReplica(t, t.TempDir())
	var single, index uint64
	rapid.Check(t, func(rt *rapid.T) {
		commands := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) command { return drawCommand(rt, t) }), 2, 6).Draw(rt, "commands")
		var want []answer
		var encoded [][]byte
		for _, c := range commands {
			single++
			want = append(want, applyOne(t, alone, entry(single, c)))
			encoded = append(encoded, c.encode())
		}
		index++
		e := &raft.Log{Index: index, Term: 1, Type: raft.LogCommand, Data: encodeBundle(bundlingCommand, encoded)}
		answers := make([]any, 1)
		if err := bundled.apply([]*raft.Log{e}, answers); err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(answers[0], any(want), cmp.AllowUnexported(answer{})); diff != "" {
			rt.Fatalf("answers (-got +want):\n%s", diff)
		}
		if diff := cmp.Diff(timeless(bundled.all()), timeless(alone.all())); diff != "" {
			rt.Fatalf("streams (-got +want):\n%s", diff)
		}
		before := contents(t, bundled)
		if err := bundled.apply([]*raft.Log{e}, answers); err != nil || contents(t, bundled) != before {
			rt.Fatalf("shown again it changed the replica, or failed: %v", err)
		}
	})
}

func FuzzDecodeBundle(f *testing.F) {
	golden, err := hex.DecodeString(goldenBundle)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add(encodeBundle(bundlingCommand, [][]byte{shipOf(f, streamA, 9, 2).encode(), shipOf(f, streamB, 1, 1).encode()}))
	f.Fuzz(func(t *testing.T, raw []byte) {
		commands, err := decodeEach(newestCommand, raw)
		if err != nil {
			if !errors.Is(err, ErrCommand) && !errors.Is(err, ErrCommandVersion) {
				t.Fatalf("unnamed error %v", err)
			}
			return
		}
		var size int
		for _, c := range commands {
			size += len(c.encode())
		}
		if size > len(raw) {
			t.Errorf("%d octets of commands from %d", size, len(raw))
		}
	})
}
