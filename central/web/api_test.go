package web

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/account"
)

var update = flag.Bool("update", false, "write the golden files")

// The description of the API is a promise to those who wrote programs for it: a change shows here.
func TestOpenAPI(t *testing.T) {
	c := openCampus(t, nil)
	got := c.get(t, c.stranger(t), "/openapi.json")
	var document map[string]any
	if err := json.Unmarshal([]byte(got.text), &document); err != nil {
		t.Fatal(err)
	}
	if document["openapi"] != "3.1.0" {
		t.Errorf("openapi = %v, want 3.1.0", document["openapi"])
	}
	pretty, err := json.MarshalIndent(document, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/openapi.golden.json"
	if *update {
		if err := os.WriteFile(golden, append(pretty, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(pretty)+"\n", string(want)); diff != "" {
		t.Errorf("API changed; if it should, run go test ./central/web -run OpenAPI -update\ngot - want +:\n%s", diff)
	}
}

func TestAPIProblems(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Admin)
	tests := []struct {
		name, path string
		code       int
		detail     string
	}{
		{"no such address", "/api/v1/nothing", http.StatusNotFound, "no such page"},
		{"no such student", "/api/v1/students/s999/marks", http.StatusNotFound, "nothing with this number"},
		{"no such session", "/api/v1/sessions/e99/register", http.StatusNotFound, "nothing with this number"},
		{"no interval", "/api/v1/sessions", http.StatusUnprocessableEntity, "validation"},
		{"interval backwards", "/api/v1/sessions?from=2026-12-01T00:00:00Z&to=2026-11-01T00:00:00Z", http.StatusBadRequest, "before"},
		{"made-up cursor", "/api/v1/sessions?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z&cursor=xx", http.StatusBadRequest, "cursor"},
		{"made-up tap", "/api/v1/taps?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z&cursor=xx", http.StatusBadRequest, "cursor"},
		{"page too large", "/api/v1/students?limit=1000000", http.StatusUnprocessableEntity, "validation"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := c.get(t, p, tt.path)
			var problem struct {
				Title, Detail string
				Status        int
			}
			if err := json.Unmarshal([]byte(got.text), &problem); err != nil {
				t.Fatalf("%s: %v", got.text, err)
			}
			if got.StatusCode != tt.code || problem.Status != tt.code || got.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(problem.Detail, tt.detail) {
				t.Errorf("%s %s %+v, want %d saying %q", got.Status, got.Header.Get("Content-Type"), problem, tt.code, tt.detail)
			}
		})
	}
}

func TestAPITokens(t *testing.T) {
	c := openCampus(t, nil)
	if got := c.byToken(t, account.Compliance, "/api/v1/students/s1/marks"); got.StatusCode != http.StatusOK {
		t.Errorf("with a token: %s", got.Status)
	}
	if got := c.byToken(t, account.Facilities, "/api/v1/students/s1/marks"); got.StatusCode != http.StatusForbidden {
		t.Errorf("with a token of facilities: %s, want 403", got.Status)
	}
	for _, header := range []string{"Bearer nonsense", "Bearer rollcall_AAAA", "Basic YTpi"} {
		r := c.request(t, http.MethodGet, "/api/v1/gateways", "")
		r.Header.Set("Authorization", header)
		got := c.do(t, c.browser(t), r)
		if got.StatusCode != http.StatusUnauthorized || got.Header.Get("WWW-Authenticate") == "" || got.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s %s", header, got.Status, got.Header.Get("Content-Type"))
		}
	}
}

// pages follows next until there is none.
func pages(t *testing.T, c *campus, p *person, path, field string) (ids []string, count int) {
	t.Helper()
	for cursor := ""; ; count++ {
		got := c.get(t, p, path+"&cursor="+cursor)
		var page struct {
			Items []map[string]any
			Next  string
		}
		if err := json.Unmarshal([]byte(got.text), &page); err != nil || got.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v\n%s", got.Status, err, got.text)
		}
		for _, item := range page.Items {
			ids = append(ids, item[field].(string))
		}
		if page.Next == "" {
			return ids, count + 1
		}
		cursor = page.Next
	}
}

func TestAPIPages(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Compliance)
	const span = "from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z"
	tests := []struct {
		path, field string
		items       int
		pages       int
	}{
		{"/api/v1/students?limit=30", "id", 64, 3},
		{"/api/v1/standings?limit=64", "student", 64, 2}, // a full page cannot know that it is the last
		{"/api/v1/sessions?limit=3&" + span, "id", 8, 3},
		{"/api/v1/taps?limit=1&" + span, "id", 2, 3},
		{"/api/v1/findings?limit=2&state=all", "summary", 5, 3},
		{"/api/v1/streams?", "stream", 3, 1},
		{"/api/v1/gateways?", "id", 2, 1},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			ids, n := pages(t, c, p, tt.path, tt.field)
			seen := make(map[string]bool)
			for _, id := range ids {
				seen[id] = true
			}
			if len(ids) != tt.items || len(seen) != tt.items || n != tt.pages {
				t.Errorf("%d items, %d different, on %d pages, want %d on %d", len(ids), len(seen), n, tt.items, tt.pages)
			}
		})
	}
}
