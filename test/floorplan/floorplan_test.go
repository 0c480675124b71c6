// Package floorplan holds the floor plan: which part may import which, as data, because a wrong import is the one mistake
// that cannot be undone cheaply. It checks imports alone and runs nothing of the product.
package floorplan

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/rollcall-edge/rollcall/"

// A line of the plan: packages that match part may import ours that match one of may, for the reason why.
// "x/**" is x and everything below it. The first line that matches a package counts.
type line struct {
	part string
	may  []string
	why  string
}

var plan = []line{
	{"central/contract", nil, "the ground: what crosses the wire depends on nothing"},
	{"central/contract/tree", []string{"central/contract"}, "what a signature stands for is computed the same way at both ends of the wire, and needs a hash and a record"},
	{"drivers/**", []string{"drivers/**", "gateway/failpoint"}, "a driver knows devices, not students; not even the contract"},
	{"config/**", []string{"config/**"}, "plain values"},

	{"gateway/failpoint", nil, "places at which the outage laboratory ends a program, drivers included; empty in what is shipped"},
	{"gateway/clock", []string{"central/contract"}, "time depends on the kernel alone"},
	{"gateway/keyfile", nil, "a secret in a file; who encrypts with it is not its business"},
	{"gateway/kept", nil, "whole files, whatever is in them"},
	{"gateway/longpoll", nil, "how often central is asked; for what, others know"},
	{"gateway/directory", []string{"central/contract", "gateway/kept", "gateway/longpoll"}, "what central said is kept and believed; what follows from it the assembly knows"},
	{"gateway/identity", []string{"central/contract"}, "who the gateway is depends on nothing it does"},
	{"gateway/timetable", []string{"central/contract", "gateway/longpoll"}, "the hot path has one direction"},
	{"gateway/decide", []string{"central/contract", "gateway/timetable"}, "the hot path has one direction"},
	{"gateway/journal", []string{"central/contract", "gateway/decide", "gateway/timetable", "gateway/failpoint"}, "the hot path has one direction"},
	{"gateway/writer", []string{"central/contract", "gateway/clock", "gateway/journal"}, "one hand writes the own stream; what a tap is worth was decided before"},
	{"gateway/capture", []string{"drivers/**", "gateway/failpoint"}, "it is given a Handler; it does not know what a session is"},
	{"gateway/console", []string{"gateway/capture", "gateway/replicate", "drivers/**"}, "it carries a technician's wishes to the lines and the cluster, and knows no session"},
	{"gateway/survey", []string{"config", "drivers/**", "gateway/console"}, "it compares a configuration with the machine before anything runs"},
	{"gateway/replicate", []string{"central/contract", "central/contract/tree", "gateway/clock", "gateway/failpoint", "gateway/journal"}, "it copies records and does not judge them; what is old a vouched clock tells, and a tree stays of what it drops"},
	{"gateway/forward", []string{"central/contract", "gateway/failpoint"}, "outbox, central and leadership are its own small interfaces"},
	{"gateway/salvage", []string{"central/contract", "gateway/forward", "gateway/journal"}, "what lies in the wrecks of a journal goes to central as it is; whose lights it concerns the assembly knows"},
	{"gateway/seal", []string{"central/contract/**"}, "it signs what a journal gives it; the journal is its own small interface"},
	{"gateway/status", []string{"central/contract", "drivers/**"}, "it shows what it is handed"},
	{"gateway", []string{"gateway/**", "drivers/**", "config", "central/contract/**"}, "the only place where the gateway's parts meet"},
	{"gateway/cmd/**", []string{"gateway/**", "drivers/**", "config", "central/contract"}, "mains read configuration and start the assembly"},

	{"central/calendar", nil, "days depend on nothing"},
	{"central/policy", []string{"central/calendar", "config/**"}, "a policy is plain values with days in them"},
	{"central/register", []string{"central/contract", "central/calendar", "central/policy"}, "marks come from taps, amendments and the policy of the day alone"},
	{"central/engagement", []string{"central/register", "central/calendar", "central/policy"}, "a history is made of marks and dated events"},
	{"central/rules", []string{"central/policy", "central/engagement", "central/register", "central/calendar"}, "pure: no store, no clock, no web"},
	{"central/judge", []string{"central/contract", "central/calendar", "central/policy", "central/register", "central/engagement", "central/rules"}, "it carries facts through the pure parts; the store implements what it asks for"},
	{"central/timeline", []string{"central/contract"}, "pure: when a record happened follows from the records alone"},
	{"central/ingest", []string{"central/contract/**", "central/timeline"}, "each tap once, at its moment; it judges nothing"},
	{"central/fleet", []string{"central/contract/**", "central/calendar"}, "gateways, not students"},
	{"central/proof", []string{"central/contract/**"}, "whoever doubts central checks with it: no store, no clock, no web"},
	{"central/sheet", []string{"central/contract", "central/calendar"}, "files become rows with faults at their lines; what the rows are about is the importers' matter"},
	{"central/timetable", []string{"central/contract", "central/calendar", "central/sheet"}, "imports and publication"},
	{"central/checkin", []string{"central/contract"}, "a code proves a session and a minute; who scanned it others know"},
	{"central/evidence", []string{"central/contract", "central/calendar", "central/engagement", "central/sheet"}, "files become facts; what follows from them is not its business"},
	{"central/account", nil, "who may sign in depends on nothing else"},
	{"central/report", []string{"central/contract", "central/calendar", "central/register", "central/engagement", "central/rules"}, "the nouns before it, never the web"},
	{"central/store", []string{"central/contract/**", "central/calendar", "central/register", "central/engagement", "central/rules", "central/judge", "central/timeline", "central/ingest", "central/fleet", "central/timetable", "central/sheet", "central/evidence", "central/account", "central/report", "central/policy", "central/proof", "central/store/storetest"}, "it implements what the services declare"},
	{"central/store/storetest", nil, "databases for tests; it knows nothing of what is kept in them"},
	{"central/web", []string{"central/contract", "central/calendar", "central/register", "central/engagement", "central/rules", "central/ingest", "central/fleet", "central/timetable", "central/account", "central/report", "central/policy", "central/proof", "central/web/**"}, "services never import the web, and the web never the store"},
	{"central/web/**", []string{"central/web/**"}, "parts of pages"},
	{"central/scenario", []string{"central", "central/**", "config/**", "gateway/decide", "gateway/timetable"}, "a scenario shows both ends of a tap: the light and the mark"},
	{"central", []string{"central/**", "config"}, "the only place where central's parts meet; never a gateway, never a driver"},
	{"central/cmd/**", []string{"central/**", "config"}, "mains read configuration and start the assembly"},

	{"packaging/**", nil, "things to install"},
	{"test/sim/reader/**", []string{"test/sim/reader/**"}, "the device's side shares no code with the drivers: it would agree with their mistakes"},
	{"test/sim/beacon/**", []string{"test/sim/beacon/**"}, "a virtual controller knows Bluetooth, not our driver"},
	{"test/**", []string{"**"}, "tests may use everything"},
}

