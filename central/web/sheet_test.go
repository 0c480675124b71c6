package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/central/account"
	"github.com/rollcall-edge/rollcall/central/register"
)

// The tutor signs at the end of the class, the manager approves, and a change after that is shown to have reopened the sheet.
func TestSheetOnThePage(t *testing.T) {
	c := openCampus(t, nil)
	tutor, manager := c.hire(t, account.Lecturer), c.hire(t, account.Compliance)
	if got := c.post(t, tutor, "/registers/e6/sign"); got.StatusCode != http.StatusConflict || len(c.signatures) != 0 {
		t.Errorf("signing a class that goes on: %s, want 409", got.Status)
	}
	if got := c.post(t, manager, "/registers/e2/approve"); got.StatusCode != http.StatusConflict || !strings.Contains(got.text, "after the tutor has signed it") {
		t.Errorf("approving what nobody signed: %s, want 409", got.Status)
	}
	if got := c.get(t, tutor, "/registers/e2"); !strings.Contains(got.text, "Sheet: open") || !strings.Contains(got.text, "/registers/e2/sign") || strings.Contains(got.text, "/registers/e2/approve") {
		t.Error("a lecturer is not offered to sign, or is offered to approve")
	}
	got := c.post(t, tutor, "/registers/e2/sign")
	if got.StatusCode != http.StatusSeeOther || len(c.signatures) != 1 || c.signatures[0].Actor != tutor.login || c.signatures[0].Step != "signed" {
		t.Fatalf("sign: %s, signatures %+v", got.Status, c.signatures)
	}
	if got := c.post(t, tutor, "/registers/e2/sign"); got.StatusCode != http.StatusConflict {
		t.Errorf("sign again: %s, want 409", got.Status)
	}
	c.post(t, manager, "/registers/e2/approve")
	if page := c.get(t, manager, "/registers/e2"); !strings.Contains(page.text, "Sheet: approved") || !strings.Contains(page.text, tutor.login+" signed it") {
		t.Error("the page does not say that the sheet is approved, or who signed it")
	}
	c.changed = []register.Change{{What: "s1 became A", At: present.Add(time.Second)}}
	if page := c.get(t, manager, "/registers/e2"); !strings.Contains(page.text, "Sheet: open") || !strings.Contains(page.text, "s1 became A") {
		t.Error("the page does not say what reopened the sheet")
	}
}

func TestPaper(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Lecturer)
	over, open := c.get(t, p, "/registers/e2/sheet"), c.get(t, p, "/registers/e6/sheet")
	for _, want := range []string{"Attendance sheet: ", "Initials", "Attendance manager", "students expected"} {
		if !strings.Contains(over.text, want) {
			t.Errorf("the sheet does not say %q", want)
		}
	}
	if strings.Contains(open.text, ">P<") || strings.Contains(open.text, ">A<") {
		t.Error("the sheet of a class that goes on is filled in")
	}
	checkPage(t, over)
}

func TestHeadcountOnThePage(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Compliance)
	for _, tt := range []struct {
		name, session string
		form          []string
		status        int
	}{
		{"no number", "e6", []string{"people", ""}, http.StatusUnprocessableEntity},
		{"less than nobody", "e6", []string{"people", "-1"}, http.StatusUnprocessableEntity},
		{"no time", "e6", []string{"people", "22", "at", "noon"}, http.StatusUnprocessableEntity},
		{"to come", "e6", []string{"people", "22", "at", "10:21"}, http.StatusUnprocessableEntity},
		{"before the register opened", "e6", []string{"people", "22", "at", "08:00"}, http.StatusUnprocessableEntity},
		{"nowhere", "e99", []string{"people", "22"}, http.StatusNotFound},
		{"now", "e6", []string{"people", "22"}, http.StatusSeeOther},
		{"earlier", "e6", []string{"people", "0", "at", "10:15:30"}, http.StatusSeeOther},
	} {
		if got := c.post(t, p, "/registers/"+tt.session+"/headcount", tt.form...); got.StatusCode != tt.status {
			t.Errorf("%s: %s, want %d", tt.name, got.Status, tt.status)
		}
	}
	if len(c.headcounts) != 2 || c.headcounts[0].People != 22 || !c.headcounts[0].At.Equal(present) || c.headcounts[1].People != 0 ||
		!c.headcounts[1].At.Equal(present.Add(-4*time.Minute-30*time.Second)) || c.headcounts[1].Counter != p.login || c.judged != 2 {
		t.Errorf("headcounts = %+v, judged %d times", c.headcounts, c.judged)
	}
	if page := c.get(t, p, "/registers/e6"); !strings.Contains(page.text, p.login+" counted 22") {
		t.Error("the register does not show the count")
	}
}

func TestDrawOnThePage(t *testing.T) {
	c := openCampus(t, nil)
	p := c.hire(t, account.Compliance)
	if registers := c.get(t, p, "/registers"); !strings.Contains(registers.text, `href="/headcounts"`) {
		t.Error("no page leads to the draw")
	}
	if before := c.get(t, p, "/headcounts"); strings.Contains(before.text, "To visit") {
		t.Error("sessions are shown before anybody drew them")
	}
	got := c.post(t, p, "/headcounts", "visits", "20")
	if got.StatusCode != http.StatusOK || !strings.Contains(got.text, "/registers/e6") || strings.Contains(got.text, "/registers/e2\"") {
		t.Errorf("draw: %s, want the session that goes on and none that is over", got.Status)
	}
	checkPage(t, got)
	if after := c.get(t, p, "/headcounts"); strings.Contains(after.text, "To visit") {
		t.Error("a draw can be looked up")
	}
	if got := c.post(t, p, "/headcounts", "visits", "0"); got.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("draw of none: %s, want 422", got.Status)
	}
}
