package web

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/central/account"
)

func TestPages(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Admin)
	tests := []struct {
		path string
		want []string
	}{
		{"/", []string{"Registers open now", "CS101 Programming", "24 <small>of 30 there", "/registers/e6", "Earlier today", "Later today", "Latest taps", "1 of 2 gateways are not reporting", "One journal has two histories and is quarantined", "blue, blinking"}},
		{"/registers", []string{"Thu 19 Nov 2026", "/registers?day=2026-11-18", "/registers?day=2026-11-20", "ECO120"}},
		{"/registers?week=2026-11-19", []string{"Week of Mon 16 Nov 2026", "/registers?week=2026-11-09", "Cancelled"}},
		{"/registers?day=2026-11-10", []string{"/registers/e%2F1"}},
		{"/registers/e%2F1", []string{"LAW204 Contract law", "Were the readers listening?", "Close the register by hand"}},
		{"/registers/e6", []string{"Amend a mark", "98.0%", "10:19:00.000", `value="E"`, "Tapped at 09:58:00", tapID(29), "gw-library"}},
		{"/registers/e2", []string{"came in with the second group", "lee set Late"}},
		{"/engagement", []string{"Student engagement", "Autumn term", "1 of 2 gateways have not delivered everything", "64</b> students", "Report by Wed 25 Nov<", "1–25 of 64", "/engagement?page=2", "/registers?week=2026-09-28"}},
		{"/engagement?page=3", []string{"51–64 of 64", "/engagement?page=2"}},
		{"/engagement?q=zzz", []string{"No student matches", "0</b> students"}},
		{"/engagement?below=85&department=Law", []string{"attendance below 85%", `name="below" value="85"`}},
		{"/modules", []string{"Autumn term", "ECO120", "Markets", "25.0%", "/modules.csv?term="}},
		{"/students/s1", []string{"Aisha Khan", "Student visa", "Late", "Not known yet", "Cancelled", "college 004 v1", "Superseded", "an absence was authorised", "green light", "red light", "no register was open in this room", "blue, blinking", tapID(17), "17:03.250", "Taps near no session", "lee set Late", "nothing heard of this window"}},
		{"/students/s1", []string{"58 <small>of 76", "2 excused", "E-12", "Event to report", "Was due Fri 13 Nov 2026", "course_change 2026-10-30", "Case", "What it rests on (3)", `href="#s-e2"`, "submission essay", "What else is known", "Permission to stay", "£1234.50", "withdrawn Tue 17 Nov 2026 by lee: it was another student", "Log-ins to the learning platform", "Mon 16 Nov 2026", "Judged differently before (1)", "Absent: No tap; the readers were working"}},
		{"/findings", []string{"4</b> findings", "First deadline", "A-5 Report to UKVI (1)", "Aisha Khan", "Tell the student", "has passed", "/findings.csv?", "/students/s1?term=2026-autumn"}},
		{"/findings?rule=E-12&due=1", []string{"1</b> findings with a deadline", "show all", `value="E-12" selected`}},
		{"/findings?state=superseded&term=*&sort=newest", []string{"1</b> findings", "All time", "an absence was authorised", "the newest first"}},
		{"/findings?q=Nobody", []string{"No finding matches"}},
		{"/taps/" + tapID(17), []string{"What happened at the door", "Decoded from the very octets", "within 9ms", "/registers/e2", "/students/s1", "1h30m0s"}},
		{"/policies", []string{"college v1", "marking.present_within", "15m", "Not from policy", "The procedure has a sheet, not a window."}},
		{"/gateways", []string{"gw-engineering", "Not reporting", "527 to come", "heard 47 minutes ago", "no answer for 3 minutes", "42 published", "One journal has two histories", "StreamQuarantined", "record 5 has two histories", "of 20,455"}},
		{"/gateways", []string{"<b>east has lost its majority.</b>", "On gw-library, whose log reaches farthest", "Can one of gw-engineering and gw-union come back", "<code>rollcall-central revoke gw-union</code>", "527 records behind", "gw-arts leads and every voter reports. 3 steps are", "member without a say, wanted as voter", "to get its say once it has kept up", "voter, not wanted any more", "to be taken out", "not in it, wanted as member without a say", "1,204 records behind", "Term 1,204, by the word of gw-arts, 4 seconds ago", "Waiting: gw-sports becomes", "Made by its own gateways", "says nothing of its cluster", "In no cluster: gw-hut, gw-barn"}},
		{"/coverage", []string{"Thu 19 Nov 2026", "08:12:30–08:40:00", "27 min", "A-101/door: the reader did not work, or was unplugged", "ECO120 Microeconomics", "69.4%", "95% needed", "None concluded", "/coverage.csv?day=2026-11-19"}},
		{"/coverage?day=2026-11-18", []string{"11:20:00–12:00:00", "no gateway was running that listened to it", "55.5%"}},
		{"/coverage?day=2026-11-10", []string{"Every register of this day was covered throughout"}},
		{"/registers/e3", []string{"Not covered", "11:20:00–12:00:00", "None concluded"}},
		{"/registers?week=2026-11-16", []string{"27 min not covered", "40 min not covered"}},
		{"/", []string{"1 of today’s registers had a room that was not covered throughout", `href="/coverage"`}},
		{"/accounts", []string{"test-admin", "Issue an API token"}},
		{"/password", []string{"New password again"}},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			got := c.get(t, p, tt.path)
			if got.StatusCode != http.StatusOK {
				t.Fatalf("%s\n%s", got.Status, got.text)
			}
			for _, want := range tt.want {
				if !strings.Contains(got.text, want) {
					t.Errorf("the page does not say %q", want)
				}
			}
			checkPage(t, got)
		})
	}
}