// What the tests of a part may import besides.
var inTests = map[string][]string{
	"central/rules": {"config/**"}, // its cases and the shipped policies are documents
	"gateway/seal":  {"gateway/journal"},
}

// An outside package and its home: nobody else may import it.
var homes = []line{
	{"github.com/gin-gonic/**", []string{"central/web", "gateway/status"}, "HTTP frameworks stay at the edge"},
	{"github.com/danielgtaylor/huma/**", []string{"central/web"}, "HTTP frameworks stay at the edge"},
	{"github.com/go-ble/**", []string{"drivers/ble/**"}, "one crafted advert hangs it: it lives in the worker"},
	{"github.com/tarm/serial", []string{"drivers/serialport"}, "its traps are handled once"},
	{"github.com/hashicorp/raft", []string{"gateway/replicate"}, "consensus has one home"},
	{"github.com/dgraph-io/badger/**", []string{"gateway/replicate", "test/outage/site"}, "the replica has one home"},
	{"database/sql", []string{"central/store", "test/outage/site"}, "the only package that knows the database; the outage laboratory checks it by other code than the product's"},
	{"modernc.org/sqlite/**", []string{"central/store", "test/outage/site"}, "the only package that knows the database; the outage laboratory checks it by other code than the product's"},
	{"github.com/jackc/pgx/**", []string{"central/store/**"}, "the only package that knows the database"},
	{"github.com/pressly/goose/**", []string{"central/store"}, "the only package that knows the database"},
	{"golang.org/x/mod/sumdb/**", []string{"central/contract/tree", "central/proof"}, "one way to hash and sign, so that all parties agree"},
	{"github.com/goccy/go-yaml/**", []string{"config/document"}, "files are read in one place"},
	{"github.com/prometheus/client_golang/prometheus/promhttp", []string{"gateway/status", "central/web"}, "registries are served at the edge; elsewhere a Registerer is taken"},
}

