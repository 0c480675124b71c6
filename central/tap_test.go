package central

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-edge/rollcall/central/account"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/report"
)

// The whole way through central: a tap arrives, is judged, and stands in the register that the API shows.
func TestATapReachesItsRegister(t *testing.T) { onEachEngine(t, aTapReachesItsRegister) }

func aTapReachesItsRegister(t *testing.T, r *rig) {
	r.furnish()
	g := r.enrolled("gw-a", "A")
	token, err := r.Accounts.IssueToken(t.Context(), "test", "register", account.Compliance, 48*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	before := r.register(t, token)
	if len(before.Rows) != 1 || before.Rows[0].Student != "ada" {
		t.Fatalf("register = %+v, want ada alone in it", before.Rows)
	}
	at := before.Session.StartsAt.Add(5 * time.Minute)
	r.advance(at.Add(time.Minute).Sub(r.clock()))

	octets, err := contract.AppendRecord(nil, contract.Record{
		ID: contract.TapID{Stream: contract.Stream{1}, Seq: 1}, Stamp: contract.Stamp{At: at, Quality: contract.Synchronised},
		Tap: &contract.Tap{
			Point: "A-1/door", Digest: contract.DigestOf(g.credentials.CampusKey, "w26:1:1"), Evidence: contract.EvidenceCard,
			Outcome: contract.Accepted, Session: "law",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.SendBatch(t.Context(), contract.Batch{Version: contract.BatchVersion, Stream: contract.Stream{1}, First: 1, Records: [][]byte{octets}}); err != nil {
		t.Fatal(err)
	}
	credits, err := g.Credits(t.Context()) // as it would ask with a blank disk
	want := []contract.Credit{{Digest: contract.DigestOf(g.credentials.CampusKey, "w26:1:1"), Session: "law", At: at}}
	if diff := cmp.Diff(credits.Credits, want); err != nil || diff != "" {
		t.Errorf("credits: %v (-got +want):\n%s", err, diff)
	}
	if others, err := r.enrolled("gw-b", "B").Credits(t.Context()); err != nil || len(others.Credits) > 0 {
		t.Errorf("another gateway is told %v, %v", others, err)
	}
	for {
		row := r.register(t, token).Rows[0]
		if row.Mark.Code == "P" && row.Tap != nil && row.Tap.At.Equal(at) {
			return // the test's own limit ends the wait for it
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// register asks the API for the register of furnish's lecture.
func (r *rig) register(t *testing.T, token string) (reg report.Register) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.PagesAddr().String()+"/api/v1/sessions/law/register", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("the register answers %s", response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&reg); err != nil {
		t.Fatal(err)
	}
	return reg
}
