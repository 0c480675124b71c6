package contract

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Paths of central's gateway listener. All but PathEnrol need a client certificate.
const (
	PathEnrol     = "/gateway/v1/enrol"
	PathRenew     = "/gateway/v1/renew"
	PathBatches   = "/gateway/v1/batches"
	PathAhead     = "/gateway/v1/ahead"
	PathReports   = "/gateway/v1/reports"
	PathTimetable = "/gateway/v1/timetable"
	PathDirectory = "/gateway/v1/directory"
	PathCredits   = "/gateway/v1/credits"
)

// SignatureHeader carries the authority's signature of a timetable, base64.
const SignatureHeader = "Rollcall-Signature"

// Limits of what the client reads from central, in octets.
const (
	maxReply     = 1 << 20
	maxCredits   = 32 << 20
	maxTimetable = 64 << 20
)

// maxRetryAfter bounds how long a server is believed to want to be left alone.
const maxRetryAfter = 24 * time.Hour

// Client speaks to central's gateway listener. The HTTP client carries the certificates.
type Client struct {
	HTTP *http.Client
	Base string // e.g. "https://central.example:8443"
}

// SendBatch delivers a batch. A refusal by central is a *Problem.
func (c *Client) SendBatch(ctx context.Context, b Batch) (Receipt, error) {
	var receipt Receipt
	err := c.post(ctx, PathBatches, b, &receipt)
	return receipt, err
}

// SendAhead delivers records that come after others which central has not got yet, so that a tap of today need not wait for a
// backlog. Central keeps them, and its receipt is still how far the stream is complete: they are sent again in their turn. A
// refusal is a *Problem; a central that does not know the path answers 404.
func (c *Client) SendAhead(ctx context.Context, b Batch) (Receipt, error) {
	var receipt Receipt
	err := c.post(ctx, PathAhead, b, &receipt)
	return receipt, err
}

// SendReport tells central how this gateway is.
func (c *Client) SendReport(ctx context.Context, r Report) (ReportReply, error) {
	var reply ReportReply
	err := c.post(ctx, PathReports, r, &reply)
	return reply, err
}

// Enrol trades a one-time token for credentials.
func (c *Client) Enrol(ctx context.Context, e Enrolment) (Credentials, error) {
	var credentials Credentials
	err := c.post(ctx, PathEnrol, e, &credentials)
	return credentials, err
}

// Renew trades the present certificate for a fresh one.
func (c *Client) Renew(ctx context.Context, r Renewal) (Credentials, error) {
	var credentials Credentials
	err := c.post(ctx, PathRenew, r, &credentials)
	return credentials, err
}

// SignedTimetable is a timetable as it travels and lies on disk: the very octets that were signed.
type SignedTimetable struct {
	Document  []byte // JSON of Timetable
	Signature []byte
}

// ErrUnchanged means that central has nothing newer than the version named.
var ErrUnchanged = errors.New("central has nothing newer")

// Timetable asks for a newer timetable than version have, waiting at central for up to wait (long poll).
// It returns ErrUnchanged when there is none by then. The signature is not checked here.
func (c *Client) Timetable(ctx context.Context, have uint64, wait time.Duration) (SignedTimetable, error) {
	response, err := c.poll(ctx, PathTimetable, have, wait)
	if err != nil {
		return SignedTimetable{}, fmt.Errorf("ask for timetable: %w", err)
	}
	defer response.Body.Close()
	return readTimetable(response)
}

// Directory asks in the same way for a directory of another revision than have.
func (c *Client) Directory(ctx context.Context, have uint64, wait time.Duration) (SignedDirectory, error) {
	response, err := c.poll(ctx, PathDirectory, have, wait)
	if err != nil {
		return SignedDirectory{}, fmt.Errorf("ask for directory: %w", err)
	}
	defer response.Body.Close()
	var d SignedDirectory
	if err := DecodeReply(response.Body, 2*MaxDirectoryBytes, &d); err != nil {
		return SignedDirectory{}, fmt.Errorf("read directory: %w", err)
	}
	return d, nil
}

