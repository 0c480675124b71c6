package check

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

const dashboardFile = "../fleet.json"

// dashboard is what is looked at of Grafana's document.
type dashboard struct {
	UID           string
	SchemaVersion int
	Panels        []panel
	Templating    struct {
		List []variable
	}
}

type panel struct {
	ID          int
	Type        string
	Title       string
	Description string
	Datasource  source
	GridPos     struct{ X, Y, W, H int }
	Targets     []query
}

type query struct {
	RefID      string
	Datasource source
	Expr       string
}

type source struct{ Type, UID string }

type variable struct {
	Name, Type string
	Query      json.RawMessage // a text, or an object with one
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// A person finds every panel, and each says what it means.
func TestDashboardIsWellFormed(t *testing.T) {
	d := readDashboard(t)
	if d.UID == "" || d.SchemaVersion < 36 {
		t.Errorf("uid = %q, schemaVersion = %d, want a uid and a version of Grafana 9 or later", d.UID, d.SchemaVersion)
	}
	kinds := map[string]bool{"stat": true, "state-timeline": true, "table": true, "timeseries": true}
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.ID == 0 {
			t.Errorf("%s: id %d is taken or 0", p.Title, p.ID)
		}
		ids[p.ID] = true
		if !kinds[p.Type] || p.Title == "" || p.Description == "" || len(p.Targets) == 0 {
			t.Errorf("panel %d %q: type %q, %d queries; want a known type, a title, a description and a query", p.ID, p.Title, p.Type, len(p.Targets))
		}
		refs := map[string]bool{}
		for _, q := range append(p.Targets, query{RefID: "panel", Datasource: p.Datasource}) {
			if want := (source{"prometheus", "${datasource}"}); q.Datasource != want || refs[q.RefID] {
				t.Errorf("%s, query %s: datasource %v, want %v and a name of its own", p.Title, q.RefID, q.Datasource, want)
			}
			refs[q.RefID] = true
		}
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%s lies on %q or beyond the edge", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
	}
}

// Everything that asks about gateways asks about the building chosen.
func TestQueriesFollowTheBuilding(t *testing.T) {
	selector := regexp.MustCompile(`(rollcall_gateway_\w+|up)(\{[^}]*\})?`)
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			for _, found := range selector.FindAllString(q.Expr, -1) {
				if !strings.Contains(found, `building=~"$building"`) {
					t.Errorf("%s: %s does not follow $building", p.Title, found)
				}
			}
		}
	}
}
