package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/account"
)

func TestLoginFirstTime(t *testing.T) {
	c := openCampus(t, nil)
	p := c.newcomer(t, account.Admin)
	got := c.post(t, p, "/login", "login", strings.ToUpper(p.login), "password", p.password, "next", "/engagement")
	if got.StatusCode != http.StatusSeeOther || got.Header.Get("Location") != "/password" {
		t.Fatalf("first login: %s to %s, want /password", got.Status, got.Header.Get("Location"))
	}
	// Nothing else until the password is one's own.
	if got := c.get(t, p, "/engagement"); got.Header.Get("Location") != "/password" {
		t.Errorf("page before own password: %s to %q, want /password", got.Status, got.Header.Get("Location"))
	}
	if got := c.get(t, p, "/api/v1/students"); got.StatusCode != http.StatusForbidden {
		t.Errorf("API before own password: %s, want 403", got.Status)
	}
	tests := []struct{ name, present, chosen, again, want string }{
		{"too short", p.password, "short", "short", "at least 12 characters"},
		{"typed differently", p.password, "a quiet row of words", "a quiet row of word", "differ"},
		{"the old one", p.password, p.password, p.password, "is the old one"},
		{"holds the login", p.password, "xx " + p.login + " xx", "xx " + p.login + " xx", "must not contain the login"},
		{"wrong present", "nonsense nonsense", "a quiet row of words", "a quiet row of words", "do not match"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := c.post(t, p, "/password", "present", tt.present, "chosen", tt.chosen, "again", tt.again)
			if got.StatusCode < 400 || !strings.Contains(got.text, tt.want) {
				t.Errorf("%s without %q", got.Status, tt.want)
			}
		})
	}
	if got := c.post(t, p, "/password", "present", p.password, "chosen", "a quiet row of words", "again", "a quiet row of words"); got.StatusCode != http.StatusSeeOther {
		t.Fatalf("change password: %s", got.Status)
	}
	if got := c.get(t, p, "/engagement"); got.StatusCode != http.StatusOK {
		t.Errorf("page after own password: %s, want 200", got.Status)
	}
}

func TestLoginRefusesAlike(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Admin)
	unknown := c.post(t, c.stranger(t), "/login", "login", "nobody", "password", p.password)
	wrong := c.post(t, c.stranger(t), "/login", "login", p.login, "password", "wrong")
	if unknown.StatusCode != http.StatusUnauthorized || wrong.StatusCode != http.StatusUnauthorized {
		t.Errorf("unknown login: %s, wrong password: %s, want 401 for both", unknown.Status, wrong.Status)
	}
	if a, b := strings.ReplaceAll(unknown.text, "nobody", ""), strings.ReplaceAll(wrong.text, p.login, ""); a != b {
		t.Error("the two answers differ, so they tell which logins exist")
	}
}

func TestLoginIsRateLimited(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Admin)
	var last answer
	for range 12 {
		last = c.post(t, c.stranger(t), "/login", "login", p.login, "password", "wrong")
	}
	if last.StatusCode != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" {
		t.Errorf("twelfth wrong password: %s, Retry-After %q, want 429 with a time", last.Status, last.Header.Get("Retry-After"))
	}
}

func TestLoginCookie(t *testing.T) {
	tests := []struct {
		name   string
		secure bool
		cookie string
	}{
		{"plain on loopback", false, "rollcall"},
		{"bound to host and https", true, "__Host-rollcall"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := openCampus(t, func(o *Options) { o.Secure = tt.secure })
			p := c.newcomer(t, account.Admin)
			got := c.post(t, p, "/login", "login", p.login, "password", p.password)
			if len(got.Cookies()) != 1 {
				t.Fatalf("cookies = %v, want one", got.Cookies())
			}
			cookie := got.Cookies()[0]
			if cookie.Name != tt.cookie || cookie.Secure != tt.secure || !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" || cookie.Domain != "" {
				t.Errorf("cookie = %v", cookie)
			}
			if _, ok := c.drawer.sessions[cookie.Value]; ok {
				t.Error("the store holds the cookie's own value, want its digest")
			}
		})
	}
}

func TestLoginRenewsTheSession(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Admin)
	first := c.drawer.tokens()
	c.post(t, p, "/login", "login", p.login, "password", p.password)
	for _, token := range c.drawer.tokens() {
		for _, old := range first {
			if token == old {
				t.Error("the session kept its token over a login")
			}
		}
	}
}

func (d *drawer) tokens() (out []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for token := range d.sessions {
		out = append(out, token)
	}
	return out
}

func TestLogoutAndNewPasswordEndSessions(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Compliance)
	second := &person{c.browser(t), p.login, p.password}
	c.post(t, second, "/login", "login", p.login, "password", p.password)
	if got := c.get(t, second, "/engagement"); got.StatusCode != http.StatusOK {
		t.Fatalf("second browser: %s", got.Status)
	}
	c.post(t, p, "/password", "present", p.password, "chosen", "another quiet row", "again", "another quiet row")
	if got := c.get(t, second, "/engagement"); got.StatusCode != http.StatusSeeOther {
		t.Errorf("second browser after a new password: %s, want to be asked to log in", got.Status)
	}
	if got := c.get(t, p, "/engagement"); got.StatusCode != http.StatusOK {
		t.Errorf("own browser after a new password: %s, want 200", got.Status)
	}
	c.post(t, p, "/logout")
	if got := c.get(t, p, "/engagement"); got.StatusCode != http.StatusSeeOther {
		t.Errorf("after logging out: %s, want to be asked to log in", got.Status)
	}
}

func TestLoginLeadsOnlyToThisSite(t *testing.T) {
	tests := []struct{ name, next, want string }{
		{"a page", "/engagement?sort=name", "/engagement?sort=name"},
		{"none", "", "/"},
		{"another site", "https://evil.example/", "/"},
		{"another host without scheme", "//evil.example/", "/"},
		{"backslash", `/\evil.example`, "/"},
		{"script", "javascript:alert(1)", "/"},
		{"relative", "engagement", "/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := localPath(tt.next); got != tt.want {
				t.Errorf("localPath(%q) = %q, want %q", tt.next, got, tt.want)
			}
		})
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Admin)
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		r := c.request(t, http.MethodPost, "/registers/e6/amend", "student=s1&code=E&reason=because")
		r.Header.Set(header[0], header[1])
		if got := c.do(t, p.Client, r); got.StatusCode != http.StatusForbidden {
			t.Errorf("POST with %s %s: %s, want 403", header[0], header[1], got.Status)
		}
	}
	if len(c.amendments) != 1 {
		t.Errorf("amendments = %d, want the one from before", len(c.amendments))
	}
}