// Credits asks whom this gateway credited within the last day, for one whose disk is blank. A central that does not know the
// path answers 404.
func (c *Client) Credits(ctx context.Context) (Credits, error) {
	response, err := c.get(ctx, c.Base+PathCredits)
	if err != nil {
		return Credits{}, fmt.Errorf("ask for credits: %w", err)
	}
	defer response.Body.Close()
	var credits Credits
	if err := DecodeReply(response.Body, maxCredits, &credits); err != nil {
		return Credits{}, fmt.Errorf("read credits: %w", err)
	}
	return credits, nil
}

// poll asks for something newer; the caller closes the body of the answer.
func (c *Client) poll(ctx context.Context, path string, have uint64, wait time.Duration) (*http.Response, error) {
	return c.get(ctx, fmt.Sprintf("%s%s?have=%d&wait=%d", c.Base, path, have, int(wait.Seconds())))
}

// get asks for a document; the caller closes the body of the answer.
func (c *Client) get(ctx context.Context, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := c.HTTP.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		return response, nil
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotModified {
		return nil, ErrUnchanged
	}
	return nil, readProblem(response)
}

func readTimetable(response *http.Response) (SignedTimetable, error) {
	document, err := io.ReadAll(io.LimitReader(response.Body, maxTimetable+1))
	if err != nil {
		return SignedTimetable{}, fmt.Errorf("read timetable: %w", err)
	}
	if len(document) > maxTimetable {
		return SignedTimetable{}, fmt.Errorf("read timetable: %w", ErrTooLarge)
	}
	signature, err := base64.StdEncoding.DecodeString(response.Header.Get(SignatureHeader))
	if err != nil {
		return SignedTimetable{}, fmt.Errorf("read timetable signature: %w", err)
	}
	return SignedTimetable{Document: document, Signature: signature}, nil
}

// Decode reads the timetable after its signature was verified.
func (s SignedTimetable) Decode() (*Timetable, error) {
	var t Timetable
	if len(s.Document) > maxTimetable {
		return nil, fmt.Errorf("%w: %w: more than %d octets", ErrTimetable, ErrTooLarge, maxTimetable)
	}
	if err := decodeJSON(s.Document, &t, true); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTimetable, err)
	}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	return &t, nil
}

func (c *Client) post(ctx context.Context, path string, body, into any) error {
	compressed, err := gzipJSON(body)
	if err != nil {
		return fmt.Errorf("post %s: %w", path, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Base+path, bytes.NewReader(compressed))
	if err != nil {
		return fmt.Errorf("post %s: %w", path, err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Content-Encoding", "gzip")
	response, err := c.HTTP.Do(request)
	if err != nil {
		return fmt.Errorf("post %s: %w", path, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return readProblem(response)
	}
	if err := DecodeReply(response.Body, maxReply, into); err != nil {
		return fmt.Errorf("answer of %s: %w", path, err)
	}
	return nil
}

func gzipJSON(v any) ([]byte, error) {
	var buffer bytes.Buffer
	z, err := gzip.NewWriterLevel(&buffer, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(z).Encode(v); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// readProblem accepts anything as a problem: what stands between us and central may answer in its own words. Unknown
// fields are let through here alone, since a newer central may explain itself better than we can read.
func readProblem(response *http.Response) error {
	p := &Problem{}
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxReply)) // a torn body still leaves the status
	if strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json") {
		_ = json.Unmarshal(body, p) // what is unreadable stays zero; the status below says enough
	}
	p.Status = response.StatusCode
	if p.Title == "" {
		p.Title = http.StatusText(p.Status)
	}
	p.RetryAfter = retryAfter(response.Header.Get("Retry-After"))
	return p
}

// retryAfter reads both forms that RFC 9110 allows: seconds, or a date, which is taken by this machine's clock.
func retryAfter(header string) time.Duration {
	if seconds, err := strconv.Atoi(header); err == nil {
		return time.Duration(min(max(seconds, 0), int(maxRetryAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return min(max(time.Until(at), 0), maxRetryAfter)
	}
	return 0
}
