package web

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/account"
)

// answer is a response that was read to its end.
type answer struct {
	*http.Response
	text string
}

func (c *campus) do(t testing.TB, client *http.Client, r *http.Request) answer {
	t.Helper()
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response, string(text)}
}

func (c *campus) request(t testing.TB, method, path, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func (c *campus) get(t testing.TB, p *person, path string) answer {
	t.Helper()
	return c.do(t, p.Client, c.request(t, http.MethodGet, path, ""))
}

// post sends a form of names and values in turn.
func (c *campus) post(t testing.TB, p *person, path string, form ...string) answer {
	t.Helper()
	v := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		v.Set(form[i], form[i+1])
	}
	return c.do(t, p.Client, c.request(t, http.MethodPost, path, v.Encode()))
}

// stranger is a browser nobody has logged in with.
func (c *campus) stranger(t testing.TB) *person {
	t.Helper()
	return &person{Client: c.browser(t)}
}

// byToken asks as a program with a fresh token.
func (c *campus) byToken(t testing.TB, role account.Role, path string) answer {
	t.Helper()
	token, err := c.desk.IssueToken(t.Context(), "test", "a test", role, 3600e9)
	if err != nil {
		t.Fatal(err)
	}
	r := c.request(t, http.MethodGet, path, "")
	r.Header.Set("Authorization", "Bearer "+token)
	return c.do(t, c.browser(t), r)
}