var (
	inline = regexp.MustCompile(`(?i)<style|\sstyle=|<script[^>]*>[^<]|\son[a-z]+=|javascript:`)
	fields = regexp.MustCompile(`<(?:input|select)[^>]*\sid="([^"]+)"`)
	ids    = regexp.MustCompile(`\sid="([^"]+)"`)
)

// checkPage holds for every page: nothing the policy forbids, every field named, every table captioned, no identity twice.
func checkPage(t *testing.T, got answer) {
	t.Helper()
	if found := inline.FindString(got.text); found != "" {
		t.Errorf("the page has %q, which its policy forbids", found)
	}
	if strings.Count(got.text, "<table") != strings.Count(got.text, "<caption") {
		t.Error("a table has no caption")
	}
	if strings.Count(got.text, "<h1") != 1 || strings.Count(got.text, "<main") != 1 {
		t.Error("the page wants one heading and one main landmark")
	}
	for _, field := range fields.FindAllStringSubmatch(got.text, -1) {
		if !strings.Contains(got.text, `<label for="`+field[1]+`"`) {
			t.Errorf("the field %s has no label", field[1])
		}
	}
	seen := make(map[string]bool)
	for _, id := range ids.FindAllStringSubmatch(got.text, -1) {
		if seen[id[1]] {
			t.Errorf("the identity %s is there twice", id[1])
		}
		seen[id[1]] = true
	}
	for name, want := range map[string]string{
		"Content-Security-Policy": contentPolicy, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "same-origin",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s = %q, want %q", name, got.Header.Get(name), want)
		}
	}
}

func TestPagesRefuse(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Admin)
	tests := []struct {
		path string
		code int
		want string
	}{
		{"/nowhere", http.StatusNotFound, "There is no such page"},
		{"/students/s999", http.StatusNotFound, "There is nothing with this number"},
		{"/students/s1?term=1999", http.StatusNotFound, "Term"},
		{"/registers/e99", http.StatusNotFound, "There is nothing"},
		{"/registers?day=tomorrow", http.StatusBadRequest, "yyyy-mm-dd"},
		{"/engagement?page=0", http.StatusBadRequest, "is not a number from 1"},
		{"/registers?page=0", http.StatusBadRequest, "is not a number from 1"},
		{"/engagement?sort=evil", http.StatusBadRequest, "there is no order"},
		{"/taps/zz/1", http.StatusBadRequest, "stream"},
		{"/taps/" + tapID(18) + "/proof", http.StatusNotFound, "No seal covers this tap yet"},
		{"/taps/zz/1/proof", http.StatusBadRequest, "stream"},
		{"/taps/" + tapID(999), http.StatusNotFound, "There is nothing"},
		{"/accounts/x/reset", http.StatusMethodNotAllowed, "does not take that method"},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			got := c.get(t, p, tt.path)
			if got.StatusCode != tt.code || !strings.Contains(strings.ToLower(got.text), strings.ToLower(tt.want)) {
				t.Errorf("%s without %q, want %d\n%s", got.Status, tt.want, tt.code, got.text[max(0, len(got.text)-600):])
			}
		})
	}
}

// A fault of ours is logged, and its text, which may name what nobody should see, is not shown.
func TestFaultsAreNotShown(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Admin)
	c.broken = errors.New("SQL logic error near secret")
	for _, path := range []string{"/engagement", "/engagement.csv", "/api/v1/students"} {
		got := c.get(t, p, path)
		if got.StatusCode != http.StatusInternalServerError || strings.Contains(got.text, "secret") {
			t.Errorf("%s: %s, shows the fault: %v", path, got.Status, strings.Contains(got.text, "secret"))
		}
	}
}

