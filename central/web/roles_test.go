package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/account"
)

// allowed says, by hand, which roles each route lets in: a admin, c compliance, l lecturer, f facilities, and * everybody.
var allowed = map[string]string{
	"GET /healthz": "*", "GET /assets/*file": "*", "GET /login": "*", "POST /login": "*", "POST /logout": "*",
	"GET /openapi.json": "*", "GET /openapi.yaml": "*", "GET /openapi-3.0.json": "*", "GET /openapi-3.0.yaml": "*",
	"GET /password": "aclf", "POST /password": "aclf",
	"GET /": "aclf", "GET /registers": "aclf", "GET /gateways": "acf", "GET /policies": "acl", "GET /metrics": "af",
	"GET /registers/:session": "acl", "POST /registers/:session/amend": "acl", "POST /registers/:session/close": "acl",
	"GET /registers/:session/sheet": "acl", "POST /registers/:session/sign": "acl", "POST /registers/:session/approve": "ac",
	"POST /registers/:session/headcount": "ac", "GET /headcounts": "ac", "POST /headcounts": "ac",
	"GET /findings": "acl", "GET /findings.csv": "acl", "GET /api/v1/findings": "acl",
	"GET /modules": "acl", "GET /modules.csv": "acl", "GET /api/v1/modules": "acl",
	"GET /engagement": "acl", "GET /engagement.csv": "acl", "GET /students/:id": "acl", "GET /taps/:stream/:seq": "acl", "GET /taps/:stream/:seq/proof": "acl",
	"GET /accounts": "a", "POST /accounts": "a", "POST /accounts/:id/reset": "a", "POST /tokens": "a", "POST /tokens/:id/revoke": "a",
	"GET /api/v1/students": "acl", "GET /api/v1/students/:id/marks": "acl", "GET /api/v1/standings": "acl",
	"GET /api/v1/sessions": "aclf", "GET /api/v1/sessions/:id/register": "acl", "GET /api/v1/taps": "acl",
	"GET /coverage": "acf", "GET /coverage.csv": "acf", "GET /api/v1/coverage-gaps": "acf",
	"GET /api/v1/gateways": "acf", "GET /api/v1/streams": "acf",
}

var examples = strings.NewReplacer(":session", "e6", ":id", "s1", ":stream", streamOfTests, ":seq", "17", "*file", "app.css")

func TestEveryRouteIsInTheTable(t *testing.T) {
	c := openCampus(t, nil)
	seen := make(map[string]bool)
	for _, r := range c.site.engine.Routes() {
		key := r.Method + " " + r.Path
		seen[key] = true
		if _, ok := allowed[key]; !ok {
			t.Errorf("%s stands on no line of the table; say who may use it", key)
		}
	}
	for key := range allowed {
		if !seen[key] {
			t.Errorf("%s is in the table and nowhere else", key)
		}
	}
}

// Every role asks every route. What matters is who is turned away; the rest may find the form wanting.
func TestEveryRoleAtEveryRoute(t *testing.T) {
	roles := map[string]account.Role{"a": account.Admin, "c": account.Compliance, "l": account.Lecturer, "f": account.Facilities}
	for letter, role := range roles {
		t.Run(string(role), func(t *testing.T) {
			c := openCampus(t, nil)
			p := c.hire(t, role)
			for key, who := range allowed {
				method, path, _ := strings.Cut(key, " ")
				if path == "/logout" || path == "/login" || strings.HasSuffix(path, "/reset") {
					continue // they end the session; their own tests ask them
				}
				got := c.do(t, p.Client, c.request(t, method, examples.Replace(path), ""))
				refused := got.StatusCode == http.StatusForbidden || got.StatusCode == http.StatusUnauthorized
				if want := who != "*" && !strings.Contains(who, letter); refused != want && path != "/password" {
					t.Errorf("%s as %s: %s, refused = %v, want %v", key, role, got.Status, refused, want)
				}
			}
		})
	}
}

func TestStrangersGetNothing(t *testing.T) {
	c := openCampus(t, func(o *Options) { o.BehindProxy = true }) // otherwise loopback may read metrics
	p := c.stranger(t)
	for key, who := range allowed {
		if who == "*" {
			continue
		}
		method, path, _ := strings.Cut(key, " ")
		got := c.do(t, p.Client, c.request(t, method, examples.Replace(path), ""))
		toLogin := got.StatusCode == http.StatusSeeOther && strings.HasPrefix(got.Header.Get("Location"), "/login")
		if strings.HasPrefix(path, "/api/") {
			toLogin = got.StatusCode == http.StatusUnauthorized && got.Header.Get("Content-Type") == "application/problem+json"
		}
		if !toLogin {
			t.Errorf("%s as a stranger: %s to %q, want to be asked to log in", key, got.Status, got.Header.Get("Location"))
		}
	}
}

func TestFacilitiesSeeNoName(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Facilities)
	for _, path := range []string{"/", "/registers", "/registers?week=2026-11-16", "/gateways", "/api/v1/sessions?from=2026-11-01T00:00:00Z&to=2026-12-01T00:00:00Z", "/api/v1/gateways", "/metrics"} {
		got := c.get(t, p, path)
		if got.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", path, got.Status)
		}
		for _, s := range c.students {
			if strings.Contains(got.text, s.Name) || strings.Contains(got.text, ">"+s.ID+"<") || strings.Contains(got.text, "/students/") {
				t.Errorf("%s shows a student to facilities", path)
				break
			}
		}
	}
}

func TestLecturersSeeNoSponsorship(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Lecturer)
	for _, path := range []string{
		"/engagement", "/engagement?visa=1", "/engagement?due=1", "/students/s1", "/engagement.csv", "/students/s1.csv",
		"/findings", "/findings?state=all&term=*", "/findings?rule=A-5", "/findings.csv",
	} {
		got := c.get(t, p, path)
		if got.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", path, got.Status)
		}
		for _, word := range []string{"visa", "UKVI", "A-5", "E-12", "E-15", "Permission", "Payment", "2026-11-25", "25 Nov", "Report by"} {
			if strings.Contains(got.text, word) {
				t.Errorf("%s says %q to a lecturer", path, word)
			}
		}
	}
	for _, path := range []string{"/api/v1/students", "/api/v1/standings", "/api/v1/students/s1/marks", "/api/v1/findings", "/api/v1/findings?student=s1&state=all"} {
		got := c.get(t, p, path)
		if got.StatusCode != http.StatusOK || strings.Contains(got.text, "UKVI") || strings.Contains(got.text, "stmarys") || strings.Contains(got.text, `"visa":true`) || strings.Contains(got.text, "2026-11-25") || strings.Contains(got.text, `"level":4`) {
			t.Errorf("%s: %s, tells a lecturer of sponsorship", path, got.Status)
		}
	}
	// The same questions do answer compliance, so that the test above can fail.
	compliance := c.hire(t, account.Compliance)
	if got := c.get(t, compliance, "/students/s1"); !strings.Contains(got.text, "A-5") || !strings.Contains(got.text, "Student visa") {
		t.Error("compliance sees no sponsorship either")
	}
}
