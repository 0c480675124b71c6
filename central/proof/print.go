package proof

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract/tree"
)

// ErrFailed means that something is missing, altered or added; what was printed says what.
var ErrFailed = errors.New("FAIL: the file does not prove what it claims")

// Check verifies a file, an export or the proof of one tap, and prints what it found. The error is ErrFailed when there are
// findings, ErrExport when the file cannot be read.
func Check(w io.Writer, file []byte, trust Trust) error {
	if !bytes.HasPrefix(file, []byte("PK")) {
		return checkTap(w, file, trust)
	}
	v, err := Verify(bytes.NewReader(file), int64(len(file)), trust)
	if err != nil {
		return err
	}
	v.Print(w)
	if !v.Passed() {
		return ErrFailed
	}
	return nil
}

func checkTap(w io.Writer, file []byte, trust Trust) error {
	p, err := ReadTap(bytes.NewReader(file))
	if err != nil {
		return err
	}
	name, _, err := tree.ParseVerifierKey(p.Key)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrExport, err)
	}
	trusted := ""
	for _, key := range trust.Keys {
		if strings.HasPrefix(key, name+"+") {
			trusted = key
		}
	}
	o, err := p.Open(trusted)
	if err != nil {
		fmt.Fprintf(w, "FAIL  %v\n", err)
		return ErrFailed
	}
	o.print(w, p.Key)
	return nil
}

func (o Opened) print(w io.Writer, key string) {
	r := o.Record
	fmt.Fprintf(w, "record    %s, number %d of the %d that gateway %s signed\n", r.ID, r.ID.Seq, o.Checkpoint.Size, o.Checkpoint.Gateway)
	fmt.Fprintf(w, "when      %s by the gateway's clock (%s)\n", moment(r.Stamp.At), r.Stamp.Quality)
	if r.Tap != nil {
		fmt.Fprintf(w, "where     %s\ncard      digest %s\nshown     %s %s\n", r.Tap.Point, r.Tap.Digest, r.Tap.Outcome, r.Tap.Reason)
	}
	fmt.Fprintf(w, "key       %s\nPASS\n", key)
}

// Print writes the verdict, a block for each stream.
func (v Verdict) Print(w io.Writer) {
	fmt.Fprintf(w, "export made %s, records of %s to %s opened, %d daily seals of central\n", moment(v.Head.MadeAt), moment(v.Head.From), moment(v.Head.To), v.Days)
	for _, k := range v.Head.Keys {
		fmt.Fprintf(w, "key       %s\n", k.Key)
	}
	for _, e := range v.Head.Erasures {
		fmt.Fprintf(w, "erasure   %s, %d records, by %s: %s\n", moment(e.At), e.Records, e.Actor, e.Reason)
	}
	for _, a := range v.Streams {
		a.print(w)
	}
	for _, f := range v.Findings {
		fmt.Fprintf(w, "FAIL  %s\n", f.Error())
	}
	if v.Passed() {
		fmt.Fprintf(w, "PASS: %d streams, nothing is missing, altered or added%s\n", len(v.Streams), erased(v.Erased))
	}
}

func (a Account) print(w io.Writer) {
	verdict := "PASS"
	switch {
	case len(a.Findings) > 0:
		verdict = "FAIL"
	case a.Seals == 0 && a.Attested > 0:
		verdict = "PASS, by witnesses alone"
	case a.Seals == 0:
		verdict = "unsealed: it proves nothing yet"
	}
	fmt.Fprintf(w, "\ngateway %s, stream %s: %s\n", a.Gateway, a.Stream, verdict)
	fmt.Fprintf(w, "  records    %d to %d, %d of them, %d opened\n", a.First, a.Last, a.Count, a.Opened)
	if a.Erased > 0 {
		fmt.Fprintf(w, "  erased     %d of them: what they committed to stands, what they said is gone\n", a.Erased)
	}
	if a.Unsealed > 0 {
		fmt.Fprintf(w, "  unsealed   %d after record %d: not evidence, and not in the export\n", a.Unsealed, a.Last)
	}
	fmt.Fprintf(w, "  seals      %d%s\n", a.Seals, cosigned(a.Cosigners))
	if a.Attested > 0 {
		fmt.Fprintf(w, "  attested   records %d to %d are not signed by their gateway: copies on %s and central give the same\n", a.Signed+1, a.Attested, strings.Join(a.Witnesses, ", "))
	}
	if a.Opened > 0 {
		fmt.Fprintf(w, "  span       %s to %s, %d taps\n", moment(a.From), moment(a.To), a.Taps)
		fmt.Fprintf(w, "  coverage   %d heartbeats over %s, all readers working for %s (%s)\n", a.Heartbeats, a.Beaten.Round(time.Second), a.Heard.Round(time.Second), share(a.Heard, a.Beaten))
		fmt.Fprintf(w, "  clock      set %d times, kernel started anew %d times\n", a.Steps, a.Restarts)
	}
	for _, f := range a.Findings {
		fmt.Fprintf(w, "  FAIL  %s\n", f.Error())
	}
}

func cosigned(by []string) string {
	if len(by) == 0 {
		return ""
	}
	return ", cosigned by " + strings.Join(by, ", ")
}

func erased(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %d records were lawfully erased", n)
}

func share(part, whole time.Duration) string {
	if whole <= 0 {
		return "no coverage"
	}
	return fmt.Sprintf("%.1f %%", 100*part.Seconds()/whole.Seconds())
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