func TestNamesAreEscaped(t *testing.T) {
	c := openCampus(t, nil)
	c.students[0].Name = `<script>alert("x")</script>`
	p := c.hire(t, account.Admin)
	for _, path := range []string{"/engagement", "/students/s1"} {
		if got := c.get(t, p, path); strings.Contains(got.text, "<script>alert") || !strings.Contains(got.text, "&lt;script&gt;") {
			t.Errorf("%s shows a name as markup", path)
		}
	}
}

func TestAmendOnThePage(t *testing.T) {
	tests := []struct {
		name, session string
		role          account.Role
		policy        string
		form          []string
		code          int
		want          string
	}{
		{"with a reason", "e2", account.Lecturer, "", []string{"student", "s5", "code", "E", "reason", "doctor's letter"}, http.StatusSeeOther, ""},
		{"without a reason", "e2", account.Lecturer, "", []string{"student", "s5", "code", "E", "reason", "  "}, http.StatusUnprocessableEntity, "Say why"},
		{"mark nobody sets", "e2", account.Lecturer, "", []string{"student", "s5", "code", "U", "reason", "because"}, http.StatusUnprocessableEntity, "choose one of the marks"},
		{"not on the list", "e2", account.Lecturer, "", []string{"student", "s60", "code", "P", "reason", "because"}, http.StatusNotFound, "nothing with this number"},
		{"row 29 W-10 lecturer after 7 days", "e/1", account.Lecturer, "", []string{"student", "s5", "code", "P", "reason", "because"}, http.StatusUnprocessableEntity, "within 7 days"},
		{"row 29 W-10 compliance after 7 days", "e/1", account.Compliance, "", []string{"student", "s5", "code", "P", "reason", "because"}, http.StatusSeeOther, ""},
		{"row 27 W-9 Portsmouth: lecturer sets P, forgot card", "e2", account.Lecturer, "portsmouth", []string{"student", "s5", "code", "P", "reason", "forgot card"}, http.StatusUnprocessableEntity, "nobody is recorded as present without a tap"},
		{"row 27 W-9 Portsmouth: where a tap is credited", "e6", account.Lecturer, "portsmouth", []string{"student", "s1", "code", "P", "reason", "was there from the start"}, http.StatusSeeOther, ""},
		{"row 28 W-9 St Mary's: lecturer sets P, forgot card", "e2", account.Lecturer, "stmarys", []string{"student", "s5", "code", "P", "reason", "forgot card"}, http.StatusSeeOther, ""},
		{"W-9 Imperial: lecturer sets P", "e2", account.Lecturer, "imperial", []string{"student", "s5", "code", "P", "reason", "forgot phone"}, http.StatusUnprocessableEntity, "only the attendance team"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := openCampus(t, func(o *Options) { o.Policies = shelf{t, tt.policy} })
			p := c.hire(t, tt.role)
			before := len(c.amendments)
			got := c.post(t, p, "/registers/"+strings.ReplaceAll(tt.session, "/", "%2F")+"/amend", tt.form...)
			if got.StatusCode != tt.code || !strings.Contains(strings.ToLower(got.text), strings.ToLower(tt.want)) {
				t.Fatalf("%s without %q, want %d", got.Status, tt.want, tt.code)
			}
			if tt.code != http.StatusSeeOther {
				if len(c.amendments) != before || c.judged != 0 {
					t.Error("a refused amendment was stored")
				}
				return
			}
			a := c.amendments[len(c.amendments)-1]
			if len(c.amendments) != before+1 || a.Actor != p.login || a.Student != tt.form[1] || !a.MadeAt.Equal(present) || c.judged != 1 {
				t.Errorf("stored %+v, judged %d times", a, c.judged)
			}
			if done := c.get(t, p, got.Header.Get("Location")); !strings.Contains(done.text, "The amendment is on record") {
				t.Error("the register does not say that it was amended")
			}
		})
	}
}

func TestCloseOnThePage(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Compliance)
	if got := c.post(t, p, "/registers/e6/close", "reason", "gateway stolen"); got.StatusCode != http.StatusUnprocessableEntity || len(c.closures) != 0 {
		t.Errorf("closing an open register: %s, %d stored, want 422 and none", got.Status, len(c.closures))
	}
	if got := c.post(t, p, "/registers/e3/close", "reason", "gateway stolen"); got.StatusCode != http.StatusSeeOther || c.judged != 1 {
		t.Fatalf("closing a register: %s, judged %d times", got.Status, c.judged)
	}
	if len(c.closures) != 1 || c.closures[0].Actor != p.login || c.closures[0].Reason != "gateway stolen" {
		t.Errorf("closures = %+v", c.closures)
	}
}

