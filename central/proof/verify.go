package proof

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// Limits of what is read, in octets.
const (
	maxHead = 256 << 20
	maxLine = 64 << 10
)

// Trust is what an auditor knows from elsewhere.
type Trust struct {
	Keys []string         // tree.VerifierKey: of the names among them no other key counts
	Days []tree.SealedDay // copies that gateways kept

	Printed []string // daily seals as they stand on pages, printouts and CSV files: "<day> <digest>"
}

// Verify checks an export. An error means that it cannot be read; what is wrong with its streams is in the verdict.
func Verify(r io.ReaderAt, size int64, trust Trust) (Verdict, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return Verdict{}, fmt.Errorf("%w: %w", ErrExport, err)
	}
	var v Verdict
	if err := readHead(z, &v.Head); err != nil {
		return Verdict{}, err
	}
	keys, err := newRing(v.Head.Keys, trust.Keys)
	if err != nil {
		return Verdict{}, err
	}
	days := v.days(keys, trust.Days, trust.Printed)
	for _, s := range v.Head.Streams {
		w := newWalk(s, keys, days)
		if err := w.read(z); err != nil {
			return Verdict{}, err
		}
		v.Streams = append(v.Streams, w.account)
	}
	v.accountForErased()
	return v, nil
}

// accountForErased holds how many records were erased against what is on record of erasures.
func (v *Verdict) accountForErased() {
	noted := 0
	for _, e := range v.Head.Erasures {
		noted += e.Records
	}
	for _, a := range v.Streams {
		v.Erased += a.Erased
	}
	if v.Erased > noted {
		v.Findings = append(v.Findings, Finding{Gateway: tree.Central, Err: ErrErased, Detail: fmt.Sprintf("%d are, and erasures of %d are on record", v.Erased, noted)})
	}
}

func readHead(z *zip.Reader, h *Head) error {
	f, err := z.Open(headName)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrExport, err)
	}
	defer f.Close()
	if err := contract.DecodeReply(f, maxHead, h); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrExport, headName, err)
	}
	if h.Version < 1 || h.Version > Version {
		return fmt.Errorf("%w: it has version %d, this program reads 1 to %d; use the program of the release that made it", ErrExport, h.Version, Version)
	}
	return nil
}

// ring holds the keys that count, by name.
type ring map[string][]ed25519.PublicKey

func newRing(exported []Key, trusted []string) (ring, error) {
	keys := ring{}
	for _, text := range trusted {
		if err := keys.add(text); err != nil {
			return nil, err
		}
	}
	known := maps.Clone(keys)
	for _, k := range exported {
		name, _, _ := strings.Cut(k.Key, "+")
		if known[name] != nil {
			continue
		}
		if err := keys.add(k.Key); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func (r ring) add(text string) error {
	name, key, err := tree.ParseVerifierKey(text)
	if err != nil {
		return fmt.Errorf("%w: key %q: %w", ErrExport, text, err)
	}
	r[name] = append(r[name], key)
	return nil
}

// signed reports whether one of a gateway's keys signed a note.
func (r ring) signed(note []byte, by string) bool {
	return slices.ContainsFunc(r[by], func(k ed25519.PublicKey) bool { return tree.CheckSignature(note, by, k) == nil })
}

// days checks the daily seals and returns what they say of each stream.
func (v *Verdict) days(keys ring, copies []tree.SealedDay, printed []string) map[contract.Stream][]dated {
	said := map[contract.Stream][]dated{}
	days := v.Head.Days
	for _, c := range copies {
		i := slices.IndexFunc(days, func(d tree.SealedDay) bool { return d.Day == c.Day })
		if i < 0 || days[i].Digest() != c.Digest() {
			v.Findings = append(v.Findings, Finding{Gateway: tree.Central, Err: ErrRewritten, Detail: "the daily seal of " + c.Day + " that a gateway kept is not in the export"})
			days = append(slices.Clone(days), c)
		}
	}
	v.findPrinted(printed)
	var before tlog.Hash
	for i, d := range days {
		var streams []tree.Checkpoint
		var previous tlog.Hash
		err := error(tree.ErrDay)
		for _, k := range keys[tree.Central] {
			if streams, previous, err = d.Open(k); err == nil {
				break
			}
		}
		switch {
		case err != nil:
			v.Findings = append(v.Findings, Finding{Gateway: tree.Central, Err: ErrForeignKey, Detail: "daily seal of " + d.Day + ": " + err.Error()})
			continue
		case i > 0 && i < len(v.Head.Days) && previous != before:
			v.Findings = append(v.Findings, Finding{Gateway: tree.Central, Err: ErrRewritten, Detail: "the daily seal of " + d.Day + " does not follow the one before it"})
		}
		before = d.Digest()
		v.Days++
		for _, c := range streams {
			said[c.Stream] = append(said[c.Stream], dated{d.Day, c})
		}
	}
	return said
}

// findPrinted looks for daily seals that somebody has on paper or in a file.
func (v *Verdict) findPrinted(printed []string) {
	for _, p := range printed {
		day, digest, _ := strings.Cut(strings.TrimSpace(p), " ")
		if !slices.ContainsFunc(v.Head.Days, func(d tree.SealedDay) bool { return d.Day == day && d.Digest().String() == digest }) {
			v.Findings = append(v.Findings, Finding{Gateway: tree.Central, Err: ErrRewritten, Detail: "the daily seal of " + day + " that was printed is not in the export"})
		}
	}
}

// dated is what a daily seal says of a stream.
type dated struct {
	day string
	tree.Checkpoint
}

// lines reads a file of lines.
func lines(z *zip.Reader, name string, visit func(Line) error) error {
	f, err := z.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrExport, err)
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, maxLine)
	for n := 1; scanner.Scan(); n++ {
		var l Line
		if err := json.NewDecoder(bytes.NewReader(scanner.Bytes())).Decode(&l); err != nil {
			return fmt.Errorf("%w: %s, line %d: %w", ErrExport, name, n, err)
		}
		if len(l.Commitment) != len(tree.Commitment{}) {
			return fmt.Errorf("%w: %s, line %d: its commitment has %d octets", ErrExport, name, n, len(l.Commitment))
		}
		if err := visit(l); err != nil {
			return err
		}
	}
	if err := scanner.Err(); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrExport, name, errors.Join(err))
	}
	return nil
}
