package check

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

const rulesFile = "../../prometheus/rollcall.rules.yml"

// How the campus is watched: in so many rounds a card is presented, and after half of them a gateway dies.
const (
	rounds = 24
	pace   = 250 * time.Millisecond
)

// substituted is what Grafana puts for its variables, here for all buildings and the length of the test.
var substituted = strings.NewReplacer("$__rate_interval", "30s", "$__range", "30s", "$__interval", "1s", "$building", ".*")

// watched is what Prometheus knows of a campus in use with one dead gateway and one dead reader.
type watched struct {
	*storage
	engine *promql.Engine
	parser parser.Parser
	at     time.Time
	campus *campus
}

func watch(t *testing.T) *watched {
	t.Helper()
	c := startCampus(t)
	gatewayTarget := func(g *gateway) *target {
		return &target{address: g.status, labels: map[string]string{"job": "rollcall-gateway", "building": g.building, "gateway": g.name}}
	}
	w := &watched{
		campus:  c,
		storage: openStorage(t, gatewayTarget(c.library), gatewayTarget(c.science), &target{address: c.pages, labels: map[string]string{"job": "rollcall-central"}}),
		parser:  parser.NewParser(parser.Options{}),
	}
	w.engine = promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: patience, EnableAtModifier: true, EnableNegativeOffset: true, Parser: w.parser})
	next := time.NewTicker(pace)
	defer next.Stop()
	for round := range rounds {
		card := enrolled
		if round%3 == 2 {
			card = stranger
		}
		if err := c.library.desk.present(card); err != nil {
			t.Fatal(err)
		}
		if round%4 == 0 {
			c.library.cards <- byte(round) // another card each time: the same would be one tap
		}
		if round == rounds/2 {
			c.science.process.stop(t)
		}
		w.at = <-next.C
		w.scrape(t, w.at)
	}
	return w
}

// ask evaluates a query at the last scrape.
func (w *watched) ask(t *testing.T, expr string) promql.Vector {
	t.Helper()
	q, err := w.engine.NewInstantQuery(t.Context(), w.storage, nil, substituted.Replace(expr), w.at)
	if err != nil {
		t.Errorf("%s: %v", expr, err)
		return nil
	}
	defer q.Close()
	v, err := q.Exec(t.Context()).Vector()
	if err != nil {
		t.Errorf("%s: %v", expr, err)
	}
	return append(promql.Vector{}, v...)
}

// unknown lists the metrics of an expression that no program exports.
func (w *watched) unknown(t *testing.T, expr string) []string {
	t.Helper()
	parsed, err := w.parser.ParseExpr(substituted.Replace(expr))
	if err != nil {
		t.Errorf("%s: %v", expr, err)
		return nil
	}
	var missing []string
	parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok && !w.has(t, s.Name) {
			missing = append(missing, s.Name)
		}
		return nil
	})
	return missing
}

// has reports whether a metric was ever scraped.
func (w *watched) has(t *testing.T, name string) bool {
	t.Helper()
	q, err := w.Querier(0, math.MaxInt64)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	return q.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", name)).Next()
}

// One campus serves all that follows.
func TestAgainstARunningCampus(t *testing.T) {
	w := watch(t)
	t.Run("every panel has data", func(t *testing.T) { everyPanelHasData(t, w) })
	t.Run("variables have values", func(t *testing.T) { variablesHaveValues(t, w) })
	t.Run("tiles say what happened", func(t *testing.T) { tilesSayWhatHappened(t, w) })
	t.Run("alerts watch what exists", func(t *testing.T) { alertsWatchWhatExists(t, w) })
	t.Run("units start what exists", func(t *testing.T) { unitsStartWhatExists(t, w.campus) })
	t.Run("a renamed metric is found", func(t *testing.T) {
		if got := w.unknown(t, "rollcall_gateway_no_such_metric > 0"); len(got) != 1 {
			t.Errorf("unknown = %q, want one", got)
		}
	})
}

func everyPanelHasData(t *testing.T, w *watched) {
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			for _, name := range w.unknown(t, q.Expr) {
				t.Errorf("%s: no program exports %s", p.Title, name)
			}
			if got := w.ask(t, q.Expr); !hasNumber(got) {
				t.Errorf("%s, query %s returns no data: %s\n%v", p.Title, q.RefID, q.Expr, got)
			}
		}
	}
}

