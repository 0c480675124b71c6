package site

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// API reads central's JSON API, as any script of a university may.
type API struct {
	Base  string // e.g. "http://127.0.0.1:8080"
	Token string
	HTTP  *http.Client
}

// Stream is how far central holds one journal.
type Stream struct {
	ID          string `json:"stream"`
	Owner       string `json:"owner"`
	Through     uint64 `json:"through"`
	Durable     uint64 `json:"durable"`
	Quarantined string `json:"quarantined"`
}

// Tap is one tap as central tells it.
type Tap struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Point   string    `json:"point"`
	Gateway string    `json:"gateway"`
	Digest  string    `json:"digest"`
	Outcome string    `json:"outcome"`
	Reason  string    `json:"reason"`
}

// Session is one class as central tells it.
type Session struct {
	ID        string    `json:"id"`
	StartsAt  time.Time `json:"starts_at"`
	EndsAt    time.Time `json:"ends_at"`
	Cancelled bool      `json:"cancelled"`
}

// Row is one line of a register.
type Row struct {
	Student string `json:"student"`
	Mark    struct {
		Code string `json:"code"`
	} `json:"mark"`
}

// Healthy reports whether central answers.
func (a *API) Healthy(ctx context.Context) bool {
	response, err := a.get(ctx, "/healthz", nil)
	if err != nil {
		return false
	}
	response.Body.Close()
	return true
}

// Streams lists the journals central has heard of.
func (a *API) Streams(ctx context.Context) ([]Stream, error) {
	return list[Stream](ctx, a, "/api/v1/streams", url.Values{})
}

// Taps lists taps stamped in [from, to).
func (a *API) Taps(ctx context.Context, from, to time.Time) ([]Tap, error) {
	return list[Tap](ctx, a, "/api/v1/taps", url.Values{"from": {rfc(from)}, "to": {rfc(to)}, "limit": {"5000"}})
}

// Sessions lists classes that are on at some time between from and to.
func (a *API) Sessions(ctx context.Context, from, to time.Time) ([]Session, error) {
	return list[Session](ctx, a, "/api/v1/sessions", url.Values{"from": {rfc(from)}, "to": {rfc(to)}, "limit": {"5000"}})
}

// Register lists a class's register.
func (a *API) Register(ctx context.Context, session string) ([]Row, error) {
	var register struct {
		Rows []Row `json:"rows"`
	}
	err := a.read(ctx, "/api/v1/sessions/"+url.PathEscape(session)+"/register", nil, &register)
	return register.Rows, err
}

// Metrics reads central's metrics, which it shows to callers on its own machine.
func (a *API) Metrics(ctx context.Context) (Metrics, error) {
	return scrape(ctx, a.HTTP, a.Base+"/metrics")
}

func rfc(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// list reads all pages of a list.
func list[T any](ctx context.Context, a *API, path string, query url.Values) ([]T, error) {
	var all []T
	for {
		var page struct {
			Items []T    `json:"items"`
			Next  string `json:"next"`
		}
		if err := a.read(ctx, path, query, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" {
			return all, nil
		}
		query.Set("cursor", page.Next)
	}
}

func (a *API) read(ctx context.Context, path string, query url.Values, into any) error {
	response, err := a.get(ctx, path, query)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// get asks and accepts 200 alone.
func (a *API) get(ctx context.Context, path string, query url.Values) (*http.Response, error) {
	target := a.Base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", path, err)
	}
	if a.Token != "" {
		request.Header.Set("Authorization", "Bearer "+a.Token)
	}
	response, err := a.HTTP.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 512)) // the status alone is enough
		response.Body.Close()
		return nil, fmt.Errorf("ask %s: central answered %s: %s", path, response.Status, text)
	}
	return response, nil
}
