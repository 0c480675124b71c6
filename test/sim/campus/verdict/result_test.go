package verdict

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-edge/rollcall/test/sim/campus/model"
)

// good is the result of a run in which all went well.
func good() *Result {
	return &Result{Presented: 100, Judged: 600, Converged: true, Faults: []Injury{{Fault: "kill gateway:2@10s,up@25s", Bit: true}}}
}

func TestDecide(t *testing.T) {
	tests := []struct {
		name   string
		plant  func(*Result)
		reason string // "" when the result is ok
	}{
		{"all went well", func(*Result) {}, ""},
		{"a loss", func(r *Result) { r.Lost = 1 }, "1 taps were lost"},
		{"a duplicate", func(r *Result) { r.Duplicated = 2 }, "2 taps were duplicated"},
		{"a tap that stayed behind", func(r *Result) { r.Missing = 1 }, "1 taps are on a gateway's disk and not at central"},
		{"a tap of nobody", func(r *Result) { r.Unheard = 1 }, "1 taps at central were heard by no reader"},
		{"a light that lied", func(r *Result) { r.Unlike = 1 }, "1 lights differ from the recorded outcome"},
		{"a light against the rules", func(r *Result) { r.LightSurprises = 1 }, "1 lights differ from what the rules say"},
		{"a wrong mark", func(r *Result) { r.RegisterMismatches = 3 }, "3 marks differ from what the rules say"},
		{"a judgement the facts do not give", func(r *Result) { r.JudgedDifferently = 2 }, "2 students' stored judgements are not what the facts give"},
		{"nobody judged again", func(r *Result) { r.Judged = 0 }, "nobody was judged again from the facts"},
		{"nobody came", func(r *Result) { r.Presented = 0 }, "nobody tapped"},
		{"never equal", func(r *Result) { r.Converged = false }, "journals, replicas and central did not become equal in time"},
		{"a fault without effect", func(r *Result) { r.Faults[0] = Injury{Fault: "cut", Note: "nothing met it"} }, "cut did not bite: nothing met it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := good()
			tt.plant(r)
			r.Decide()
			if got := strings.Join(r.Reasons, "; "); r.OK != (tt.reason == "") || got != tt.reason {
				t.Errorf("ok %v for %q, want %q", r.OK, got, tt.reason)
			}
		})
	}
}

func TestResultHasTheKeysThatWereAskedFor(t *testing.T) {
	r := good()
	r.Lights = map[Light]int{Green: 1, Red: 0, BlueBlink: 0, Amber: 0, None: 2}
	r.Replicated = map[string]int{"library": 3}
	r.Decide()
	path := filepath.Join(t.TempDir(), "out.json")
	if err := r.Write(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"presented", "lights", "journalled", "replicated", "central", "lost", "duplicated", "light_ms", "register_mismatches", "ok"} {
		if _, there := got[key]; !there {
			t.Errorf("key %q is missing", key)
		}
	}
	for key, want := range map[string][]string{
		"lights": {"amber", "blue_blink", "green", "none", "red"}, "light_ms": {"max", "p50", "p99"}, "replicated": {"library"},
	} {
		if inner := slices.Sorted(maps.Keys(got[key].(map[string]any))); !slices.Equal(inner, want) {
			t.Errorf("keys of %s = %v, want %v", key, inner, want)
		}
	}
}

func TestSpread(t *testing.T) {
	var hundred []time.Duration
	for n := 100; n > 0; n-- {
		hundred = append(hundred, time.Duration(n)*time.Millisecond)
	}
	tests := []struct {
		name string
		in   []time.Duration
		want Spread
	}{
		{"none", nil, Spread{}},
		{"one", []time.Duration{1500 * time.Microsecond}, Spread{1.5, 1.5, 1.5}},
		{"two", []time.Duration{9 * time.Millisecond, time.Millisecond}, Spread{1, 9, 9}},
		{"a hundred", hundred, Spread{50, 99, 100}},
	}
	for _, tt := range tests {
		if got := SpreadOf(tt.in); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestMarks(t *testing.T) {
	key := func(student string) model.Key { return model.Key{Student: student, Session: "S"} }
	allowed := Marks{}
	allowed.Allow(map[model.Key]byte{key("a"): 'P', key("b"): 'A', key("c"): 'P'})
	allowed.Allow(map[model.Key]byte{key("a"): 'P', key("b"): 'A', key("c"): 'L'}) // c tapped at the very boundary
	tests := []struct {
		name    string
		central map[model.Key]string
		want    int
	}{
		{"as the rules say", map[model.Key]string{key("a"): "P", key("b"): "A", key("c"): "L"}, 0},
		{"the other side of the boundary", map[model.Key]string{key("a"): "P", key("b"): "A", key("c"): "P"}, 0},
		{"planted wrong mark", map[model.Key]string{key("a"): "A", key("b"): "A", key("c"): "P"}, 1},
		{"not judged yet", map[model.Key]string{key("a"): "", key("b"): "A", key("c"): "P"}, 1},
		{"somebody is missing", map[model.Key]string{key("a"): "P", key("c"): "P"}, 1},
		{"somebody is too many", map[model.Key]string{key("a"): "P", key("b"): "A", key("c"): "P", key("d"): "P"}, 1},
		{"an empty register", nil, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, problems := allowed.Compare(tt.central)
			if got != tt.want || (len(problems) > 0) != (tt.want > 0) {
				t.Errorf("%d mismatches, %q; want %d", got, problems, tt.want)
			}
			for _, p := range problems {
				if strings.Contains(p, `"a"`) {
					t.Errorf("problem %q names a student", p)
				}
			}
		})
	}
}