func TestAccountsPage(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Admin)
	got := c.post(t, p, "/accounts", "login", "lee", "name", "Lee Wong", "role", "lecturer")
	secret := regexp.MustCompile(`class="secret">([^<]+)<`).FindStringSubmatch(got.text)
	if got.StatusCode != http.StatusOK || len(secret) != 2 {
		t.Fatalf("add account: %s, secret %v", got.Status, secret)
	}
	lee := &person{c.browser(t), "lee", secret[1]}
	if got := c.post(t, lee, "/login", "login", "lee", "password", secret[1]); got.Header.Get("Location") != "/password" {
		t.Errorf("login with the shown password: %s to %q", got.Status, got.Header.Get("Location"))
	}
	if got := c.post(t, p, "/accounts", "login", "lee", "name", "Another", "role", "lecturer"); got.StatusCode != http.StatusConflict {
		t.Errorf("same login again: %s, want 409", got.Status)
	}
	got = c.post(t, p, "/tokens", "name", "nightly job", "role", "compliance", "days", "30")
	secret = regexp.MustCompile(`class="secret">([^<]+)<`).FindStringSubmatch(got.text)
	if got.StatusCode != http.StatusOK || len(secret) != 2 {
		t.Fatalf("issue token: %s, secret %v", got.Status, secret)
	}
	ask := func() int {
		r := c.request(t, http.MethodGet, "/api/v1/standings", "")
		r.Header.Set("Authorization", "Bearer "+secret[1])
		return c.do(t, c.browser(t), r).StatusCode
	}
	if code := ask(); code != http.StatusOK {
		t.Errorf("API with the shown token: %d, want 200", code)
	}
	c.post(t, p, "/tokens/1/revoke")
	if code := ask(); code != http.StatusUnauthorized {
		t.Errorf("API with the revoked token: %d, want 401", code)
	}
	if again := c.get(t, p, "/accounts"); strings.Contains(again.text, secret[1]) {
		t.Error("the token is shown twice")
	}
}

func TestMonitoring(t *testing.T) {
	c := openCampus(t, nil)
	p := c.stranger(t)
	if got := c.get(t, p, "/healthz"); got.StatusCode != http.StatusOK || got.text != "ok\n" {
		t.Errorf("healthz = %s %q", got.Status, got.text)
	}
	got := c.get(t, p, "/metrics")
	want := `rollcall_central_http_request_seconds_count{code="200",method="GET",route="/healthz"} 1`
	if got.StatusCode != http.StatusOK || !strings.Contains(got.text, want) {
		t.Errorf("metrics from this machine: %s without %q", got.Status, want)
	}
	r := c.request(t, http.MethodGet, "/metrics", "")
	r.Header.Set("X-Forwarded-For", "203.0.113.9")
	if got := c.do(t, p.Client, r); got.StatusCode != http.StatusSeeOther {
		t.Errorf("metrics through a proxy: %s, want to be asked to log in", got.Status)
	}
	if got := c.byToken(t, account.Facilities, "/metrics"); got.StatusCode != http.StatusOK {
		t.Errorf("metrics with a token: %s, want 200", got.Status)
	}
	if got := c.byToken(t, account.Lecturer, "/metrics"); got.StatusCode != http.StatusForbidden {
		t.Errorf("metrics with a lecturer's token: %s, want 403", got.Status)
	}
}

func TestUnhealthy(t *testing.T) {
	c := openCampus(t, nil)
	c.site.Health = func(context.Context) error { return errors.New("disk gone") }
	if got := c.get(t, c.stranger(t), "/healthz"); got.StatusCode != http.StatusServiceUnavailable || strings.Contains(got.text, "disk gone") {
		t.Errorf("healthz = %s %q, want 503 without the cause", got.Status, got.text)
	}
}

func TestProofOfATapIsAFile(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Compliance)
	if page := c.get(t, p, "/taps/"+tapID(17)); !strings.Contains(page.text, `href="/taps/`+tapID(17)+`/proof"`) {
		t.Error("the page of a tap does not lead to its proof")
	}
	got := c.get(t, p, "/taps/"+tapID(17)+"/proof")
	record := base64.StdEncoding.EncodeToString([]byte(tapID(17)))
	name := "tap-" + streamOfTests + "-17.proof.json"
	if !strings.Contains(got.Header.Get("Content-Disposition"), name) || !strings.Contains(got.text, record) {
		t.Errorf("answer = %s as %q\n%s\nwant the proof as %s", got.Status, got.Header.Get("Content-Disposition"), got.text, name)
	}
}