func TestFloorPlan(t *testing.T) {
	for _, file := range goFiles(t) {
		for _, fault := range check(file.dir, file.test, file.imports) {
			t.Errorf("%s: %s", file.path, fault)
		}
	}
}

// The plan must find a planted violation, or it holds nothing.
func TestFloorPlanFindsViolations(t *testing.T) {
	tests := []struct {
		name, dir string
		test      bool
		imports   []string
		want      string
	}{
		{"driver knows students", "drivers/ble", false, []string{module + "central/contract"}, "drivers/ble may not import central/contract: a driver knows devices, not students; not even the contract"},
		{"gateway imports central", "gateway", false, []string{module + "central/store"}, "gateway may not import central/store: the only place where the gateway's parts meet"},
		{"rules read the store", "central/rules", false, []string{module + "central/store"}, "central/rules may not import central/store: pure: no store, no clock, no web"},
		{"rules read a configuration", "central/rules", false, []string{module + "config"}, "central/rules may not import config: pure: no store, no clock, no web"},
		{"rules are tested with documents", "central/rules", true, []string{module + "config/document"}, ""},
		{"badger in the journal", "gateway/journal", false, []string{"github.com/dgraph-io/badger/v4"}, "gateway/journal may not import github.com/dgraph-io/badger/v4: the replica has one home"},
		{"product imports a test", "gateway/capture", false, []string{module + "test/sim/reader"}, "gateway/capture may not import test/sim/reader: it is given a Handler; it does not know what a session is"},
		{"simulator imports a driver", "test/sim/reader", false, []string{module + "drivers/osdp"}, "test/sim/reader may not import drivers/osdp: the device's side shares no code with the drivers: it would agree with their mistakes"},
		{"new room", "gateway/attic", false, nil, "gateway/attic stands on no line of the floor plan; add one with its reason"},
		{"a unit test uses its own part's fakes", "drivers/osdp", true, []string{module + "drivers/drivertest"}, ""},
		{"what is allowed", "gateway/decide", false, []string{"time", module + "gateway/timetable"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.Join(check(tt.dir, tt.test, tt.imports), "; "); got != tt.want {
				t.Errorf("check = %q, want %q", got, tt.want)
			}
		})
	}
}

// check lists what is wrong with the imports of one file in dir.
func check(dir string, test bool, imports []string) []string {
	at := slices.IndexFunc(plan, func(l line) bool { return matches(l.part, dir) })
	if at < 0 {
		return []string{dir + " stands on no line of the floor plan; add one with its reason"}
	}
	var faults []string
	for _, path := range imports {
		if why := refused(plan[at], dir, test, path); why != "" {
			faults = append(faults, dir+" may not import "+strings.TrimPrefix(path, module)+": "+why)
		}
	}
	return faults
}

func refused(l line, dir string, test bool, path string) string {
	ours, isOurs := strings.CutPrefix(path, module)
	if isOurs {
		if ours == dir || matchesAny(l.may, ours) || test && matchesAny(inTests[dir], ours) {
			return ""
		}
		return l.why
	}
	if test || strings.HasPrefix(dir, "test/") {
		return "" // a test may look at a database or a Raft log from outside
	}
	for _, home := range homes {
		if matches(home.part, path) && !matchesAny(home.may, dir) {
			return home.why
		}
	}
	return ""
}

func matchesAny(patterns []string, path string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, path) })
}

func matches(pattern, path string) bool {
	if pattern == "**" {
		return !strings.HasPrefix(path, "test/floorplan")
	}
	if base, ok := strings.CutSuffix(pattern, "/**"); ok {
		return path == base || strings.HasPrefix(path, base+"/")
	}
	return path == pattern
}

type goFile struct {
	path, dir string
	test      bool
	imports   []string
}

// goFiles parses the imports of every Go file of the module. It reads the files itself so that go test, which caches a pass
// by the files a test opened, runs it again when one changes.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	for _, path := range filesOf(t, ".go") {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join("../..", path), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		f := goFile{path: path, dir: filepath.ToSlash(filepath.Dir(path)), test: strings.HasSuffix(path, "_test.go")}
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			f.imports = append(f.imports, name)
		}
		files = append(files, f)
	}
	if len(files) < 10 {
		t.Fatalf("found %d Go files, want the whole module", len(files))
	}
	return files
}

// filesOf are the files of the project whose names end so, from its root.
func filesOf(t *testing.T, suffix string) (files []string) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && d.Name() != ".." || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel("../..", path)
		if err == nil && !d.IsDir() && strings.HasSuffix(path, suffix) {
			files = append(files, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