func hasNumber(v promql.Vector) bool {
	for _, sample := range v {
		if !math.IsNaN(sample.F) {
			return true
		}
	}
	return false
}

// variablesHaveValues evaluates what label_values of a variable asks for.
func variablesHaveValues(t *testing.T, w *watched) {
	for _, v := range readDashboard(t).Templating.List {
		if v.Type != "query" {
			continue
		}
		var q struct{ Query string }
		if err := json.Unmarshal(v.Query, &q); err != nil {
			t.Fatal(err)
		}
		inner, found := strings.CutPrefix(q.Query, "label_values(")
		at := strings.LastIndex(inner, ",")
		if !found || at < 0 {
			t.Fatalf("%s = %q, want label_values(metric, label)", v.Name, q.Query)
		}
		label := strings.TrimSpace(strings.TrimSuffix(inner[at+1:], ")"))
		values := map[string]bool{}
		for _, sample := range w.ask(t, inner[:at]) {
			values[sample.Metric.Get(label)] = true
		}
		if !values["LIB"] || !values["SCI"] || len(values) != 2 {
			t.Errorf("%s has the values %v, want LIB and SCI", v.Name, values)
		}
	}
}

// tilesSayWhatHappened: data is not enough; the science gateway is dead, and nobody answers on the library's bus.
func tilesSayWhatHappened(t *testing.T, w *watched) {
	panels := map[string]string{}
	for _, p := range readDashboard(t).Panels {
		panels[p.Title] = p.Targets[0].Expr
	}
	tests := []struct {
		panel string
		want  []string // label values and figure of each series
	}{
		{"Gateways down", []string{"= 1"}},
		{"Readers down", []string{"= 1"}},
		{"Gateways", []string{"LIB library = 2", "SCI science = 0"}},
		{"Readers", []string{"LIB library LIB-0.01/desk = 1", "LIB library LIB-0.02/door = 0", "LIB library LIB-0.03/door = 1"}},
		{"Readers needing attention", []string{"LIB library LIB-0.02/door does not answer = 0"}},
		{"Keys of OSDP readers", []string{"LIB library LIB-0.02/door = 0", "LIB library LIB-0.03/door = 0"}},
		{"Bluetooth adapters", []string{"LIB library = 0"}},
		{"Quarantined streams", []string{"library = 0", "science = 0"}},
	}
	for _, tt := range tests {
		t.Run(tt.panel, func(t *testing.T) {
			got := map[string]bool{}
			for _, s := range w.ask(t, panels[tt.panel]) {
				got[said(s)] = true
			}
			for _, want := range tt.want {
				if !got[want] {
					t.Errorf("%s says %v, want %q", tt.panel, got, want)
				}
			}
			if len(got) != len(tt.want) {
				t.Errorf("%s says %v, want %v", tt.panel, got, tt.want)
			}
		})
	}
	results := map[string]bool{}
	for _, s := range w.ask(t, panels["Taps per minute by result"]) {
		results[s.Metric.Get("result")] = s.F > 0
	}
	if len(results) < 2 {
		t.Errorf("results of taps = %v, want those of two cards", results)
	}
}

func said(s promql.Sample) string {
	var words []string
	for _, label := range []string{"building", "gateway", "reader", "trouble"} {
		if v := s.Metric.Get(label); v != "" {
			words = append(words, v)
		}
	}
	return strings.TrimSpace(fmt.Sprintf("%s = %v", strings.Join(words, " "), s.F))
}

func alertsWatchWhatExists(t *testing.T, w *watched) {
	text, err := os.ReadFile(rulesFile)
	if err != nil {
		t.Fatal(err)
	}
	groups, faults := rulefmt.Parse(text, false, model.UTF8Validation, w.parser, slog.New(slog.DiscardHandler))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	alerts := 0
	for _, group := range groups.Groups {
		for _, rule := range group.Rules {
			alerts++
			for _, name := range w.unknown(t, rule.Expr) {
				t.Errorf("%s watches %s, which no program exports", rule.Alert, name)
			}
		}
	}
	if alerts != 18 {
		t.Errorf("%d alerts, want 18", alerts)
	}
}
