package central

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/contract"
)

// send posts octets as they are and reads the answer.
func (g *gatewayRig) send(t *testing.T, method, path, encoding, body string, header ...string) (*http.Response, contract.Problem) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, g.Base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if encoding != "" {
		request.Header.Set("Content-Encoding", encoding)
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := g.HTTP.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p contract.Problem
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") {
		if err := json.Unmarshal(answer, &p); err != nil {
			t.Fatalf("problem %q: %v", answer, err)
		}
	}
	return response, p
}

func zipped(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The rows are those of the project's list of bad inputs, as far as they are about what gateways send.
func TestBadBatches(t *testing.T) {
	r := startRig(t)
	r.furnish()
	g := r.enrolled("gw-a", "A")
	stream := contract.Stream{1}
	if _, err := g.SendBatch(t.Context(), batchOf(t, stream, 1, 2)); err != nil {
		t.Fatal(err)
	}
	encode := func(b contract.Batch) string {
		text, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	good := encode(batchOf(t, stream, 3, 1))
	forked := batchOf(t, contract.Stream{2}, 1, 1)
	if _, err := g.SendBatch(t.Context(), forked); err != nil {
		t.Fatal(err)
	}
	forked.Records = batchOf(t, contract.Stream{2}, 1, 2).Records
	forked.Records[0] = lateTap(t, contract.Stream{2})
	many := batchOf(t, stream, 3, 1)
	for len(many.Records) <= contract.MaxBatchRecords {
		many.Records = append(many.Records, many.Records[0])
	}

	for _, tt := range []struct {
		name, encoding, body string
		status               int
		kind                 string
		detail               string // part of it
	}{
		{"row 47: something after the document", "", good + "{}", 400, contract.ProblemMalformed, "something follows the document"},
		{"row 48: a key twice", "", strings.Replace(good, `"first":3`, `"first":3,"first":4`, 1), 400, contract.ProblemMalformed, "key appears twice: at $.first"},
		{"row 49: a key in other letters", "", strings.Replace(good, `"first"`, `"FIRST"`, 1), 400, contract.ProblemMalformed, "unknown field: at $.FIRST"},
		{"row 50: an unknown field", "", strings.Replace(good, `"first":3`, `"first":3,"last":3`, 1), 400, contract.ProblemMalformed, "unknown field: at $.last"},
		{"row 51: a gap", "", encode(batchOf(t, stream, 5, 1)), 409, contract.ProblemGap, "want 3 next"},
		{"row 53: another record under a stored number", "", encode(forked), 409, contract.ProblemFork, "stored with other content"},
		{"row 54: not UTF-8", "", strings.Replace(good, `"first"`, "\"fir\xffst\"", 1), 400, contract.ProblemMalformed, "not valid UTF-8"},
		{"row 55: more than a MiB", "", good + strings.Repeat(" ", contract.MaxBatchBytes), 413, contract.ProblemTooLarge, ""},
		{"row 55: too many records", "", encode(many), 413, contract.ProblemTooLarge, "501 records, at most 500"},
		{"row 56: a gzip bomb", "gzip", zipped(t, good+strings.Repeat(" ", 8<<20)), 413, contract.ProblemTooLarge, "document is too large"},
		{"gzip in name only", "gzip", good, 400, contract.ProblemMalformed, "not gzip"},
		{"gzip that ends too soon", "gzip", zipped(t, good)[:60], 400, contract.ProblemMalformed, "unexpected EOF"},
		{"something after the gzip", "gzip", zipped(t, good) + "garbage after it", 400, contract.ProblemMalformed, "invalid header"},
		{"an encoding nobody speaks", "br", good, 400, contract.ProblemMalformed, `content encoding "br"`},
		{"nothing", "", "", 400, contract.ProblemMalformed, "not valid JSON"},
		{"half of it", "", good[:len(good)/2], 400, contract.ProblemMalformed, "not valid JSON"},
		{"another document", "", `{"version":1}`, 400, contract.ProblemMalformed, "it starts at"},
		{"a number out of range", "", strings.Replace(good, `"first":3`, `"first":-3`, 1), 400, contract.ProblemMalformed, "first"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			response, p := g.send(t, http.MethodPost, contract.PathBatches, tt.encoding, tt.body)
			if response.StatusCode != tt.status || p.Type != tt.kind || p.Status != tt.status || !strings.Contains(p.Detail, tt.detail) {
				t.Errorf("answer = %d %+v, want %d %s with %q", response.StatusCode, p, tt.status, tt.kind, tt.detail)
			}
			if tt.kind == contract.ProblemGap && p.Expected != 3 {
				t.Errorf("expected = %d, want 3", p.Expected)
			}
		})
	}
	// None of it did harm: the stream goes on where it was.
	receipt, err := g.SendBatch(t.Context(), batchOf(t, stream, 3, 1))
	if want := (contract.Receipt{Stream: stream, Through: 3, Stored: 1}); err != nil || receipt != want {
		t.Errorf("the good batch = %+v, %v; want %+v", receipt, err, want)
	}
}

// lateTap is record 1 of a stream with other content than batchOf gives it.
func lateTap(t *testing.T, stream contract.Stream) []byte {
	t.Helper()
	b := batchOf(t, stream, 1, 1)
	r, err := contract.DecodeRecord(b.Records[0])
	if err != nil {
		t.Fatal(err)
	}
	r.Stamp.At = r.Stamp.At.AddDate(0, 0, 1)
	octets, err := contract.AppendRecord(nil, r)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

func TestUplinkAddresses(t *testing.T) {
	r := startRig(t)
	r.furnish()
	g := r.enrolled("gw-a", "A")
	for _, tt := range []struct {
		method, path, body string
		status             int
	}{
		{http.MethodGet, "/", "", 404},
		{http.MethodGet, "/login", "", 404}, // pages are not served here
		{http.MethodGet, contract.PathBatches, "", 405},
		{http.MethodGet, contract.PathTimetable, "", 400},
		{http.MethodGet, contract.PathTimetable + "?have=-1", "", 400},
		{http.MethodGet, contract.PathTimetable + "?have=0&wait=soon", "", 400},
		{http.MethodPost, contract.PathReports, `{"version":9}`, 422},
		{http.MethodPost, contract.PathReports, `{"version":1,"streams":[{"stream":"0000000000000000","durable":1,"own":true}]}`, 422},
		{http.MethodPost, contract.PathReports, `{"version":1,"points":[{"point":"","up":true}]}`, 422},
		{http.MethodPost, contract.PathReports, strings.Repeat(" ", 300<<10), 413},
		{http.MethodPost, contract.PathRenew, `{"request":"aGVsbG8="}`, 422},
	} {
		response, p := g.send(t, tt.method, tt.path, "", tt.body)
		if response.StatusCode != tt.status || p.Status != tt.status || p.Title == "" || p.Detail == "" {
			t.Errorf("%s %s = %d %+v, want a problem of status %d", tt.method, tt.path, response.StatusCode, p, tt.status)
		}
	}
}

// Row 58: who calls is what the certificate says, whatever the headers say.
func TestHeadersNameNobody(t *testing.T) {
	r := startRig(t)
	r.furnish()
	visitor := r.visitor()
	response, p := visitor.send(t, http.MethodGet, contract.PathTimetable+"?have=0", "", "",
		"X-Forwarded-For", "127.0.0.1", "X-Client-Cert-Subject", "CN=gw-a", "Authorization", "Bearer gw-a")
	if response.StatusCode != http.StatusForbidden || p.Type != contract.ProblemForbidden {
		t.Errorf("answer = %d %+v, want 403", response.StatusCode, p)
	}
}

// What the listener speaks: TLS 1.3 and nothing older, with a certificate for its configured names.
func TestListenerProvesItself(t *testing.T) {
	r := startRig(t)
	for _, name := range []string{"central.test", "localhost", "127.0.0.1"} {
		if err := r.dial(t, name, 0); err != nil {
			t.Errorf("as %s: %v", name, err)
		}
	}
	if err := r.dial(t, "elsewhere.test", 0); err == nil {
		t.Error("as elsewhere.test: nil, want a name that does not match")
	}
	if err := r.dial(t, "localhost", tls.VersionTLS12); err == nil {
		t.Error("with TLS 1.2: nil, want it refused")
	}
	response, err := http.Get("http://" + r.GatewayAddr().String() + contract.PathTimetable)
	if err == nil {
		defer response.Body.Close()
		if response.StatusCode == http.StatusOK {
			t.Error("plain HTTP was answered with 200")
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// dial shakes hands under a server name; most bounds the version offered, 0 for none.
func (r *rig) dial(t *testing.T, name string, most uint16) error {
	t.Helper()
	c, err := tls.Dial("tcp", r.GatewayAddr().String(), &tls.Config{ServerName: name, RootCAs: r.authority.Pool(), MaxVersion: most})
	if err != nil {
		return err
	}
	return c.Close()
}
