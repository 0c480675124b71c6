package replicate

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "record the disk of the current format versions anew")

// keptDisk names the recording of the formats that this build writes: the next number when one of them changes, so that the
// disks of all former builds stay in testdata.
const keptDisk = "disk-v1"

const keptRecords, keptAcknowledged = 30, 12

// record leaves the disk of a gateway as a build leaves it that was stopped well: a journal, a Raft log that was shortened, and a replica
// that came of a snapshot and the entries since; besides, the records as they were given to it.
func record(t *testing.T) {
	c := newCampus(t, 1, shortLogs)
	g := c.leader()
	g.tap(1)
	g.advance(1)
	if err := g.node.Ack(t.Context(), g.journal.Stream(), 1); err != nil {
		t.Fatal(err)
	}
	g.forget()
	g.tap(keptRecords - int(g.journal.Durable()))
	c.settled()
	if err := g.node.Ack(t.Context(), g.journal.Stream(), keptAcknowledged); err != nil {
		t.Fatal(err)
	}
	records, err := g.journal.Read(1, keptRecords, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, r := range records {
		text.WriteString(hex.EncodeToString(r) + "\n")
	}
	g.halt()
	writeKept(t, keptDisk+".hex", []byte(text.String()))
	writeKept(t, keptDisk+".tar.gz", packed(t, g.dir))
}

func writeKept(t *testing.T, name string, octets []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(filepath.Join("testdata", name), octets, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// packed is a directory as tar.gz; what was prepared ahead is mostly zeros.
func packed(t *testing.T, dir string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	if err := errors.Join(w.AddFS(os.DirFS(dir)), w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// unpack writes what packed made into a directory.
func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = unpackOne(filepath.Join(dir, filepath.FromSlash(h.Name)), h, r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func unpackOne(path string, h *tar.Header, r io.Reader) error {
	if h.FileInfo().Mode().Type() == fs.ModeDir {
		return os.MkdirAll(path, 0o700)
	}
	octets, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, octets, 0o600))
}

// keptLines are the records of a recording, in order.
func keptLines(t *testing.T, name string) (records [][]byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".hex"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		r, err := hex.DecodeString(strings.TrimSpace(line))
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	return records
}

// A gateway is upgraded with its disk. Each disk that a released build left is opened whole by this one: its journal, its Raft log and
// its replica go on where they stood, and a newcomer is filled from them.
func TestDisksOfEveryReleaseAreContinued(t *testing.T) {
	if *update {
		record(t)
	}
	disks, err := filepath.Glob("testdata/disk-v*.tar.gz")
	if err != nil || len(disks) == 0 {
		t.Fatalf("recorded disks: %v, %v", disks, err)
	}
	for _, archive := range disks {
		name := strings.TrimSuffix(filepath.Base(archive), ".tar.gz")
		t.Run(name, func(t *testing.T) { continueDisk(t, archive, keptLines(t, name)) })
	}
}

func continueDisk(t *testing.T, archive string, want [][]byte) {
	c := newCampus(t, 0, nil)
	g := c.enrol()
	c.founders = append(c.founders, g.member)
	unpack(t, archive, g.dir)
	g.start()
	t.Cleanup(func() { // newCampus's own was registered before there was anybody
		for _, g := range c.gateways {
			g.halt()
		}
	})
	c.leader()
	stream := g.journal.Stream()
	if got := g.node.Watermark(stream); got != keptRecords || g.node.Acknowledged(stream) != keptAcknowledged || len(want) != keptRecords {
		t.Fatalf("watermark %d, acknowledged %d, %d records on file; want %d, %d", got, g.node.Acknowledged(stream), len(want), keptRecords, keptAcknowledged)
	}
	for what, read := range map[string]func() ([][]byte, error){
		"journal": func() ([][]byte, error) { return g.journal.Read(1, keptRecords, 1<<20) },
		"replica": func() ([][]byte, error) { return g.node.Read(stream, 1, keptRecords, 1<<20) },
	} {
		if got, err := read(); err != nil || !bytes.Equal(bytes.Join(got, nil), bytes.Join(want, nil)) {
			t.Errorf("%s: %d records, %v; want the %d that were recorded, octet for octet", what, len(got), err, len(want))
		}
	}
	if q, damaged := g.journal.Quarantined(); damaged {
		t.Errorf("the journal was called damaged: %v", q)
	}
	wantNothingAside(t, filepath.Join(g.dir, "cluster"))
	g.tap(5)
	c.newcomer().joins(g, false)
	c.settled()
	if g.journal.Stream() != stream || g.journal.Durable() != keptRecords+5 {
		t.Errorf("stream %s up to %d, want %s up to %d", g.journal.Stream(), g.journal.Durable(), stream, keptRecords+5)
	}
}

// wantNothingAside wants that neither log nor replica was put aside as damaged or foreign.
func wantNothingAside(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "left-") || strings.HasPrefix(e.Name(), "damaged-") {
			t.Errorf("%s was put aside", e.Name())
		}
	}
}
