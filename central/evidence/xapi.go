package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/engagement"
	"github.com/rollcall-edge/rollcall/central/sheet"
)

// loginVerbs are the verbs of a log-in, without a slash at the end: of the EDLM profile, which Moodle's plugin logstore_xapi
// uses, of Jisc's recipe vle_logged_in, which it uses for Jisc, and of ADL's vocabulary.
var loginVerbs = map[string]bool{
	"https://xapi.edlm/profiles/edlm-lms/concepts/verbs/login": true,
	"https://brindlewaye.com/xAPITerms/verbs/loggedin":         true,
	"https://w3id.org/xapi/adl/verbs/logged-in":                true,
}

// statement is what matters of an xAPI statement (IEEE 9274.1.1).
type statement struct {
	Actor struct {
		Account struct {
			Name string `json:"name"`
		} `json:"account"`
	} `json:"actor"`
	Verb struct {
		ID string `json:"id"`
	} `json:"verb"`
	Timestamp string `json:"timestamp"`
}

// maxStatements bounds a file, in octets.
const maxStatements = 256 << 20

// readXAPI reads statements: an array of them, what a record store answers ({"statements": […]}), or one after another.
func readXAPI(r io.Reader, _ sheet.DateFormat, d drawing) (*taken, error) {
	octets, err := io.ReadAll(io.LimitReader(r, maxStatements+1))
	if err != nil {
		return nil, fmt.Errorf("read file: %w", err)
	}
	if len(octets) > maxStatements {
		return nil, fmt.Errorf("%w: more than %d MiB", sheet.ErrTooLarge, maxStatements>>20)
	}
	x := &statements{taken: &taken{feeds: only(engagement.Login)}, d: d}
	if fault := sheet.Values(bytes.TrimPrefix(octets, []byte("\ufeff")), "statements", x.statement); fault != nil {
		x.faults = append(x.faults, *fault)
	}
	x.settle(&sheet.Sheet{Faults: x.faults}, x.others)
	return x.taken, nil
}

// statements reads one file of them.
type statements struct {
	*taken
	d      drawing
	others int
}

func (x *statements) fault(line int, column, problem, advice string) {
	x.faults = append(x.faults, sheet.Fault{Line: line, Column: column, Problem: problem, Advice: advice})
}

// statement takes in one statement.
func (x *statements) statement(line int, raw json.RawMessage) {
	var s statement
	if err := json.Unmarshal(raw, &s); err != nil || raw[0] != '{' {
		x.fault(line, "", "this is no statement", "a statement is a JSON object with actor, verb and timestamp")
		return
	}
	if !loginVerbs[strings.TrimSuffix(s.Verb.ID, "/")] {
		x.others++
		if at, err := time.Parse(time.RFC3339Nano, s.Timestamp); err == nil {
			x.saw(at)
		}
		return
	}
	at, err := time.Parse(time.RFC3339Nano, s.Timestamp)
	switch {
	case err != nil:
		x.fault(line, "timestamp", sheet.Shown(s.Timestamp)+" is not a time", "write it as 2026-11-20T14:05:31Z")
	case at.After(x.d.now):
		x.fault(line, "timestamp", sheet.Shown(s.Timestamp)+" is in the future, and this tells what happened", "check the clock that wrote it")
	case at.Year() < firstYear:
		x.fault(line, "timestamp", fmt.Sprintf("%s is not between %d and %d", sheet.Shown(s.Timestamp), firstYear, lastYear), "check the clock that wrote it")
	case !usable(s.Actor.Account.Name):
		x.fault(line, "actor", "the actor has no account name that can be used", "let the plugin send accounts, and not addresses, as actors")
	default:
		f := loggedIn(x.d, line, s.Actor.Account.Name)
		f.At = at.Truncate(time.Millisecond).UTC()
		x.add(f)
	}
}

// usable reports whether a name can be an identifier of ours.
func usable(name string) bool { return contract.CheckID("account", name) == nil }
